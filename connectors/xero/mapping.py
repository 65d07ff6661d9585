"""Xero's records as facts, one record at a time. Pure; reads raw JSON, so one odd record never costs its page.

Unknown words in fields we do not need are ignored; in a field we need, the record is quarantined. Absent and null are
the same, and neither is zero. Balances follow the status, never AmountDue alone: a voided invoice may still show some.
`version` is a digest of what we took over, because a due date moved on a part-paid invoice leaves UpdatedDateUTC alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeAlias, TypeVar

from connectors import Gone, Record, Ref, Unreadable
from connectors.errors import MalformedRecordError
from connectors.markers import digest
from connectors.xero.own import Own
from connectors.xero.values import Row, day, instant, money, needed, number, part, rows, text
from rules.domain.facts import (
    Application,
    CreditNote,
    Customer,
    Fact,
    Invoice,
    InvoiceStatus,
    Payment,
    Rate,
)
from rules.domain.money import Money

Entry: TypeAlias = Record | Gone | Unreadable
SomeFact = TypeVar("SomeFact", Customer, Invoice, Payment, CreditNote)

SALES = "ACCREC"
SALES_CREDIT = "ACCRECCREDIT"
_STATUS: dict[str, InvoiceStatus] = {
    "DRAFT": "draft",
    "SUBMITTED": "draft",
    "AUTHORISED": "open",
    "PAID": "paid",
    "VOIDED": "voided",
    "DELETED": "voided",
}
_WITHOUT_EFFECT = frozenset(("DRAFT", "SUBMITTED", "VOIDED", "DELETED"))
_LEFT = frozenset(("ARCHIVED", "GDPRREQUEST"))
_COUNTRY_CODE_LENGTH = 2
_REGION_CODE_LENGTHS = (2, 3)
_RATE_DECIMALS = Decimal("1E-10")


@dataclass(frozen=True, slots=True)
class Books:
    """What a record needs to be understood: the base currency, the name of the stop-sell group, what ours bear."""

    currency: str
    stop_sell_group: str
    own: Own


def customer_entries(row: Row, books: Books) -> Iterator[Entry]:
    """A contact; one that was merged away is gone into its survivor."""
    ref = Ref("customer", text(row, "ContactID"))
    survivor = text(row, "MergedToContactID")
    if survivor:
        yield Gone(ref, merged_into=survivor)
    else:
        yield _entry(ref, lambda: _customer(row, books), row)


def invoice_entries(row: Row, books: Books) -> Iterator[Entry]:
    """A sales invoice and the payments on it; nothing for a bill."""
    if text(row, "Type") in ("", SALES):
        ref = Ref("invoice", text(row, "InvoiceID"))
        yield _entry(ref, lambda: _invoice(row, books), row)
        for payment in rows(row, "Payments"):
            yield _entry(Ref("payment", text(payment, "PaymentID")), _payment_maker(payment, row, books), row)


def credit_note_entries(row: Row, books: Books) -> Iterator[Entry]:
    """A sales credit note; nothing for a supplier's."""
    if text(row, "Type") in ("", SALES_CREDIT):
        ref = Ref("credit_note", text(row, "CreditNoteID"))
        yield _entry(ref, lambda: _credit_note(row, books), row)


def on_account_entries(row: Row, books: Books) -> Iterator[Entry]:
    """An over- or prepayment received, as a payment with its applications; gone once voided."""
    if text(row, "Type").startswith("SPEND-"):
        return
    ref = Ref("payment", text(row, "OverpaymentID") or text(row, "PrepaymentID"))
    if text(row, "Status") in _WITHOUT_EFFECT:
        yield Gone(ref)
    else:
        yield _entry(ref, lambda: _on_account(row, books), row)


def payment_entries(row: Row, books: Books) -> Iterator[Entry]:
    """A payment from the payments listing: gone once deleted; nothing where it is not on a sales invoice."""
    ref = Ref("payment", text(row, "PaymentID"))
    if text(row, "Status") == "DELETED":
        yield Gone(ref)
    elif text(row, "PaymentType") in ("", "ACCRECPAYMENT"):
        yield _entry(ref, _payment_maker(row, part(row, "Invoice"), books), row)


def rates_of(invoices: tuple[Row, ...], books: Books) -> tuple[Rate, ...]:
    """The exchange rates on foreign invoices, each day's once. Xero states foreign units per base unit."""
    found: dict[tuple[str, date], Rate] = {}
    for row in invoices:
        rate = _rate(row, books)
        if rate is not None:
            found[rate.source, rate.on] = rate
    return tuple(found.values())


def _rate(row: Row, books: Books) -> Rate | None:
    currency = text(row, "CurrencyCode")
    try:
        stated, on = number(row, "CurrencyRate"), day(row, "Date")
    except (MalformedRecordError, TypeError, ValueError, ArithmeticError):
        return None  # the invoice itself is what gets quarantined
    if currency in ("", books.currency) or not stated or stated < 0 or on is None:
        return None
    rate = (1 / stated).quantize(_RATE_DECIMALS, rounding=ROUND_HALF_EVEN).normalize()
    return Rate(source=currency, target=books.currency, on=on, rate=rate)


def _entry(ref: Ref, make: Callable[[], Fact], row: Row) -> Record | Unreadable:
    try:
        needed(ref.id, f"the {ref.kind}'s id")
        return Record(ref, make(), _stamp(row))
    except MalformedRecordError as error:
        return Unreadable(ref, str(error))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        return Unreadable(ref, f"cannot be understood ({type(error).__name__})")


def _stamp(row: Row) -> str:
    """When Xero last changed the record, as UTC text that sorts; empty where it is not said."""
    changed = instant(text(row, "UpdatedDateUTC"))
    return changed.isoformat() if changed else ""


def _versioned(fact: SomeFact) -> SomeFact:
    return replace(fact, version=digest(repr(fact), length=16))


def _customer(row: Row, books: Books) -> Customer:
    groups = _groups(row)
    return _versioned(
        Customer(
            ref=text(row, "ContactID"),
            name=text(row, "Name"),
            email=text(row, "EmailAddress") or None,
            groups=groups or (),
            country=_country(row),
            region=_region(row),
            do_not_contact=text(row, "ContactStatus") == "GDPRREQUEST",
            active=text(row, "ContactStatus") not in _LEFT,
            stop_sell=None if groups is None else books.stop_sell_group.casefold() in map(str.casefold, groups),
            phone=_phone(row),
        )
    )


def _phone(row: Row) -> str | None:
    """The number Xero shows first, else the mobile, with country and area where they are kept apart."""
    kept = {text(phone, "PhoneType"): phone for phone in rows(row, "Phones")}
    for kind in ("DEFAULT", "MOBILE"):
        parts = [
            text(kept.get(kind, {}), name).strip() for name in ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber")
        ]
        if parts[-1]:
            return " ".join(filter(None, parts))
    return None


def _groups(row: Row) -> tuple[str, ...] | None:
    """The active groups by name; None where this answer does not say."""
    if not isinstance(row.get("ContactGroups"), list):
        return None
    return tuple(sorted(text(group, "Name") for group in rows(row, "ContactGroups") if _is_active(group)))


def _is_active(group: Row) -> bool:
    return text(group, "Status") != "DELETED" and bool(text(group, "Name"))


def _country(row: Row) -> str | None:
    """A two-letter country from the addresses; Xero lets people type anything there."""
    return next((code for code in _codes(row, "Country") if len(code) == _COUNTRY_CODE_LENGTH), None)


def _region(row: Row) -> str | None:
    """A state or province by its code, from the same free text."""
    return next((code for code in _codes(row, "Region") if len(code) in _REGION_CODE_LENGTHS), None)


def _codes(row: Row, part: str) -> Iterator[str]:
    written = (text(address, part).strip().upper() for address in rows(row, "Addresses"))
    return (code for code in written if code.isalpha())


def _invoice(row: Row, books: Books) -> Invoice:
    currency = text(row, "CurrencyCode") or books.currency
    status = _STATUS.get(text(row, "Status"))
    if status is None:
        raise MalformedRecordError(f'Status "{text(row, "Status")}" is not one we know')
    total = needed(money(row, "Total", currency), "Total")
    return _versioned(
        Invoice(
            ref=text(row, "InvoiceID"),
            number=text(row, "InvoiceNumber"),
            customer=_contact(row),
            issued_on=needed(day(row, "Date"), "Date"),
            due_on=day(row, "DueDate"),
            total=total,
            balance=_balance(row, status, total),
            tax=money(row, "TotalTax", currency),
            status=status,
            origin=books.own.origin(row),
            claims_ours=books.own.is_claimed(row),
        )
    )


def _balance(row: Row, status: InvoiceStatus, total: Money) -> Money:
    """What is open. A voided or paid invoice has nothing open, whatever AmountDue says."""
    if status in ("voided", "paid"):
        return Money.zero(total.currency)
    due = money(row, "AmountDue", total.currency)
    if due is not None:
        return due
    if status == "draft":
        return total
    paid, credited = (money(row, name, total.currency) for name in ("AmountPaid", "AmountCredited"))
    if paid is None or credited is None:
        raise MalformedRecordError("AmountDue is missing")
    return total - paid - credited


def _contact(row: Row) -> str:
    return needed(text(part(row, "Contact"), "ContactID"), "Contact")


def _payment_maker(payment: Row, invoice: Row, books: Books) -> Callable[[], Payment]:
    return lambda: _payment(payment, invoice, books)


def _payment(payment: Row, invoice: Row, books: Books) -> Payment:
    currency = text(invoice, "CurrencyCode") or books.currency
    amount = needed(money(payment, "Amount", currency), "Amount")
    return _versioned(
        Payment(
            ref=text(payment, "PaymentID"),
            customer=_contact(invoice),
            received_on=needed(day(payment, "Date"), "Date"),
            amount=amount,
            applied=(Application(needed(text(invoice, "InvoiceID"), "Invoice"), amount),),
        )
    )


def _credit_note(row: Row, books: Books) -> CreditNote:
    currency = text(row, "CurrencyCode") or books.currency
    applied = _applications(row, currency)
    return _versioned(
        CreditNote(
            ref=text(row, "CreditNoteID"),
            customer=_contact(row),
            issued_on=needed(day(row, "Date"), "Date"),
            amount=_used_or_left(row, applied, currency),
            applied=applied,
            number=text(row, "CreditNoteNumber"),
            origin=books.own.origin(row),
            voided=text(row, "Status") in _WITHOUT_EFFECT,  # a draft credits nothing yet
        )
    )


def _on_account(row: Row, books: Books) -> Payment:
    currency = text(row, "CurrencyCode") or books.currency
    applied = _applications(row, currency)
    return _versioned(
        Payment(
            ref=text(row, "OverpaymentID") or text(row, "PrepaymentID"),
            customer=_contact(row),
            received_on=needed(day(row, "Date"), "Date"),
            amount=_used_or_left(row, applied, currency),
            applied=applied,
        )
    )


def _applications(row: Row, currency: str) -> tuple[Application, ...]:
    found = [
        Application(
            invoice=needed(text(part(allocation, "Invoice"), "InvoiceID"), "the allocation's Invoice"),
            amount=needed(money(allocation, "Amount", currency), "the allocation's Amount"),
            on=day(allocation, "Date"),
        )
        for allocation in rows(row, "Allocations")
        if allocation.get("IsDeleted") is not True
    ]
    return tuple(sorted(found, key=lambda used: (used.on or date.min, used.invoice, used.amount.amount)))


def _used_or_left(row: Row, applied: tuple[Application, ...], currency: str) -> Money:
    """What is applied plus what remains: the document's total less what was refunded."""
    left = money(row, "RemainingCredit", currency)
    if left is None or text(row, "Status") in _WITHOUT_EFFECT:
        return needed(money(row, "Total", currency), "Total")
    return sum((used.amount for used in applied), start=left)
