"""The arithmetic of a charge in one sentence, so that anybody can do it again by hand. Words only, no decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from rules.domain.charging.assessment import Assessed, Matter
from rules.domain.charging.charges import Rest
from rules.domain.charging.daycount import DIVISOR
from rules.domain.charging.fees import Fee
from rules.domain.charging.interest import Stretch, one_day
from rules.domain.charging.timeline import ZERO, days_after
from rules.domain.money import minor_units

_FOUR = Decimal("0.0001")
_FIVE = Decimal("0.00001")
_MONTHS = 12


def plain(number: Decimal) -> Decimal:
    """A percentage to four decimals at most, without trailing zeros: 18, 12.75, 243.3333."""
    rounded = number.quantize(_FOUR, rounding=ROUND_HALF_UP)
    return Decimal(f"{rounded:f}".rstrip("0").rstrip("."))


def digits(amount: Decimal, currency: str) -> str:
    """An amount with the currency's decimals; more of them where it is not a whole number of coins."""
    decimals = minor_units(currency)
    whole = amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{amount:,.{decimals}f}" if whole == amount else f"{amount.quantize(_FOUR, rounding=ROUND_HALF_UP):,f}"


def charged(matter: Matter, assessed: Assessed, rest: Rest) -> str:
    """How the charge came about: what is due from the first day, what was billed, what is left."""
    currency = matter.invoice.currency
    words = f"{_due(matter, assessed)}{_lifted(rest, currency)}"
    words += _fixed(assessed, currency) + _billed(matter, currency)
    if rest.raised and rest.lifted is None:
        words += f"; {digits(rest.computed, currency)} is raised to the minimum of {digits(rest.interest, currency)}"
    if matter.billed.charges or rest.lifted is not None or rest.raised or assessed.due.fixed_sum:
        words += f"; {digits(rest.amount, currency)} {currency} is charged"
    return f"{words}."


def given_back(matter: Matter, came: tuple[Assessed, Rest] | str, charge: str, share: Decimal) -> str:
    """How a reversal came about; `came` is why nothing was ever due, where that is so."""
    currency = matter.invoice.currency
    nothing_due = isinstance(came, str) or came[0].due.interest <= 0
    if isinstance(came, str):
        due = f"{came}: nothing is due"
    else:
        due = f"{_due(matter, came[0])}{_lifted(came[1], currency)}{_fixed(came[0], currency)}"
    document = matter.parties.situation.index.invoices.get(charge)
    name = document.number or charge if document else charge
    billed = _billed(matter, currency, whole=nothing_due)
    return f"{due}{billed}; {digits(share, currency)} {currency} of charge {name} is given back."


def _due(matter: Matter, assessed: Assessed) -> str:
    """What is due from the first day: rate, balances, days, and what held the sum."""
    currency, due = matter.invoice.currency, assessed.due
    pieces = [*_interest(matter, assessed), *(_fee(fee, currency) for fee in assessed.fees)]
    words = f"{' and '.join(pieces) or 'nothing'} = {digits(due.interest, currency)} {currency}"
    raw = digits(assessed.raw.quantize(assessed.limits.unit, rounding=ROUND_HALF_UP), currency)
    if due.capped_by == "maximum":
        words += f" (the maximum; {raw} without it)"
    elif due.capped_by is not None and assessed.limits.cap is not None and assessed.raw > assessed.limits.cap:
        words += f" (all that {_cap_words(assessed)} allows; {raw} without it)"
    return f"{words[:1].upper()}{words[1:]}"


def _cap_words(assessed: Assessed) -> str:
    name = assessed.terms.cap_name
    return f"the cap of {plain(assessed.terms.cap_pct or ZERO)} % a year" if name == "cap" else f"the cap {name}"


def _lifted(rest: Rest, currency: str) -> str:
    if rest.lifted is None:
        return ""
    lifted = f", raised to the minimum: {digits(rest.lifted, currency)}"
    return lifted if rest.lifted > 0 else ", which is below the minimum and falls away"


def _fixed(assessed: Assessed, currency: str) -> str:
    return f", plus a fixed sum of {digits(assessed.due.fixed_sum, currency)}" if assessed.due.fixed_sum else ""


def _billed(matter: Matter, currency: str, *, whole: bool = False) -> str:
    """What was billed and given back before; nothing where there was nothing. `whole`: with what minimums raised."""
    billed = matter.billed
    if not billed.charges:
        return ""
    raised = sum((charge.interest - charge.computed for charge in billed.charges), ZERO)
    if matter.settings.minimum_per == "charge" and raised and not whole:
        words = f", less {digits(billed.amount - raised, currency)} billed before minimums"
    else:
        words = f", less {digits(billed.amount, currency)} billed"
    return words if not billed.reversed else f"{words}, plus {digits(billed.reversed, currency)} reversed"


def _interest(matter: Matter, assessed: Assessed) -> Iterator[str]:
    if matter.settings.kind != "interest" or not assessed.accrual.stretches:
        return
    merged = list(_merged(assessed.accrual.stretches))
    rates = {plain(stretch.weight / stretch.base) for stretch in merged}
    each = [_stretch(matter, stretch, assessed, with_rate=len(rates) > 1) for stretch in merged]
    rate = f"{_rate(matter, assessed, rates.pop())} " if len(rates) == 1 else ""
    first_on = min(stretch.first_on for stretch in merged)
    last_on = max(stretch.last_on for stretch in merged)
    period = f"{first_on} to {last_on}" if first_on < last_on else f"{first_on}"
    yield f"{rate}on {_listed(each)} ({period}, {matter.settings.day_count})"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Stretches that follow each other on the same terms, as one."""
    last: Stretch | None = None
    for stretch in sorted(stretches, key=lambda one: (one.claim, one.first_on)):
        if last is not None and _continues(last, stretch):
            last = replace(last, last_on=stretch.last_on, count=last.count + stretch.count)
            continue
        if last is not None:
            yield last
        last = stretch
    if last is not None:
        yield last


def _continues(last: Stretch, stretch: Stretch) -> bool:
    same = ("claim", "base", "open", "weight", "divisor")
    return days_after(last.last_on, 1) == stretch.first_on and all(
        getattr(last, name) == getattr(stretch, name) for name in same
    )


def _rate(matter: Matter, assessed: Assessed, pct: Decimal) -> str:
    per_days = matter.settings.per_days
    words = f"{pct} % a year"
    if per_days is not None:
        year = next(claim.pricing.per_year for claim in assessed.debt.claims if claim.is_chargeable)
        words = f"{pct} % for {per_days} days ({plain(pct * year)} % a year)"
    capped = any(stretch.capped for stretch in assessed.accrual.stretches)
    return f"{words} ({_cap_words(assessed)})" if capped else words


def _stretch(matter: Matter, stretch: Stretch, assessed: Assessed, *, with_rate: bool) -> str:
    currency = matter.invoice.currency
    words = digits(stretch.base, currency)
    if stretch.base < stretch.open and matter.settings.base != "net_of_tax":
        words += f" ({digits(stretch.open - stretch.base, currency)} of {digits(stretch.open, currency)} withheld)"
    elif stretch.base > stretch.open:
        what = "interest" if assessed.debt.rests is not None else "charges"
        words += f" ({digits(stretch.base - stretch.open, currency)} of it {what})"
    if with_rate:
        words += f" at {_rate(matter, assessed, plain(stretch.weight / stretch.base))}"
    if assessed.debt.daily_unit is not None:
        words += f", {digits(one_day(stretch, assessed.debt.daily_unit, matter.settings.day_count), currency)} a day,"
    return f"{words} for {_length(matter, stretch)}"


def _length(matter: Matter, stretch: Stretch) -> str:
    days = f"{stretch.days} day{'' if stretch.days == 1 else 's'}"
    divisor = stretch.divisor // 100
    if matter.settings.per_days is not None:
        return days
    if matter.settings.compound == "monthly" and divisor != DIVISOR[matter.settings.day_count]:
        month = divisor // _MONTHS
        return "a month" if stretch.count == month else f"{stretch.count}/{month} of a month"
    if matter.settings.day_count == "act/act":
        return f"{days} ({(Decimal(stretch.count) / divisor).quantize(_FIVE)} years)"
    return days if stretch.count == stretch.days else f"{days} counted as {stretch.count}"


def _fee(fee: Fee, currency: str) -> str:
    often = "" if fee.times == 1 else f" {fee.times} times"
    what = f"{digits(fee.each, currency)}" if fee.pct is None else f"{plain(fee.pct)} % of {digits(fee.of, currency)}"
    return f"a late fee of {what}{often} from {fee.on}" if often else f"a late fee of {what} on {fee.on}"


def interest_line(matter: Matter, days: tuple[date, date], reason: str) -> str:
    """The text of a charge document's interest line, as the customer reads it."""
    what = "Interest on" if matter.settings.kind == "interest" else "Late fee for"
    number = matter.invoice.number or matter.invoice.ref
    return f"{what} invoice {number}, {days[0]} to {days[1]}: {reason}"


def fixed_sum_line(matter: Matter, assessed: Assessed) -> str:
    """The text of a charge document's fixed-sum line."""
    name = assessed.terms.fixed.name if assessed.terms.fixed is not None else ""
    law = {"uk": " (Late Payment of Commercial Debts (Interest) Act 1998)", "eu40": " (Directive 2011/7/EU)"}.get(
        name, ""
    )
    sums = [claim.fixed_sum for claim in assessed.debt.claims if claim.fixed_sum > ZERO]
    several = f", {len(sums)} late instalments" if len(sums) > 1 else ""
    return f"Fixed compensation for late payment of invoice {matter.invoice.number or matter.invoice.ref}{several}{law}"
