"""`syncd run`: a pass over every connection, again and again, side by side; stops and reloads when it is told to.

One connection's trouble is its own: each has a thread to itself, is parked or backs off, and the others go on. Within a
connection passes are strictly one after the other.
"""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from types import FrameType

from connectors.errors import ConnectorError
from syncd import digest, hints, interrupt, reconcile
from syncd.atomic import replace_file
from syncd.attempt import attempt_pass
from syncd.console.gauges import exposition
from syncd.errors import TryAgain
from syncd.feed import feed_exists, write_feed
from syncd.ledger import Ledger
from syncd.logs import log
from syncd.notify import notify
from syncd.office import Office
from syncd.pass_report import Ground, PassReport
from syncd.ping import Ping
from syncd.progress import Progress
from syncd.standing import view
from syncd.store.findings import EVERYWHERE, RELOAD, Findings

_JITTER = 0.1
_MOST_SIDE_BY_SIDE = 200
_LONGEST_BACK_OFF = 12  # poll intervals
_LONGEST_REST_S = 5.0
_HINT_GAP_S = 10.0  # a flood of hints makes a pass every ten seconds, not more
_TEND_S = 6 * 3600.0
_TELL_S = 60.0


@dataclass(slots=True)
class Daemon:
    """The loop and its signals. `after_round` is called with the report of every pass, for whoever watches."""

    office: Office
    after_round: Callable[[list[PassReport]], None] = lambda _reports: None
    progress: Progress = field(default_factory=Progress)
    # What signals set. A handler runs in the midst of anything: it must wait for no lock and write no line.
    _stops: bool = False
    _stopped_by: int | None = None
    _reloads: bool = False
    _wake: SimpleQueue[None] = field(default_factory=SimpleQueue)
    _next_at: dict[str, float] = field(default_factory=dict)
    _begun_at: dict[str, float] = field(default_factory=dict)
    _tended_at: dict[str, float] = field(default_factory=dict)
    _compared_at: dict[str, datetime] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)
    _running: dict[str, Future[None]] = field(default_factory=dict)
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _told_at: float = -_TELL_S
    _ping: Ping = field(init=False)

    def __post_init__(self) -> None:
        self._ping = Ping(self.office.config.watch.ping_url)

    def run(self) -> int:
        """Until SIGTERM or SIGINT. Returns the exit code."""
        signal.signal(signal.SIGHUP, self._on_reload)
        interrupt.hand_over(self._on_stop)
        log.info("daemon.started", count=len(self.office.ledgers), interval_s=self.office.config.poll_interval_s)
        notify("READY=1")
        self._ping.tell("start")
        self.loop()
        notify("STOPPING=1")
        log.info("daemon.stopped")
        return 0

    def loop(self) -> None:
        """Rounds until `stop`: the requests in hand are finished then."""
        workers = max(1, min(len(self.office.ledgers), _MOST_SIDE_BY_SIDE))
        pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="pass")
        try:
            while not self._stops:
                self._round(pool)
                self._tell_systemd()
                self._rest()
            if self._stopped_by is not None:
                log.info("daemon.stopping", signal=signal.Signals(self._stopped_by).name)
        finally:  # after a bug nobody waits for a provider that does not answer
            pool.shutdown(wait=self._stops, cancel_futures=True)

    def stop(self) -> None:
        """Finish the request in hand, then end."""
        self._stops = True
        self._wake.put(None)

    def wake(self) -> None:
        """A hint was given: look now."""
        self._wake.put(None)

    def pass_of(self, ledger: Ledger) -> None:
        """One pass of one connection, and once a night the comparison with its books."""
        config = self.office.config
        self._begun_at[ledger.name] = self.office.clock.monotonic()
        ground = Ground(self.office.policies, config.limits, config.mode, lambda: not self._stops)
        report = attempt_pass(ledger, ground)
        failures = self._failures.get(ledger.name, 0) + 1 if report.failure else 0
        self._failures[ledger.name] = failures
        self._next_at[ledger.name] = self.office.clock.monotonic() + self._interval_s(ledger, failures)
        try:
            self._after_pass(ledger, report)
        except TryAgain as error:  # no room, or a locked database: what this was for is done after the next pass
            log.warning("pass.not_followed_up", connection=ledger.name, why=str(error))
        notify(f"STATUS={self._status()}")
        self.after_round([report])
        self._wake.put(None)

    def _after_pass(self, ledger: Ledger, report: PassReport) -> None:
        if report.failure is None:
            self._compare(ledger)
        if report.accounts or not feed_exists(self.office):
            write_feed(self.office)
        self._tell_people()

    def _tell_people(self) -> None:
        """The ping, the figures, and once a week the letter; at most once a minute, by whichever pass comes first."""
        now = self.office.clock.monotonic()
        with self._telling:
            if now - self._told_at < _TELL_S or len(self._failures) < len(self.office.ledgers):
                return
            self._told_at = now
        if self._ping.url is not None:
            views = [view(ledger, self.office.config) for ledger in self.office.ledgers]
            self._ping.tell("fail" if any(one.why_not_ready for one in views) else "ok")
        if (file := self.office.config.watch.metrics_file) is not None:
            replace_file(file, exposition(self.office).decode(), mode=0o644)
        digest.send_if_due(self.office)

    def _round(self, pool: Executor) -> None:
        if self._reloads:
            self._reloads = False
            self._reload_rules()
        self._take_hints()
        for name in [name for name, running in self._running.items() if running.done()]:
            self._running.pop(name).result()  # a bug in a pass ends the daemon: the outbox makes that safe
            self.progress.ended(name)
        for ledger in self.office.ledgers:
            if ledger.name not in self._running and (job := self._job(ledger)) is not None:
                self._running[ledger.name] = pool.submit(job, ledger)

    def _job(self, ledger: Ledger) -> Callable[[Ledger], None] | None:
        """What is to be done for a connection now."""
        now = self.office.clock.monotonic()
        if self._next_at.get(ledger.name, 0.0) > now:
            return None
        standing = ledger.connections.standing()
        if not standing.is_parked(ledger.clock.now()):
            return self.pass_of
        may_tend = standing.parked_until is not None and self._tended_at.get(ledger.name, -_TEND_S) + _TEND_S <= now
        return self._tend if may_tend else None

    def _tend(self, ledger: Ledger) -> None:
        """Keep the consent of a connection alive that must be left alone otherwise."""
        self._tended_at[ledger.name] = self.office.clock.monotonic()
        try:
            ledger.vault.keep_alive()
        except ConnectorError as error:
            log.warning("consent.not_refreshed", connection=ledger.name, error=type(error).__name__, why=str(error))

    def _compare(self, ledger: Ledger) -> None:
        """The night's comparison with the books. What fails is tried again the next night."""
        if not reconcile.is_due(ledger, self._compared_at.get(ledger.name)):
            return
        self._compared_at[ledger.name] = ledger.clock.now()
        for warning in view(ledger, self.office.config).warnings():
            log.warning("connection.needs_look", connection=ledger.name, why=warning)
        try:
            reconcile.reconcile(ledger, self.office.config.limits)
        except ConnectorError as error:
            log.warning("books.not_compared", connection=ledger.name, error=type(error).__name__, why=str(error))

    def _take_hints(self) -> None:
        names = [ledger.name for ledger in self.office.ledgers]
        for name in hints.take(self.office.config.state_dir, names):
            soonest = self._begun_at.get(name, -_HINT_GAP_S) + _HINT_GAP_S
            self._next_at[name] = min(self._next_at.get(name, 0.0), soonest)
            log.info("hint.taken", connection=name)

    def _interval_s(self, ledger: Ledger, failures: int) -> float:
        """The poll interval with jitter, longer after each failure in a row."""
        stretched = float(ledger.config.poll_interval_s * min(1 << failures, _LONGEST_BACK_OFF))
        return stretched * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads calls, guards nothing

    def _rest(self) -> None:
        """Sleep until a pass ends, one is due, or a signal comes."""
        soonest = min((at for name, at in self._next_at.items() if name not in self._running), default=0.0)
        with suppress(Empty):
            self._wake.get(timeout=min(max(soonest - self.office.clock.monotonic(), 0.2), _LONGEST_REST_S))
            while True:
                self._wake.get_nowait()

    def _tell_systemd(self) -> None:
        """Feed the watchdog, but only while every running pass gets on: a loop that merely turns proves nothing."""
        now = self.office.clock.monotonic()
        calls = {ledger.name: ledger.connector.usage.made for ledger in self.office.ledgers}
        stuck = [name for name in self._running if not self.progress.gets_on(name, calls[name], now)]
        if stuck:
            log.error("pass.stuck", connection=", ".join(sorted(stuck)))
        else:
            notify("WATCHDOG=1")

    def _reload_rules(self) -> None:
        notify(f"RELOADING=1\nMONOTONIC_USEC={int(self.office.clock.monotonic() * 1_000_000)}")
        problems = self.office.rulebook.reload()
        found = {"well": not problems, "problems": list(problems)}
        with suppress(TryAgain):
            Findings(self.office.store, EVERYWHERE).put(RELOAD, found, self.office.clock.now())
        self._next_at.clear()
        notify("READY=1")

    def _status(self) -> str:
        failing = [name for name, count in sorted(self._failures.items()) if count]
        count = len(self.office.ledgers)
        companies = f"{count} {'company' if count == 1 else 'companies'}"
        return companies + (f", failing: {', '.join(failing)}" if failing else "")

    def _on_stop(self, number: int) -> None:
        self._stopped_by = number
        self.stop()

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reloads = True
        self._wake.put(None)
