"""What is so: the receivables of one company as values. The book file (contract, section 3) is these, written down.

Connectors deliver customers, invoices, payments and credit notes; people record promises, disputes, plans and holds;
`history` is what we did, as `rules.domain.deeds` has it. Dates are company-local days. No behaviour beyond arithmetic
on a value's own parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from rules.domain.deeds import (
    ChargeBilled,
    ChargeReversed,
    ChargeWaived,
    Contacted,
    CreditStanding,
    HistoryEntry,
    ReminderSent,
    StandingChanged,
    TaskDone,
    TaskOutcome,
)
from rules.domain.money import Money, total

__all__ = [
    "OURS",
    "Account",
    "Application",
    "Book",
    "ChargeBilled",
    "ChargeReversed",
    "ChargeWaived",
    "Company",
    "Contacted",
    "CreditNote",
    "CreditStanding",
    "Customer",
    "DebtorKind",
    "Discount",
    "Dispute",
    "Fact",
    "HistoryEntry",
    "Hold",
    "Installment",
    "InstallmentPlan",
    "Invoice",
    "InvoiceStatus",
    "Payment",
    "Promise",
    "Rate",
    "ReminderSent",
    "Silence",
    "StandingChanged",
    "TaskDone",
    "TaskOutcome",
]

InvoiceStatus = Literal["open", "paid", "voided", "draft"]
DebtorKind = Literal["business", "consumer"]

# Whatever a rule of ours created carries this prefix in `origin`.
OURS = "syncd:"
# What a contact says that reminded of a discount about to lapse.
DISCOUNT_REFUSED = "discount reminder refused"
DISCOUNT_TOLD = "discount"


@dataclass(frozen=True, slots=True)
class Company:
    """Whose books these are, read by which connection. `currency` is the base currency, `timezone` an IANA name."""

    name: str
    currency: str
    timezone: str = "UTC"
    country: str | None = None
    region: str | None = None
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """On day `on`, one unit of `source` was worth `rate` units of `target`."""

    source: str
    target: str
    on: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Customer:
    """Who owes. `parent` is the billing parent, if bills go there. `stop_sell` is what the books show (None: unknown).

    `region` is a state or province by its code, `timezone` an IANA name where somebody said so.
    `version` is the provider's own mark of this state of the record; empty where there is none.
    """

    ref: str
    name: str
    parent: str | None = None
    email: str | None = None
    groups: tuple[str, ...] = ()
    country: str | None = None
    credit_limit: Money | None = None
    kind: DebtorKind = "business"
    collector: str | None = None
    since: date | None = None
    terms_accepted_on: date | None = None
    do_not_contact: bool = False
    active: bool = True
    stop_sell: bool | None = None
    phone: str | None = None
    version: str = ""
    region: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """`pct` percent off when paid by `until`, that day included."""

    pct: Decimal
    until: date


@dataclass(frozen=True, slots=True)
class Installment:
    """One due part of an invoice or plan."""

    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Invoice:
    """A sales invoice. `balance` is what is open; `note` the memo field we may write; `sent_at` when last mailed."""

    ref: str
    number: str
    customer: str
    issued_on: date
    due_on: date | None
    total: Money
    balance: Money
    tax: Money | None = None
    status: InvoiceStatus = "open"
    origin: str | None = None
    discount: Discount | None = None
    installments: tuple[Installment, ...] = ()
    note: str = ""
    pay_link: str | None = None
    version: str = ""
    claims_ours: bool = False  # it carries a marker of ours, and nothing proves that we made it

    @property
    def currency(self) -> str:
        """The currency of the whole document."""
        return self.total.currency

    @property
    def is_ours(self) -> bool:
        """Whether a rule of ours created it (a finance charge)."""
        return self.origin is not None and self.origin.startswith(OURS)


@dataclass(frozen=True, slots=True)
class Application:
    """Part of a payment or credit note used on an invoice; `on` is None where the payment's own day counts."""

    invoice: str
    amount: Money
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money in. `received_on` counts for interest, `entered_on` says when it was known."""

    ref: str
    customer: str
    received_on: date
    amount: Money
    applied: tuple[Application, ...] = ()
    entered_on: date | None = None
    reversed_on: date | None = None
    version: str = ""

    @property
    def unapplied(self) -> Money:
        """What of it is on no invoice yet; nothing once reversed."""
        return _rest(self.amount, self.applied) if self.reversed_on is None else Money.zero(self.amount.currency)


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit. Each application carries the day it took effect."""

    ref: str
    customer: str
    issued_on: date
    amount: Money
    applied: tuple[Application, ...] = ()
    number: str = ""
    origin: str | None = None
    voided: bool = False
    version: str = ""

    @property
    def unapplied(self) -> Money:
        """What of it is on no invoice yet; nothing once voided."""
        return Money.zero(self.amount.currency) if self.voided else _rest(self.amount, self.applied)


def _rest(amount: Money, applied: tuple[Application, ...]) -> Money:
    used = [part.amount for part in applied if part.amount.currency == amount.currency]
    return amount - total(used, amount.currency)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise to pay `amount` (None: all) of `invoices` by `promised_on`."""

    ref: str
    customer: str
    invoices: tuple[str, ...]
    made_on: date
    promised_on: date
    amount: Money | None = None
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """`amount` (None: all) of an invoice is contested from `opened_on` to `closed_on`.

    `code` is the word it is sorted by (`rules.domain.dispute_codes`), empty where nobody gave one; `reason` is free.
    """

    ref: str
    invoice: str
    opened_on: date
    amount: Money | None = None
    reason: str = ""
    closed_on: date | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class InstallmentPlan:
    """An agreed schedule that replaces the invoices' own due dates while it is kept."""

    ref: str
    customer: str
    invoices: tuple[str, ...]
    made_on: date
    schedule: tuple[Installment, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """A credit standing in force since `since`, placed by `origin` (``"person"`` or ``"syncd:<rule>"``)."""

    customer: str
    state: CreditStanding
    since: date
    origin: str = "person"
    expires_on: date | None = None
    reason: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether a rule placed it, so that a rule may lift it."""
        return self.origin.startswith(OURS)

    def counts_on(self, day: date) -> bool:
        """Whether it is in force that day: it still is on the day it expires."""
        return self.since <= day and (self.expires_on is None or day <= self.expires_on)


Fact = Customer | Invoice | Payment | CreditNote


@dataclass(frozen=True, slots=True)
class Silence:
    """A person wants nobody reminded from `since` to `until`, both included; without `until` for good.

    It is about the invoice where one is named, else about the customer and everyone billed through it, or about each
    customer of a group.
    """

    ref: str
    since: date
    until: date | None = None
    customer: str | None = None
    invoice: str | None = None
    group: str | None = None
    reason: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether it is in force that day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Book:
    """One company's receivables as of one moment."""

    as_of: date
    company: Company
    rates: tuple[Rate, ...] = ()
    customers: tuple[Customer, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    payments: tuple[Payment, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    promises: tuple[Promise, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    installment_plans: tuple[InstallmentPlan, ...] = ()
    holds: tuple[Hold, ...] = ()
    silences: tuple[Silence, ...] = ()
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """A customer who is billed, with everyone billed through it, and all that concerns them.

    `customer` is the head of the family; `family` has the head first, then its children by ref. Every list holds only
    what belongs to the family, sorted by ref or day, so that the same facts give the same decisions in any order.
    """

    company: Company
    customer: Customer
    family: tuple[Customer, ...]
    rates: tuple[Rate, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    payments: tuple[Payment, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    promises: tuple[Promise, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    installment_plans: tuple[InstallmentPlan, ...] = ()
    holds: tuple[Hold, ...] = ()
    silences: tuple[Silence, ...] = ()
    history: tuple[HistoryEntry, ...] = field(default=())
