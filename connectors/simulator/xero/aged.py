"""/Reports/AgedReceivablesByContact: what one contact owed at the end of a day, worked out here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.simulator.http import Response
from connectors.simulator.xero import replies, wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call, day_of
from connectors.simulator.xero.records import Contact, Credit, Invoice
from connectors.simulator.xero.wire import Json

_HEADINGS = ("Date", "Number", "Due Date", "", "Total", "Paid", "Credited", "Due")
_COUNTED = ("AUTHORISED", "PAID")


@dataclass(frozen=True, slots=True)
class AgedLine:
    """One document as of a day; what lowers the debt is negative."""

    id: str
    on: date
    number: str
    due_on: date | None
    total: int
    paid: int
    credited: int

    @property
    def due(self) -> int:
        """What was open."""
        return self.total - self.paid - self.credited


def report(books: Books, call: Call) -> Response:
    """GET the report; 400 without a contact."""
    contact = books.contacts.get(call.text("contactId") or "")
    if contact is None:
        raise replies.exception(10, "ValidationException", "You must specify a valid contactId for this report.")
    as_of = _day(call, "date") or _day(call, "toDate") or books.today()
    first, last = _day(call, "fromDate"), _day(call, "toDate") or as_of
    lines = [
        line for line in lines_of(books, contact, as_of) if line.on <= last and (first is None or line.on >= first)
    ]
    return replies.envelope(books, call.app.name, "Reports", [_report(books, contact, as_of, lines)])


def lines_of(books: Books, contact: Contact, as_of: date) -> list[AgedLine]:
    """The contact's documents with something open at the end of `as_of`, oldest first."""
    invoices = (invoice for key in contact.invoices if (invoice := books.invoices.get(key)))
    lines = [_of_invoice(i, as_of) for i in invoices if i.type == "ACCREC" and i.status in _COUNTED]
    for table in books.credits.values():
        lines += [_of_credit(c, as_of) for c in table if c.contact is contact and c.status in _COUNTED]
    return sorted((line for line in lines if line.on <= as_of and line.due), key=lambda line: (line.on, line.number))


def _of_invoice(invoice: Invoice, as_of: date) -> AgedLine:
    paid = sum(payment.cents for payment in invoice.payments if payment.on <= as_of)
    credited = sum(allocation.cents for allocation in invoice.allocations if allocation.on <= as_of)
    return AgedLine(invoice.id, invoice.on, invoice.number, invoice.due_on, invoice.total_cents, paid, credited)


def _of_credit(credit: Credit, as_of: date) -> AgedLine:
    back = sum(payment.cents for payment in credit.payments if payment.on <= as_of)
    used = sum(allocation.cents for allocation in credit.allocations if allocation.on <= as_of)
    return AgedLine(credit.id, credit.on, credit.number or credit.reference, None, -credit.total_cents, -back, -used)


def _report(books: Books, contact: Contact, as_of: date, lines: Sequence[AgedLine]) -> Json:
    spelled = f"{as_of.day} {as_of:%B %Y}"
    rows: list[Json] = [
        {"RowType": "Header", "Cells": [{"Value": heading} for heading in _HEADINGS]},
        {"RowType": "Section", "Title": "", "Rows": [_row(line, as_of) for line in lines]},
        {"RowType": "Section", "Title": "", "Rows": [_total(lines)]},
    ]
    return {
        "ReportName": "Aged Receivables By Contact",
        "ReportType": "AgedReceivablesByContact",
        "ReportTitles": ["Invoices", contact.name, f"To {spelled}", f"Showing payments to {spelled}"],
        "ReportDate": spelled,
        "UpdatedDateUTC": wire.server_time(books.now()),
        "Fields": [],
        "Rows": rows,
    }


def _row(line: AgedLine, as_of: date) -> Json:
    late = (as_of - line.due_on).days if line.due_on else 0
    values = (
        wire.day_string(line.on),
        line.number,
        wire.day_string(line.due_on) if line.due_on else "",
        f"{late} day{'' if late == 1 else 's'} overdue" if late > 0 else "",
        *(_figures(cents) for cents in (line.total, line.paid, line.credited, line.due)),
    )
    attributes = [{"Value": line.id, "Id": "invoiceID"}]
    return {"RowType": "Row", "Cells": [{"Value": value, "Attributes": attributes} for value in values]}


def _total(lines: Sequence[AgedLine]) -> Json:
    sums = (
        sum(line.total for line in lines),
        sum(line.paid for line in lines),
        sum(line.credited for line in lines),
        sum(line.due for line in lines),
    )
    values = ("Total", "", "", "", *(_figures(cents) for cents in sums))
    return {"RowType": "SummaryRow", "Cells": [{"Value": value} for value in values]}


def _figures(cents: int) -> str:
    return wire.plain(wire.money(cents))


def _day(call: Call, name: str) -> date | None:
    text = call.text(name)
    return day_of(text, name) if text else None
