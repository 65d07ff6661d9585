"""Which days are working days: weekends and public holidays. The one place in `rules` that asks the `holidays` package.

A calendar is named by country (``"US"``) or country and region (``"US-NV"``); an unknown name has weekends only.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from importlib import import_module
from typing import Any, cast

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SATURDAY = 5


def _package() -> Any:
    """The `holidays` package, loaded once a policy names a calendar: most never do, and all would wait for it."""
    return import_module("holidays")


@lru_cache(maxsize=1024)
def _holidays_of(name: str, year: int) -> frozenset[date]:
    country, _, region = name.partition("-")
    try:
        found = _package().country_holidays(country, subdiv=region or None, years=year)
    except NotImplementedError:
        return frozenset()
    return frozenset(cast("list[date]", list(found)))


@lru_cache(maxsize=256)
def is_known(name: str) -> bool:
    """Whether `name` is a country, or country and region, whose public holidays we know."""
    country, _, region = name.partition("-")
    try:
        _package().country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return False
    return True


def is_holiday(day: date, calendar: str | None) -> bool:
    """Whether `day` is a public holiday of `calendar`; never, without a calendar."""
    return calendar is not None and day in _holidays_of(calendar, day.year)


@lru_cache(maxsize=8192)
def next_working_day(day: date, calendar: str | None) -> date:
    """`day` itself when it is a working day, else the first one after it."""
    while day < date.max and (day.weekday() >= _SATURDAY or is_holiday(day, calendar)):
        day += timedelta(days=1)
    return day


def days_after(day: date, count: int) -> date:
    """`count` days later (earlier, below zero), held within the calendar."""
    try:
        return day + timedelta(count)
    except OverflowError:
        return date.max if count > 0 else date.min


def month_end(day: date) -> date:
    """The last day of the month `day` is in."""
    return day.replace(day=monthrange(day.year, day.month)[1])
