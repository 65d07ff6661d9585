"""What was done about receivables, as the rules remember it: the `history` of a book (contract, section 3).

Values only; `rules.domain.facts` offers them beside what is so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal

from rules.domain.money import Money

CreditStanding = Literal["good", "watch", "hold", "stop"]
TaskOutcome = Literal["done", "refused"]


@dataclass(frozen=True, slots=True)
class ReminderSent:
    """We wrote to the customer about the invoice at this level; `key` is the decision's, where it is known.

    `outcome` refused: a person did not let it go. The level has passed all the same, so that the ladder goes on.
    """

    customer: str
    invoice: str
    level: int
    on: date
    fee: Money | None = None
    key: str = ""
    outcome: TaskOutcome = "done"

    @property
    def was_sent(self) -> bool:
        """Whether anything went out."""
        return self.outcome == "done"


@dataclass(frozen=True, slots=True)
class ChargeBilled:
    """We charged for the days `first_on` to `last_on`, both included. `amount` = `interest` + fixed sum."""

    customer: str
    invoice: str
    charge: str
    first_on: date
    last_on: date
    amount: Money
    interest: Money
    computed: Money


@dataclass(frozen=True, slots=True)
class ChargeReversed:
    """We credited part or all of a charge."""

    customer: str
    invoice: str
    charge: str
    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class ChargeWaived:
    """A person let part or all of a charge go; it counts as billed for ever."""

    customer: str
    invoice: str
    charge: str
    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Contacted:
    """Somebody spoke with the customer."""

    customer: str
    channel: str
    on: date
    outcome: str = ""
    invoice: str | None = None


@dataclass(frozen=True, slots=True)
class StandingChanged:
    """We changed the customer's credit standing on that day."""

    customer: str
    before: CreditStanding
    after: CreditStanding
    on: date


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A person did or refused what a rule asked of them about `invoices`; none: about the customer as a whole."""

    customer: str
    rule: str
    what: str
    on: date
    invoices: tuple[str, ...] = ()
    outcome: TaskOutcome = "done"
    key: str = ""


HistoryEntry = ReminderSent | ChargeBilled | ChargeReversed | ChargeWaived | Contacted | StandingChanged | TaskDone


def in_sequence(changes: Iterable[StandingChanged]) -> list[StandingChanged]:
    """Changes of standing, each customer's as they came: of one day each begins where the one before ended.

    A list's own order says nothing: the same book in another order must give the same answer.
    """
    found: list[StandingChanged] = []
    ended: dict[str, CreditStanding] = {}
    ordered = sorted(changes, key=lambda one: (one.customer, one.on, one.before, one.after))
    for _, same_day in groupby(ordered, key=lambda one: (one.customer, one.on)):
        left = list(same_day)
        while left:
            ends = {one.after for one in left}
            follows = next((one for one in left if one.before == ended.get(one.customer)), None)
            first = follows or next((one for one in left if one.before not in ends), left[0])
            left.remove(first)
            found.append(first)
            ended[first.customer] = first.after
    return found
