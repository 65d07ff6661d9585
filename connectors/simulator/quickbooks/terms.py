"""When an invoice falls due."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.wire import Body


def due_date(books: Books, body: Body) -> str:
    """TxnDate plus the invoice's own terms, else the company's default terms."""
    issued_on = date.fromisoformat(body["TxnDate"])
    reference = body.get("SalesTermRef") or books.need_one("Preferences").body["SalesFormsPrefs"].get("DefaultTerms")
    term = books.get("Term", (reference or {}).get("value", ""))
    return (_by_term(issued_on, term.body) if term else issued_on).isoformat()


def _by_term(issued_on: date, term: Body) -> date:
    if "DayOfMonthDue" not in term:
        return issued_on + timedelta(days=int(term.get("DueDays", 0)))
    due_on = _on_day(issued_on.year, issued_on.month, int(term["DayOfMonthDue"]))
    if (due_on - issued_on).days <= int(term.get("DueNextMonthDays", 0)):
        later = date(issued_on.year + issued_on.month // 12, issued_on.month % 12 + 1, 1)
        due_on = _on_day(later.year, later.month, int(term["DayOfMonthDue"]))
    return due_on


def _on_day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))
