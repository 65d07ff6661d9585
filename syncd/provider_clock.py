"""How far this machine's clock is from a provider's, and when that is too far to charge or write to anybody.

A day too early is a charge too many. The provider's answer bears its own time, and it was given between the moment we
asked and the moment we had it: only what lies outside of the two is a difference.
"""

from __future__ import annotations

from datetime import datetime

KIND = "clock"
WARN_S = 60
HOLD_S = 300
_SAME_S = 5  # a change smaller than this is not worth writing down


def ahead_s(asked: datetime, said: datetime, answered: datetime) -> int:
    """By how many seconds the provider is ahead of us (below zero: behind), whole seconds."""
    if said > answered:
        return round((said - answered).total_seconds())
    return min(0, round((said - asked).total_seconds()))


def is_news(before: int | None, now: int) -> bool:
    """Whether a reading differs enough from the one before to be kept."""
    return before is None or abs(before - now) > _SAME_S


def words(ahead: int, name: str) -> str:
    """What is wrong with the clock, in one sentence."""
    return f"this machine is {abs(ahead)} seconds {'behind' if ahead > 0 else 'ahead of'} {name}'s clock; set it by NTP"


def too_far(ahead: int | None, name: str) -> str | None:
    """Why charges and mail must wait; None where the clock is good enough."""
    if ahead is None or abs(ahead) < HOLD_S:
        return None
    return f"{words(ahead, name)}; charges and mail wait until it is right"
