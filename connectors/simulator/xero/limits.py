"""Rate limits: fixed windows that reset at a moment of the tenant's own, and how many calls may run at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from connectors.simulator.http import Response

_MINUTE_S = 60
_DAY_S = 86_400


@dataclass(slots=True)
class Limits:
    """What is counted and what is allowed; None switches a limit off.

    The minute's limit is off unless asked for, because a simulated clock stands still between steps. The day's is on:
    5,000 calls, or set 1,000 for a Starter app. `phase_s` is where in the day the tenant's windows begin.
    """

    per_minute: int | None = None
    per_day: int | None = 5000
    at_once: int | None = 5
    phase_s: int = 0
    running: int = 0
    _counted: dict[str, tuple[int, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> bool:
        """A call begins; False where too many are running already. Every True needs a `finish`."""
        with self._lock:
            if self.at_once is not None and self.running >= self.at_once:
                return False
            self.running += 1
            return True

    def finish(self) -> None:
        """A call has ended."""
        with self._lock:
            self.running -= 1

    def check(self, now_s: int) -> Response | None:
        """Count a call at `now_s` seconds since 1970; the refusal where it is over a limit. Refused calls count."""
        day, minute = self._count("day", now_s, _DAY_S), self._count("minute", now_s, _MINUTE_S)
        if self.per_day is not None and day > self.per_day:
            return self._refusal("day", now_s, _DAY_S)
        if self.per_minute is not None and minute > self.per_minute:
            return self._refusal("minute", now_s, _MINUTE_S)
        return None

    def too_many_at_once(self) -> Response:
        """The refusal of a call beside too many others: it says nothing about when to come back."""
        return Response(429, b"", {"X-Rate-Limit-Problem": "concurrent"})

    def headers(self, now_s: int) -> dict[str, str]:
        """What every answer says is left."""
        day = (self.per_day or 5000) - self._used("day", now_s, _DAY_S)
        minute = (self.per_minute or 60) - (self._used("minute", now_s, _MINUTE_S) if self.per_minute else 0)
        return {
            "X-DayLimit-Remaining": str(max(0, day)),
            "X-MinLimit-Remaining": str(max(0, minute)),
            "X-AppMinLimit-Remaining": "9999",
        }

    def _refusal(self, problem: str, now_s: int, length_s: int) -> Response:
        wait_s = length_s - (now_s + self.phase_s) % length_s
        return Response(429, b"", {"Retry-After": str(wait_s), "X-Rate-Limit-Problem": problem})

    def _count(self, name: str, now_s: int, length_s: int) -> int:
        count = self._used(name, now_s, length_s) + 1
        self._counted[name] = ((now_s + self.phase_s) // length_s, count)
        return count

    def _used(self, name: str, now_s: int, length_s: int) -> int:
        window, count = self._counted.get(name, (-1, 0))
        return count if window == (now_s + self.phase_s) // length_s else 0
