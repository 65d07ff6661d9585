"""Converting amounts for limits and bare thresholds, for nothing else: interest, aging and netting never convert."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from rules.domain.facts import Rate
from rules.domain.money import Money


def rate_on(rates: Iterable[Rate], source: str, target: str, day: date) -> Decimal | None:
    """What one `source` is worth in `target`: the latest rate on or before `day`, stated either way round.

    Where both ways are stated for the same day, the one from `source` to `target` counts. None where there is no rate.
    """
    if source == target:
        return Decimal(1)
    best: tuple[date, bool, Decimal] | None = None
    for rate in rates:
        if rate.on > day or not rate.rate:
            continue
        direct = rate.source == source and rate.target == target
        if not direct and not (rate.source == target and rate.target == source):
            continue
        found = (rate.on, direct, rate.rate)
        best = found if best is None else max(best, found)
    if best is None:
        return None
    return best[2] if best[1] else Decimal(1) / best[2]


def converted(amount: Money, target: str, rates: Iterable[Rate], day: date) -> Money | None:
    """`amount` in `target`, unrounded; None where no rate is known on or before `day`."""
    rate = rate_on(rates, amount.currency, target, day)
    return None if rate is None else Money(amount.amount * rate, target)
