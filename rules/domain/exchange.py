"""Converting amounts for limits and bare thresholds, for nothing else: interest, aging and netting never convert."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, localcontext

from rules.domain.facts import Rate
from rules.domain.money import Money

_PRECISION = 60  # digits, more than sums keep: parts that add up to a round amount are that amount


def converted(amount: Money, target: str, rates: Iterable[Rate], day: date) -> Money | None:
    """`amount` in `target` at the latest rate on or before `day`, unrounded; None where there is none.

    A rate may be stated either way round, and one stated from `target` divides: a third of 300.00 is 100.00. Where both
    ways are stated for the same day, the one into `target` counts.
    """
    if amount.currency == target:
        return amount
    best: tuple[date, bool, Decimal] | None = None
    for rate in rates:
        if rate.on > day or not rate.rate:
            continue
        direct = rate.source == amount.currency and rate.target == target
        if not direct and not (rate.source == target and rate.target == amount.currency):
            continue
        found = (rate.on, direct, rate.rate)
        best = found if best is None else max(best, found)
    if best is None:
        return None
    _, direct, number = best
    with localcontext(prec=_PRECISION):
        return Money(amount.amount * number if direct else amount.amount / number, target)
