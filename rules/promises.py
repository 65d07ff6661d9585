"""How promises to pay are judged. It decides nothing itself: reminders and credit holds look through it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.domain.decisions import Decision
from rules.domain.promised import PromiseSettings as Settings
from rules.domain.situation import Situation

__all__ = ["Settings", "decide"]


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """Nothing by itself: a promise's state and level stand with the customer's position."""
    del situation, settings
    return iter(())
