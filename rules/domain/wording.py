"""How amounts, counts and days are said in reasons, memos and skips. One spelling for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from rules.domain.money import Money, minor_units

_PLAIN = re.compile(r"(?<![\w.,-])(-?\d{4,})((?:\.\d+)?)(?![\w.,-])")


def spoken(amount: Money) -> str:
    """``1,300.00 USD``."""
    return f"{amount.amount:,.{minor_units(amount.currency)}f} {amount.currency}"


def grouped(amount: str) -> str:
    """``1,300.00 USD`` of ``1300.00 USD``: an amount as programs write it, the way people read it."""
    return _PLAIN.sub(lambda found: f"{int(found[1]):,}{found[2]}", amount)


def counted(number: int, noun: str) -> str:
    """``1 invoice``, ``2 invoices``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def joined(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    items: Sequence[str] = list(parts)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """The sum in each currency, by currency."""
    found: dict[str, Decimal] = {}
    for amount in amounts:
        currency = amount.currency
        found[currency] = found[currency] + amount.amount if currency in found else amount.amount
    return tuple([Money(amount, currency) for currency, amount in sorted(found.items())])


def late(days: int, due_on: date) -> str:
    """How far an invoice is from its due date, in words."""
    if days > 0:
        return f"{counted(days, 'day')} past due"
    return "due today" if days == 0 else f"due in {counted(-days, 'day')}, on {due_on}"
