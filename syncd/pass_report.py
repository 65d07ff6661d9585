"""What a pass stands on, and what it did: the values that go into `syncd/cycle.py` and come out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncd.config import Limits
from syncd.outbox import Drained
from syncd.plan import Mode
from syncd.pull import Pulled
from syncd.settle import Settled

if TYPE_CHECKING:
    from rules.policy import Policies


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Ground:
    """What a pass stands on besides the ledger: the rules in force, how far it may go by itself, who may stop it."""

    policies: Policies
    limits: Limits
    mode: Mode
    go_on: Callable[[], bool] = _always


@dataclass(slots=True)
class PassReport:
    """What one pass of one connection did. `needs_person` says whether somebody should look."""

    connection: str
    settled: Settled = field(default_factory=Settled)
    pulled: Pulled | None = None
    accounts: int = 0
    decisions: int = 0
    planned: int = 0
    held: int = 0
    unclear: int = 0  # of all passes: nobody knows yet whether these actions were done
    drained: Drained = field(default_factory=Drained)
    brake: str | None = None
    problems: int = 0
    failure: str | None = None
    exit_code: int = 0

    @property
    def needs_person(self) -> bool:
        """A held plan, a failure, a refusal, something unclear."""
        unclear = self.drained.rejected or self.drained.unclear or self.unclear
        return bool(self.failure or self.brake or self.held or unclear or self.drained.clock_off)

    def line(self) -> dict[str, int | str]:
        """The pass in one log line, the same keys every time."""
        pulled, drained = self.pulled, self.drained
        figures: dict[str, int | str] = {
            "pages": pulled.pages if pulled else 0,
            "records": pulled.records if pulled else 0,
            "changed": pulled.changed if pulled else 0,
            "calls": pulled.calls if pulled else 0,
            "accounts": self.accounts,
            "decisions": self.decisions,
            "planned": self.planned,
            "held": self.held,
            "confirmed": sum(drained.confirmed.values()),
            "stale": drained.stale,
            "rejected": drained.rejected,
            "unclear": drained.unclear,
            "problems": self.problems,
        }
        return figures | {"brake": "on"} if self.brake else figures
