"""When a message may go out: what its window says at a moment, and what a changed window means for one that waits.

What a person approved is frozen in what it says; when it may go is a matter of the rules in force.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.domain.actions import EmailInvoice, OpenDays, Operation, SendMessage
from rules.domain.decisions import Action
from rules.domain.reminding.windows import closed_on
from rules.domain.zone_names import is_zone


@dataclass(frozen=True, slots=True)
class Timing:
    """The times at which an action's messages may go out."""

    hours: tuple[str, str] | None = None
    open_days: OpenDays | None = None


ANY_TIME = Timing()


def timing_of(action: Action) -> Timing:
    """The times of the action's messages, which all have the same ones."""
    mailed = (step for step in action.operations if isinstance(step, SendMessage | EmailInvoice))
    return next((Timing(step.hours, step.open_days) for step in mailed), ANY_TIME)


def retimed(operation: Operation, timing: Timing) -> Operation:
    """The operation with other times; one that sends no message as it is."""
    if isinstance(operation, SendMessage | EmailInvoice):
        return replace(operation, hours=timing.hours, open_days=timing.open_days)
    return operation


def closed_now(operation: Operation, now: datetime, here: str) -> str | None:
    """Why it may not go out now, and when it may; None where it may. `here` is the company's time zone."""
    if not isinstance(operation, SendMessage | EmailInvoice) or operation.hours is None:
        return None
    (first, last), days = operation.hours, operation.open_days
    zone = days.timezone if days is not None and is_zone(days.timezone) else here
    there = now.astimezone(ZoneInfo(zone))
    where = f" in {zone}" if zone != here else ""
    closed = closed_on(there.date(), days.days, days.holidays) if days is not None else None
    if closed is not None:
        return f"{closed}{where}; goes out on an open day between {first} and {last}"
    return None if first <= f"{there:%H:%M}" < last else f"goes out between {first} and {last}{where}"
