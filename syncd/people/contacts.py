"""Contacts with customers, as people record them: who was spoken with, how, and what came of it."""

from __future__ import annotations

from datetime import date

from rules.domain.facts import Contacted
from syncd.errors import Usage
from syncd.people.clerk import Clerk, Noted, day_of
from syncd.people.records import one_of

KIND = "contact"


def add(
    clerk: Clerk, text: str, channel: str, *, outcome: str = "", on: date | None = None, invoice: str | None = None
) -> Noted:
    """Record that somebody spoke with the customer.

    Raises:
        Usage: the day lies ahead, or the invoice is another customer's.
    """
    ledger, customer = clerk.customer(text)
    day = day_of(on, ledger.today(), "a contact")
    ref = None
    if invoice is not None:
        _, about = clerk.invoice(invoice)
        if ledger.mirror.heads([about.customer]) != ledger.mirror.heads([customer.ref]):
            raise Usage(f"invoice {about.number} is not one of {customer.name}")
        ref = about.ref
    word = clerk.word(ledger, "contact.recorded", channel=channel, on=day, invoice=ref)
    filed = ledger.desk.note(lambda _: Contacted(customer.ref, channel, day, outcome, ref), KIND, customer.ref, word)
    said = f": {outcome}" if outcome else ""
    return Noted(ledger, filed, f"{customer.name} spoken with by {channel} on {day}{said}")


def remove(clerk: Clerk, text: str) -> Noted:
    """Take a contact off that was recorded by mistake."""
    ledger, filed = one_of(clerk, KIND, text, lambda _: True)
    ledger.desk.strike(filed, clerk.word(ledger, "contact.removed"))
    return Noted(ledger, filed, "the contact is taken off the record")
