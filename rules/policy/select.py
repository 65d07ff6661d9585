"""`[select]`: which policy governs an invoice or customer. Invoice over customer over group over the default.

Of several groups the one written first counts. A customer or invoice is named by its ref, else by its name or number.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from rules.domain.facts import Customer, Invoice
from rules.domain.settings import RuleSettings


class Select(RuleSettings):
    """The `[select]` table."""

    default: str | None = Field(default=None, description="The policy of whoever is not placed below.")
    groups: Mapping[str, str] = Field(default_factory=dict, description="Policy by customer group, first match counts.")
    customers: Mapping[str, str] = Field(default_factory=dict, description="Policy by customer.")
    invoices: Mapping[str, str] = Field(default_factory=dict, description="Policy by invoice.")

    def policies(self) -> frozenset[str]:
        """Every policy that is named here."""
        named = (*self.groups.values(), *self.customers.values(), *self.invoices.values())
        return frozenset((*named, self.default)) if self.default else frozenset(named)

    def place(self, customer: Customer, invoice: Invoice | None) -> str | None:
        """The policy named for the invoice, its customer or its groups; None where none is."""
        if invoice is not None and self.invoices:
            named = self.invoices.get(invoice.ref) or self.invoices.get(invoice.number)
            if named:
                return named
        if self.customers:
            named = self.customers.get(customer.ref) or self.customers.get(customer.name)
            if named:
                return named
        if customer.groups:
            return next((policy for group, policy in self.groups.items() if group in customer.groups), None)
        return None
