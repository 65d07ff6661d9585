"""On which days charges are made, and through which day a charge made now would reach."""

from __future__ import annotations

from datetime import date, timedelta

from rules.domain.charging.interest import months_after
from rules.domain.charging.settings import AssessOn
from rules.domain.charging.timeline import days_after

_FIRST = date(1970, 1, 31)  # any month of 31 days: the others' last days stand for the days they lack


def assessed_through(
    assess_on: AssessOn | None, as_of: date, first_overdue: date, last_billed: date | None
) -> date | None:
    """The latest assessment day up to `as_of`, or None where there was none yet. Without a schedule: `as_of`."""
    if assess_on is None:
        return as_of
    if assess_on.every_days is not None:
        begun = last_billed or first_overdue
        times = (as_of - begun).days // assess_on.every_days
        return begun + timedelta(days=times * assess_on.every_days) if times > 0 else None
    this_month = _in_month(assess_on, as_of, 0)
    return this_month if this_month <= as_of else _in_month(assess_on, as_of, -1)


def next_assessment(assess_on: AssessOn, as_of: date, first_overdue: date, last_billed: date | None) -> date:
    """The first assessment day after `as_of`."""
    if assess_on.every_days is not None:
        begun = last_billed or first_overdue
        times = max((as_of - begun).days // assess_on.every_days + 1, 1)
        return days_after(begun, times * assess_on.every_days)
    this_month = _in_month(assess_on, as_of, 0)
    return this_month if this_month > as_of else _in_month(assess_on, as_of, 1)


def _in_month(assess_on: AssessOn, day: date, months: int) -> date:
    """The assessment day of the month `months` after the one of `day`."""
    anchor = _FIRST.replace(day=assess_on.day_of_month or 1)
    return months_after(anchor, (day.year - anchor.year) * 12 + day.month - anchor.month + months)
