"""Money as QuickBooks keeps and prints it: integer cents inside, raw decimal text outside. No other arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any


class Cents(int):
    """An amount of money in hundredths. Printed with two decimals, zero as a bare ``0``."""

    __slots__ = ()


def cents_of(value: Any) -> Cents:
    """The amount a JSON number (Decimal, int, or the number as text) stands for, rounded half up to whole cents."""
    if isinstance(value, Cents):
        return value
    return Cents((Decimal(value) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def printed(cents: int) -> str:
    """``12345`` as ``123.45``, zero as ``0``."""
    if cents == 0:
        return "0"
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def share(cents: int, percent: Decimal) -> Cents:
    """`percent` per cent of an amount, rounded half up."""
    return Cents((Decimal(cents) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def converted(cents: int, rate: Decimal) -> Cents:
    """An amount in the home currency at `rate` home units for one foreign unit, rounded half up."""
    return Cents((Decimal(cents) * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))
