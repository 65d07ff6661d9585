"""Which fields a query may filter and sort by, how they are read from a record, and how a literal is understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.simulator.quickbooks.faults import Refused
from connectors.simulator.quickbooks.rows import Row


@dataclass(frozen=True, slots=True)
class Field:
    """A filterable field: how it is read (None where a record has none) and how a literal becomes comparable to it."""

    read: Callable[[Row], Any]
    literal: Callable[[str], Any]


def _text(name: str) -> Field:
    return Field(lambda row: row.body.get(name), str)


def _reference(name: str) -> Field:
    return Field(lambda row: row.body.get(name, {}).get("value"), str)


def _number(name: str) -> Field:
    return Field(lambda row: row.body.get(name), Decimal)


def _flag(name: str, *, default: bool) -> Field:
    return Field(lambda row: row.body.get(name, default), _truth)


def _truth(text: str) -> bool:
    return text.lower() == "true"


def _cents(text: str) -> Decimal:
    return Decimal(text) * 100


def _day(text: str) -> str:
    return date.fromisoformat(text[:10]).isoformat()


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_DAY = Field(lambda row: row.body.get("TxnDate"), _day)
_ANY: Mapping[str, Field] = {
    "Id": Field(lambda row: row.number, int),
    "SyncToken": Field(lambda row: str(row.sync), str),
    "MetaData.CreateTime": Field(lambda row: row.made_at, _instant),
    "MetaData.LastUpdatedTime": Field(lambda row: row.changed_at, _instant),
}
_LIST: Mapping[str, Field] = {**_ANY, "Name": _text("Name"), "Active": _flag("Active", default=True)}
_SALES: Mapping[str, Field] = {
    **_ANY,
    "DocNumber": _text("DocNumber"),
    "TxnDate": _DAY,
    "CustomerRef": _reference("CustomerRef"),
    "TotalAmt": Field(lambda row: row.total, _cents),
}
_NAMES = ("DisplayName", "GivenName", "MiddleName", "FamilyName", "Title", "Suffix", "CompanyName", "PrintOnCheckName")
_ENTRY: Mapping[str, Field] = {**_ANY, "TxnDate": _DAY, "DocNumber": _text("DocNumber")}
_PERSON: Mapping[str, Field] = {
    **_ANY,
    **{name: _text(name) for name in _NAMES},
    "Active": _flag("Active", default=True),
}

FIELDS: Mapping[str, Mapping[str, Field]] = {
    "Invoice": {
        **_SALES,
        "DueDate": Field(lambda row: row.body.get("DueDate"), _day),
        "Balance": Field(lambda row: row.open, _cents),
        "SalesTermRef": _reference("SalesTermRef"),
        "ProjectRef": _reference("ProjectRef"),
    },
    **dict.fromkeys(("CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate"), _SALES),
    "Payment": {
        **_ANY,
        "TxnDate": _DAY,
        "CustomerRef": _reference("CustomerRef"),
        "TotalAmt": Field(lambda row: row.total, _cents),
        "PaymentRefNum": _text("PaymentRefNum"),
    },
    "JournalEntry": _ENTRY,
    "Deposit": _ENTRY,
    "Customer": {
        **_PERSON,
        "FullyQualifiedName": _text("DisplayName"),
        "Taxable": _flag("Taxable", default=True),
        "Job": Field(lambda row: "ParentRef" in row.body, _truth),
        "Balance": Field(lambda row: row.balance, _cents),
        "BalanceWithJobs": Field(lambda row: row.balance_with_jobs, _cents),
        "PrimaryEmailAddr": Field(lambda row: row.body.get("PrimaryEmailAddr", {}).get("Address"), str),
    },
    "Vendor": _PERSON,
    "Employee": _PERSON,
    "Item": {**_LIST, "Type": _text("Type"), "Sku": _text("Sku"), "UnitPrice": _number("UnitPrice")},
    "Account": {
        **_LIST,
        **{name: _text(name) for name in ("AccountType", "AccountSubType", "Classification", "AcctNum")},
    },
    **dict.fromkeys(("Term", "CustomerType", "PaymentMethod", "Class", "Department", "TaxCode"), _LIST),
    **dict.fromkeys(("Preferences", "CompanyInfo"), _ANY),
}


def field_of(entity: str, name: str) -> Field:
    """The field a condition or an order names. Raises Refused 4001 where it cannot be filtered by."""
    field = FIELDS[entity].get(name)
    if field is None:
        raise Refused("4001", f"QueryValidationError: Property {name} not found for Entity {entity} or not queryable")
    return field


def literal(field: Field, name: str, text: str) -> Any:
    """A literal as the field's values compare. Raises Refused 4001."""
    try:
        return field.literal(text)
    except (ValueError, InvalidOperation):
        raise Refused("4001", f"QueryValidationError: Invalid value '{text}' for property {name}") from None
