"""Late fees: flat amounts and percentages that fall on a day, once or again and again. Unrounded.

A fee falls on the first day past grace on which something bears; where it repeats, every so many days from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rules.domain.charging.interest import Debt, Stretch
from rules.domain.charging.settings import Settings
from rules.domain.charging.timeline import ZERO, days_after


@dataclass(frozen=True, slots=True)
class Fee:
    """The same fee `times` times, the first on `on`: a flat amount, or `pct` of `of`."""

    claim: int
    on: date
    times: int
    each: Decimal
    pct: Decimal | None = None
    of: Decimal = ZERO

    @property
    def amount(self) -> Decimal:
        """All of them."""
        return self.each * self.times


def fees_due(settings: Settings, debt: Debt, stretches: Iterable[Stretch], flat: Decimal) -> list[Fee]:
    """Every fee that has fallen on the days walked."""
    found: list[Fee] = []
    begun: dict[int, date] = {}
    for stretch in stretches:
        late_on = debt.claims[stretch.claim].late_on
        if late_on is None or stretch.last_on < late_on:
            continue
        first_on = max(stretch.first_on, late_on)
        anchor = begun.setdefault(stretch.claim, first_on)
        found.extend(_fallen(settings, debt, stretch, flat, (anchor, first_on)))
    return found


def _fallen(settings: Settings, debt: Debt, stretch: Stretch, flat: Decimal, days: tuple[date, date]) -> Iterator[Fee]:
    anchor, first_on = days
    every = settings.repeat_every_days
    if anchor == first_on:
        yield _first(settings, debt, stretch, flat, anchor)
        first_on = days_after(first_on, 1)
    if every is None:
        return
    earliest = -(-(first_on - anchor).days // every)
    times = (stretch.last_on - anchor).days // every - earliest + 1
    if times > 0:
        on = days_after(anchor, earliest * every)
        yield (
            Fee(stretch.claim, on, times, flat)
            if settings.kind == "flat"
            else _percentage(settings, debt, stretch, on, times)
        )


def _first(settings: Settings, debt: Debt, stretch: Stretch, flat: Decimal, on: date) -> Fee:
    if settings.kind == "percent":
        return _percentage(settings, debt, stretch, on, 1)
    return Fee(stretch.claim, on, 1, flat)


def _percentage(settings: Settings, debt: Debt, stretch: Stretch, on: date, times: int) -> Fee:
    pct = settings.percent or ZERO
    whole = debt.claims[stretch.claim].part.amount * debt.net[0] / debt.net[1]
    of = whole if settings.percent_of == "total" else stretch.base
    return Fee(stretch.claim, on, times, of * pct / 100, pct, of)
