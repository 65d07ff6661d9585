"""A clock for commands that tests call: it goes as this machine's does, on a day of its own, far from midnight."""

from __future__ import annotations

from datetime import UTC, datetime

from syncd.clock import SystemClock

MORNING = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # one and the same day in New York, London and Auckland
TODAY = MORNING.date()


class SetClock(SystemClock):
    """Set to `start` when it is made."""

    def __init__(self, start: datetime = MORNING) -> None:
        self._ahead = start - super().now()

    def now(self) -> datetime:
        return super().now() + self._ahead
