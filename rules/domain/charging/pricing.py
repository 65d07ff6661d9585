"""What a day costs: the yearly or per-period percentage of each day of a debt, after the cap.

Turns the settings' rate (a fixed one, a reference with a margin, tiers by age or amount) into steps by day. A reference
without a value for a day that matters is a `MissingRate`, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rules.domain.charging.settings import Settings
from rules.domain.charging.timeline import ZERO, Steps, days_after, next_day
from rules.domain.references import RateTable

# Days of the year by which a percentage for some days is made a yearly one.
_YEAR = {"act/360": 360, "30/360": 360, "30e/360": 360}


@dataclass(frozen=True, slots=True)
class MissingRate:
    """The reference has no value for `day`."""

    name: str
    day: date

    def __str__(self) -> str:
        return f"no {self.name} rate for {self.day}; add it under [references.{self.name}]"


@dataclass(frozen=True, slots=True)
class Span:
    """The days of one debt: `anchor` is the day before the first that bears, `last_on` the last, `due_on` its age's.

    `paid_on` is the day of payment, until then the last day looked at.
    """

    anchor: date
    due_on: date
    last_on: date
    paid_on: date


@dataclass(frozen=True, slots=True)
class Pricing:
    """Percentages by day, or by slices of the balance; `cap` and `per_year` in the same period as they are.

    `slices` are (upper bound, percentage), the last without a bound; `per_days` None: percentages are yearly.
    """

    steps: Steps
    cap: Decimal | None = None
    slices: tuple[tuple[Decimal | None, Decimal], ...] = ()
    marginal: bool = False
    per_days: int | None = None
    per_year: Decimal = Decimal(1)

    def weight(self, day: date, base: Decimal) -> Decimal:
        """`base` times its percentage on `day`, before the cap."""
        if not self.slices:
            return base * self.steps.on(day)
        if not self.marginal:
            return base * next(pct for bound, pct in self.slices if bound is None or base <= bound)
        total, floor = ZERO, ZERO
        for bound, pct in self.slices:
            top = base if bound is None else min(bound, base)
            total += max(top - floor, ZERO) * pct
            floor = top
        return total


def pricing_of(
    settings: Settings,
    table: RateTable | None,
    cap_pct: Decimal | None,
    span: Span,
    bounds: tuple[Decimal, ...] = (),
) -> Pricing | MissingRate:
    """The prices of a debt's days. `bounds` are the amount tiers' upper bounds in the debt's own currency."""
    by_time = settings.kind == "interest"
    per_days = settings.per_days if by_time else None
    per_year = Decimal(1) if per_days is None else Decimal(_YEAR.get(settings.day_count, 365)) / per_days
    cap = None if cap_pct is None else cap_pct / per_year
    steps = _steps(settings, table, span)
    if isinstance(steps, MissingRate):
        return steps
    slices: tuple[tuple[Decimal | None, Decimal], ...] = ()
    if settings.tiers and bounds and by_time:
        slices = tuple(zip((*bounds, None), (tier.pct for tier in settings.tiers), strict=True))
    return Pricing(steps, cap, slices, settings.tier_mode == "marginal", per_days, per_year)


def _steps(settings: Settings, table: RateTable | None, span: Span) -> Steps | MissingRate:
    if settings.kind != "interest":
        return _flat(ZERO)
    if settings.reference is not None:
        return _reference_steps(settings, table, span)
    if settings.tiers is not None:
        return _tier_steps(settings, span)
    return _flat(settings.annual_pct or ZERO)


def _flat(pct: Decimal) -> Steps:
    return Steps((date.min,), (pct,))


def _reference_steps(settings: Settings, table: RateTable | None, span: Span) -> Steps | MissingRate:
    first_on = next_day(span.anchor)
    if settings.reference_mode == "piecewise":
        return _piecewise(settings, table, first_on, max(span.last_on, first_on))
    day = first_on if settings.reference_mode == "fixed_at_start" else span.paid_on
    row = None if table is None else table.on(day)
    return MissingRate(settings.reference or "", day) if row is None else _flat(_with_margin(settings, row.pct))


def _piecewise(settings: Settings, table: RateTable | None, day: date, last_on: date) -> Steps | MissingRate:
    firsts: list[date] = []
    values: list[Decimal] = []
    while day <= last_on:
        row = None if table is None else table.on(day)
        if row is None:
            return MissingRate(settings.reference or "", day)
        firsts.append(day)
        values.append(_with_margin(settings, row.pct))
        if row.last_on is None or row.last_on >= last_on:
            break
        day = next_day(row.last_on)
    return Steps(tuple(firsts), tuple(values))


def _with_margin(settings: Settings, pct: Decimal) -> Decimal:
    """Reference plus margin; a rate below zero charges nothing."""
    return max(pct + settings.margin_pct, ZERO)


def _tier_steps(settings: Settings, span: Span) -> Steps:
    tiers = settings.tiers or ()
    if settings.tier_mode == "whole":
        age = (span.last_on - span.due_on).days
        return _flat(next(tier.pct for tier in tiers if tier.up_to_days is None or age <= tier.up_to_days))
    starts = [days_after(span.due_on, tier.up_to_days + 1) for tier in tiers if tier.up_to_days is not None]
    return Steps((date.min, *starts), tuple(tier.pct for tier in tiers))
