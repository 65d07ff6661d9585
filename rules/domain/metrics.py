"""How a receivables book does as a whole: DSO and its kin, collection effectiveness, days to pay, roll rates, reserve.

Plain arithmetic on figures in one currency, unrounded but for the last step. Where a figure is not defined (nothing
sold, nothing to collect) it is None. Which invoices make up a figure is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_SHOWN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sold:
    """What was invoiced in a stretch of `days`: a calendar month, or what has passed of the newest."""

    amount: Decimal
    days: int


def shown(figure: Decimal | None) -> Decimal | None:
    """A figure to two decimals, half up."""
    return None if figure is None else figure.quantize(_SHOWN, rounding=ROUND_HALF_UP)


def dso(receivables: Decimal, sales: Decimal, days: int) -> Decimal | None:
    """Days sales outstanding: receivables over the period's sales, times its days.

    With what is not yet due instead of all receivables it is the best possible DSO.
    """
    return receivables * days / sales if sales > 0 else None


def average_days_delinquent(all_of_it: Decimal | None, best: Decimal | None) -> Decimal | None:
    """DSO less the best possible DSO."""
    return None if all_of_it is None or best is None else all_of_it - best


def countback_dso(receivables: Decimal, newest_first: Iterable[Sold]) -> Decimal | None:
    """Days of sales, counted back from the newest month, that the receivables stand for; the last month pro rata.

    Ends at a month without sales; None where the newest month has none already.
    """
    rest, days = receivables, _ZERO
    counted = False
    for month in newest_first:
        if rest <= 0:
            break
        if month.amount <= 0:
            return days if counted else None
        share = min(rest / month.amount, Decimal(1))
        days += share * month.days
        rest -= month.amount
        counted = True
    return days if counted or rest <= 0 else None


def collection_effectiveness(opening: Decimal, sales: Decimal, closing: Decimal, current: Decimal) -> Decimal | None:
    """Percent collected of what could be: opening plus sales less closing, over opening plus sales less `current`.

    `current` is what of `closing` is not yet due.
    """
    collectable = opening + sales - current
    return (opening + sales - closing) / collectable * _HUNDRED if collectable > 0 else None


def weighted_days(parts: Iterable[tuple[Decimal, int]]) -> Decimal | None:
    """The days of (amount, days), weighted by amount."""
    weight = weighted = _ZERO
    for amount, days in parts:
        weight += amount
        weighted += amount * days
    return weighted / weight if weight > 0 else None


def roll_rate(now: Decimal, earlier: Decimal) -> Decimal | None:
    """Percent of a bucket that rolled into the next: the next one now, over this one a bucket's length earlier."""
    return now / earlier * _HUNDRED if earlier > 0 else None


def reserve(aging: Mapping[str, Decimal] | Sequence[Decimal], percentages: Sequence[Decimal]) -> Decimal:
    """What of an aging is not expected to come in: each bucket times its percentage.

    Raises:
        ValueError: there are not as many percentages as buckets.
    """
    amounts = list(aging.values() if isinstance(aging, Mapping) else aging)
    return sum((amount * pct / _HUNDRED for amount, pct in zip(amounts, percentages, strict=True)), _ZERO)
