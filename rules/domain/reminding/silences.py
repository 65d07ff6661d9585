"""Silence that a person asked for, or a policy for good: whether it is about an invoice, and in which words it is told.

About a customer it holds for everyone billed through it as well; about a group for each customer in it and whoever is
billed through one. It stops what is written or done about what is owed, never what is owed.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.domain.courtesy import Never
from rules.domain.facts import Customer, Invoice, Silence
from rules.domain.situation import Situation


def silence_about(situation: Situation, invoice: Invoice) -> str | None:
    """Why nothing is to be said of the invoice today; None where nobody minds."""
    if situation.never.is_nobody and not situation.index.silences:  # nearly always
        return None
    billed = _billed(situation, invoice)
    silences = situation.index.silences
    found = next((one for one in silences if _concerns(one, invoice, billed)), None)
    return _never(situation.never, invoice, billed) or (_told(situation, found) if found is not None else None)


def no_contact(situation: Situation, invoice: Invoice) -> str | None:
    """Why nobody may be contacted about the invoice at all; None where somebody may."""
    customer = situation.index.unwelcome.get(invoice.customer)
    return None if customer is None else f"{customer.name} is marked do not contact."


def left_alone(situation: Situation, invoice: Invoice) -> str | None:
    """Why nobody writes to or speaks with the customer about the invoice: do not contact, handed over, or a silence."""
    if (marked := no_contact(situation, invoice)) is not None:
        return marked
    handed = situation.index.handed_over.get(invoice.ref)
    if handed is not None:
        return f"Handed over ({handed.what}) on {handed.on}: others speak now."
    return silence_about(situation, invoice)


def _billed(situation: Situation, invoice: Invoice) -> list[Customer]:
    """Whom the invoice was written to, and whoever that one is billed through, the nearest first."""
    index = situation.index
    return [index.family[ref] for ref in (invoice.customer, *index.ancestors(invoice.customer))]


def _never(never: Never, invoice: Invoice, billed: Sequence[Customer]) -> str | None:
    """Why the policy wants silence about the invoice."""
    if invoice.ref in never.invoices or invoice.number in never.invoices:
        return "The policy never reminds of this invoice."
    for customer in billed:
        if customer.ref in never.customers or customer.name in never.customers:
            return f"The policy never reminds {customer.name}."
    group = next((group for group in never.groups for customer in billed if group in customer.groups), None)
    return f"The policy never reminds the group {group}." if group else None


def _concerns(silence: Silence, invoice: Invoice, billed: Sequence[Customer]) -> bool:
    if silence.invoice is not None:
        return silence.invoice == invoice.ref
    if silence.group is not None:
        return any(silence.group in customer.groups for customer in billed)
    return any(silence.customer == customer.ref for customer in billed)


def _told(situation: Situation, silence: Silence) -> str:
    family = situation.index.family
    if silence.invoice is not None:
        about = "this invoice"
    elif silence.group is not None:
        about = f"the group {silence.group}"
    else:
        about = family[silence.customer or ""].name
    lasts = f"until {silence.until}" if silence.until else "until somebody ends it"
    why = f": {silence.reason}" if silence.reason else ""
    return f"Silence about {about} {lasts}, since {silence.since}{why}."
