"""Parts that several documents share as Xero shows them: dates, stamps, sums, lines, payments inside a document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from connectors.simulator.xero import wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.records import Document, Line, Payment
from connectors.simulator.xero.wire import Json

EMPTY_INVOICE: Json = {
    "Payments": [],
    "CreditNotes": [],
    "Prepayments": [],
    "Overpayments": [],
    "IsDiscounted": False,
    "InvoiceAddresses": [],
    "HasErrors": False,
    "InvoicePaymentServices": [],
    "LineItems": [],
}


def day(books: Books, name: str, on: date, *, twin: bool = True) -> dict[str, Any]:
    """A date, with its twin in words of ISO unless told otherwise."""
    text = wire.local_day(on, books.organisation.zone) if books.switches.local_dates else wire.day(on)
    return {name: text, f"{name}String": wire.day_string(on)} if twin else {name: text}


def stamps(updated: int) -> Json:
    """When a record last changed, twice."""
    return {"UpdatedDateUTC": wire.instant(updated), "UpdatedDateUTCString": wire.instant_string(updated)}


def sums(document: Document) -> Json:
    """SubTotal, TotalTax and Total."""
    return {
        "SubTotal": wire.money(document.net_cents),
        "TotalTax": wire.money(document.tax_cents),
        "Total": wire.money(document.total_cents),
    }


def lines(books: Books, document: Document) -> list[Json]:
    """The lines of a document."""
    return [_line(books, line) for line in document.lines]


def nested_payment(books: Books, payment_: Payment) -> Json:
    """A payment inside the document it paid: without a status."""
    document: Json = {
        "PaymentID": payment_.id,
        **day(books, "Date", payment_.on, twin=False),
        "Amount": wire.money(payment_.cents),
        "CurrencyRate": wire.number(payment_.document.rate, 6),
        "HasAccount": False,
        "HasValidationErrors": False,
    }
    if payment_.reference:
        document["Reference"] = payment_.reference
    if payment_.batch_id:
        document["BatchPaymentID"] = payment_.batch_id
    return document


def _line(books: Books, line: Line) -> Json:
    document: Json = {"Description": line.description, "Tracking": [], "LineItemID": line.id}
    if line.unit is None:
        return document
    account = books.organisation.account(line.account_code)
    document.update(
        {
            "UnitAmount": wire.number(line.unit, 4),
            "TaxType": line.tax_type,
            "TaxAmount": wire.money(line.tax_cents),
            "LineAmount": wire.money(line.cents),
            "Quantity": wire.number(line.quantity or Decimal(0), 4),
        }
    )
    if account is not None:
        document.update({"AccountCode": account.code, "AccountID": account.id})
    if line.item_code:
        document["ItemCode"] = line.item_code
    if line.discount_rate is not None:
        document["DiscountRate"] = wire.number(line.discount_rate, 2)
    return document
