"""Values to JSON text and back, for the tables. Only the store's own documents: the outside shapes are the contract's.

Decimals are written as strings, days as ISO dates; reading checks every field's type.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter

from rules.domain.actions import Operation
from rules.domain.decisions import Action
from rules.domain.facts import (
    ChargeBilled,
    ChargeReversed,
    ChargeWaived,
    Company,
    Contacted,
    CreditNote,
    Customer,
    Dispute,
    Hold,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
    Rate,
    ReminderSent,
    Silence,
    StandingChanged,
    TaskDone,
)
from syncd.store.records import Assignment, CreditApplication, TimeZone, Waiver

T = TypeVar("T")

FACTS: dict[str, type[Any]] = {
    "customer": Customer,
    "invoice": Invoice,
    "payment": Payment,
    "credit_note": CreditNote,
}
RECORDS: dict[str, type[Any]] = {
    "promise": Promise,
    "dispute": Dispute,
    "installment_plan": InstallmentPlan,
    "hold": Hold,
    "silence": Silence,
    "reminder": ReminderSent,
    "finance_charge": ChargeBilled,
    "charge_reversal": ChargeReversed,
    "waiver": ChargeWaived,
    "contact": Contacted,
    "standing": StandingChanged,
    "assignment": Assignment,
    "timezone": TimeZone,
    "waive": Waiver,
    "credit_application": CreditApplication,
    "task": TaskDone,
}
RECORD_KINDS: dict[type[Any], str] = {value: kind for kind, value in RECORDS.items()}


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)  # of each type the one, as making it takes long
_ACTION: Any = Annotated[Action, Field(discriminator="kind")]


def dump(value: object) -> str:
    """One value as JSON text; the same value always gives the same text."""
    return _adapter(type(value)).dump_json(value).decode()


def load(kind: type[T], text: str) -> T:
    """The value of type `kind` that `dump` wrote as `text`."""
    value: T = _adapter(kind).validate_json(text)
    return value


def load_fact(kind: str, text: str) -> Any:
    """A customer, invoice, payment or credit note."""
    return _adapter(FACTS[kind]).validate_json(text)


def document_line(text: str) -> tuple[str, str, Decimal]:
    """Day, currency and amount of a stored document, without making a fact of it; empty ones for a customer."""
    doc = json.loads(text)
    amount = doc.get("total") or doc.get("amount")
    if amount is None:
        return "", "", Decimal(0)
    day: str = doc.get("issued_on") or doc["received_on"]
    return day, amount["currency"], Decimal(amount["amount"])


def load_record(kind: str, text: str) -> Any:
    """Something a person recorded, or history that was imported."""
    return _adapter(RECORDS[kind]).validate_json(text)


def load_operation(text: str) -> Operation:
    """A frozen operation."""
    operation: Operation = _adapter(Operation).validate_json(text)
    return operation


def load_action(text: str) -> Action:
    """A decision to do something."""
    action: Action = _adapter(_ACTION).validate_json(text)
    return action


def load_company(text: str) -> Company:
    """Whose books these are."""
    return load(Company, text)


def load_rate(text: str) -> Rate:
    """A dated exchange rate."""
    return load(Rate, text)
