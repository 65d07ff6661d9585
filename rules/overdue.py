"""When an invoice is overdue and how the aging is cut. It decides nothing itself: every other rule looks through it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.domain.aging import OverdueSettings as Settings
from rules.domain.decisions import Decision, Skip
from rules.domain.situation import Situation
from rules.domain.wording import spoken, sums

__all__ = ["Settings", "decide"]


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """Say of each invoice past its day why it is not counted as overdue."""
    for ref, one in situation.aged.items():
        if ref not in situation.scope or one.overdue or not one.parts:
            continue
        days = max(part.days for part in one.parts)
        if days <= 0:
            continue
        if one.is_settled:
            why = "a discount earned settles it"
        elif days <= settings.grace_days:
            why = f"{days} days past due, within {settings.grace_days} days of grace"
        elif one.covered is not None and one.covered >= one.invoice.balance:
            why = f"{spoken(one.covered)} received or credited but on no invoice yet covers it"
        else:
            (late,) = sums(part.open for part in one.parts if part.days > 0)
            late = late - one.covered if one.covered else late
            allowed = settings.tolerance.money(late.currency)
            why = f"the rest of {spoken(late)} is within the tolerance of {spoken(allowed)}"
        yield Skip("overdue", ref, f"Not overdue: {why}.", customer=one.invoice.customer)
