"""An oracle of its own: the same interest worked out day by day, straight from the facts, as a patient clerk would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.domain.decisions import FinanceCharge
from rules.domain.facts import Application, CreditNote, Dispute, Installment, InstallmentPlan, Payment
from rules.finance_charges import Settings
from tests.decisions.charges.small import DUE_ON, decisions, invoice, usd

ISSUED_ON = date(2025, 2, 1)
CENT = Decimal("0.01")


def day(offset: int) -> date:
    return DUE_ON + timedelta(days=offset)


@dataclass(frozen=True)
class Case:
    total: Decimal
    lowered: list[tuple[int, Decimal, bool]]  # day, amount, whether by a credit note
    disputes: list[tuple[int, int, Decimal]]  # opened, days open, amount
    second_due: int  # half of it falls due so many days later
    plan_made: int | None  # agreed on that day: half of the total ten days later, the rest after another thirty
    late: int
    rules: dict[str, Any]

    @property
    def parts(self) -> list[tuple[date, Decimal]]:
        half = (self.total / 2).quantize(CENT)
        return (
            [(DUE_ON, self.total)]
            if not self.second_due
            else [(DUE_ON, half), (day(self.second_due), self.total - half)]
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    total = draw(st.decimals("10.00", "9999.99", places=2))
    left, lowered = total, []
    for _ in range(draw(st.integers(0, 4))):
        share = draw(st.just(50) | st.integers(1, 60))
        amount = min((total * share / 100).quantize(CENT), left)
        if amount > 0:
            left -= amount
            lowered.append((draw(st.integers(-20, 120)), amount, draw(st.booleans())))
    disputes = [
        (
            draw(st.integers(-10, 100)),
            draw(st.integers(0, 60)),
            (total * draw(st.integers(1, 100)) / 100).quantize(CENT),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    rules = {
        "grace_days": draw(st.integers(0, 12)),
        "grace_mode": draw(st.sampled_from(["gate", "shift"])),
        "start_from": draw(st.sampled_from(["due_date", "invoice_date"])),
        "after_dispute": draw(st.sampled_from(["resume", "back_accrue"])),
        "during_dispute": draw(st.sampled_from(["suspend", "accrue"])),
        "paid_late": "charge",
        "payment_day": draw(st.sampled_from(["bears", "free"])),
        "credits_from": draw(st.sampled_from(["credit_date", "invoice_date"])),
        "during_plan": "suspend",
    }
    second_due = draw(st.sampled_from([0, 0, 10, 45]))
    rows_near_payments = [offset - before for offset, _, by_credit in lowered if not by_credit for before in (10, 11)]
    plan_made = draw(st.none() | st.integers(-5, 60) | st.sampled_from(rows_near_payments or [0]))
    return Case(total, lowered, disputes, second_due, plan_made, draw(st.integers(1, 130)), rules)


def clerk(case: Case) -> Decimal:
    """Walk every day of every part."""
    as_of = day(case.late)
    parts = case.parts
    owed = Decimal(0)
    for index, (due_on, _) in enumerate(parts):
        first_chargeable = due_on + timedelta(days=case.rules["grace_days"] + 1)
        if first_chargeable > as_of or open_parts(case, first_chargeable)[index] <= 0:
            continue
        start = due_on if case.rules["start_from"] == "due_date" else ISSUED_ON
        if case.rules["grace_mode"] == "shift":
            start += timedelta(days=case.rules["grace_days"])
        one = start + timedelta(days=1)
        while one <= as_of:
            owed += bearing(case, one, as_of)[index]
            one += timedelta(days=1)
    return (owed * 10 / 36500).quantize(CENT, rounding=ROUND_HALF_UP)


def lowered_by(case: Case, on: date, *, at_end: bool = False) -> Decimal:
    """What came off before the day, or by its end; credits from the first day where the policy says so."""
    at_once = case.rules["credits_from"] == "invoice_date"
    return sum(
        (
            amount
            for offset, amount, by_credit in case.lowered
            if day(offset) < on
            or (at_end and day(offset) == on)
            or (by_credit and at_once and day(offset) <= day(case.late))
        ),
        Decimal(0),
    )


def open_parts(case: Case, on: date) -> list[Decimal]:
    """What is open of each part as the day begins, or ends where its payments count: they went to the oldest."""
    paid = lowered_by(case, on)
    if case.rules["payment_day"] == "free":
        paid += sum(
            (amount for offset, amount, by_credit in case.lowered if day(offset) == on and not by_credit), Decimal(0)
        )
    found = []
    for _, amount in case.parts:
        used = min(amount, paid)
        paid -= used
        found.append(amount - used)
    return found


def in_plan(case: Case, on: date, as_of: date) -> bool:
    """Whether a plan is kept on the day: no row before it is short at its day's end."""
    if case.plan_made is None or not day(case.plan_made) < on:
        return False
    rows = [(day(case.plan_made + 10), case.total / 2), (day(case.plan_made + 40), Decimal(0))]
    short = [due for due, later in rows if due < as_of and case.total - lowered_by(case, due, at_end=True) > later]
    return not short or on <= short[0]


def bearing(case: Case, on: date, as_of: date) -> list[Decimal]:
    """The open parts less what is disputed that day, from the oldest; nothing of them in a plan that is kept."""
    if in_plan(case, on, as_of):
        return [Decimal(0)] * len(case.parts)
    withheld = Decimal(0)
    for opened, length, amount in case.disputes:
        opened_on, closed_on = day(opened), day(opened + length)
        is_closed = closed_on <= as_of
        forgiven = is_closed and case.rules["after_dispute"] == "back_accrue"
        if (
            case.rules["during_dispute"] == "suspend"
            and not forgiven
            and opened_on < on <= (closed_on if is_closed else as_of)
        ):
            withheld += amount
    found = []
    for amount in open_parts(case, on):
        used = min(amount, withheld)
        withheld -= used
        found.append(amount - used)
    return found


@given(case=cases())
def test_the_walk_in_stretches_charges_what_a_clerk_finds_day_by_day(case: Case) -> None:
    as_of = day(case.late)
    known = [entry for entry in case.lowered if day(entry[0]) <= as_of]
    left = case.total - sum((amount for _, amount, _ in known), Decimal(0))
    payments, notes = [], []
    for number, (offset, amount, by_credit) in enumerate(known):
        applied = (Application("I-1", usd(amount)),)
        if by_credit:
            notes.append(CreditNote(f"N-{number}", "C-1", day(offset), usd(amount), applied))
        else:
            payments.append(Payment(f"P-{number}", "C-1", day(offset), usd(amount), applied))
    rows = tuple(Installment(on, usd(amount)) for on, amount in case.parts) if case.second_due else ()
    plans: tuple[InstallmentPlan, ...] = ()
    if case.plan_made is not None:
        halves = ((case.plan_made + 10, case.total / 2), (case.plan_made + 40, case.total / 2))
        schedule = tuple(Installment(day(due), usd(amount)) for due, amount in halves)
        plans = (InstallmentPlan("IP-1", "C-1", ("I-1",), day(case.plan_made), schedule),)
    found = decisions(
        as_of,
        invoice(str(case.total), balance=usd(left), installments=rows),
        rules=Settings.model_validate({"annual_pct": "10", **case.rules}),
        payments=tuple(payments),
        credit_notes=tuple(notes),
        installment_plans=plans,
        disputes=tuple(
            Dispute(f"D-{number}", "I-1", day(opened), usd(amount), closed_on=day(opened + length))
            for number, (opened, length, amount) in enumerate(case.disputes)
        ),
    )
    charged = sum((one.interest.amount for one in found if isinstance(one, FinanceCharge)), Decimal(0))
    assert charged == clerk(case)
