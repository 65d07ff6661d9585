"""The simulated companies' own time: starts where it is told and moves only when it is moved."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta


class SimulatedClock:
    """A clock that stands still until somebody moves it; `sleep` moves it, so waiting costs no real time."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("the simulated clock needs an aware start")
        self._now = start
        self._elapsed_s = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """This instant, aware."""
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        """Simulated seconds since the start; never goes back."""
        with self._lock:
            return self._elapsed_s

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        if seconds > 0:
            self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        with self._lock:
            self._now += by
            self._elapsed_s += max(0.0, by.total_seconds())

    def move_to(self, moment: datetime) -> None:
        """Move forward to `moment`; a moment already past changes nothing."""
        with self._lock:
            if moment > self._now:
                self._elapsed_s += (moment - self._now).total_seconds()
                self._now = moment
