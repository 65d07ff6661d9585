"""Reference rates by day: the shipped statutory tables and a rules file's own.

A statutory table holds one value for a whole half-year, whatever happens in between. A day it does not cover has no
rate: whoever asks must say so, never guess.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest

from rules.tables import rows_of

STATUTORY = ("boe", "ecb", "bundesbank", "us-treasury")
_SECOND_HALF = 7


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate of a rules file in percent a year, from a day on until the next row."""

    first_on: date
    pct: Decimal


@dataclass(frozen=True, slots=True)
class RateRow:
    """`pct` a year from `first_on` to `last_on`, both included; no `last_on`: until further notice."""

    first_on: date
    last_on: date | None
    pct: Decimal


@dataclass(frozen=True, slots=True)
class RateTable:
    """The rates of one name, in order of days."""

    name: str
    rows: tuple[RateRow, ...]

    def on(self, day: date) -> RateRow | None:
        """The row in force on `day`, or None where the table does not reach."""
        index = bisect_right(self.rows, day, key=lambda row: row.first_on) - 1
        if index < 0:
            return None
        row = self.rows[index]
        return None if row.last_on is not None and day > row.last_on else row


@lru_cache(maxsize=64)
def rate_table(name: str, own: tuple[tuple[date, Decimal], ...] = ()) -> RateTable | None:
    """The table called `name`: shipped, the rules file's `own` rows, or shipped rows continued by own ones.

    Returns None where there is neither. Own rows of a shipped name hold for whole half-years like the shipped ones.
    """
    if name not in STATUTORY:
        return RateTable(name, tuple(_open_ended(own))) if own else None
    halves = {half_year(on)[0]: pct for on, pct in sorted(own)}
    shipped = [row for row in _shipped(name) if not halves or row.first_on < min(halves)]
    return RateTable(name, (*_cut(shipped, min(halves, default=None)), *_by_half_year(halves)))


def half_year(day: date) -> tuple[date, date]:
    """First and last day of the half-year `day` lies in."""
    if day.month < _SECOND_HALF:
        return date(day.year, 1, 1), date(day.year, 6, 30)
    return date(day.year, 7, 1), date(day.year, 12, 31)


@lru_cache(maxsize=8)
def _shipped(name: str) -> tuple[RateRow, ...]:
    return tuple(
        RateRow(date.fromisoformat(row["from"]), date.fromisoformat(row["to"]), Decimal(row["pct"]))
        for row in rows_of(name)
    )


def _open_ended(own: Iterable[tuple[date, Decimal]]) -> Iterable[RateRow]:
    """Own rows hold until the next one; the last one until further notice."""
    rows = sorted(dict(sorted(own)).items())
    for (on, pct), following in zip_longest(rows, rows[1:]):
        yield RateRow(on, None if following is None else _day_before(following[0]), pct)


def _cut(rows: list[RateRow], first_own: date | None) -> Iterable[RateRow]:
    """The shipped rows up to where own ones begin."""
    for row in rows:
        if first_own is None or row.last_on is None or row.last_on < first_own:
            yield row
        else:
            yield RateRow(row.first_on, _day_before(first_own), row.pct)


def _by_half_year(halves: dict[date, Decimal]) -> Iterable[RateRow]:
    """Own rows of a statutory name: each holds until the next, the last one for its half-year."""
    starts = sorted(halves)
    for start, following in zip_longest(starts, starts[1:]):
        last = half_year(start)[1] if following is None else _day_before(following)
        yield RateRow(start, last, halves[start])


def _day_before(day: date) -> date:
    return date.fromordinal(max(day.toordinal() - 1, 1))
