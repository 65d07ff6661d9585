"""What a look at one account gives: decisions in a fixed order, and where its customers and promises stand."""

from __future__ import annotations

from dataclasses import dataclass

from rules.domain.decisions import Decision
from rules.domain.positions import CustomerPosition, PromisePosition


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Decisions, problems among them; positions before any of them is carried out."""

    decisions: tuple[Decision, ...] = ()
    customers: tuple[CustomerPosition, ...] = ()
    promises: tuple[PromisePosition, ...] = ()
