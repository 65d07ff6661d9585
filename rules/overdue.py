"""When an invoice is overdue and how the aging is cut. It decides nothing itself: every other rule looks through it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.domain.aging import OverdueSettings as Settings
from rules.domain.decisions import Decision, Skip
from rules.domain.situation import Situation
from rules.domain.wording import spoken

__all__ = ["Settings", "decide"]


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """Say of each invoice past its day why it is not counted as overdue."""
    for ref, one in situation.aged.items():
        if ref not in situation.scope or one.days_past_due or not one.parts:
            continue
        days = max(part.days for part in one.parts)
        if days <= 0:
            continue
        if one.is_settled:
            why = "a discount earned settles it"
        elif days <= settings.grace_days:
            why = f"{days} days past due, within {settings.grace_days} days of grace"
        elif one.is_tolerated:
            allowed = settings.tolerance.money(one.left.currency)
            why = f"the rest of {spoken(one.left)} is within the tolerance of {spoken(allowed)}"
        else:
            covered = one.covered or one.invoice.balance
            why = f"{spoken(covered)} received or credited but on no invoice yet covers it"
        yield Skip("overdue", ref, f"Not overdue: {why}.", customer=one.invoice.customer)
