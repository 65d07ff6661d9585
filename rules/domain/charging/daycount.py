"""How many days lie between two days, and which part of a year they are. Whole numbers only, so that sums are exact.

A span is counted from an anchor: the day before the first one that bears interest. What lies between two later days is
the difference of their counts, so that cutting a span in pieces never gains or loses a day, whatever the convention.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date
from decimal import Decimal
from typing import Literal

DayCount = Literal["act/365", "act/360", "act/act", "30/360", "30e/360"]

# What a count is divided by. 365 * 366 lets a leap year's days and others stand in one whole number.
_BOTH_YEARS = 365 * 366
DIVISOR: dict[DayCount, int] = {
    "act/365": 365,
    "act/360": 360,
    "act/act": _BOTH_YEARS,
    "30/360": 360,
    "30e/360": 360,
}


def counted(convention: DayCount, anchor: date, day: date) -> int:
    """The count from `anchor`, itself left out, through `day`; divide by `DIVISOR[convention]` for years.

    ``act/365`` and ``act/360`` count calendar days; ``act/act`` is ISDA's (each day weighs by the length of its own
    year); ``30/360`` is the bond basis; ``30e/360`` the European one.
    """
    if convention in ("act/365", "act/360"):
        return (day - anchor).days
    if convention == "act/act":
        return _isda(day) - _isda(anchor)
    return _thirty(anchor, day, european=convention == "30e/360")


def year_fraction(convention: DayCount, anchor: date, day: date) -> Decimal:
    """Years from `anchor` to `day`, as a decimal."""
    return Decimal(counted(convention, anchor, day)) / DIVISOR[convention]


def _isda(day: date) -> int:
    """The weight of all days before `day`: every whole year weighs the same."""
    weight = 365 if isleap(day.year) else 366
    return day.year * _BOTH_YEARS + (day.timetuple().tm_yday - 1) * weight


def _thirty(start: date, end: date, *, european: bool) -> int:
    first = min(start.day, 30)
    last = 30 if end.day == 31 and (european or first == 30) else end.day  # noqa: PLR2004 - the months of the name
    return (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first
