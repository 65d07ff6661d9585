"""Where a customer stands before anything is decided: open, unapplied, exposure, overdue, aging, standing, manners.

Figures are the customer's own; a billing parent's family is seen by its credit limit only. Currencies are never mixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from rules.domain.account_index import AccountIndex
from rules.domain.aging import AgedInvoice, labels
from rules.domain.facts import CreditStanding, Customer
from rules.domain.money import Money
from rules.domain.paying.behaviour import Manners, PayerClass, days_to_pay
from rules.domain.paying.promised import PromiseState, kept_pct
from rules.domain.situation import Situation
from rules.domain.wording import sums

STANDINGS: tuple[CreditStanding, ...] = ("good", "watch", "hold", "stop")
_GRAVITY = {standing: place for place, standing in enumerate(STANDINGS)}


@dataclass(frozen=True, slots=True)
class CustomerPosition:
    """One customer's row. Money by currency; `aging` by currency and bucket label, in bucket order."""

    customer: str
    policy: str | None
    open: Mapping[str, Money]
    unapplied: Mapping[str, Money]
    exposure: Mapping[str, Money]
    overdue: Mapping[str, Money]
    oldest_days_past_due: int
    aging: Mapping[str, Mapping[str, Money]]
    credit_state: CreditStanding
    payer_class: PayerClass
    days_to_pay: Decimal | None
    promises_kept_pct: Decimal | None
    manners: Manners


@dataclass(frozen=True, slots=True)
class PromisePosition:
    """One promise: whether it was kept, and its level."""

    ref: str
    state: PromiseState
    level: int


def position_of(situation: Situation, customer: Customer, policy: str | None) -> CustomerPosition:
    """The customer's row as of the situation's day."""
    index = situation.index
    rows = situation.aged_by_customer.get(customer.ref, ())
    manners = situation.manners(customer.ref)
    currencies = _currencies(index, customer)
    zeros = {currency: Money.zero(currency) for currency in currencies}
    names = labels(situation.overdue.buckets)
    late = {**zeros, **{one.currency: one for one in sums(row.overdue for row in rows)}}
    buckets = {currency: _cut(rows, names, currency) for currency in currencies}
    opened = {**zeros, **{one.currency: one for one in sums(row.invoice.balance for row in rows)}}
    unapplied = {**zeros, **index.unapplied.get(customer.ref, {})}
    return CustomerPosition(
        customer=customer.ref,
        policy=policy,
        open=opened,
        unapplied=unapplied,
        exposure={currency: exposed(opened[currency], unapplied[currency]) for currency in currencies},
        overdue=late,
        oldest_days_past_due=max((row.days_past_due for row in rows), default=0),
        aging=buckets,
        credit_state=standing(index, customer.ref),
        payer_class=manners.payer_class,
        days_to_pay=days_to_pay(index, customer.ref, situation.overdue),
        promises_kept_pct=kept_pct(one for one in situation.judged if one.promise.customer == customer.ref),
        manners=manners,
    )


def _cut(rows: Iterable[AgedInvoice], names: tuple[str, ...], currency: str) -> dict[str, Money]:
    """What is open in one currency, by bucket; what has no due date is current."""
    cells = [Decimal(0)] * len(names)
    for row in rows:
        if row.invoice.currency == currency:
            for part in row.parts:
                cells[part.bucket] += part.open.amount
            if not row.parts:
                cells[0] += row.invoice.balance.amount
    return {name: Money(cell, currency) for name, cell in zip(names, cells, strict=True)}


def exposed(opened: Money, unapplied: Money) -> Money:
    """What is owed once money and credits on no invoice yet are counted; never below zero."""
    return max(opened - unapplied, Money.zero(opened.currency))


def standing(index: AccountIndex, customer: str) -> CreditStanding:
    """The worst hold in force on the customer or on anyone it is billed through."""
    refs = (customer, *index.ancestors(customer))
    return worst(hold.state for ref in refs for hold in index.holds.get(ref, ()))


def worst(states: Iterable[CreditStanding]) -> CreditStanding:
    """The gravest of these standings; good where there is none."""
    return max(states, key=_GRAVITY.__getitem__, default="good")


def _currencies(index: AccountIndex, customer: Customer) -> list[str]:
    """Every currency the customer's documents are in; the company's own where there is none."""
    invoices = index.invoices_by_customer.get(customer.ref, ())
    found = {invoice.currency for invoice in invoices if invoice.status in ("open", "paid")}
    found.update(index.unapplied.get(customer.ref, {}))
    return sorted(found) or [index.account.company.currency]
