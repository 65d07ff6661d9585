"""How far a load is, how fast it goes and when it ends. Asks nobody and says nothing: it only reckons.

The pace is that of the reading alone: counting before it and pauses in it would make every guess of the end too late.
What is left is judged by pages, for a page costs a call and its time whether it holds five documents or a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.history import PAGE_ROWS
from syncd.backfill.budget import CallBudget
from syncd.clock import Clock
from syncd.store.past import Cut


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a load is. `is_counting` before the first page: what is expected still grows.

    `rate` is documents a second of this run; `calls_short` how many calls more than are left today it takes to end;
    `waiting_until` is set while the day is used up; `is_sure` where there are calls again then for certain.
    """

    documents: int
    expected: int
    changed: int
    rate: float
    calls: int
    calls_left_today: int | None
    seconds_left: float | None
    calls_short: int = 0
    is_counting: bool = False
    waiting_until: datetime | None = None
    is_sure: bool = True
    why: str = ""


@dataclass(slots=True)
class Gauge:
    """What one run has read, and how long it read for it."""

    clock: Clock
    pages: int = 0
    documents: int = 0
    calls_before: int = 0  # made for counting, before the first page
    _since: float | None = None
    _paused_s: float = 0.0

    def begin(self, calls: int) -> None:
        """The reading begins, once."""
        if self._since is None:
            self._since, self.calls_before = self.clock.monotonic(), calls

    def read(self, documents: int) -> None:
        """A page is stored."""
        self.pages += 1
        self.documents += documents

    def pause(self, seconds: float) -> None:
        """So long nothing was asked for."""
        self._paused_s += seconds if self._since is not None else 0.0

    def progress(
        self, cuts: Iterable[Cut], budget: CallBudget, changed: int, until: datetime | None = None, why: str = ""
    ) -> Progress:
        """Where the load of these windows is."""
        known = list(cuts)
        pages_left = sum(_pages_left(cut) for cut in known)
        spent_s = self.clock.monotonic() - self._since - self._paused_s if self._since is not None else 0.0
        calls_left = budget.left()
        calls_short = max(0, self._calls_for(pages_left, budget) - calls_left) if calls_left is not None else 0
        is_slow = calls_short > 0 or not self.pages
        return Progress(
            documents=sum(cut.shown for cut in known),
            expected=sum(max(cut.total, cut.shown) if cut.total >= 0 else max(cut.expected, 0) for cut in known),
            changed=changed,
            rate=self.documents / spent_s if spent_s > 0 else 0.0,
            calls=budget.made,
            calls_left_today=calls_left,
            seconds_left=None if is_slow else pages_left * spent_s / self.pages,
            calls_short=calls_short,
            is_counting=self._since is None,
            waiting_until=until,
            is_sure=budget.knows_when(),
            why=why,
        )

    def _calls_for(self, pages: int, budget: CallBudget) -> int:
        """What as many pages will cost, by what those read so far did."""
        return pages if not self.pages else -(-pages * (budget.made - self.calls_before) // self.pages)


def _pages_left(cut: Cut) -> int:
    return cut.pages - cut.pages_done if cut.total >= 0 else max(1, -(-cut.expected // PAGE_ROWS))
