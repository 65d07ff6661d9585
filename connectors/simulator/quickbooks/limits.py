"""What QuickBooks allows per company, and a count of what was asked: by UTC day, and as reads, writes and sign-ins."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

Purpose = Literal["read", "write", "auth"]


@dataclass(slots=True)
class Limits:
    """The provider's numbers. A test may shrink any of them."""

    per_second: int = 10
    per_minute: int = 500
    batches_per_minute: int = 40
    reports_per_minute: int = 200
    batch_items: int = 30
    cdc_rows: int = 1000
    cdc_days: int = 30
    mails_per_day: int | None = None  # 40 in a sandbox


class Throttle:
    """Decides whether one more request fits, on the provider's clock. Switched off it lets everything pass."""

    def __init__(self, limits: Limits, *, on: bool) -> None:
        self.on = on
        self._limits = limits
        self._seen: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def admits(self, now: datetime, kind: str) -> bool:
        """Count a request of `kind` ("batch", "reports" or any other); False where it is one too many."""
        if not self.on:
            return True
        limits = self._limits
        windows = [("all", 1, limits.per_second), ("all", 60, limits.per_minute)]
        if kind == "batch":
            windows.append(("batch", 60, limits.batches_per_minute))
        if kind == "reports":
            windows.append(("reports", 60, limits.reports_per_minute))
        if any(self._within(name, now, seconds) >= most for name, seconds, most in windows):
            return False
        for name in {name for name, _, _ in windows}:
            self._seen[name].append(now)
        return True

    def _within(self, name: str, now: datetime, seconds: int) -> int:
        """Requests of the last `seconds`; what is older than a minute is forgotten."""
        seen = self._seen[name]
        while seen and (now - seen[0]).total_seconds() >= 60:  # noqa: PLR2004 - the longest window
            seen.popleft()
        count = 0
        for moment in reversed(seen):
            if (now - moment).total_seconds() >= seconds:
                break
            count += 1
        return count


class Counters:
    """Requests answered. Reads are what Intuit meters (CorePlus), writes are free (Core)."""

    def __init__(self) -> None:
        self._by_day: defaultdict[date, Counter[str]] = defaultdict(Counter)

    def count(self, now: datetime, purpose: Purpose) -> None:
        """One more."""
        self._by_day[now.astimezone(UTC).date()][purpose] += 1

    def by_day(self) -> dict[date, dict[str, int]]:
        """What was counted so far."""
        return {day: dict(counted) for day, counted in self._by_day.items()}
