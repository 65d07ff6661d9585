"""`[select]`: which policy governs an invoice or customer.

The closest word counts: invoice, customer, group, amount, currency, country, kind of debtor, connection, default. Of
several groups or amounts the one written first. A customer or invoice is named by its ref, else by its name or number.
Amount and currency are an invoice's own, so they never place a customer as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from rules.domain.facts import Customer, Invoice
from rules.domain.settings import AmountText, RuleSettings


class Band(RuleSettings):
    """Invoices of one currency whose total is at least `from` and below `to`."""

    from_: AmountText = Field(alias="from", description='Smallest total, with its currency: "10000.00 USD".')
    to: AmountText | None = Field(default=None, description="Totals from here on are no longer in it; absent: no end.")
    policy: str = Field(description="The policy of these invoices.")

    @model_validator(mode="after")
    def _check(self) -> Band:
        if self.from_.currency is None:
            raise ValueError(f'say the currency, from = "{self.from_} USD"')
        if self.to is not None and (self.to.currency != self.from_.currency or self.to.number <= self.from_.number):
            raise ValueError(f"to must be above {self.from_} in the same currency")
        return self

    def has(self, invoice: Invoice) -> bool:
        """Whether the invoice's total is in the band."""
        total = invoice.total
        above = total.currency == self.from_.currency and total.amount >= self.from_.number
        return above and (self.to is None or total.amount < self.to.number)


class Select(RuleSettings):
    """The `[select]` table."""

    default: str | None = Field(default=None, description="The policy of whoever is not placed otherwise.")
    groups: Mapping[str, str] = Field(default_factory=dict, description="Policy by customer group, first match counts.")
    customers: Mapping[str, str] = Field(default_factory=dict, description="Policy by customer.")
    invoices: Mapping[str, str] = Field(default_factory=dict, description="Policy by invoice.")
    amounts: tuple[Band, ...] = Field(default=(), description="Policy by an invoice's total, first match counts.")
    currencies: Mapping[str, str] = Field(default_factory=dict, description="Policy by an invoice's currency.")
    countries: Mapping[str, str] = Field(default_factory=dict, description="Policy by a customer's country.")
    kinds: Mapping[Literal["business", "consumer"], str] = Field(
        default_factory=dict, description="Policy by kind of debtor."
    )

    connections: Mapping[str, str] = Field(
        default_factory=dict, description="Policy by connection; before the connection's own policy key."
    )

    def place(self, customer: Customer, invoice: Invoice | None) -> str | None:
        """The policy of the closest word that fits; None where none does."""
        return next((policy for policy in self._fitting(customer, invoice) if policy), None)

    @property
    def sees_invoices(self) -> bool:
        """Whether invoices of one customer may be governed apart."""
        return bool(self.invoices or self.amounts or self.currencies)

    def named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every place that names a policy, with the policy."""
        if self.default is not None:
            yield ("default",), self.default
        for part in ("groups", "customers", "invoices", "currencies", "countries", "kinds", "connections"):
            for key, policy in getattr(self, part).items():
                yield (part, key), policy
        for index, band in enumerate(self.amounts):
            yield ("amounts", index, "policy"), band.policy

    def _fitting(self, customer: Customer, invoice: Invoice | None) -> Iterator[str | None]:
        if invoice is not None and self.invoices:
            yield self.invoices.get(invoice.ref) or self.invoices.get(invoice.number)
        if self.customers:
            yield self.customers.get(customer.ref) or self.customers.get(customer.name)
        if customer.groups:
            yield next((policy for group, policy in self.groups.items() if group in customer.groups), None)
        if invoice is not None:
            yield next((band.policy for band in self.amounts if band.has(invoice)), None)
            yield self.currencies.get(invoice.currency)
        yield self.countries.get(customer.country or "")
        yield self.kinds.get(customer.kind)
