"""Adding up documents by month and currency, the same way for what a provider shows and for what we hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors import FactKind
from rules.domain.facts import CreditNote, Fact, Invoice, Payment

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many documents, and what they sum to in one currency."""

    documents: int = 0
    amount: Decimal = _NOTHING

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.documents + other.documents, self.amount + other.amount)


def of_document(fact: Fact, kind: FactKind) -> tuple[str, str, Decimal] | None:
    """Month, currency and amount of a document of `kind`; None for a fact of another kind that came along with it."""
    match fact:
        case Invoice():
            line = (f"{fact.issued_on:%Y-%m}", fact.total.currency, fact.total.amount) if kind == "invoice" else None
        case Payment():
            line = (
                (f"{fact.received_on:%Y-%m}", fact.amount.currency, fact.amount.amount) if kind == "payment" else None
            )
        case CreditNote():
            own = kind == "credit_note"
            line = (f"{fact.issued_on:%Y-%m}", fact.amount.currency, fact.amount.amount) if own else None
        case _:
            line = ("", "", _NOTHING) if kind == "customer" else None
    return line
