"""What is due for one invoice's lateness from its first day through a day: claims, walk, fees, fixed sums, limits.

Knows nothing of what was billed before but where billed charges bear themselves; says nothing in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from rules.domain.aging import effective_due
from rules.domain.charging.charges import Billed, Due, Limits, due_of
from rules.domain.charging.fees import Fee, fees_due
from rules.domain.charging.interest import Accrual, Claim, Debt, accrue, months_after
from rules.domain.charging.pricing import MissingRate, Pricing, pricing_of
from rules.domain.charging.pricing import Span as Days
from rules.domain.charging.settings import Settings
from rules.domain.charging.suspensions import dispute_spans, plan_spans, promise_spans
from rules.domain.charging.terms import Parties, Terms, Unclear, terms_of
from rules.domain.charging.timeline import (
    ZERO,
    Docket,
    Part,
    Reduction,
    Span,
    Steps,
    days_after,
    less,
    next_day,
    open_until,
    parts_of,
    spread,
)
from rules.domain.facts import Invoice
from rules.domain.money import minor_units
from rules.domain.references import rate_table


@dataclass(frozen=True, slots=True)
class Matter:
    """One invoice with all that decides what its lateness costs. `covered` are credits set against it."""

    parties: Parties
    docket: Docket
    billed: Billed
    covered: tuple[Span, ...] = ()

    @property
    def settings(self) -> Settings:
        """The policy's table."""
        return self.parties.settings

    @property
    def invoice(self) -> Invoice:
        """What was paid late."""
        return self.parties.invoice

    @property
    def tolerance(self) -> Decimal:
        """The rest that is too small to be overdue."""
        return self.parties.situation.overdue.forgiven(self.invoice.currency)

    @property
    def unit(self) -> Decimal:
        """The currency's smallest coin."""
        return Decimal(1).scaleb(-minor_units(self.invoice.currency))


@dataclass(frozen=True, slots=True)
class Assessed:
    """What is due through a day, and how it came about. `problem`: a fixed sum that could not be told."""

    debt: Debt
    accrual: Accrual
    fees: tuple[Fee, ...]
    due: Due
    limits: Limits
    raw: Decimal
    terms: Terms


@dataclass(frozen=True, slots=True)
class Held:
    """The parts of an invoice, what was open of it, and the last day looked at."""

    parts: tuple[Part, ...]
    open: Steps
    through: date


def assess(matter: Matter, through: date) -> Assessed | Unclear:
    """All that is chargeable from the first day through `through`, computed once and rounded once."""
    settings = matter.settings
    terms = terms_of(matter.parties)
    if isinstance(terms, Unclear):
        return terms
    debt = _debt(matter, through, terms)
    if isinstance(debt, Unclear):
        return debt
    accrual = accrue(debt)
    fees = tuple(fees_due(settings, debt, accrual.stretches, terms.flat)) if settings.kind != "interest" else ()
    raw = accrual.interest.value + sum((fee.amount for fee in fees), ZERO)
    limits = Limits(
        unit=matter.unit,
        minimum=terms.minimum or ZERO,
        minimum_mode=settings.minimum_mode,
        minimum_per=settings.minimum_per,
        maximum=terms.maximum,
        cap=accrual.limit.value if accrual.limit is not None else None,
        cap_name=terms.cap_name,
    )
    fixed_sum = _fixed_due(debt, accrual)
    rate_capped = any(stretch.capped for stretch in accrual.stretches)
    due = due_of(raw, fixed_sum, limits, rate_capped=rate_capped)
    return Assessed(debt, accrual, fees, due, limits, raw, terms)


def _debt(matter: Matter, through: date, terms: Terms) -> Debt | Unclear:
    settings, invoice = matter.settings, matter.invoice
    steps = matter.docket.open_steps(invoice)
    parts = _billed_parts(matter)
    net = _net(matter)
    if isinstance(net, Unclear):
        return net
    claims: list[Claim] = []
    for index in range(len(parts)):
        claim = _claim(matter, Held(parts, steps, through), index, terms)
        if isinstance(claim, Unclear):
            return claim
        claims.append(claim)
    tolerance = matter.tolerance
    each = (
        min(open_until(steps, parts, index, through, tolerance), claim.ends_on) for index, claim in enumerate(claims)
    )
    last_on = max(each, default=through)
    interest_first = settings.appropriation == "interest_first" and settings.kind == "interest"
    return Debt(
        claims=tuple(claims),
        open=steps,
        last_on=last_on,
        day_count=settings.day_count,
        spans=_spans(matter, through),
        joined=joined_steps(matter) if settings.compound == "on_charge" else None,
        net=net,
        daily_unit=matter.unit if settings.rounding == "daily" else None,
        rests=settings.compound if settings.compound in ("monthly", "every_30_days") else None,
        reductions=tuple(matter.docket.reductions_of(invoice)) if interest_first else (),
        charge_payments=_charge_payments(matter) if interest_first else (),
        interest_first=interest_first,
        tolerance=tolerance,
    )


def _billed_parts(matter: Matter) -> tuple[Part, ...]:
    """The parts of the invoice; where credits count from the first day, as if they had never been billed."""
    parts = parts_of(matter.invoice)
    if not matter.docket.effect.credits_at_once:
        return parts
    credited = sum((one.amount for one in matter.docket.reductions_of(matter.invoice) if one.kind != "payment"), ZERO)
    billed = spread(parts, max(sum((part.amount for part in parts), ZERO) - credited, ZERO)) if parts else []
    return tuple(Part(part.due_on, amount) for part, amount in zip(parts, billed, strict=True) if amount > 0)


def _claim(matter: Matter, held: Held, index: int, terms: Terms) -> Claim | Unclear:
    parts, steps, through = held.parts, held.open, held.through
    settings, part = matter.settings, parts[index]
    due_on = part.late_after(matter.invoice.issued_on)
    late_on = days_after(due_on, settings.grace_days + 1)
    anchor = due_on if settings.start_from == "due_date" else matter.invoice.issued_on
    if settings.grace_mode == "shift":
        anchor = days_after(anchor, settings.grace_days)
    months = settings.stop_after_months
    ends_on = date.max if months is None else months_after(anchor, months)
    if late_on > through or _open_late(matter, held, index, late_on) <= 0:
        return Claim(part, anchor, late_on=late_on, ends_on=ends_on)
    last_on = open_until(steps, parts, index, through, matter.tolerance)
    days = Days(anchor, due_on, last_on, _paid_on(matter, last_on, through))
    pricing = _pricing(matter, days, terms)
    if isinstance(pricing, Unclear):
        return pricing
    fixed_sum = ZERO
    if terms.fixed is not None:
        balance = spread(parts, steps.on(next_day(due_on)))[index]
        fixed_sum = terms.fixed.sum_for(balance).quantize(matter.unit, rounding=ROUND_HALF_UP)
    return Claim(part, anchor, pricing, is_chargeable=True, fixed_sum=fixed_sum, late_on=late_on, ends_on=ends_on)


def _paid_on(matter: Matter, last_on: date, through: date) -> date:
    """The day of payment, which may be free: then `last_on`, the last day that bears, is the one before."""
    return next_day(last_on) if matter.docket.effect.payment_day_free and last_on < through else last_on


def _open_late(matter: Matter, held: Held, index: int, day: date) -> Decimal:
    """What of the part was still open on `day`; nothing where that is within the tolerance, or the whole rest."""
    outstanding, tolerance = held.open.on(day), matter.tolerance
    share = spread(held.parts, outstanding)[index]
    return ZERO if outstanding <= tolerance or share <= tolerance else share


def _pricing(matter: Matter, days: Days, terms: Terms) -> Pricing | Unclear:
    settings = matter.settings
    table = None
    if settings.reference is not None:
        own = matter.parties.situation.references.get(settings.reference, ())
        table = rate_table(settings.reference, tuple((row.first_on, row.pct) for row in own))
    pricing = pricing_of(settings, table, terms.cap_pct, days, terms.bounds)
    return Unclear(str(pricing)) if isinstance(pricing, MissingRate) else pricing


def _net(matter: Matter) -> tuple[Decimal, Decimal] | Unclear:
    """The part of a balance that is not tax: net over total."""
    invoice = matter.invoice
    if matter.settings.base != "net_of_tax" or invoice.is_ours or invoice.total.amount <= 0:
        return Decimal(1), Decimal(1)
    if invoice.tax is None or invoice.tax.currency != invoice.currency:
        return Unclear('no tax amount, which base = "net_of_tax" needs')
    net = min(max(invoice.total.amount - invoice.tax.amount, ZERO), invoice.total.amount)
    return net, invoice.total.amount


def _spans(matter: Matter, through: date) -> tuple[Span, ...]:
    settings, docket, invoice = matter.settings, matter.docket, matter.invoice
    spans: list[Span] = [*matter.covered]
    if settings.during_dispute == "suspend":
        back_accrue = settings.after_dispute == "back_accrue"
        spans.extend(dispute_spans(docket, invoice, through, back_accrue=back_accrue))
    if settings.during_promise == "suspend":
        spans.extend(promise_spans(docket, invoice))
    if settings.during_plan == "suspend":
        situation = matter.parties.situation

        def payable_until(day: date) -> date:
            return effective_due(day, situation.overdue, situation.calendar)

        spans.extend(plan_spans(docket, invoice, through, matter.tolerance, payable_until))
    return tuple(spans)


def _charge_payments(matter: Matter) -> tuple[Reduction, ...]:
    """Money received on the invoice's own charge documents: it pays charges, too."""
    documents = [matter.docket.invoices[one.ref] for one in matter.billed.charges if one.ref in matter.docket.invoices]
    return tuple(
        entry for document in documents for entry in matter.docket.reductions_of(document) if entry.kind == "payment"
    )


def joined_steps(matter: Matter) -> Steps:
    """What billed charges add to the base, by day: each from the day after its last, as far as it is still open."""
    each = [_charge_steps(matter, index) for index in range(len(matter.billed.charges))]
    firsts = sorted({date.min, *(first_on for steps in each for first_on in steps.firsts)})
    return Steps(tuple(firsts), tuple(sum((steps.on(day) for steps in each), ZERO) for day in firsts))


def _charge_steps(matter: Matter, index: int) -> Steps:
    charge = matter.billed.charges[index]
    joins_on = next_day(charge.last_on)
    document = matter.docket.invoices.get(charge.ref)
    if charge.voided:
        return Steps((date.min,), (ZERO,))
    if document is None:
        firsts, values = [joins_on], [max(charge.amount - charge.reversed, ZERO)]
        for on, amount in sorted(charge.waivers):
            firsts.append(max(next_day(on), joins_on))
            values.append(max(values[-1] - amount, ZERO))
    else:
        listed = matter.docket.open_steps(document)
        firsts = sorted({joins_on, *(first_on for first_on in listed.firsts if first_on > joins_on)})
        values = [listed.on(first_on) for first_on in firsts]
    return less(Steps((date.min, *firsts), (ZERO, *values)), charge.going_back)


def _fixed_due(debt: Debt, accrual: Accrual) -> Decimal:
    """The fixed sums of all claims that bear at least one day past grace."""
    late = {
        stretch.claim
        for stretch in accrual.stretches
        if (late_on := debt.claims[stretch.claim].late_on) is not None and stretch.last_on >= late_on
    }
    return sum((debt.claims[index].fixed_sum for index in sorted(late)), ZERO)
