"""Silence a person asked for: whether it is in force about an invoice, and in which words that is told.

About a customer it holds for everyone billed through it as well; about a group for each customer in it and whoever is
billed through one. It stops what is written or done about what is owed, never what is owed.
"""

from __future__ import annotations

from rules.domain.facts import Invoice, Silence
from rules.domain.situation import Situation


def silence_about(situation: Situation, invoice: Invoice) -> str | None:
    """Why a person wants nothing said of the invoice today; None where nobody does."""
    silences = situation.ledger.silences
    if not silences:
        return None
    found = next((one for one in silences if _concerns(situation, one, invoice)), None)
    return _told(situation, found) if found is not None else None


def _concerns(situation: Situation, silence: Silence, invoice: Invoice) -> bool:
    if silence.invoice is not None:
        return silence.invoice == invoice.ref
    family = situation.ledger.family
    billed = (invoice.customer, *situation.ledger.ancestors(invoice.customer))
    if silence.group is not None:
        return any(silence.group in family[ref].groups for ref in billed)
    return silence.customer in billed


def _told(situation: Situation, silence: Silence) -> str:
    family = situation.ledger.family
    if silence.invoice is not None:
        about = "this invoice"
    elif silence.group is not None:
        about = f"the group {silence.group}"
    else:
        about = family[silence.customer or ""].name
    lasts = f"until {silence.until}" if silence.until else "until somebody ends it"
    why = f": {silence.reason}" if silence.reason else ""
    return f"Silence about {about} {lasts}, since {silence.since}{why}."
