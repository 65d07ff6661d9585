"""Letting a finance charge go: which charge is meant, and how much of it is left to waive.

The credit itself is planned from the record by `syncd.waivers`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from rules.domain.charging.charges import ChargeEntry, billed_of
from rules.domain.charging.settings import Settings as ChargeSettings
from rules.domain.facts import Account, ChargeBilled, ChargeReversed, ChargeWaived
from rules.domain.money import Money
from rules.domain.wording import spoken
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.people.clerk import Clerk, Noted, amount_of
from syncd.people.records import one_of
from syncd.store.desk import Filed, Paper
from syncd.store.records import Waiver
from syncd.waivers import WAIVE, waivers_of

# States of the credit's action in which nothing has been sent, so that the waiver can still be taken back.
_NOTHING_SENT = ("planned", "held", "stale")


@dataclass(frozen=True, slots=True)
class Standing:
    """A charge of ours and what of it is left. `about` is the invoice it was charged on."""

    charge: str
    about: str
    customer: str
    rest: Money


def add(clerk: Clerk, text: str, *, amount: str | None = None, reason: str = "") -> Noted:
    """Let the charge called `text` go, or `amount` of it: the charge's own number or id, or the invoice charged.

    Raises:
        Usage: no such charge, more than one, or less of it is left.
    """
    ledger, account, charges = _meant(clerk, text)
    names = {invoice.ref: invoice.number or invoice.ref for invoice in account.invoices}
    if len(charges) > 1:
        listed = ", ".join(f"{names.get(one.charge, one.charge)} ({spoken(one.rest)})" for one in charges)
        raise Usage(f'several charges stand on "{text}": {listed}; name one of them')
    charge = charges[0]
    name = names.get(charge.charge, charge.charge)
    waived = amount_of(amount, charge.rest.currency, charge.rest, f"what is left of charge {name}") or charge.rest
    waiver = Waiver(
        charge.customer, charge.about, charge.charge, ledger.today(), waived, reason, _tax_code(clerk, ledger, account)
    )
    word = clerk.word(ledger, "charge.waived", charge=charge.charge, amount=waived, reason=reason)
    filed = ledger.desk.amend(Paper(waiver, _key(ledger, charge.charge), charge.customer), word)
    said = f"{spoken(waived)} of charge {name} waived; the credit goes out with the next pass"
    return Noted(ledger, filed, said, _cannot(ledger, account, filed))


def withdraw(clerk: Clerk, text: str) -> Noted:
    """Take a waiver back whose credit was not sent yet.

    Raises:
        Usage: the customer has the credit already, or may have it.
    """
    ledger, filed = one_of(clerk, WAIVE, text, lambda _: True)
    state = state_of(ledger, filed)
    if state not in (*_NOTHING_SENT, "waiting"):
        raise Usage(f"the credit of {filed.ref} is {state}; what the customer has was given")
    ledger.desk.strike(filed, clerk.word(ledger, "waiver.withdrawn", charge=filed.value.charge))
    return Noted(ledger, filed, "the waiver is withdrawn; nothing was credited")


def state_of(ledger: Ledger, filed: Filed) -> str:
    """Where the waiver's credit is: ``waiting`` for the next pass, then as the outbox has it."""
    return next((one.state for one in ledger.intents.of_kind("charge_reversal") if one.key == filed.ref), "waiting")


def standings(account: Account) -> list[Standing]:
    """Every charge of the account of which something is left, newest last."""
    entries: dict[tuple[str, str], list[ChargeEntry]] = defaultdict(list)
    customers: dict[str, str] = {}
    for entry in account.history:
        if isinstance(entry, ChargeBilled | ChargeReversed | ChargeWaived):
            entries[entry.invoice, entry.amount.currency].append(entry)
            customers[entry.invoice] = entry.customer
    voided = frozenset(invoice.ref for invoice in account.invoices if invoice.status == "voided")
    return [
        Standing(charge.ref, about, customers[about], Money(charge.standing, currency))
        for (about, currency), told in sorted(entries.items())
        for charge in reversed(billed_of(told, currency, voided).charges)
        if charge.standing > 0
    ]


def _meant(clerk: Clerk, text: str) -> tuple[Ledger, Account, list[Standing]]:
    """The charges that `text` names, with whose they are. A charge the books do not show yet is known by our own."""
    ours = None if any(_in_books(ledger, text) for ledger in clerk.ledgers) else _by_our_name(clerk, text)
    if ours is not None:
        ledger, customer, charge = ours
        account = clerk.account(ledger, customer)
        return ledger, account, _left([one for one in standings(account) if one.charge == charge], text)
    ledger, invoice = clerk.invoice(text)
    account = clerk.account(ledger, invoice.customer)
    found = standings(account)
    own = [one for one in found if one.charge in (invoice.ref, invoice.number)]
    return ledger, account, _left(own or [one for one in found if one.about == invoice.ref], text)


def _in_books(ledger: Ledger, text: str) -> bool:
    return any(called.ref.kind == "invoice" for called in ledger.mirror.called(text, exactly=False))


def _by_our_name(clerk: Clerk, text: str) -> tuple[Ledger, str, str] | None:
    """The charge whose action has this key, or whose document got this number or id: ledger, customer, charge."""
    for ledger in clerk.ledgers:
        for intent in ledger.intents.of_kind("finance_charge"):
            made = next((step.remote_id for step in ledger.intents.steps(intent.id)), None)
            if made and text in (intent.key, made):
                return ledger, intent.customer, made
    return None


def _left(found: list[Standing], text: str) -> list[Standing]:
    if not found:
        raise Usage(f'no charge of ours stands on "{text}": nothing was charged, or all of it was given back or waived')
    return found


def _key(ledger: Ledger, charge: str) -> str:
    """The next waiver of this charge. A number is never used again, even where that waiver came to nothing."""
    used = {filed.ref for filed in ledger.desk.filed(WAIVE)}
    used.update(intent.key for intent in ledger.intents.of_kind("charge_reversal"))
    number = 1
    while f"{WAIVE}/{charge}/{number}" in used:
        number += 1
    return f"{WAIVE}/{charge}/{number}"


def _tax_code(clerk: Clerk, ledger: Ledger, account: Account) -> str | None:
    """The tax code that the charges of this customer's policy bear."""
    policy = clerk.policy_of(ledger, account.customer)
    if policy is None:
        return None
    settings = clerk.policies.rule_settings(policy).get("finance_charges")
    return settings.tax_code.interest if isinstance(settings, ChargeSettings) else None


def _cannot(ledger: Ledger, account: Account, filed: Filed) -> str:
    """Why the credit cannot go out from here; empty where it can."""
    planned = waivers_of(account, [filed])
    why = [ledger.unsupported(operation) for credit in planned for operation in credit.operations]
    return next((f"the credit cannot be made here: {reason}" for reason in why if reason), "")
