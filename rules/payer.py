"""How customers are classed by the way they pay. It decides nothing itself: tone, steps and credit go by the class."""

from __future__ import annotations

from collections.abc import Iterator

from rules.domain.decisions import Decision
from rules.domain.paying.settings import PayerSettings as Settings
from rules.domain.situation import Situation

__all__ = ["Settings", "decide"]


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """Nothing by itself: the class stands with the customer's position, its figures with the explanation."""
    del situation, settings
    return iter(())
