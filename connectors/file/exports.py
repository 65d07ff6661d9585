"""Reads invoice lists as QuickBooks and Xero export them, and others by a map: each invoice once, problems by row.

Whether a day is written day first or month first is judged by the whole file and never guessed: where nothing in it
decides, the map must say.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connectors.errors import BookRefused
from connectors.file.layouts import Found, Layout, recognised
from connectors.file.written import ORDERS, Order, amount, day, order_of

_SEPARATOR_ROWS = 12
_INVOICE_KINDS = frozenset(("invoice", "sales invoice", "tax invoice"))
_VOIDED = frozenset(("void", "voided", "deleted"))
_NOT_YET = frozenset(("draft", "submitted", "awaiting approval"))
_PAID = frozenset(("paid", "closed"))
_DAYS = ("issued_on", "due_on", "paid_on")
_TOTAL = re.compile(r"total(?: for)? (.+?)( with sub-\w+)?", re.IGNORECASE)

_Row = tuple[int, Mapping[str, str]]


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
        BookRefused: it is no CSV, of a layout nobody knows, or a report that is no list of invoices.
    """
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BookRefused((f"{place}: line {line}: an empty character (NUL) stands here: this is no text",))
    try:
        table = list(csv.reader(io.StringIO(text), delimiter=_separator(text), strict=True))
    except csv.Error as error:
        raise BookRefused((f"{place}: this is not whole CSV: {error}",)) from error
    found = recognised(table, place, own)
    rows = list(_rows(table, found))
    export = Export(found.layout.name)
    order = _order_of(found.layout, rows, export.problems, place)
    if order is not None:
        _read_rows(rows, found.layout, order, export, place)
    return export


def _separator(text: str) -> str:
    lines = text.splitlines()[:_SEPARATOR_ROWS]
    return max(",;\t", key=lambda sign: max((line.count(sign) for line in lines), default=0))


def _rows(table: Sequence[Sequence[str]], found: Found) -> Iterator[_Row]:
    """What stands below the headings; in a grouped report each with the customer it stands under."""
    groups = Groups([label for row in table[found.header :] if (label := _label(row, found))])
    for number, row in enumerate(table[found.header :], start=found.header + 1):
        cells = {name: row[at].strip() for name, at in found.columns.items() if at < len(row)}
        if label := _label(row, found):
            groups.enter(label)
        elif found.labels:
            yield number, {**cells, "customer": groups.name}
        else:
            yield number, cells


def _label(row: Sequence[str], found: Found) -> str:
    """What stands at the left of a grouped report: a customer, a job of its further in, or what ends them."""
    return next((cell.strip() for cell in row[: found.labels] if cell.strip()), "")


class Groups:
    """The customers a report's rows stand under, one below another: ``Oak``, ``Roof``, ``Total Roof``, ``Total Oak``.

    A group without a total ends with the next heading, those around it go on. Online totals what is the customer's own
    first, and ends it with ``Total for Oak with sub-customers``; Desktop has that in a group ``Oak - Other``.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        totals = [found for label in labels if (found := _TOTAL.fullmatch(label))]
        self._closing = {found[1].casefold() for found in totals}
        self._with_jobs = {found[1].casefold() for found in totals if found[2]}
        self._open: list[str] = []

    @property
    def name(self) -> str:
        """The customer under which the next row stands, as QuickBooks writes it out: ``Oak:Roof``."""
        match self._open:
            case [*_, customer, own] if own.casefold() == f"{customer} - other".casefold():
                return ":".join(self._open[:-1])
            case _:
                return ":".join(self._open)

    def enter(self, label: str) -> None:
        """A heading, or the total that ends its group."""
        folded, total = label.casefold(), _TOTAL.fullmatch(label)
        opened = [each.casefold() for each in self._open]
        if total and (name := total[1].casefold()) in opened:
            goes_on = name in self._with_jobs and not total[2]
            del self._open[opened.index(name) + goes_on :]
        elif folded in self._closing:
            self._open.append(label)
        else:
            self._open = [one for one in self._open if one.casefold() in self._closing] + [label]


def _order_of(layout: Layout, rows: Sequence[_Row], problems: list[str], place: str) -> Order | None:
    """Which part of a day is the day, the month and the year; None, and a problem, where nothing decides it."""
    if layout.order is not None:
        return ORDERS[layout.order]
    order = order_of(row.get(name, "") for _, row in rows for name in _DAYS)
    if not isinstance(order, str):
        return order
    problems.append(f'{place}: {order}; say which with --map: dates = "day/month/year" or "month/day/year"')
    return None


def _read_rows(rows: Sequence[_Row], layout: Layout, order: Order, export: Export, place: str) -> None:
    seen: dict[tuple[str, str], ExportedInvoice] = {}
    for number, row in rows:
        if not _is_invoice(row):
            export.other_rows += any(text for name, text in row.items() if name != "customer")
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


def _invoice(number: int, row: Mapping[str, str], layout: Layout, order: Order) -> ExportedInvoice:
    total = amount(row.get("total", ""), layout.decimals)
    if total < 0:
        raise ValueError(f'"{row["total"]}" is below zero, which an invoice never is')
    return ExportedInvoice(
        row=number,
        customer=row["customer"],
        number=row["number"],
        issued_on=day(row["issued_on"], order),
        due_on=day(row["due_on"], order) if row.get("due_on") else None,
        total=total,
        balance=_balance(row, total, layout.decimals),
        voided=not total or row.get("status", "").casefold() in _VOIDED,
        currency=row.get("currency") or layout.currency,
        email=row.get("email") or None,
        paid_on=day(row["paid_on"], order) if row.get("paid_on") else None,
    )


def _balance(row: Mapping[str, str], total: Decimal, decimals: str) -> Decimal | None:
    """What is open of it; where only a word tells, all or nothing of it."""
    written, status = row.get("balance"), row.get("status", "").casefold()
    if written is not None:
        return amount(written or "0", decimals)
    if status:
        return Decimal(0) if status in _PAID else total
    return None
