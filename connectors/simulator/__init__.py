"""A company's books behind a provider's HTTP, with its own clock and faults. Ships: the demo and trials use it.

Written from the providers' facts. It imports nothing of the connectors beside it, so that two wrongs cannot agree, and
does its arithmetic in integer cents. `SimulatedCompany` is the door behind the counter: what happens in the business,
and what an honest bystander would find in the books, without asking the program under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

EffectKind = Literal[
    "finance_charge", "charge_reversal", "memo", "stop_sell_on", "stop_sell_off", "provider_email", "promise_date"
]


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing an API client did to the books, as the books show it. `text` is what a person would read there."""

    kind: EffectKind
    customer: str
    target: str
    at: datetime
    text: str = ""
    cents: int = 0


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One open invoice as the books have it."""

    invoice: str
    number: str
    customer: str
    issued_on: date
    due_on: date
    total_cents: int
    balance_cents: int
    currency: str


class SimulatedCompany(Protocol):
    """The business itself: what its people and customers do. Ids are the provider's own."""

    kind: str  # "quickbooks" or "xero"
    account: str  # realm id or tenant id
    name: str
    currency: str
    timezone: str

    def add_customer(
        self, name: str, email: str | None = None, *, terms_days: int = 30, parent: str | None = None
    ) -> str:
        """A new customer; returns its id."""
        ...

    def add_invoice(self, customer: str, number: str, issued_on: date, due_on: date | None, cents: int) -> str:
        """A new sales invoice of one line without tax; returns its id."""
        ...

    def pay(self, invoice: str, cents: int, on: date) -> str:
        """The customer pays this much of an invoice; returns the payment's id."""
        ...

    def pay_on_account(self, customer: str, cents: int, on: date) -> str:
        """Money that is on no invoice yet; returns its id."""
        ...

    def credit(self, customer: str, cents: int, on: date, *, invoice: str | None = None) -> str:
        """A credit note, used on `invoice` if named; returns its id."""
        ...

    def void(self, invoice: str) -> None:
        """A person voids an invoice nothing was paid on."""
        ...

    def unpay(self, payment: str) -> None:
        """A person deletes a payment; what it had paid is open again."""
        ...

    def open_items(self) -> list[OpenItem]:
        """Every invoice with something open."""
        ...

    def effects(self) -> list[Effect]:
        """What API clients did to these books, oldest first, read from the books themselves."""
        ...

    def calls_by_day(self) -> dict[date, dict[str, int]]:
        """Requests answered, by UTC day and by purpose ("read", "write", "auth")."""
        ...
