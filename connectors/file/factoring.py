"""The factoring sample's layout: one settled invoice a row, American days. Rows to receivables, and to a book.

The layout has no currency and no names; the caller says in which currency the amounts are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.errors import BookRefused
from connectors.file.cells import Sheet
from connectors.file.fields import DAYS, MONEY, NAME, TEXT, Field, Kind, Reading, Shape, Unread, choice, read_table
from rules.domain.facts import Application, Book, Company, Customer, Dispute, Invoice, Payment
from rules.domain.hindsight import as_of as looking_back
from rules.domain.money import Money

_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True, slots=True)
class Receivable:
    """One invoice and how it ended. `settled_on` is None where it is still open; `country` is the sample's own code."""

    customer: str
    number: str
    issued_on: date
    due_on: date
    amount: Money
    disputed: bool
    settled_on: date | None = None
    country: str = ""


def _read_american_day(value: object, _: Reading) -> date:
    found = _AMERICAN.fullmatch(str(value))
    if not found:
        raise ValueError(f'write a day as month/day/year such as 3/31/2013, not "{value}"')
    month, day, year = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f'"{value}" is not a day of the calendar') from error


_DAY = Kind(_read_american_day, str)
_ROW = Shape(
    dict,
    (
        Field("countryCode", TEXT),
        Field("customerID", NAME, required=True),
        Field("PaperlessDate", _DAY),
        Field("invoiceNumber", NAME, required=True),
        Field("InvoiceDate", _DAY, required=True),
        Field("DueDate", _DAY, required=True),
        Field("InvoiceAmount", MONEY, required=True),
        Field("Disputed", choice("Yes", "No"), required=True),
        Field("SettledDate", _DAY),
        Field("PaperlessBill", TEXT),
        Field("DaysToSettle", DAYS),
        Field("DaysLate", DAYS),
    ),
)
COLUMNS = frozenset(field.key for field in _ROW.fields)


def receivables_of(sheet: Sheet, currency: str) -> tuple[Receivable, ...]:
    """One receivable a row.

    Raises:
        BookRefused: with every bad row's number and reason.
    """
    problems = list(sheet.wrong)
    found: list[Receivable] = []
    seen: dict[str, int] = {}
    for number, row in sheet.rows:
        reading = Reading(f"{sheet.place}: row {number}", problems, currency, joint=", ")
        try:
            cells = read_table(_ROW, row, reading)
        except Unread:
            continue
        for problem in _contradictions(cells, seen.setdefault(cells["invoiceNumber"], number), number):
            reading.refuse(problem)
        found.append(_receivable(cells))
    if problems:
        raise BookRefused(tuple(problems))
    return tuple(found)


def _receivable(cells: dict[str, Any]) -> Receivable:
    return Receivable(
        customer=cells["customerID"],
        number=cells["invoiceNumber"],
        issued_on=cells["InvoiceDate"],
        due_on=cells["DueDate"],
        amount=cells["InvoiceAmount"],
        disputed=cells["Disputed"] == "Yes",
        settled_on=cells.get("SettledDate"),
        country=cells.get("countryCode", ""),
    )


def _contradictions(cells: dict[str, Any], first_row: int, number: int) -> Iterator[str]:
    """What a row says against itself or against an earlier one."""
    issued, due, settled = cells["InvoiceDate"], cells["DueDate"], cells.get("SettledDate")
    if first_row != number:
        yield f'the invoice number "{cells["invoiceNumber"]}" stands in row {first_row} already'
    if due < issued:
        yield f"DueDate {due} is before InvoiceDate {issued}"
    if settled is None:
        return
    if settled < issued:
        yield f"SettledDate {settled} is before InvoiceDate {issued}"
    expected = {"DaysToSettle": (settled - issued).days, "DaysLate": max(0, (settled - due).days)}
    for column, days in expected.items():
        if column in cells and cells[column] != days and settled >= issued:
            yield f"{column} says {cells[column]}, the days of the row make it {days}"


def book_of(receivables: tuple[Receivable, ...], company: Company, as_of: date | None = None) -> Book:
    """The receivables as a company's book, on `as_of` or else on the day the last of them was settled or written.

    The sample does not say when a dispute began or ended: it is taken to run from the invoice's day to its settlement.
    """
    days = [day for row in receivables for day in (row.issued_on, row.settled_on) if day is not None]
    last = max(days, default=as_of)
    if last is None:
        raise BookRefused(("there is no row, so no day this book could be of",))
    book = Book(
        as_of=last,
        company=company,
        customers=tuple(Customer(ref, ref) for ref in sorted({row.customer for row in receivables})),
        invoices=tuple(_invoice(row) for row in receivables),
        payments=tuple(_payment(row, row.settled_on) for row in receivables if row.settled_on is not None),
        disputes=tuple(
            Dispute(f"D-{row.number}", row.number, row.issued_on, closed_on=row.settled_on)
            for row in receivables
            if row.disputed
        ),
    )
    return book if as_of is None else looking_back(book, as_of)


def _invoice(row: Receivable) -> Invoice:
    settled = row.settled_on is not None
    return Invoice(
        ref=row.number,
        number=row.number,
        customer=row.customer,
        issued_on=row.issued_on,
        due_on=row.due_on,
        total=row.amount,
        balance=Money.zero(row.amount.currency) if settled else row.amount,
        status="paid" if settled else "open",
    )


def _payment(row: Receivable, settled_on: date) -> Payment:
    return Payment(f"P-{row.number}", row.customer, settled_on, row.amount, (Application(row.number, row.amount),))
