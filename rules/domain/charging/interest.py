"""Interest: a walk over the days of a debt, in stretches over which nothing changes. Unrounded until the end.

It knows balances, percentages and day counts; nothing of what was billed before, of minimums or of words.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Literal, TypeAlias

from rules.domain.charging.daycount import DIVISOR, DayCount, counted
from rules.domain.charging.pricing import Pricing
from rules.domain.charging.timeline import (
    ZERO,
    Part,
    Reduction,
    Span,
    Steps,
    days_after,
    next_day,
    spread,
    withheld_on,
    withhold,
)

Rests: TypeAlias = Literal["monthly", "every_30_days"]

_MONTHS = 12
_THIRTY = 30
FREE = Pricing(Steps((date.min,), (ZERO,)))


@dataclass(frozen=True, slots=True)
class Claim:
    """One part of a debt as it is charged.

    `anchor` is the day before its first day, `ends_on` the last one that may bear; `late_on` the first day past grace,
    when `fixed_sum` arises.
    """

    part: Part
    anchor: date
    pricing: Pricing = FREE
    is_chargeable: bool = False  # past its grace days, and still open then
    fixed_sum: Decimal = ZERO
    late_on: date | None = None
    ends_on: date = date.max


@dataclass(frozen=True, slots=True)
class Debt:
    """All that decides what an invoice's days bear. `last_on` is the last day looked at.

    `joined` are billed charges that bear like principal; `net` the part of a balance that is not tax, as a ratio;
    `reductions` and `charge_payments` matter only where a payment pays interest first.
    """

    claims: tuple[Claim, ...]
    open: Steps
    last_on: date
    day_count: DayCount
    spans: tuple[Span, ...] = ()
    joined: Steps | None = None
    net: tuple[Decimal, Decimal] = (Decimal(1), Decimal(1))
    daily_unit: Decimal | None = None  # round each day's interest to this
    rests: Rests | None = None  # when interest joins what bears
    reductions: tuple[Reduction, ...] = ()
    charge_payments: tuple[Reduction, ...] = ()
    interest_first: bool = False
    tolerance: Decimal = ZERO  # an open rest this small is not overdue, so it bears nothing


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days over which nothing changes. Interest is `weight` x `count` / `divisor` (`weight` is base x percentage)."""

    claim: int
    first_on: date
    last_on: date
    open: Decimal
    base: Decimal
    weight: Decimal
    capped: bool
    count: int
    divisor: int
    limit: Decimal | None  # what the cap allows for these days, as a weight

    @property
    def days(self) -> int:
        """Calendar days, both ends included."""
        return (self.last_on - self.first_on).days + 1


@dataclass(slots=True)
class Sum:
    """An exact sum of fractions: numerators by divisor, divided once."""

    parts: dict[int, Decimal] = field(default_factory=dict)

    def add(self, numerator: Decimal, divisor: int) -> None:
        """Put one fraction more on it."""
        self.parts[divisor] = self.parts.get(divisor, ZERO) + numerator

    @property
    def value(self) -> Decimal:
        """The whole."""
        return sum((numerator / divisor for divisor, numerator in sorted(self.parts.items())), ZERO)


@dataclass(slots=True)
class Accrual:
    """What a walk found: its stretches, the interest and what the cap allows for the same days (None: no cap)."""

    stretches: list[Stretch] = field(default_factory=list)
    interest: Sum = field(default_factory=Sum)
    limit: Sum | None = None


@dataclass(slots=True)
class _Running:
    """What changes on the way, by claim where it is a list."""

    carried: list[Decimal]
    resting: list[Decimal]
    principal: Decimal
    start: date
    used: Decimal = ZERO  # interest already paid off by payments
    fixed_used: Decimal = ZERO
    begun: dict[Span, Decimal] = field(default_factory=dict)  # what was open when a span began


def accrue(debt: Debt) -> Accrual:
    """Walk all chargeable days of a debt through `last_on`."""
    accrual = Accrual()
    chargeable = [claim for claim in debt.claims if claim.is_chargeable]
    if not chargeable:
        return accrual
    start = next_day(min(claim.anchor for claim in chargeable))
    running = _Running([ZERO] * len(debt.claims), [ZERO] * len(debt.claims), debt.open.on(start), start)
    for first_on, after in pairwise(_bounds(debt, start)):
        last_on = after if after == date.max else days_after(after, -1)
        _accrue_stretch(debt, running, accrual, first_on, last_on)
        if debt.interest_first:
            _appropriate(debt, running, accrual, last_on)
    return accrual


def _bounds(debt: Debt, start: date) -> list[date]:
    """The first days of all stretches, and the day after the last."""
    end = next_day(debt.last_on)
    days = {start, end}
    days.update(next_day(day) for claim in debt.claims for day in (claim.anchor, claim.ends_on))
    days.update(debt.open.firsts)
    days.update(day for span in debt.spans for day in (span.first_on, next_day(span.last_on or end)))
    days.update(next_day(entry.on) for entry in debt.charge_payments)
    if debt.joined is not None:
        days.update(debt.joined.firsts)
    for claim in debt.claims:
        if claim.is_chargeable:
            days.update(claim.pricing.steps.firsts)
            if debt.rests is not None:
                days.update(next_day(day) for day in _period_ends(debt.rests, claim.anchor, debt.last_on))
    if debt.daily_unit is not None and debt.day_count == "act/act":
        # ISDA counts a day by the one it follows, so that a year's first day still weighs as the old year's.
        days.update(date(year, 1, 2) for year in range(start.year, end.year + 1))
    return sorted(day for day in days if start <= day <= end)


def _accrue_stretch(debt: Debt, running: _Running, accrual: Accrual, first_on: date, last_on: date) -> None:
    still_open = debt.open.on(first_on)
    if still_open <= debt.tolerance:
        return
    outstanding = running.principal if debt.interest_first else still_open
    shares = spread(tuple(claim.part for claim in debt.claims), outstanding)
    bearing = withhold(shares, _withheld(debt, running, first_on, outstanding)) if debt.spans else shares
    joined = debt.joined.on(first_on) if debt.joined is not None else ZERO
    for index, claim in enumerate(debt.claims):
        if not claim.is_chargeable or not claim.anchor < first_on <= claim.ends_on or bearing[index] <= 0:
            continue
        principal = bearing[index] if debt.net[0] == debt.net[1] else bearing[index] * debt.net[0] / debt.net[1]
        base = principal + running.carried[index] + joined
        joined = ZERO  # billed charges bear once, beside the oldest part that bears
        stretch = _stretch(debt, index, (first_on, last_on), (shares[index], principal, base))
        accrual.stretches.append(stretch)
        _book(debt, running, accrual, claim, stretch)


def _withheld(debt: Debt, running: _Running, day: date, outstanding: Decimal) -> Decimal | None:
    """What does not bear on `day`. Where interest is paid first, a span begins with the principal open then."""

    def paid(span: Span) -> Decimal:
        is_new = debt.interest_first and span.first_on > running.start
        begun = running.begun.setdefault(span, outstanding if is_new else span.falls_from or ZERO)
        return max(begun - outstanding, ZERO)

    return withheld_on(debt.spans, day, paid)


def _stretch(debt: Debt, index: int, days: tuple[date, date], balances: tuple[Decimal, Decimal, Decimal]) -> Stretch:
    """`balances`: what is open of the part, what of it bears, and that with the interest and charges that bear too."""
    share, principal, base = balances
    claim = debt.claims[index]
    count, divisor = _measure(debt, claim, *days)
    weight = claim.pricing.weight(days[0], base)
    cap = claim.pricing.cap
    capped = cap is not None and weight > base * cap
    allowed = base * cap if cap is not None and capped else weight
    # What the cap allows is simple interest: interest on interest does not get round it.
    limit = None if cap is None else principal * cap
    return Stretch(index, *days, share, base, allowed, capped, count, divisor * 100, limit)


def _measure(debt: Debt, claim: Claim, first_on: date, last_on: date) -> tuple[int, int]:
    """How long the stretch is: a count and what it is divided by."""
    days = (last_on - first_on).days + 1
    if claim.pricing.per_days is not None:
        return days, claim.pricing.per_days
    convention, anchor = debt.day_count, claim.anchor
    before, by_then = (counted(convention, anchor, day) for day in (days_after(first_on, -1), last_on))
    if debt.rests == "monthly":
        begun, ends = _month_around(anchor, first_on)
        if ends <= debt.last_on:
            return days, (ends - begun).days * _MONTHS
        # A month that is not over is never more than a whole one: by 30/360 a day of it may count as three.
        most = counted(convention, anchor, begun) + DIVISOR[convention] // _MONTHS
        before, by_then = min(before, most), min(by_then, most)
    return by_then - before, DIVISOR[convention]


def _book(debt: Debt, running: _Running, accrual: Accrual, claim: Claim, stretch: Stretch) -> None:
    if stretch.limit is not None:
        accrual.limit = accrual.limit or Sum()
        accrual.limit.add(stretch.limit * stretch.count, stretch.divisor)
    if debt.daily_unit is not None:
        each = one_day(stretch, debt.daily_unit, debt.day_count)
        accrual.interest.add(each * _daily_days(stretch, debt.day_count), 1)
        return
    accrual.interest.add(stretch.weight * stretch.count, stretch.divisor)
    if debt.rests is not None:
        running.resting[stretch.claim] += stretch.weight * stretch.count / stretch.divisor
        if stretch.last_on == _period_end(debt.rests, claim.anchor, stretch.first_on):
            running.carried[stretch.claim] += running.resting[stretch.claim]
            running.resting[stretch.claim] = ZERO


def one_day(stretch: Stretch, unit: Decimal, day_count: DayCount) -> Decimal:
    """One day's interest, rounded half up. The days of a year all weigh the same within a stretch."""
    days = _daily_days(stretch, day_count)
    if days <= 0:
        return ZERO
    return (stretch.weight * (stretch.count // days) / stretch.divisor).quantize(unit, rounding=ROUND_HALF_UP)


def _daily_days(stretch: Stretch, day_count: DayCount) -> int:
    """How often a day's interest counts: calendar days, or those of a year of 360."""
    return stretch.days if day_count == "act/act" else stretch.count


def _appropriate(debt: Debt, running: _Running, accrual: Accrual, on: date) -> None:
    """Use that evening's payments: interest accrued to the day, then fixed sums, then principal. Credits: principal."""
    fixed = sum((claim.fixed_sum for claim in debt.claims if claim.late_on is not None and claim.late_on <= on), ZERO)
    for entry in debt.charge_payments:
        if entry.on == on:
            _pay_charges(running, accrual, fixed, entry.amount)
    for entry in debt.reductions:
        if entry.on == on:
            rest = _pay_charges(running, accrual, fixed, entry.amount) if entry.kind == "payment" else entry.amount
            running.principal = max(running.principal - rest, ZERO)


def _pay_charges(running: _Running, accrual: Accrual, fixed: Decimal, amount: Decimal) -> Decimal:
    """Use `amount` on interest, then on fixed sums; returns what is left of it."""
    to_interest = min(amount, max(accrual.interest.value - running.used, ZERO))
    to_fixed = min(amount - to_interest, max(fixed - running.fixed_used, ZERO))
    running.used += to_interest
    _uncarry(running, to_interest)
    running.fixed_used += to_fixed
    return amount - to_interest - to_fixed


def _uncarry(running: _Running, paid: Decimal) -> None:
    """Interest that was paid off bears no more: what was carried first, then this period's."""
    for held in (running.carried, running.resting):
        for index, interest in enumerate(held):
            taken = min(interest, paid)
            held[index] -= taken
            paid -= taken


def _period_ends(rests: Rests, anchor: date, last_on: date) -> Iterator[date]:
    """The last days of the whole periods after `anchor`, up to `last_on`, on which interest joins what bears."""
    day = anchor
    while (day := _period_end(rests, anchor, next_day(day))) <= last_on and day < date.max:
        yield day


def _period_end(rests: Rests, anchor: date, day: date) -> date:
    """The last day of the period since `anchor` that `day` lies in."""
    if rests == "monthly":
        return _month_around(anchor, day)[1]
    return days_after(anchor, -(-(day - anchor).days // _THIRTY) * _THIRTY)


def _month_around(anchor: date, day: date) -> tuple[date, date]:
    """The month since `anchor` that `day` lies in: the day before its first, and its last."""
    months = (day.year - anchor.year) * _MONTHS + day.month - anchor.month
    while months_after(anchor, months) >= day and months > 0:
        months -= 1
    return months_after(anchor, months), months_after(anchor, months + 1)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day; held within the calendar."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
