"""Our own plain CSV of invoices: one invoice a row, its customer repeated. Rows to a book and a book to rows.

Columns: customer, number, issued_on, total and currency must be there; name, email, groups (parted by ``;``), country,
credit_limit, collector, terms_accepted_on, ref, due_on, balance, status, origin, paid_on and as_of may be. What of a
total is not in its balance counts as paid on `paid_on`; without it on the invoice's own day, so that no interest is
ever charged on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any, get_args

from connectors.errors import BookRefused
from connectors.file.cells import Sheet, rows_to_csv
from connectors.file.fields import (
    CURRENCY,
    DAY,
    MONEY,
    NAME,
    TEXT,
    Field,
    Kind,
    Reading,
    Shape,
    Unread,
    choice,
    read_table,
)
from rules.domain.currencies import ISO_4217
from rules.domain.facts import Application, Book, Company, Customer, Invoice, InvoiceStatus, Payment
from rules.domain.hindsight import effects_of
from rules.domain.money import Money
from rules.domain.near_miss import near_miss

_DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
_GROUPS = Kind(lambda value, _: tuple(part.strip() for part in str(value).split(";") if part.strip()), ";".join)

_CUSTOMER = (
    Field("customer", NAME, required=True),
    Field("name", NAME),
    Field("email", TEXT),
    Field("groups", _GROUPS),
    Field("country", TEXT),
    Field("credit_limit", MONEY),
    Field("collector", TEXT),
    Field("terms_accepted_on", DAY),
)
_ROW = Shape(
    dict,
    (
        *_CUSTOMER,
        Field("ref", NAME),
        Field("number", NAME, required=True),
        Field("issued_on", DAY, required=True),
        Field("due_on", DAY),
        Field("total", MONEY, required=True),
        Field("balance", MONEY),
        Field("currency", CURRENCY, required=True),
        Field("status", choice(*get_args(InvoiceStatus))),
        Field("origin", TEXT),
        Field("paid_on", DAY),
        Field("as_of", DAY),
    ),
)
COLUMNS = tuple(field.key for field in _ROW.fields)
REQUIRED = tuple(field.key for field in _ROW.fields if field.required)

_Row = tuple[Reading, dict[str, Any]]


def book_of(sheet: Sheet) -> Book:
    """The book these rows describe.

    It is of the day in `as_of`, else in the file's name, else of the last day any invoice was written or paid.

    Raises:
        BookRefused: with every bad column, and every bad row's number and reason.
    """
    sheet = _in_our_words(sheet)
    header = [f"{sheet.place}: row 1: {problem}" for problem in _header_problems(sheet.header)]
    if header:
        raise BookRefused(tuple(header))
    problems = list(sheet.wrong)
    rows = list(_rows(sheet, problems))
    _refuse_what_disagrees(rows)
    as_of = _day_of(rows, sheet.place)
    if as_of is None and not problems:
        problems.append(f"{sheet.place}: there is no row, so no day this book could be of")
    if problems or as_of is None:
        raise BookRefused(tuple(problems))
    found = [_invoice(cells) for _, cells in rows]
    return Book(
        as_of=as_of,
        company=Company("", rows[0][1]["currency"]),
        customers=_customers([cells for _, cells in rows]),
        invoices=tuple(found),
        payments=tuple(_payments(found, [cells for _, cells in rows])),
    )


def _in_our_words(sheet: Sheet) -> Sheet:
    """The sheet under our own headings, where a person wrote ``Due On`` for ``due_on``."""
    words = [name.lower().replace(" ", "_") for name in sheet.header]
    header = tuple(ours if ours in COLUMNS else name for ours, name in zip(words, sheet.header, strict=True))
    if len(set(header)) < len(header):
        return sheet  # refused by the heading that is none of ours
    rows = tuple((number, dict(zip(header, row.values(), strict=True))) for number, row in sheet.rows)
    return replace(sheet, header=header, rows=rows)


def _header_problems(header: tuple[str, ...]) -> Iterator[str]:
    for column in header:
        if column not in COLUMNS:
            yield f'there is no column "{column}" in this layout{near_miss(column, list(COLUMNS))}'
    for column in REQUIRED:
        if column not in header:
            yield f'the column "{column}" is missing'


def _rows(sheet: Sheet, problems: list[str]) -> Iterator[_Row]:
    """Every row that can be read, with the balance it states or implies."""
    for number, row in sheet.rows:
        currency = row.get("currency") or ""
        known = currency if currency in ISO_4217 else "USD"  # the currency column tells of it; amounts need not as well
        reading = Reading(f"{sheet.place}: row {number}", problems, known, joint=", ")
        try:
            cells = read_table(_ROW, row, reading)
        except Unread:
            continue
        settled = "paid_on" in cells or cells.get("status") in ("paid", "voided")
        implied = Money.zero(cells["total"].currency) if settled else cells["total"]
        balance = cells.get("balance", implied)
        status = cells.get("status", "open" if balance else "paid")
        yield reading, {"ref": cells["number"], **cells, "balance": balance, "status": status}


def _refuse_what_disagrees(rows: list[_Row]) -> None:
    """Note what a row says against itself, against an earlier row of its customer, or against the whole."""
    refs: dict[str, Reading] = {}
    customers: dict[tuple[str, str], tuple[object, Reading]] = {}
    days: dict[str, tuple[object, Reading]] = {}
    for reading, cells in rows:
        for key, problem in _contradictions(cells):
            reading.key(key).refuse(problem)
        first = refs.setdefault(cells["ref"], reading)
        if first is not reading:
            column = "number" if cells["ref"] == cells["number"] else "ref"
            reading.key(column).refuse(
                f'"{cells["ref"]}" stands in {_row(first)} already; a column "ref" can part them'
            )
        for field in _CUSTOMER[1:]:
            _agree(customers, (cells["customer"], field.key), field.key, cells, reading)
        _agree(days, "as_of", "as_of", cells, reading)


def _agree(seen: dict[Any, tuple[object, Reading]], what: object, key: str, cells: dict[str, Any], at: Reading) -> None:
    if key in cells:
        value, first = seen.setdefault(what, (cells[key], at))
        if value != cells[key]:
            at.key(key).refuse(f"it differs from {_row(first)}, which is about the same")


def _row(reading: Reading) -> str:
    return reading.place.rpartition(": ")[2]


def _contradictions(cells: dict[str, Any]) -> Iterator[tuple[str, str]]:
    total, balance = cells["total"], cells["balance"]
    foreign = [key for key in ("total", "balance") if cells[key].currency != cells["currency"]][:1]
    for key in foreign:
        yield key, f"{cells[key]} is in another currency than the row, {cells['currency']}"
    if foreign or cells["status"] == "voided":
        return
    if balance > total:
        yield "balance", f"{balance} is more than the total, {total}"
    if cells["status"] == "paid" and balance:
        yield "status", f'it says "paid", but {balance} is open'
    if "paid_on" in cells and balance == total and total:
        yield "paid_on", f"nothing of {total} is paid by the balance, {balance}"
    if "as_of" in cells and cells.get("paid_on", cells["as_of"]) > cells["as_of"]:
        yield "paid_on", f"{cells['paid_on']} is after the book's day, {cells['as_of']}"


def _day_of(rows: list[_Row], place: str) -> date | None:
    stated = [cells["as_of"] for _, cells in rows if "as_of" in cells]
    named = _DAY_IN_NAME.search(place)
    if stated:
        return stated[0] if isinstance(stated[0], date) else None
    if named:
        try:
            return date.fromisoformat(named[1])
        except ValueError:
            pass  # digits that are no day say nothing
    days = [cells[key] for _, cells in rows for key in ("issued_on", "paid_on") if key in cells]
    return max(days, default=None)


def _customers(rows: list[dict[str, Any]]) -> tuple[Customer, ...]:
    merged: dict[str, dict[str, Any]] = {}
    for cells in rows:
        parts = {field.key: cells[field.key] for field in _CUSTOMER[1:] if field.key in cells}
        merged.setdefault(cells["customer"], {}).update(parts)
    return tuple(Customer(**{"ref": ref, "name": ref, **parts}) for ref, parts in merged.items())


def _invoice(cells: dict[str, Any]) -> Invoice:
    keys = ("ref", "number", "customer", "issued_on", "total", "balance", "status")
    return Invoice(due_on=cells.get("due_on"), origin=cells.get("origin"), **{key: cells[key] for key in keys})


def _payments(invoices: list[Invoice], rows: list[dict[str, Any]]) -> Iterator[Payment]:
    """What is paid of each, as one payment on the day the row says, else on the invoice's own."""
    for invoice, cells in zip(invoices, rows, strict=True):
        paid = invoice.total - invoice.balance
        if paid and invoice.status != "voided":
            received_on = cells.get("paid_on", invoice.issued_on)
            part = Application(invoice.ref, paid)
            yield Payment(f"paid/{invoice.ref}", invoice.customer, received_on, paid, (part,))


def rows_of(book: Book) -> str:
    """The book's invoices in this layout. Payments, promises and history have no place in it; a book file has."""
    customers = {customer.ref: customer for customer in book.customers}
    paid_on = _last_paid(book)
    return rows_to_csv(
        COLUMNS,
        [
            [
                *_customer_cells(customers.get(invoice.customer, Customer(invoice.customer, invoice.customer))),
                *(invoice.ref, invoice.number, invoice.issued_on, invoice.due_on),
                *(invoice.total.digits, invoice.balance.digits, invoice.currency, invoice.status, invoice.origin),
                *(paid_on.get(invoice.ref) if invoice.balance < invoice.total else None, book.as_of),
            ]
            for invoice in book.invoices
        ],
    )


def _customer_cells(customer: Customer) -> list[object]:
    return [
        *(customer.ref, customer.name, customer.email, ";".join(customer.groups), customer.country),
        *(customer.credit_limit, customer.collector, customer.terms_accepted_on),
    ]


def _last_paid(book: Book) -> dict[str, date]:
    """The last day money or credit came off each invoice by the book's day."""
    effects = effects_of(book.payments, book.credit_notes)
    days = {ref: [e.on for e in parts if e.on <= book.as_of and e.amount.amount > 0] for ref, parts in effects.items()}
    return {ref: max(found) for ref, found in days.items() if found}
