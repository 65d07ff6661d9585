"""A charge or a reversal as a decision, with the document that carries it out. What to charge is decided elsewhere."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from rules.domain.actions import ChargeLine, CreateCreditNote, CreateInvoice
from rules.domain.charging.assessment import Assessed, Matter
from rules.domain.charging.charges import Charge, Rest
from rules.domain.charging.daycount import DIVISOR, counted
from rules.domain.charging.timeline import days_after, next_day
from rules.domain.charging.words import charged, fixed_sum_line, given_back, interest_line, plain
from rules.domain.decisions import ChargeReversal, FinanceCharge
from rules.domain.money import Money

RULE = "finance_charges"
_FOUR = Decimal("0.0001")


def charge_decision(matter: Matter, assessed: Assessed, rest: Rest, reached: date) -> FinanceCharge:
    """Charge `rest` for the days up to `reached` that are not charged yet."""
    invoice = matter.invoice
    first_on, last_on = _period(matter, assessed, reached)
    reason = charged(matter, assessed, rest)
    return FinanceCharge(
        rule=RULE,
        customer=invoice.customer,
        invoice=invoice.ref,
        amount=_money(rest.amount, matter),
        interest=_money(rest.interest, matter),
        computed=_money(rest.computed, matter),
        fixed_sum=_money(rest.fixed_sum, matter),
        annual_pct=_annual_pct(matter, assessed),
        year_fraction=_year_fraction(matter, assessed, first_on, last_on),
        days=(last_on - first_on).days + 1,
        first_on=first_on,
        last_on=last_on,
        capped_by=rest.capped_by,
        key=f"{RULE}/{invoice.ref}/{first_on}",
        reason=reason,
        operations=(_document(matter, assessed, rest, (first_on, last_on), reason),),
    )


def _period(matter: Matter, assessed: Assessed, reached: date) -> tuple[date, date]:
    """The new days: from the day after the last billed one, to the last that bore anything or, past it, all."""
    chargeable = [next_day(claim.anchor) for claim in assessed.debt.claims if claim.is_chargeable]
    billed = matter.billed.last_on
    first_on = next_day(billed) if billed is not None else min(chargeable, default=reached)
    return first_on, assessed.debt.last_on if assessed.debt.last_on >= first_on else reached


def _money(amount: Decimal, matter: Matter) -> Money:
    return Money(amount, matter.invoice.currency).rounded()


def _annual_pct(matter: Matter, assessed: Assessed) -> Decimal | None:
    """The yearly rate of the last day that bore interest, after the cap."""
    if matter.settings.kind != "interest" or not assessed.accrual.stretches:
        return None
    last = max(assessed.accrual.stretches, key=lambda one: (one.last_on, -one.claim))
    return plain(last.weight / last.base * assessed.debt.claims[last.claim].pricing.per_year)


def _year_fraction(matter: Matter, assessed: Assessed, first_on: date, last_on: date) -> Decimal | None:
    if matter.settings.kind != "interest":
        return None
    convention = matter.settings.day_count
    anchor = min((claim.anchor for claim in assessed.debt.claims if claim.is_chargeable), default=first_on)
    count = counted(convention, anchor, last_on) - counted(convention, anchor, days_after(first_on, -1))
    return (Decimal(count) / DIVISOR[convention]).quantize(_FOUR, rounding=ROUND_HALF_UP)


def _document(matter: Matter, assessed: Assessed, rest: Rest, days: tuple[date, date], reason: str) -> CreateInvoice:
    invoice, as_of, codes = matter.invoice, matter.parties.situation.as_of, matter.settings.tax_code
    lines: list[ChargeLine] = []
    if rest.interest > 0:
        text = interest_line(matter, days, reason)
        kind: Literal["interest", "fee"] = "interest" if matter.settings.kind == "interest" else "fee"
        lines.append(ChargeLine(text, _money(rest.interest, matter), kind, codes.interest))
    if rest.fixed_sum > 0:
        amount = _money(rest.fixed_sum, matter)
        lines.append(ChargeLine(fixed_sum_line(matter, assessed), amount, "fixed_sum", codes.fixed_sum))
    number = invoice.number or invoice.ref
    return CreateInvoice(
        customer=invoice.customer,
        invoice=invoice.ref,
        invoice_number=number,
        issued_on=as_of,
        due_on=days_after(as_of, matter.settings.terms_days),
        lines=tuple(lines),
        note=f"Charge for late payment of invoice {number}, {days[0]} to {days[1]}",
        annual_pct=_annual_pct(matter, assessed),
    )


def reversal_decision(
    matter: Matter, came: tuple[Assessed, Rest] | str, charge: Charge, share: Decimal
) -> ChargeReversal:
    """Give `share` of `charge` back. `came` is how, or why nothing was ever due."""
    invoice, as_of = matter.invoice, matter.parties.situation.as_of
    number = invoice.number or invoice.ref
    note = CreateCreditNote(
        customer=invoice.customer,
        invoice=invoice.ref,
        charge=charge.ref,
        issued_on=as_of,
        amount=_money(share, matter),
        note=f"Part of the charge for late payment of invoice {number} is given back",
        tax_code=matter.settings.tax_code.interest,
    )
    return ChargeReversal(
        rule=RULE,
        customer=invoice.customer,
        invoice=invoice.ref,
        amount=_money(share, matter),
        charge=charge.ref,
        key=f"{RULE}/{invoice.ref}/reversal/{charge.ref}/{charge.reversals + 1}",
        reason=given_back(matter, came, charge.ref, share),
        operations=(note,),
    )
