"""The only place that asks the machine what time it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.transport import Timing


class Clock(Protocol):
    """What time it is. Instants are aware and UTC; days are a company's own."""

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps, for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


def today(clock: Clock, timezone: str) -> date:
    """The day it is now in `timezone` (an IANA name)."""
    return clock.now().astimezone(ZoneInfo(timezone)).date()


@dataclass(frozen=True, slots=True)
class CompanyTime:
    """The clock as one company sees it: its local day and time of day beside the instant."""

    clock: Clock
    timezone: str

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return self.clock.now()

    def today(self) -> date:
        """The company's local day."""
        return today(self.clock, self.timezone)

    def day_of(self, instant: datetime) -> date:
        """The company's local day at an instant."""
        return instant.astimezone(ZoneInfo(self.timezone)).date()

    def time_of_day(self) -> str:
        """The company's time of day as ``HH:MM``, which compares as text."""
        return self.clock.now().astimezone(ZoneInfo(self.timezone)).strftime("%H:%M")


def timing(clock: Clock) -> Timing:
    """The clock as connectors take it."""
    return Timing(now=clock.now, monotonic=clock.monotonic, sleep=clock.sleep)
