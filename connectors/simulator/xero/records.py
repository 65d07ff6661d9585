"""The records of an organisation: contacts, invoices, credits, payments, groups. Values and sums only, no rules.

Amounts are integer cents of the document's currency; stamps are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Actor = Literal["api", "person"]
CreditKind = Literal["credit_note", "overpayment", "prepayment"]

_CREDIT_TYPES: dict[CreditKind, str] = {
    "credit_note": "ACCRECCREDIT",
    "overpayment": "RECEIVE-OVERPAYMENT",
    "prepayment": "RECEIVE-PREPAYMENT",
}
_PAID_BACK_TYPES: dict[CreditKind, str] = {
    "credit_note": "ARCREDITPAYMENT",
    "overpayment": "AROVERPAYMENTPAYMENT",
    "prepayment": "ARPREPAYMENTPAYMENT",
}


@dataclass(slots=True, eq=False)
class Note:
    """One line of a record's history. Only ever added."""

    changes: str
    details: str
    at: int
    user: str


@dataclass(slots=True, eq=False)
class Contact:
    """A customer or supplier."""

    id: str
    name: str
    updated: int
    email: str = ""
    status: str = "ACTIVE"
    first_name: str = ""
    last_name: str = ""
    number: str = ""
    account_number: str = ""
    default_currency: str = ""
    terms: dict[str, dict[str, object]] = field(default_factory=dict)
    persons: list[dict[str, object]] = field(default_factory=list)
    addresses: list[dict[str, object]] = field(default_factory=list)
    phones: list[dict[str, object]] = field(default_factory=list)
    merged_to: str = ""
    groups: dict[str, None] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)  # ids of invoices and bills, with their types
    history: list[Note] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Line:
    """One line of a document. A line without a price is a remark."""

    id: str
    description: str
    quantity: Decimal | None = None
    unit: Decimal | None = None
    account_code: str = ""
    tax_type: str = ""
    tax_cents: int = 0
    cents: int = 0
    item_code: str = ""
    discount_rate: Decimal | None = None


@dataclass(slots=True, eq=False)
class Document:
    """What invoices and credits have in common."""

    id: str
    number: str
    contact: Contact
    on: date
    currency: str
    updated: int
    by: Actor
    status: str
    line_amount_types: str = "Exclusive"
    lines: list[Line] = field(default_factory=list)
    reference: str = ""
    net_cents: int = 0
    tax_cents: int = 0
    total_cents: int = 0
    rate: Decimal = Decimal(1)
    branding: str = ""
    sent: bool = False
    paid_in_full_on: date | None = None
    app: str = ""
    history: list[Note] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Invoice(Document):
    """A sales invoice (ACCREC) or a bill (ACCPAY)."""

    type: str = "ACCREC"
    due_on: date | None = None
    expected_on: date | None = None
    url: str = ""
    paid_cents: int = 0
    credited_cents: int = 0

    @property
    def due_cents(self) -> int:
        """What is open by arithmetic; Xero shows it on voided invoices too."""
        return self.total_cents - self.paid_cents - self.credited_cents

    @property
    def touched_by_money(self) -> bool:
        """Part or fully paid: few fields may still change."""
        return bool(self.paid_cents or self.credited_cents)


@dataclass(slots=True, eq=False)
class Credit(Document):
    """A credit note, an overpayment or a prepayment of a customer."""

    kind: CreditKind = "credit_note"
    remaining_cents: int = 0

    @property
    def type_name(self) -> str:
        """Its Type at Xero."""
        return _CREDIT_TYPES[self.kind]


@dataclass(slots=True, eq=False)
class Allocation:
    """Part of a credit used on an invoice."""

    id: str
    credit: Credit
    invoice: Invoice
    cents: int
    on: date


@dataclass(slots=True, eq=False)
class Payment:
    """Money received on an invoice, or paid back on a credit. Immutable but for its deletion."""

    id: str
    document: Invoice | Credit
    cents: int
    on: date
    updated: int
    account_code: str
    by: Actor
    reference: str = ""
    status: str = "AUTHORISED"
    reconciled: bool = False
    batch_id: str = ""
    history: list[Note] = field(default_factory=list)

    @property
    def type(self) -> str:
        """Its PaymentType at Xero."""
        if isinstance(self.document, Credit):
            return _PAID_BACK_TYPES[self.document.kind]
        return "ACCRECPAYMENT" if self.document.type == "ACCREC" else "ACCPAYPAYMENT"


@dataclass(slots=True, eq=False)
class Group:
    """A contact group."""

    id: str
    name: str
    status: str = "ACTIVE"
    members: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart."""

    id: str
    code: str
    name: str
    type: str
    tax_type: str
    class_: str
    takes_payments: bool = False
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody did something: the inner audit log, which no API call can reach."""

    at: int
    actor: Actor
    kind: str
    customer: str
    target: str
    text: str = ""
    cents: int = 0
