"""Cutting years of history into windows worth a few pages each: all at once, by year, or by month. Reads counts.

A window with more pages than it has parts is cut into them; a smaller one would only cost more calls. Small windows
keep short what must be read again where rows moved while they were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from connectors.history import PAGE_ROWS, HistoryList, Window

_YEARS_AT_MOST = 60  # what a first day is believed; an invoice dated 1900 is a slip of the pen


class Counts(Protocol):
    """What of a History planning needs."""

    def history_first_day(self, name: str) -> date | None:
        """The day of a list's oldest document."""
        ...

    def history_count(self, window: Window) -> int:
        """How many documents a window has."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A window and about how many documents it has; None: nobody was asked yet.

    A last day without a first one: from the list's oldest document, whose day is not known yet.
    """

    window: Window
    expected: int | None = None


def wanted(lists: Iterable[HistoryList], since: date | None, until: date) -> list[Piece]:
    """The lists as they are asked for, each in one window. Asks nobody."""
    return [Piece(Window(each.name, since, until) if each.dated else Window(each.name)) for each in lists]


def cut_up(history: Counts, piece: Piece) -> list[Piece]:
    """What an uncounted piece is read as, after one more look at the provider; uncounted ones of it need another.

    None where the list has no document in these days.
    """
    window = piece.window
    if window.first is None and window.last is not None:
        first = history.history_first_day(window.name)
        return [] if first is None or first > window.last else [Piece(replace(window, first=first))]
    total = history.history_count(window)
    if window.first is None:
        return [Piece(window, total)]
    parts = list(years(window))
    if len(parts) > _YEARS_AT_MOST or _fits(total, parts):
        return [Piece(window, total)]
    return [Piece(year) for year in parts] if len(parts) > 1 else _by_month(window, total)


def _by_month(year: Window, total: int) -> list[Piece]:
    """The months of a year, each with its share: counting them would cost what reading them does."""
    parts = list(months(year))
    if _fits(total, parts):
        return [Piece(year, total)]
    shares = [total * (at + 1) // len(parts) - total * at // len(parts) for at in range(len(parts))]
    return [Piece(month, share) for month, share in zip(parts, shares, strict=True)]


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
