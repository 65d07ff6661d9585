"""Whether what we hold of the past is what the provider shows: counts and sums, list by list and month by month. Pure.

The provider's side is added up from its own pages, whose number its own count vouches for; ours from what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from connectors import FactKind
from connectors.history import HistoryList
from syncd.store.past import Cut
from syncd.store.tallies import Tally

_AT_MOST_AGAIN = 24  # windows; more is no slip but another set of books
Sums = dict[tuple[str, str], Tally]


class Shelf(Protocol):
    """Where both sides are kept."""

    def shown(self) -> dict[int, Sums]:
        """What the provider showed, by window."""
        ...

    def held(self, kind: FactKind) -> Iterable[tuple[str, str, Decimal]]:
        """Day, currency and amount of what we hold."""
        ...


@dataclass(frozen=True, slots=True)
class MonthCheck:
    """One month of a list in one currency; month and currency are empty for what has no date.

    `counted` is set where the provider's own count of a window is not the number of documents it showed.
    """

    name: str
    month: str
    currency: str
    shown: Tally
    held: Tally
    counted: int | None = None

    @property
    def agrees(self) -> bool:
        """Whether both sides are the same to the cent."""
        return self.shown == self.held and self.counted is None


def checked(shelf: Shelf, cuts: Iterable[Cut], lists: Sequence[HistoryList]) -> tuple[MonthCheck, ...]:
    """Every month of every list that can be compared, in order."""
    by_list: dict[str, list[Cut]] = {}
    for cut in cuts:
        by_list.setdefault(cut.window.name, []).append(cut)
    shown = shelf.shown()
    found: list[MonthCheck] = []
    for each in lists:
        own = by_list.get(each.name, [])
        found.extend(_miscounted(own))
        if each.is_whole and own:
            found.extend(_compared(each.name, _sum(shown.get(cut.seq, {}) for cut in own), _held(shelf, each, own)))
    return tuple(found)


def _compared(name: str, shown: Sums, held: Sums) -> Iterable[MonthCheck]:
    for month, currency in sorted({*shown, *held}):
        key = (month, currency)
        yield MonthCheck(name, month, currency, shown.get(key, Tally()), held.get(key, Tally()))


def _held(shelf: Shelf, each: HistoryList, cuts: Sequence[Cut]) -> Sums:
    firsts = [cut.window.first.isoformat() for cut in cuts if cut.window.first]
    lasts = [cut.window.last.isoformat() for cut in cuts if cut.window.last]
    sums: Sums = {}
    for day, currency, amount in shelf.held(each.kind):
        if not firsts or min(firsts) <= day <= max(lasts):
            key = (day[:7], currency)
            sums[key] = sums.get(key, Tally()) + Tally(1, amount)
    return sums


def _sum(parts: Iterable[Sums]) -> Sums:
    sums: Sums = {}
    for part in parts:
        for key, tally in part.items():
            sums[key] = sums.get(key, Tally()) + tally
    return sums


def _miscounted(cuts: Iterable[Cut]) -> Iterable[MonthCheck]:
    """Windows that never showed as many documents as the provider counts."""
    for cut in cuts:
        if cut.is_done and cut.shown != cut.total:
            month = f"{cut.window.first} to {cut.window.last}" if cut.window.first else ""
            yield MonthCheck(cut.window.name, month, "", Tally(cut.shown), Tally(cut.shown), cut.total)


def windows_to_read_again(months: Iterable[MonthCheck], cuts: Iterable[Cut]) -> list[Cut]:
    """The windows in which the months lie whose sides differ; none where so many do that reading again cannot help."""
    wrong = {(month.name, month.month) for month in months if not month.agrees and month.counted is None}
    found = [cut for cut in cuts if any(name == cut.window.name and _reaches(cut, month) for name, month in wrong)]
    return found if len(found) <= _AT_MOST_AGAIN else []


def _reaches(cut: Cut, month: str) -> bool:
    first, last = cut.window.first, cut.window.last
    return first is None or last is None or f"{first:%Y-%m}" <= month <= f"{last:%Y-%m}"
