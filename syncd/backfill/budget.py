"""How many calls a load of history may make today, so that the daemon is never left without. Keeps no clock of its own.

Two bounds: what the provider says is left of the day, less a reserve; and a number a person set. Counts are stored
under a purpose of their own, so that a second run on the same day goes on counting where the first stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from connectors.transport import Usage
from syncd.clock import Clock
from syncd.ledger import PASS_SHARE
from syncd.store.connections import Connections

PURPOSE = "backfill"
LOAD_SHARE = 1 - PASS_SHARE
CALLS_A_PAGE = 2  # a first page may be counted as well
_LOOK_AGAIN = timedelta(minutes=10)
_PROBE = timedelta(hours=3)  # nobody says when a day begins: eight looks a day find it


@dataclass(slots=True)
class CallBudget:
    """The day's calls of one connection. `most` None: no bound but the provider's own."""

    usage: Usage
    connections: Connections
    clock: Clock
    is_daemon_there: Callable[[], bool]
    reserve: int = 0
    most: int | None = None
    made: int = 0  # by this run
    _until: datetime | None = None  # a pause the provider asked for
    _in_the_dark: bool = False  # after a pause: one page shows whether there are calls again

    def begin(self) -> None:
        """Take over what the daemon last heard is left, where that is of today."""
        self.make_room()
        standing = self.connections.standing()
        today = self.clock.now().astimezone(UTC).date()
        heard_today = standing.pulled_at is not None and standing.pulled_at.astimezone(UTC).date() == today
        self.usage.day_left = standing.day_left if heard_today else None

    def make_room(self) -> None:
        """Leave a daemon that works on the connection its share of each second and minute the provider allows."""
        self.usage.share = LOAD_SHARE if self.is_daemon_there() else Fraction(1)

    def count(self) -> None:
        """Store the calls made since the last count."""
        self.make_room()
        calls = self.usage.take()
        if not calls:
            return
        made = sum(number for purpose, number in calls.items() if purpose != "auth")
        kept = {PURPOSE: made, **{purpose: number for purpose, number in calls.items() if purpose == "auth"}}
        self.made += made
        self.connections.count(kept, self.clock.now().astimezone(UTC).date(), self.usage.day_left)

    def made_today(self) -> int:
        """Calls of loads on this UTC day, by this run and earlier ones."""
        return self.connections.calls_by_day().get(self.clock.now().astimezone(UTC).date(), {}).get(PURPOSE, 0)

    def left(self) -> int | None:
        """How many more calls may be made today; None where nothing bounds them."""
        bounds = []
        if self.usage.day_left is not None:
            bounds.append(self.usage.day_left - self.reserve)
        elif self._in_the_dark:
            bounds.append(CALLS_A_PAGE)
        if self.most is not None:
            bounds.append(self.most - self.made_today())
        return max(0, min(bounds)) if bounds else None

    def is_used_up(self) -> bool:
        """Whether not even a page can be asked for."""
        left = self.left()
        return left is not None and left < CALLS_A_PAGE

    def refuse_until(self, moment: datetime) -> None:
        """The provider says the day is used up."""
        self._until = moment

    def why_used_up(self) -> str:
        """In words."""
        if self._is_at_most():
            return f"the {self.most} calls a day that --calls allows are made"
        if self._until is not None:
            return "the provider says the day's calls are used up"
        return f"{self.usage.day_left} calls are left today and {self.reserve} of them are kept for the daemon"

    def knows_when(self) -> bool:
        """Whether there are calls again at the next try for certain; else that is only a look."""
        return self._until is not None or self._is_at_most()

    def next_try(self) -> datetime:
        """When asking again can help: the moment the provider named, else three hours on or the next UTC day."""
        now = self.clock.now()
        if self._until is not None:
            return self._until
        midnight = (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight if self._is_at_most() else min(midnight, now + _PROBE)

    def _is_at_most(self) -> bool:
        return self.most is not None and self.most - self.made_today() < CALLS_A_PAGE

    def rest(self) -> None:
        """Sleep until the next try, or until the daemon heard that there are calls again."""
        end = self.next_try()
        while (wait := end - self.clock.now()) > timedelta(0):
            self.clock.sleep(min(wait, _LOOK_AGAIN).total_seconds())
            heard = self.connections.standing().day_left or 0
            if self._until is None and self.most is None and heard >= self.reserve + CALLS_A_PAGE:
                break
        self._until, self.usage.day_left, self._in_the_dark = None, None, True
