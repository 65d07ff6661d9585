"""Waivers that people recorded, as decisions: each is credited to the customer once, under the record's own key. Pure.

A person has decided already, so nothing here asks a rule; the plan, the brake and the outbox treat it like any other.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules.domain.actions import CreateCreditNote
from rules.domain.decisions import ChargeReversal
from rules.domain.facts import Account
from rules.domain.wording import spoken
from syncd.store.desk import Filed
from syncd.store.records import Waiver

# First part of a waiver's key, and the kind of its record.
WAIVE = "waive"


def waivers_of(account: Account, filed: Iterable[Filed]) -> list[ChargeReversal]:
    """The credits that the waivers among `filed` call for in this account."""
    family = {member.ref for member in account.family}
    numbers = {invoice.ref: invoice.number or invoice.ref for invoice in account.invoices}
    return [_credit(one, one.value, numbers) for one in filed if one.customer in family]


def _credit(filed: Filed, waiver: Waiver, numbers: dict[str, str]) -> ChargeReversal:
    number, charge = (numbers.get(ref, ref) for ref in (waiver.invoice, waiver.charge))
    why = f" ({waiver.reason})" if waiver.reason else ""
    note = CreateCreditNote(
        customer=filed.customer,
        invoice=waiver.invoice,
        charge=waiver.charge,
        issued_on=waiver.on,
        amount=waiver.amount,
        note=f"The charge for late payment of invoice {number} is waived: {spoken(waiver.amount)}",
        tax_code=waiver.tax_code,
    )
    return ChargeReversal(
        rule=WAIVE,
        customer=filed.customer,
        invoice=waiver.invoice,
        amount=waiver.amount,
        charge=waiver.charge,
        key=filed.ref,
        reason=f"{filed.who} waived {spoken(waiver.amount)} of charge {charge} on {waiver.on}{why}; "
        "it counts as billed and is not charged again.",
        operations=(note,),
    )
