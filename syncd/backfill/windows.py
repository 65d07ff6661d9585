"""Cutting years of history into windows worth a few pages each: all at once, by year, or by month. Reads counts.

A window with more pages than it has parts is cut into them; a smaller one would only cost more calls. Small windows
keep short what must be read again where rows moved while they were read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from connectors.history import PAGE_ROWS, HistoryList, Window

_YEARS_AT_MOST = 60  # what a first day is believed; an invoice dated 1900 is a slip of the pen


class Counts(Protocol):
    """What of a History planning needs."""

    def history_lists(self) -> tuple[HistoryList, ...]:
        """The lists."""
        ...

    def history_first_day(self, name: str) -> date | None:
        """The day of a list's oldest document."""
        ...

    def history_count(self, window: Window) -> int:
        """How many documents a window has."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A window and about how many documents it has."""

    window: Window
    expected: int


def pieces_of(history: Counts, since: date | None, until: date) -> Iterator[Piece]:
    """The windows of every list, in the lists' order; lists without a document in these days have none."""
    for each in history.history_lists():
        if each.dated:
            yield from _of_list(history, each, since, until)
        else:
            window = Window(each.name)
            yield Piece(window, history.history_count(window))


def _of_list(history: Counts, each: HistoryList, since: date | None, until: date) -> Iterator[Piece]:
    first = since or history.history_first_day(each.name)
    if first is None or first > until:
        return
    window = Window(each.name, first, until)
    total = history.history_count(window)
    parts = list(years(window))
    if _fits(total, parts) or len(parts) > _YEARS_AT_MOST:
        yield Piece(window, total)
        return
    for year in parts:
        yield from _of_year(history, year)


def _of_year(history: Counts, year: Window) -> Iterator[Piece]:
    total = history.history_count(year)
    parts = list(months(year))
    if _fits(total, parts):
        yield Piece(year, total)
        return
    for position, month in enumerate(parts):
        share = total * (position + 1) // len(parts) - total * position // len(parts)
        yield Piece(month, share)


def _fits(total: int, parts: list[Window]) -> bool:
    """Whether a window is read with no more pages than it has parts."""
    return total <= PAGE_ROWS * max(len(parts), 1)


def years(window: Window) -> Iterator[Window]:
    """The calendar years of a dated window, the first and last cut to its days."""
    first, last = _days(window)
    for year in range(first.year, last.year + 1):
        yield Window(window.name, max(first, date(year, 1, 1)), min(last, date(year, 12, 31)))


def months(window: Window) -> Iterator[Window]:
    """The calendar months of a dated window, the first and last cut to its days."""
    first, last = _days(window)
    while first <= last:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield Window(window.name, first, min(last, following - timedelta(days=1)))
        first = following


def _days(window: Window) -> tuple[date, date]:
    if window.first is None or window.last is None:
        raise ValueError(f"{window.name} is not cut by days")
    return window.first, window.last
