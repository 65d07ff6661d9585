"""`syncd run`: a pass over every connection, again and again, side by side; stops and reloads when it is told to.

One connection's trouble is its own: it is parked or backs off, the others go on. Within a connection passes are
strictly one after the other.
"""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import FrameType

import structlog

from syncd.cycle import Ground, PassReport, attempt_pass
from syncd.feed import feed_exists, write_feed
from syncd.notify import notify
from syncd.office import Ledger, Office

log = structlog.get_logger(__name__)

_JITTER = 0.1
_SIDE_BY_SIDE = 8
_LONGEST_BACK_OFF = 12  # poll intervals


@dataclass(slots=True)
class Daemon:
    """The loop and its signals. `passes_done` is called after every round, for whoever watches."""

    office: Office
    after_round: Callable[[list[PassReport]], None] = lambda _reports: None
    _stop: threading.Event = field(default_factory=threading.Event)
    _reload: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)
    _next_at: dict[str, float] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)
    _running: dict[str, Future[None]] = field(default_factory=dict)

    def run(self) -> int:
        """Until SIGTERM or SIGINT. Returns the exit code."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        log.info("daemon.started", count=len(self.office.ledgers), interval_s=self.office.config.poll_interval_s)
        notify("READY=1")
        with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE, thread_name_prefix="pass") as pool:
            while not self._stop.is_set():
                self._round(pool)
                notify("WATCHDOG=1")  # the loop is alive; a pass cannot hang, as each of its requests has a time-out
                self._rest()
        notify("STOPPING=1")
        log.info("daemon.stopped")
        return 0

    def stop(self) -> None:
        """Finish the request in hand, then end."""
        self._stop.set()
        self._wake.set()

    def _round(self, pool: ThreadPoolExecutor) -> None:
        if self._reload.is_set():
            self._reload.clear()
            self._reload_rules()
        for name in [name for name, running in self._running.items() if running.done()]:
            self._running.pop(name).result()  # a bug in a pass ends the daemon: the outbox makes that safe
        for ledger in self.office.ledgers:
            if ledger.name not in self._running and self._is_due(ledger):
                self._running[ledger.name] = pool.submit(self._pass, ledger)

    def _pass(self, ledger: Ledger) -> None:
        config = self.office.config
        ground = Ground(self.office.policies, config.limits, config.mode, lambda: not self._stop.is_set())
        report = attempt_pass(ledger, ground)
        failures = self._failures.get(ledger.name, 0) + 1 if report.failure else 0
        self._failures[ledger.name] = failures
        self._next_at[ledger.name] = self.office.clock.monotonic() + self._interval_s(failures)
        if report.accounts or not feed_exists(self.office):
            write_feed(self.office)
        notify(f"STATUS={self._status()}")
        self.after_round([report])
        self._wake.set()

    def _interval_s(self, failures: int) -> float:
        """The poll interval with jitter, longer after each failure in a row."""
        stretched = float(self.office.config.poll_interval_s * min(1 << failures, _LONGEST_BACK_OFF))
        return stretched * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads calls, guards nothing

    def _is_due(self, ledger: Ledger) -> bool:
        if self._next_at.get(ledger.name, 0.0) > self.office.clock.monotonic():
            return False
        return not ledger.connections.standing().is_parked(ledger.clock.now())

    def _rest(self) -> None:
        """Sleep until a pass ends, one is due, or a signal comes."""
        soonest = min((at for name, at in self._next_at.items() if name not in self._running), default=0.0)
        self._wake.wait(min(max(soonest - self.office.clock.monotonic(), 0.2), 5.0))
        self._wake.clear()

    def _reload_rules(self) -> None:
        notify(f"RELOADING=1\nMONOTONIC_USEC={int(self.office.clock.monotonic() * 1_000_000)}")
        self.office.rulebook.reload()
        self._next_at.clear()
        notify("READY=1")

    def _status(self) -> str:
        failing = [name for name, count in sorted(self._failures.items()) if count]
        return f"{len(self.office.ledgers)} companies" + (f", failing: {', '.join(failing)}" if failing else "")

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        log.info("daemon.stopping", signal=signal.Signals(number).name)
        self.stop()

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reload.set()
        self._wake.set()
