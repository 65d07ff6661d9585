"""What an amount is worth in another currency on a day: the latest rate known by then, direct or turned round."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from rules.domain.facts import Rate
from rules.domain.money import Money


def converter(rates: Iterable[Rate], target: str, on: date) -> Callable[[Money], Money | None]:
    """A function that turns money into `target`; it gives None where no rate is known on or before `on`."""
    newest = {(rate.source, rate.target): rate for rate in sorted(rates, key=lambda rate: rate.on) if rate.on <= on}

    def converted(money: Money) -> Money | None:
        if money.currency == target:
            return money
        if (direct := newest.get((money.currency, target))) is not None:
            return Money(money.amount * direct.rate, target)
        if (turned := newest.get((target, money.currency))) is not None and turned.rate:
            return Money(money.amount / turned.rate, target)
        return None

    return converted
