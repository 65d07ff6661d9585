"""What a policy's amounts mean for one invoice: minimum, maximum, fee, tiers, cap and fixed sums in its currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from rules.domain.charging.caps import Cap, cap_for
from rules.domain.charging.fixed_sums import Band, FixedSums, statutory
from rules.domain.charging.settings import Settings
from rules.domain.charging.timeline import ZERO
from rules.domain.facts import Customer, Invoice
from rules.domain.money import Money
from rules.domain.places import of_company, of_customer
from rules.domain.settings import Amount
from rules.domain.situation import Situation
from rules.domain.wording import joined, spoken


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why nothing can be worked out."""

    problem: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Amounts in the invoice's currency. `cap_pct` is yearly; `problem`: why a fixed sum could not be told."""

    minimum: Decimal | None
    maximum: Decimal | None
    flat: Decimal
    bounds: tuple[Decimal, ...]  # of tiers by amount, the last tier left out
    cap_name: str | None
    cap_pct: Decimal | None
    fixed: FixedSums | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Parties:
    """Who charges whom for what, under which settings."""

    situation: Situation
    settings: Settings
    invoice: Invoice
    customer: Customer


def terms_of(parties: Parties) -> Terms | Unclear:
    """The policy's amounts as they hold for this invoice, or why one of them cannot be told."""
    settings = parties.settings
    flat = settings.flat if settings.kind.startswith("flat") else None
    bounds = [tier.up_to_amount for tier in settings.tiers or () if tier.up_to_amount is not None]
    found: list[Decimal] = []
    stated = [(settings.minimum, "minimum"), (settings.maximum, "maximum")]
    limits = [_in_currency(parties, amounts, name) for amounts, name in stated]
    fees = [_own_currency(parties, flat)] if flat else [ZERO]
    for one in (*fees, *(_required(parties, bound) for bound in bounds)):
        if isinstance(one, Unclear):
            return one
        found.append(one)
    minimum, maximum = limits
    if isinstance(minimum, Unclear):
        return minimum
    if isinstance(maximum, Unclear):
        return maximum
    cap_name, cap_pct = _cap(parties)
    return Terms(minimum, maximum, found[0], tuple(found[1:]), cap_name, cap_pct, *_fixed_sums(parties))


def _in_currency(parties: Parties, amounts: Iterable[Amount] | None, name: str) -> Decimal | Unclear | None:
    """The amount meant for the invoice's currency: its own, else a bare one converted; None where none is."""
    currency, base = parties.invoice.currency, parties.situation.account.company.currency
    amount = _meant(amounts, currency)
    if amount is None or (amount.currency or base) == currency:
        return None if amount is None else amount.number
    meant = Money(amount.number, base)
    found = parties.situation.converted(meant, currency)
    if found is None:
        as_of = parties.situation.as_of
        return Unclear(f"no rate from {base} to {currency} on or before {as_of} for the {name} of {spoken(meant)}")
    return found.amount


def _meant(amounts: Iterable[Amount] | None, currency: str) -> Amount | None:
    """The row in `currency`, else the bare one."""
    bare: Amount | None = None
    for amount in amounts or ():
        if amount.currency == currency:
            return amount
        bare = amount if amount.currency is None else bare
    return bare


def _required(parties: Parties, bound: Amount) -> Decimal | Unclear:
    found = _in_currency(parties, (bound,), "up_to_amount")
    if found is not None:
        return found
    return Unclear(f"the tier up to {spoken(bound.money(parties.invoice.currency))} is in another currency")


def _own_currency(parties: Parties, amounts: Iterable[Amount]) -> Decimal | Unclear:
    """The flat fee: charges never convert."""
    currency, base = parties.invoice.currency, parties.situation.account.company.currency
    amount = _meant(amounts, currency)
    if amount is None or (amount.currency or base) != currency:
        stated = joined(spoken(one.money(base)) for one in amounts)
        return Unclear(f"no flat fee in {currency}; the policy has {stated}")
    return amount.number


def _cap(parties: Parties) -> tuple[str | None, Decimal | None]:
    """The name and the yearly percentage of the cap that binds."""
    stated = parties.settings.cap
    if isinstance(stated, Decimal):
        return "cap", stated
    if stated == "none":
        return None, None
    company, customer = parties.situation.account.company, parties.customer
    places = (of_company(company), of_customer(customer, company))
    row: Cap | None = cap_for(places, customer.kind, parties.invoice.total)
    return (None, None) if row is None else (row.jurisdiction, row.annual_pct)


def _fixed_sums(parties: Parties) -> tuple[FixedSums | None, str | None]:
    """The fixed sums that apply to this debtor, or why they cannot be told."""
    stated = parties.settings.fixed_sum
    if stated == "none" or parties.invoice.is_ours:
        return None, None
    sums = statutory(stated) if isinstance(stated, str) else _own_sums(parties)
    if sums is None:
        return None, "fixed_sum mixes currencies"
    if sums.applies_to not in (None, parties.customer.kind):
        return None, None
    if sums.currency != parties.invoice.currency:
        return None, f"the fixed sum is in {sums.currency}, the invoice in {parties.invoice.currency}"
    return sums, None


def _own_sums(parties: Parties) -> FixedSums | None:
    rows = parties.settings.fixed_sum
    base = parties.situation.account.company.currency
    bands = [Band(row.from_.number, row.amount.number, row.pct) for row in rows if not isinstance(row, str)]
    stated = {amount.currency for row in rows if not isinstance(row, str) for amount in (row.from_, row.amount)}
    named = {currency for currency in stated if currency is not None}
    if len(named) > 1:
        return None
    currency = named.pop() if named else base
    ordered = tuple(sorted(bands, key=lambda band: band.from_amount))
    return FixedSums("own", currency, ordered, parties.settings.fixed_sum_mode)
