"""Invoice lists as QuickBooks and Xero export them, told by their headings; others by a small map of the user's own.

Knows headings, days and amounts as those programs write them. Whether a day is written day first or month first is
judged by the whole file and never guessed: where nothing in it decides, the map must say.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from connectors.errors import BookRefused

FIELDS = (
    "customer",
    "number",
    "issued_on",
    "total",
    "due_on",
    "balance",
    "status",
    "kind",
    "currency",
    "email",
    "paid_on",
)
_NEEDED = ("customer", "number", "issued_on", "total")
_TITLE_ROWS = 12  # a report's own title, period and blank lines before its headings
_DAY = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})")
_MONTHS_A_YEAR, _YEAR_DIGITS, _CENTURY = 12, 4, 2000
_INVOICE_KINDS = frozenset(("invoice", "sales invoice", "tax invoice"))
_VOIDED = frozenset(("void", "voided", "deleted"))
_NOT_YET = frozenset(("draft", "submitted", "awaiting approval"))
ORDERS = {"day/month/year": (0, 1, 2), "month/day/year": (1, 0, 2), "year-month-day": (2, 1, 0)}


@dataclass(frozen=True, slots=True)
class Layout:
    """Which heading holds which field (headings compare without case). `order` None: the file's days decide."""

    name: str
    columns: Mapping[str, tuple[str, ...]]
    order: str | None = None
    currency: str = ""
    decimals: str = "."


LAYOUTS = (
    Layout(
        "Xero's list of sales invoices",
        {
            "customer": ("ContactName",), "number": ("InvoiceNumber",), "issued_on": ("InvoiceDate",),
            "due_on": ("DueDate",), "total": ("Total",), "balance": ("InvoiceAmountDue",), "status": ("Status",),
            "kind": ("Type",), "currency": ("Currency",), "email": ("EmailAddress",),
        },
    ),
    Layout(
        "a QuickBooks Online report of transactions",
        {
            "customer": ("Name", "Customer", "Customer full name", "Client", "Client full name"),
            "number": ("Num", "No.", "Number"),
            "issued_on": ("Date", "Transaction date"), "due_on": ("Due date",), "total": ("Amount", "Total"),
            "balance": ("Open balance", "Balance"), "kind": ("Transaction type",), "currency": ("Currency",),
        },
    ),
    Layout(
        "a QuickBooks Desktop report of transactions",
        {
            "customer": ("Name", "Source name"), "number": ("Num",), "issued_on": ("Date",), "due_on": ("Due date",),
            "total": ("Amount", "Debit"), "balance": ("Open balance",), "kind": ("Type",),
        },
    ),
)  # fmt: skip
_LONGEST_AMOUNT = 20
_NEAR = 2  # needed headings a row may lack, and still be told as one of a layout
_TELLING = {LAYOUTS[0].name: "balance", LAYOUTS[1].name: "kind", LAYOUTS[2].name: "kind"}


@dataclass(frozen=True, slots=True)
class ExportedInvoice:
    """One invoice of an export. `balance` None: the export does not say what is open; `row` as a spreadsheet counts."""

    row: int
    customer: str
    number: str
    issued_on: date
    due_on: date | None
    total: Decimal
    balance: Decimal | None
    voided: bool
    currency: str
    email: str | None
    paid_on: date | None


@dataclass(slots=True)
class Export:
    """What a file holds: its layout, its invoices each once, rows that are no invoices, and every problem."""

    layout: str
    invoices: list[ExportedInvoice] = field(default_factory=list)
    other_rows: int = 0
    problems: list[str] = field(default_factory=list)


def read_export(text: str, place: str, own: Layout | None = None) -> Export:
    """The invoices of the file called `place`, by the layout its headings tell or by `own`.

    Raises:
        BookRefused: it is no CSV, or of a layout nobody knows.
    """
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BookRefused((f"{place}: line {line}: an empty character (NUL) stands here: this is no text",))
    try:
        table = list(csv.reader(io.StringIO(text), delimiter=_separator(text), strict=True))
    except csv.Error as error:
        raise BookRefused((f"{place}: this is not whole CSV: {error}",)) from error
    layout, columns, header = _recognised(table, place, own)
    rows = [
        (number, {name: row[at].strip() for name, at in columns.items() if at < len(row)})
        for number, row in enumerate(table, start=1)
        if number > header
    ]
    export = Export(layout.name)
    order = _order_of(layout, rows, export.problems, place)
    if order is not None:
        _read_rows(rows, layout, order, export, place)
    return export


def _separator(text: str) -> str:
    lines = text.splitlines()[:_TITLE_ROWS]
    return max(",;\t", key=lambda sign: max((line.count(sign) for line in lines), default=0))


def _recognised(table: Sequence[Sequence[str]], place: str, own: Layout | None) -> tuple[Layout, dict[str, int], int]:
    """The layout, the place of each field, and the number of the row with the headings."""
    nearest, lacking = "", [*FIELDS]
    for number, row in enumerate(table[:_TITLE_ROWS], start=1):
        headings = [" ".join(cell.split()).casefold() for cell in row]
        for layout in (own,) if own else LAYOUTS:
            columns = _columns(layout, headings)
            needed = own.columns if own else (*_NEEDED, _TELLING[layout.name])
            missing = [" or ".join(layout.columns[name]) for name in needed if name not in columns]
            if not missing:
                return layout, columns, number
            if len(missing) < len(lacking):
                nearest, lacking = f"row {number} has the headings of {layout.name}, but not", missing
    raise BookRefused((f"{place}: {_unknown(nearest, lacking, own)}",))


def _unknown(nearest: str, lacking: Sequence[str], own: Layout | None) -> str:
    """Why no row is the one with the headings: what is missing in the one that comes nearest, where one does."""
    if nearest and (own is not None or len(lacking) <= _NEAR):
        way = "" if own else "; add what is missing, or describe it with --map FILE"
        return f"{nearest} {', '.join(lacking)}{way}"
    known = "; ".join(layout.name for layout in LAYOUTS)
    return f"its headings are none that are known ({known}); describe them with --map FILE"


def _columns(layout: Layout, headings: Sequence[str]) -> dict[str, int]:
    found = {}
    for name, spellings in layout.columns.items():
        at = next((headings.index(one.casefold()) for one in spellings if one.casefold() in headings), None)
        if at is not None:
            found[name] = at
    return found


_Rows = Sequence[tuple[int, Mapping[str, str]]]


def _order_of(layout: Layout, rows: _Rows, problems: list[str], place: str) -> tuple[int, int, int] | None:
    """Which part of a day is the day, the month and the year; None, and a problem, where nothing decides it."""
    if layout.order is not None:
        return ORDERS[layout.order]
    parts = [found.groups() for _, row in rows for name in _DAYS if (found := _DAY.fullmatch(row.get(name, "")))]
    if any(len(first) == _YEAR_DIGITS for first, _, _ in parts):
        return ORDERS["year-month-day"]
    day_first = any(int(first) > _MONTHS_A_YEAR for first, _, _ in parts)
    month_first = any(int(second) > _MONTHS_A_YEAR for _, second, _ in parts)
    if day_first != month_first:
        return ORDERS["day/month/year" if day_first else "month/day/year"]
    said = "some days are written day first and some month first" if day_first else "nothing tells day from month"
    problems.append(f'{place}: {said}; say which with --map: dates = "day/month/year" or "month/day/year"')
    return None


_DAYS = ("issued_on", "due_on", "paid_on")


def _read_rows(rows: _Rows, layout: Layout, order: tuple[int, int, int], export: Export, place: str) -> None:
    seen: dict[tuple[str, str], ExportedInvoice] = {}
    for number, row in rows:
        if not _is_invoice(row):
            export.other_rows += any(row.values())
            continue
        try:
            invoice = _invoice(number, row, layout, order)
        except ValueError as error:
            export.problems.append(f"{place}: row {number}: {error}")
            continue
        key = (invoice.customer.casefold(), invoice.number)
        first = seen.setdefault(key, invoice)
        if first is invoice:
            export.invoices.append(invoice)
        elif (first.total, first.issued_on) != (invoice.total, invoice.issued_on):
            export.problems.append(
                f"{place}: row {number}: invoice {invoice.number} of {invoice.customer} differs from row {first.row}"
            )


def _is_invoice(row: Mapping[str, str]) -> bool:
    """A row about one invoice: totals, blank lines, payments and drafts are not."""
    if not row.get("number") or not row.get("customer") or not row.get("issued_on"):
        return False
    if row.get("status", "").casefold() in _NOT_YET:
        return False
    return "kind" not in row or row["kind"].casefold() in _INVOICE_KINDS


def _invoice(number: int, row: Mapping[str, str], layout: Layout, order: tuple[int, int, int]) -> ExportedInvoice:
    balance, total = row.get("balance"), _amount(row.get("total", ""), layout.decimals)
    return ExportedInvoice(
        row=number,
        customer=row["customer"],
        number=row["number"],
        issued_on=_day(row["issued_on"], order),
        due_on=_day(row["due_on"], order) if row.get("due_on") else None,
        total=total,
        balance=_amount(balance or "0", layout.decimals) if balance is not None else None,
        voided=not total or row.get("status", "").casefold() in _VOIDED,
        currency=row.get("currency") or layout.currency,
        email=row.get("email") or None,
        paid_on=_day(row["paid_on"], order) if row.get("paid_on") else None,
    )


def _day(text: str, order: tuple[int, int, int]) -> date:
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is not a day')
    day, month, year = (int(found.groups()[at]) for at in order)
    try:
        return date(year if year >= 100 else year + _CENTURY, month, day)  # noqa: PLR2004 - two digits of a year
    except ValueError as error:
        raise ValueError(f'"{text}" is not a day of the calendar') from error


def _amount(text: str, decimals: str) -> Decimal:
    """``1,234.50``, ``$1,234.50``, ``(12.00)``; with ``decimals = ","`` also ``1.234,50``."""
    cleaned = re.sub(r"[^\d.,()\-]", "", text)
    negative = cleaned.startswith(("(", "-"))
    cleaned = cleaned.strip("()-").replace("." if decimals == "," else ",", "").replace(",", ".")
    if len(cleaned) > _LONGEST_AMOUNT:
        raise ValueError(f'"{text[:_LONGEST_AMOUNT]}…" is more than anybody is owed')
    try:
        number = Decimal(cleaned)
    except InvalidOperation as error:
        raise ValueError(f'"{text}" is not an amount') from error
    if negative and number:
        raise ValueError(f'"{text}" is below zero, which an invoice never is')
    return number


def layout_of(document: Mapping[str, object], place: str) -> Layout:
    """The user's own layout: ``[columns]`` from our names to headings, ``dates``, ``currency``, ``decimals``.

    Raises:
        BookRefused: with every problem of the map.
    """
    problems = list(_map_problems(document))
    if problems:
        raise BookRefused(tuple(f"{place}: {problem}" for problem in problems))
    columns = document["columns"]
    assert isinstance(columns, Mapping)  # noqa: S101 - checked above; tells the type checker
    dates = document.get("dates")
    return Layout(
        f"the layout of {place}",
        {str(name): (str(heading),) for name, heading in columns.items()},
        str(dates) if dates is not None else None,
        str(document.get("currency") or ""),
        str(document.get("decimals") or "."),
    )


def _map_problems(document: Mapping[str, object]) -> Iterator[str]:
    for key in document.keys() - {"columns", "dates", "currency", "decimals"}:
        yield f"{key}: there is no such key; a map has [columns], dates, currency and decimals"
    columns = document.get("columns")
    if not isinstance(columns, Mapping):
        yield 'columns: this is missing; write [columns] with lines such as number = "Invoice no."'
        return
    yield from (
        f"columns.{name}: there is no such field; fields are {', '.join(FIELDS)}"
        for name in columns
        if name not in FIELDS
    )
    yield from (f"columns.{name}: this is missing" for name in _NEEDED if name not in columns)
    if document.get("dates") is not None and document["dates"] not in tuple(ORDERS):
        yield f"dates: this is one of {', '.join(ORDERS)}"
    if document.get("decimals") not in (None, ".", ","):
        yield 'decimals: this is "." or ","'
