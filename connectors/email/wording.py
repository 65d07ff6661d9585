"""What a template may speak of: the frozen operation in an English reader's words.

Every value is a plain string, number or list, on one line and in its final form: a template arranges, it does not
calculate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.email.address import one_line
from rules.domain.actions import DueLine, SendMessage
from rules.domain.money import Money, total

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NAMED = 3  # more invoices than this are counted instead of named


def words_of(operation: SendMessage, sender: str) -> dict[str, Any]:
    """The names a template may use; `sender` signs where the books have no name of the company."""
    lines = [_line(line) for line in operation.lines]
    numbers = [line["number"] for line in lines]
    company = one_line(operation.company) or sender
    return {
        "company": company,
        "name": one_line(operation.name),
        "customer": one_line(operation.customer),
        "level": operation.level,
        "reminded": bool(operation.replies_to),
        "today": day(operation.as_of),
        "lines": lines,
        "table": _text_table(lines),
        "count": len(lines),
        "one": len(lines) == 1,
        "invoices": _named(numbers),
        "totals": [money(amount) for amount in _sums(operation.lines)],
        "total": _joined([money(amount) for amount in _sums(operation.lines)]),
        "fee": money(operation.fee) if operation.fee else None,
        "partial": any(line.asked != line.balance for line in operation.lines),
        "any_overdue": any(line.days_past_due > 0 for line in operation.lines),
        "first_due_on": day(min(line.due_on for line in operation.lines)) if lines else "",
        "last_due_on": day(max(line.due_on for line in operation.lines)) if lines else "",
        "oldest_days": max((line.days_past_due for line in operation.lines), default=0),
        "answer_by": day(operation.answer_by) if operation.answer_by else None,
        "in_days": _later(operation.as_of),
    }


def money(amount: Money) -> str:
    """``USD 1,250.00``: the code first, so that no two readers take it for different currencies."""
    return f"{amount.currency} {Decimal(amount.digits):,}"


def day(on: date) -> str:
    """``1 March 2025``: a day that reads the same on both sides of the Atlantic."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def short_day(on: date) -> str:
    """``1 Mar 2025``, for a column."""
    return f"{on.day} {_MONTHS[on.month - 1][:3]} {on.year}"


def days(count: int) -> str:
    """``1 day``, ``30 days``."""
    return f"{count} day{'' if count == 1 else 's'}"


def _line(line: DueLine) -> dict[str, Any]:
    link = line.pay_link or ""
    safe = link.startswith(("https://", "http://")) and one_line(link) == link and " " not in link
    return {
        "number": one_line(line.number) or one_line(line.invoice),
        "issued_on": short_day(line.issued_on),
        "due_on": short_day(line.due_on),
        "overdue": days(line.days_past_due) if line.days_past_due > 0 else "not yet due",
        "days_past_due": line.days_past_due,
        "asked": money(line.asked),
        "balance": money(line.balance),
        "part": line.asked != line.balance,
        "pay_link": link if safe else None,
    }


def _sums(lines: Iterable[DueLine]) -> list[Money]:
    """What is asked for, by currency, the currencies in order."""
    asked = [line.asked for line in lines]
    currencies = sorted({amount.currency for amount in asked})
    return [total([amount for amount in asked if amount.currency == code], code) for code in currencies]


def _named(numbers: list[str]) -> str:
    """``invoice 1001``, ``invoices 1001 and 1002``, ``5 invoices``."""
    if len(numbers) > _NAMED:
        return f"{len(numbers)} invoices"
    return f"invoice{'' if len(numbers) == 1 else 's'} {_joined(numbers)}"


def _joined(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""


def _later(today: date) -> Callable[[int], str]:
    def in_days(count: int) -> str:
        """The day that many days from the message's own."""
        return day(today + timedelta(days=count))

    return in_days


def _text_table(lines: list[dict[str, Any]]) -> str:
    """The lines in columns for a plain-text reader."""
    part = any(line["part"] for line in lines)
    keys = ["number", "issued_on", "due_on", "overdue", *(["balance"] if part else []), "asked"]
    titles = {"number": "Invoice", "issued_on": "Dated", "due_on": "Due", "overdue": "Overdue by"}
    titles |= {"balance": "Balance", "asked": "Asked now" if part else "Amount due"}
    if not any(line["days_past_due"] for line in lines):
        keys.remove("overdue")
    rows = [[titles[key] for key in keys], *([line[key] for key in keys] for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(keys))]
    money_columns = {keys.index(key) for key in ("balance", "asked") if key in keys}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in money_columns else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
