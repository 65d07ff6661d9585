"""Loading years of history beside the daemon: pages in flight, stored in order, taken up where it was interrupted.

Reads only. Its pages never move the daemon's cursor and never overwrite what the daemon learned later. A day's calls
are shared: a reserve is left to the daemon, and where the rest is used up the load waits for the next day.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from connectors import NO_RECORD, FactKind
from connectors.errors import Throttled
from connectors.history import History, HistoryPage
from syncd.backfill.budget import CALLS_A_PAGE, CallBudget
from syncd.backfill.check import MonthCheck, checked, windows_to_read_again
from syncd.backfill.progress import Gauge, Progress
from syncd.backfill.windows import Piece, cut_up, wanted
from syncd.clock import Clock
from syncd.errors import TryAgain, Usage
from syncd.ledger import Ledger
from syncd.lock import held
from syncd.logs import log
from syncd.store.exported_rows import ExportedRows
from syncd.store.past import UNKNOWN, Cut, Load, Past, Shown

T = TypeVar("T")

_FIRST_YEAR = 1980
_TRIES = 3  # a window whose count moved while it was read is read again, as often as this in all


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted. Without `until`, up to `today`. `again` begins anew, `wait` sleeps where a day is used up."""

    since: date | None
    until: date | None
    today: date
    wait: bool = True
    again: bool = False


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What a load brought (all but `documents` and `unreadable` of this run alone) and how the months compare.

    `dropped` are documents that were held and that the provider no longer shows.
    """

    documents: int
    changed: int
    dropped: int
    unreadable: int
    calls: int
    seconds: float
    months: tuple[MonthCheck, ...]

    @property
    def disagreements(self) -> tuple[MonthCheck, ...]:
        """The months where what we hold is not what the provider shows."""
        return tuple(month for month in self.months if not month.agrees)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a load works with."""

    history: History
    past: Past
    exported: ExportedRows
    budget: CallBudget
    clock: Clock


@dataclass(slots=True)
class _Task:
    seq: int
    number: int


@dataclass
class Backfill:
    """One run of a load."""

    bench: Bench
    ask: Ask
    show: Callable[[Progress], None] = lambda _progress: None
    _cuts: dict[int, Cut] = field(default_factory=dict)
    _todo: deque[_Task] = field(default_factory=deque)
    _flying: deque[tuple[_Task, Future[HistoryPage]]] = field(default_factory=deque)
    _gauge: Gauge = field(init=False)
    _shown: dict[int, Shown] = field(default_factory=dict)
    _changed: int = 0
    _dropped: int = 0

    def __post_init__(self) -> None:
        self._gauge = Gauge(self.bench.clock)

    def run(self) -> Backfilled:
        """Load, compare, read again what does not agree, compare again.

        Raises:
            ConnectorError: the provider could not be asked; all that was stored stays, the next run goes on there.
            TryAgain: the day's calls are used up and `wait` is off.
        """
        bench = self.bench
        started = bench.clock.monotonic()
        bench.budget.begin()
        try:
            company = self.patiently(bench.history.history_start)
            bench.past.introduce(company, bench.clock.now())
            self._cuts = {cut.seq: cut for cut in self._planned()}
            self._load(self._cuts.values())
            months = self._compared()
        finally:
            bench.budget.count()
        bench.past.finish(bench.clock.now())
        bench.exported.give_way(bench.clock.now())
        cuts = self._cuts.values()
        return Backfilled(
            documents=sum(cut.shown for cut in cuts),
            changed=self._changed,
            dropped=self._dropped,
            unreadable=sum(cut.unreadable for cut in cuts),
            calls=bench.budget.made,
            seconds=bench.clock.monotonic() - started,
            months=months,
        )

    def _planned(self) -> list[Cut]:
        """The windows to read: those of a load under way that asks for the same days, else new ones."""
        past, ask = self.bench.past, self.ask
        load = past.load()
        if load is None or ask.again or not _is_asked_for(load, ask):
            until = ask.until or ask.today
            pieces = wanted(self.bench.history.history_lists(), ask.since, until)
            past.begin(Load(ask.since, until, self.bench.clock.now(), None), _numbered(pieces))
        return self._counted(past.cuts())

    def _counted(self, cuts: list[Cut]) -> list[Cut]:
        """Count and cut what is not counted yet. Each count is stored with what follows from it: none is made twice."""
        history, past = self.bench.history, self.bench.past
        pieces = [Piece(cut.window, None if cut.expected == UNKNOWN else cut.expected) for cut in cuts]
        while (at := next((at for at, piece in enumerate(pieces) if piece.expected is None), None)) is not None:
            pieces[at : at + 1] = self.patiently(partial(cut_up, history, pieces[at]))
            cuts = _numbered(pieces)
            past.plan(cuts)
            self._cuts = {cut.seq: cut for cut in cuts}
            self._tell()
        return cuts

    def _load(self, cuts: Iterable[Cut]) -> None:
        self._gauge.begin(self.bench.budget.made)
        self._todo.extend(task for cut in cuts if not cut.is_done for task in _tasks(cut))
        with ThreadPoolExecutor(self.bench.history.in_flight, thread_name_prefix="past") as pool:
            try:
                while self._todo or self._flying:
                    self._send(pool)
                    if self._flying:
                        self._take_in()
                    else:
                        self._pause()
            finally:
                pool.shutdown(cancel_futures=True)

    def _send(self, pool: ThreadPoolExecutor) -> None:
        """Ask for as many pages as may be on the wire."""
        left = self.bench.budget.left()
        most = self.bench.budget.usage.part_of(self.bench.history.in_flight)
        most = most if left is None else min(most, left // CALLS_A_PAGE)
        while self._todo and len(self._flying) < most:
            task = self._todo.popleft()
            window = self._cuts[task.seq].window
            self._flying.append((task, pool.submit(self.bench.history.history_page, window, task.number)))

    def _take_in(self) -> None:
        """Store the oldest page asked for; what was asked for after it waits."""
        task, future = self._flying.popleft()
        try:
            found = future.result()
        except Throttled as error:
            self._call_back(task)
            self._refused(error)
            return
        self._store(task, found)

    def _call_back(self, task: _Task) -> None:
        """Put what is on the wire back to what is to be done, in order."""
        self._todo.extendleft(each for each, _ in reversed(self._flying))
        self._todo.appendleft(task)
        for _, future in self._flying:
            future.cancel()
        self._flying.clear()

    def _store(self, task: _Task, found: HistoryPage) -> None:
        bench, cut = self.bench, self._cuts[task.seq]
        cut, applied = bench.past.apply(cut, self._kind(cut), found, bench.clock.now())
        bench.budget.count()
        self._cuts[cut.seq] = cut
        self._changed += applied.changed
        self._gauge.read(found.shown)
        self._note_shown(cut, found)
        log.debug("backfill.page_stored", records=found.shown, changed=applied.changed)
        if task.number == 1:
            self._todo.extendleft(reversed(list(_tasks(cut))))
        if cut.is_done and cut.shown != cut.total and cut.tries + 1 < _TRIES:
            self._read_again(cut)
        self._tell()

    def _read_again(self, cut: Cut) -> None:
        """Rows came or went while the window was read: one may have slipped from page to page."""
        self._cuts[cut.seq] = self.bench.past.again(cut)
        self._todo.appendleft(_Task(cut.seq, 1))

    def _compared(self) -> tuple[MonthCheck, ...]:
        """The months; those that disagree are read once more first, for the books may have moved since."""
        past, lists = self.bench.past, self.bench.history.history_lists()
        months = checked(past, self._cuts.values(), lists)
        stale = windows_to_read_again(months, self._cuts.values())
        if not stale:
            return months
        for cut in stale:
            self._cuts[cut.seq] = past.again(cut)
        self._shown = {cut.seq: Shown("") for cut in stale}
        self._load([self._cuts[cut.seq] for cut in stale])
        self._dropped = sum(self._drop_unshown(self._cuts[cut.seq]) for cut in stale)
        return checked(past, self._cuts.values(), lists)

    def _drop_unshown(self, cut: Cut) -> int:
        """What was deleted at the provider while nobody looked: it is held, and a whole window does not show it.

        A window with a row that shows no record is not whole: that record may be any.
        """
        shown = self._shown[cut.seq]
        is_whole = next(each.is_whole for each in self.bench.history.history_lists() if each.name == cut.window.name)
        if not is_whole or cut.window.first is None or not len(shown.ids) == cut.shown == cut.total:
            return 0
        return self.bench.past.drop_unshown(cut, self._kind(cut), shown)

    def _note_shown(self, cut: Cut, found: HistoryPage) -> None:
        if (shown := self._shown.get(cut.seq)) is None:
            return
        kind = self._kind(cut)
        if found.number == 1:
            at = found.page.server_time or self.bench.clock.now()
            shown.since, shown.ids = at.astimezone(UTC).isoformat(), set()
        ids = {each.ref.id for each in found.page.records if each.ref.kind == kind}
        shown.ids.update(ref for ref in ids if not ref.startswith(NO_RECORD))

    def _kind(self, cut: Cut) -> FactKind:
        return next(each.kind for each in self.bench.history.history_lists() if each.name == cut.window.name)

    def patiently(self, read: Callable[[], T]) -> T:
        """One read, once the day's calls allow it."""
        while True:
            if self.bench.budget.is_used_up():
                self._pause()
            try:
                answer = read()
            except Throttled as error:
                self._refused(error)
                continue
            self.bench.budget.count()
            return answer

    def _refused(self, error: Throttled) -> None:
        """The provider asks for a longer wait than a read bears: the day is used up."""
        self.bench.budget.count()
        self.bench.budget.refuse_until(self.bench.clock.now() + timedelta(seconds=error.retry_after_s))
        self._pause()

    def _pause(self) -> None:
        """Sleep over the end of the day's calls, or say when to come again."""
        budget = self.bench.budget
        why, until = budget.why_used_up(), budget.next_try()
        if not self.ask.wait:
            raise TryAgain(f"{why}; what was loaded is stored, run the same again after {until:%Y-%m-%d %H:%M} UTC")
        self._tell(until, why)
        log.info("backfill.paused", why=why)
        begun = self.bench.clock.monotonic()
        budget.rest()
        self._gauge.pause(self.bench.clock.monotonic() - begun)

    def _tell(self, until: datetime | None = None, why: str = "") -> None:
        self.show(self._gauge.progress(self._cuts.values(), self.bench.budget, self._changed, until, why))


def _numbered(pieces: Iterable[Piece]) -> list[Cut]:
    return [Cut(seq, piece.window, _expected(piece)) for seq, piece in enumerate(pieces, 1)]


def _expected(piece: Piece) -> int:
    return UNKNOWN if piece.expected is None else piece.expected


def _tasks(cut: Cut) -> Iterable[_Task]:
    """The pages of a window still to read; of one whose first was not read, only that."""
    last = max(cut.pages, 1)
    return [_Task(cut.seq, number) for number in range(cut.pages_done + 1, last + 1)]


def _is_asked_for(load: Load, ask: Ask) -> bool:
    """Whether the newest load is the one asked for: half done, it goes on; finished, its months are compared again."""
    if load.finished_at is None:
        return load.since == ask.since and ask.until in (None, load.until)
    reaches_back = load.since is None or (ask.since is not None and load.since <= ask.since)
    return reaches_back and (ask.until is None or ask.until <= load.until)


@contextmanager
def opened_load(ledger: Ledger, ask: Ask, calls: int | None = None) -> Iterator[Backfill]:
    """A load of one connection, alone on it; the daemon may work beside it. Makes no request.

    Raises:
        Usage: the connection has no history to show, or the days make no sense.
        TryAgain: another load of this connection runs.
    """
    history = ledger.connector
    if not isinstance(history, History):
        raise Usage(f"{ledger.name} is read from files, which hold their own history; there is nothing to load")
    _refuse_odd_days(ask)
    reserve = history.calls_reserved
    budget = CallBudget(ledger.connector.usage, ledger.connections, ledger.clock, ledger.lease.is_taken, reserve, calls)
    with held(ledger.load_lock, owner="another backfill"):
        past, exported = Past(ledger.store, ledger.name), ExportedRows(ledger.store, ledger.name)
        yield Backfill(Bench(history, past, exported, budget, ledger.clock), ask)


def _refuse_odd_days(ask: Ask) -> None:
    if ask.until is not None and ask.until > ask.today:
        raise Usage(f"--until {ask.until} is in the future; the company's day is {ask.today}")
    until = ask.until or ask.today
    if ask.since is not None and ask.since > until:
        raise Usage(f"--since {ask.since} is after the last day to load, {until}")
    if ask.since is not None and ask.since.year < _FIRST_YEAR:
        raise Usage(f"--since {ask.since} is before any books a provider keeps; leave it out to load from the first")
