"""What people call customers and invoices, on paper and in the console. A provider may give one of each the same id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rules.domain.facts import Customer, Invoice


@dataclass(frozen=True, slots=True)
class Names:
    """What people call customers and invoices: by name and by number. Programs get the references."""

    customers: Mapping[str, str]
    invoices: Mapping[str, str]

    @classmethod
    def of(cls, customers: Iterable[Customer], invoices: Iterable[Invoice]) -> Names:
        """The names in these facts."""
        return cls({one.ref: one.name for one in customers}, {one.ref: one.number or one.ref for one in invoices})

    def customer(self, ref: str) -> str:
        """The customer's name; its reference where it has none."""
        return self.customers.get(ref) or ref

    def invoice(self, ref: str) -> str:
        """The invoice's number; its reference where we hold no such invoice."""
        return self.invoices.get(ref, ref)

    def subject(self, ref: str, rule: str | None) -> str:
        """What a skip or problem is about. Credit holds are about customers, all else first about an invoice."""
        if rule != "credit_hold" and ref in self.invoices:
            return f"invoice {self.invoices[ref]}"
        return self.customer(ref)
