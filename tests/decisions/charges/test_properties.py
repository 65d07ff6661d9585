"""What holds of charges whatever happens: nothing is lost by cutting, nothing is charged twice, nothing goes above."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from rules.domain.charging.daycount import DayCount
from rules.domain.charging.interest import Claim, Debt, accrue
from rules.domain.charging.pricing import Pricing
from rules.domain.charging.timeline import Part, Reduction, Steps, steps_back
from rules.domain.decisions import ChargeReversal, Decision, FinanceCharge, Problem, Skip
from rules.domain.facts import (
    Account,
    Application,
    ChargeBilled,
    ChargeReversed,
    ChargeWaived,
    Company,
    CreditNote,
    Customer,
    Discount,
    Dispute,
    Installment,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
)
from rules.domain.money import Money
from rules.domain.situation import Situation
from rules.finance_charges import Settings, decide
from tests.decisions.any_settings import tables
from tests.decisions.charges.small import DUE_ON, billed_in_all, decisions, invoice, payment, remembered, settings, usd

DAY_COUNTS = st.sampled_from(["act/365", "act/360", "act/act", "30/360", "30e/360"])
CENTS = st.decimals("0.01", "99999.99", places=2)
LATE = st.integers(1, 900)


@st.composite
def debts(draw: st.DrawFn) -> Debt:
    due_on = draw(st.dates(date(2015, 1, 1), date(2030, 12, 31)))
    last_on = due_on + timedelta(days=draw(LATE))
    paid = draw(st.lists(st.tuples(st.integers(-20, 900), CENTS), max_size=5))
    reductions = [Reduction(due_on + timedelta(days=days), amount, "payment", "USD") for days, amount in paid]
    steps = steps_back(draw(CENTS), reductions)
    starts = sorted(draw(st.sets(st.integers(1, 900), max_size=3)))
    rates = [draw(st.decimals(0, 40, places=2)) for _ in range(len(starts) + 1)]
    pricing = Pricing(Steps((date.min, *(due_on + timedelta(days=days) for days in starts)), tuple(rates)))
    claim = Claim(Part(due_on, steps.values[0]), due_on, pricing, is_chargeable=True, late_on=due_on)
    return Debt((claim,), steps, last_on, draw(DAY_COUNTS))


@given(debt=debts(), share=st.integers(0, 900))
def test_cutting_the_period_never_changes_the_unrounded_sum(debt: Debt, share: int) -> None:
    middle = min(debt.claims[0].anchor + timedelta(days=share), debt.last_on)
    cut = Steps((date.min, middle + timedelta(days=1)), (Decimal(0), Decimal(0)))
    whole, halves = accrue(debt).interest, accrue(replace(debt, joined=cut)).interest
    assert whole.parts == halves.parts
    first = accrue(replace(debt, last_on=middle)).interest
    later = [one for one in accrue(replace(debt, joined=cut)).stretches if one.first_on > middle]
    rest = sum((one.weight * one.count for one in later), Decimal(0))
    assert sum(first.parts.values(), Decimal(0)) + rest == sum(whole.parts.values(), Decimal(0))


@given(debt=debts())
def test_the_days_of_all_stretches_are_the_days_of_the_debt(debt: Debt) -> None:
    stretches = accrue(debt).stretches
    assert sum(one.days for one in stretches) == (debt.last_on - debt.claims[0].anchor).days
    for one, following in pairwise(stretches):
        assert following.first_on == one.last_on + timedelta(days=1)


def charge_of(found: list[Decision]) -> Decimal:
    return sum((one.amount.amount for one in found if isinstance(one, FinanceCharge)), Decimal(0))


@given(
    total=CENTS,
    late=LATE,
    paid=st.lists(st.tuples(st.integers(-20, 900), st.integers(1, 40)), max_size=4),
    cap=st.decimals(0, 30, places=1),
    rule=st.sampled_from(
        [
            {"annual_pct": "18"},
            {"annual_pct": "18", "minimum": "20.00"},
            {"annual_pct": "18", "minimum": "20.00", "minimum_per": "charge"},
            {"annual_pct": "18", "compound": "monthly"},
            {"annual_pct": "18", "compound": "every_30_days", "stop_after_months": 3},
            {"annual_pct": "18", "rounding": "daily"},
            {"kind": "flat", "flat": "25.00", "repeat_every_days": 7},
            {"kind": "percent", "percent": "2", "repeat_every_days": 30},
            {"annual_pct": "18", "appropriation": "interest_first"},
        ]
    ),
)
def test_a_charge_is_never_below_zero_and_never_above_what_the_cap_allows(
    total: Decimal, late: int, paid: list[tuple[int, int]], cap: Decimal, rule: dict[str, Any]
) -> None:
    as_of = DUE_ON + timedelta(days=late)
    left = total
    payments = []
    for number, (days, share) in enumerate(paid):
        amount = (total * share / 200).quantize(Decimal("0.01"))
        if amount > 0:
            payments.append(payment(DUE_ON + timedelta(days=min(days, late)), amount, f"P-{number}"))
            left -= amount
    rules = Settings.model_validate({**rule, "cap": str(cap)})
    found = decisions(as_of, invoice(str(total), balance=usd(left)), rules=rules, payments=tuple(payments))
    allowed = total * cap * late / 36500
    charged = charge_of(found)
    assert all(one.amount.amount > 0 for one in found if isinstance(one, FinanceCharge))
    # Interest that pays itself first leaves more principal than the invoice shows, but never more than its total.
    assert charged <= allowed.quantize(Decimal("0.01")) + Decimal("0.01")


@given(total=CENTS, late=LATE, days=st.integers(-20, 900), share=st.integers(1, 200), rounding=st.booleans())
def test_another_payment_never_raises_a_charge(
    total: Decimal, late: int, days: int, share: int, *, rounding: bool
) -> None:
    as_of = DUE_ON + timedelta(days=late)
    rules = settings(rounding="daily" if rounding else "final", paid_late="charge")
    amount = (total * share / 200).quantize(Decimal("0.01"))
    before = charge_of(decisions(as_of, invoice(str(total)), rules=rules))
    paid = (payment(DUE_ON + timedelta(days=min(days, late)), amount),) if amount else ()
    after = charge_of(decisions(as_of, invoice(str(total), balance=usd(total - amount)), rules=rules, payments=paid))
    assert after <= before


def is_fair(rule: dict[str, Any]) -> bool:
    """Whether less owed, or owed for less time, can never cost more by the wish of who wrote the rule.

    The rate of the payment's day, and rates or sums that fall as debts grow, may do just that.
    """
    rates = [Decimal(tier["pct"]) for tier in rule.get("tiers", [])]
    own_sums = isinstance(rule.get("fixed_sum", "none"), list)
    return rule.get("reference_mode") != "at_payment" and rates == sorted(rates) and not own_sums


@settings_of_hypothesis(max_examples=100, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(
    rule=tables(Settings).filter(is_fair),
    total=CENTS,
    late=LATE,
    second_due=st.integers(0, 90),
    paid=st.lists(st.tuples(st.integers(-20, 900), st.integers(1, 40), st.booleans()), max_size=3),
    dispute=st.none() | st.tuples(st.integers(0, 90), st.integers(1, 90), st.integers(1, 100)),
    promise=st.none() | st.tuples(st.integers(0, 90), st.integers(0, 60), st.integers(1, 100)),
    more=st.tuples(st.integers(-20, 900), st.integers(1, 100)),
)
def test_whatever_the_rule_another_payment_never_raises_a_charge(
    rule: dict[str, Any],
    total: Decimal,
    late: int,
    second_due: int,
    paid: list[tuple[int, int, bool]],
    dispute: tuple[int, int, int] | None,
    promise: tuple[int, int, int] | None,
    more: tuple[int, int],
) -> None:
    def share(hundredths: int) -> Decimal:
        return (total * hundredths / 200).quantize(Decimal("0.01"))

    as_of = DUE_ON + timedelta(days=late)
    half = share(100)
    rows = (Installment(DUE_ON, usd(half)), Installment(DUE_ON + timedelta(days=second_due), usd(total - half)))
    parts = rows if second_due and half else ()
    facts: dict[str, Any] = {"payments": (), "credit_notes": ()}
    left = total
    for number, (days, part, by_credit) in enumerate(paid):
        on, amount = DUE_ON + timedelta(days=min(days, late)), share(part)
        if amount and by_credit:
            note = CreditNote(f"N-{number}", "C-1", on, usd(amount), (Application("I-1", usd(amount), on),))
            facts["credit_notes"] += (note,)
        elif amount:
            facts["payments"] += (payment(on, amount, f"P-{number}"),)
        left -= amount
    if dispute is not None:
        opened = DUE_ON + timedelta(days=dispute[0])
        closed = opened + timedelta(days=dispute[1])
        facts["disputes"] = (Dispute("D-1", "I-1", opened, usd(share(2 * dispute[2])), closed_on=closed),)
    if promise is not None:
        made = DUE_ON + timedelta(days=promise[0])
        by = made + timedelta(days=promise[1])
        facts["promises"] = (Promise("R-1", "C-1", ("I-1",), made, by, usd(share(2 * promise[2]))),)
    rules = Settings.model_validate(rule)
    before = decisions(as_of, invoice(str(total), balance=usd(left), installments=parts), rules=rules, **facts)
    amount = min(share(2 * more[1]), left)
    if amount > 0:
        facts["payments"] += (payment(DUE_ON + timedelta(days=min(more[0], late)), amount, "P-more"),)
    after = decisions(as_of, invoice(str(total), balance=usd(left - amount), installments=parts), rules=rules, **facts)
    assert charge_of(after) <= charge_of(before)
    for one in (*before, *after):
        assert (
            not isinstance(one, FinanceCharge)
            or min(one.interest.amount, one.fixed_sum.amount) >= 0 < one.amount.amount
        )


@given(
    total=CENTS,
    days=st.lists(st.integers(1, 400), min_size=1, max_size=6, unique=True).map(sorted),
    paid_after=st.integers(1, 400),
    minimum=st.sampled_from([None, "5.00", "50.00"]),
    day_count=DAY_COUNTS,
    entered_late=st.integers(0, 90),
)
def test_assessing_again_and_again_bills_what_one_assessment_would(
    total: Decimal, days: list[int], paid_after: int, minimum: str | None, day_count: DayCount, entered_late: int
) -> None:
    rules = settings(minimum=minimum or "none", day_count=day_count, fixed_sum=[{"from": "0.00", "amount": "40.00"}])
    half = (total / 2).quantize(Decimal("0.01"))
    paid_on = DUE_ON + timedelta(days=paid_after)

    def looked_at(as_of: date, history: tuple[object, ...]) -> list[Decision]:
        known = half > 0 and paid_on + timedelta(days=entered_late) <= as_of
        facts: dict[str, Any] = {"payments": (payment(paid_on, half),)} if known else {}
        one = invoice(str(total), balance=usd(total - half if known else total))
        return decisions(as_of, one, rules=rules, history=history, **facts)

    history: tuple[object, ...] = ()
    keys: list[str] = []
    for late in days:
        for found in looked_at(DUE_ON + timedelta(days=late), history):
            history = remembered(found, history)
            keys += [found.key] if isinstance(found, (FinanceCharge, ChargeReversal)) else []
    at_once = looked_at(DUE_ON + timedelta(days=days[-1]), ())
    assert billed_in_all(history) == charge_of(at_once)
    assert len(keys) == len(set(keys))
    again = looked_at(DUE_ON + timedelta(days=days[-1]), history)
    assert all(isinstance(one, Skip) for one in again)


@given(
    billed=CENTS,
    share=st.integers(0, 100),
    to=st.integers(1, 300),
    back_after=st.integers(0, 600),
    late=st.integers(300, 900),
    paid=st.none() | st.tuples(st.integers(-5, 900), st.integers(1, 99)),
)
def test_what_was_given_back_of_a_charge_leaves_no_interest_and_giving_back_is_done_in_one_go(
    billed: Decimal, share: int, to: int, back_after: int, late: int, paid: tuple[int, int] | None
) -> None:
    rules, as_of, last_on = settings(compound="on_charge"), DUE_ON + timedelta(days=late), DUE_ON + timedelta(days=to)
    back = (billed * share / 100).quantize(Decimal("0.01"))
    taken = (Decimal("36500.00") * (paid[1] if paid else 0) / 100).quantize(Decimal("0.01"))
    payments = (payment(DUE_ON + timedelta(days=min(paid[0], late)), taken),) if paid else ()

    def charge(amount: Decimal) -> ChargeBilled:
        return ChargeBilled("C-1", "I-1", "FC", DUE_ON + timedelta(days=1), last_on, *[usd(amount)] * 3)

    def looked_at(*history: object) -> list[Decision]:
        one = invoice(balance=usd(Decimal("36500.00") - taken))
        return decisions(as_of, one, rules=rules, history=history, payments=payments)

    reversal = ChargeReversed("C-1", "I-1", "FC", last_on + timedelta(days=back_after), usd(back))
    found = looked_at(charge(billed), reversal) if back else looked_at(charge(billed))
    assert charge_of(found) == charge_of(looked_at(charge(billed - back)))
    history: tuple[object, ...] = (charge(billed), reversal) if back else (charge(billed),)
    for one in found:
        history = remembered(one, history)
    assert not [one for one in looked_at(*history) if isinstance(one, ChargeReversal)]


# Anything a book or a provider may hold, odd days and amounts included.
ANY_DAY = st.sampled_from([date.min, date(1, 3, 1), date(2024, 2, 29), date(2025, 3, 1), date(2025, 3, 31), date.max])
ANY_MONEY = st.builds(
    Money, st.sampled_from([Decimal(n) for n in ("-5", "0", "0.001", "100", "1e15", "1e40", "1e70")]),
    st.sampled_from(["USD", "EUR", "JPY"]),
)  # fmt: skip
APPLIED = st.lists(st.builds(Application, st.just("I-1"), ANY_MONEY, st.none() | ANY_DAY), max_size=2).map(tuple)
ANY_INVOICE = st.builds(
    Invoice,
    ref=st.just("I-1"),
    number=st.just(""),
    customer=st.sampled_from(["C-1", "C-9"]),
    issued_on=ANY_DAY,
    due_on=st.none() | ANY_DAY,
    total=ANY_MONEY,
    balance=ANY_MONEY,
    tax=st.none() | ANY_MONEY,
    status=st.sampled_from(["open", "paid", "voided", "draft"]),
    origin=st.none() | st.just("syncd:finance_charges"),
    discount=st.none() | st.builds(Discount, st.just(Decimal(2)), ANY_DAY),
    installments=st.lists(st.builds(Installment, ANY_DAY, ANY_MONEY), max_size=3).map(tuple),
)
WHO = {"customer": st.just("C-1"), "invoice": st.just("I-1"), "charge": st.sampled_from(["I-8", "I-9"])}
HISTORY = st.lists(
    st.builds(
        ChargeBilled, **WHO, first_on=ANY_DAY, last_on=ANY_DAY, amount=ANY_MONEY, interest=ANY_MONEY, computed=ANY_MONEY
    )
    | st.builds(ChargeReversed, **WHO, on=ANY_DAY, amount=ANY_MONEY)
    | st.builds(ChargeWaived, **WHO, on=ANY_DAY, amount=ANY_MONEY),
    max_size=3,
).map(tuple)
ANY_RULES = st.fixed_dictionaries(
    {"annual_pct": st.just("18"), "requires_terms": st.booleans()},
    optional={
        "grace_days": st.sampled_from([0, 5, 10**6]),
        "grace_mode": st.sampled_from(["gate", "shift"]),
        "start_from": st.sampled_from(["due_date", "invoice_date"]),
        "day_count": DAY_COUNTS,
        "base": st.sampled_from(["principal", "net_of_tax"]),
        "unapplied_credits": st.sampled_from(["ignore", "oldest_first"]),
        "credits_from": st.sampled_from(["credit_date", "invoice_date"]),
        "payment_day": st.sampled_from(["bears", "free"]),
        "appropriation": st.sampled_from(["principal", "interest_first"]),
        "paid_late": st.sampled_from(["ignore", "charge"]),
        "minimum": st.sampled_from(["5.00", "5.00 USD"]),
        "minimum_per": st.sampled_from(["invoice", "charge"]),
        "maximum": st.sampled_from(["9.00", "9.00 EUR"]),
        "compound": st.sampled_from(["never", "on_charge", "monthly", "every_30_days"]),
        "stop_after_months": st.sampled_from([1, 12, 10**6]),
        "fixed_sum": st.sampled_from(["none", "uk", "eu40"]),
        "assess_on": st.sampled_from([{"day_of_month": 31}, {"every_days": 10}]),
        "cap": st.sampled_from(["none", "5"]),
        "during_promise": st.sampled_from(["suspend", "accrue"]),
        "during_plan": st.sampled_from(["suspend", "accrue"]),
        "after_dispute": st.sampled_from(["resume", "back_accrue"]),
    },
)


@given(
    document=ANY_INVOICE,
    as_of=ANY_DAY,
    history=HISTORY,
    payments=st.lists(
        st.builds(Payment, st.just("P"), st.just("C-1"), ANY_DAY, ANY_MONEY, APPLIED, st.none(), st.none() | ANY_DAY),
        max_size=2,
    ),
    notes=st.lists(st.builds(CreditNote, st.just("N"), st.just("C-1"), ANY_DAY, ANY_MONEY, APPLIED), max_size=1),
    disputes=st.lists(
        st.builds(Dispute, st.just("D"), st.just("I-1"), ANY_DAY, st.none() | ANY_MONEY, st.just(""), ANY_DAY),
        max_size=1,
    ),
    promises=st.lists(
        st.builds(
            Promise, st.just("R"), st.just("C-1"), st.just(("I-1", "I-7")), ANY_DAY, ANY_DAY, st.none() | ANY_MONEY
        ),
        max_size=1,
    ),
    plans=st.lists(
        st.builds(
            InstallmentPlan,
            st.just("L"),
            st.just("C-1"),
            st.just(("I-1",)),
            ANY_DAY,
            st.lists(st.builds(Installment, ANY_DAY, ANY_MONEY), max_size=2).map(tuple),
        ),
        max_size=1,
    ),
    rule=ANY_RULES,
)
def test_no_facts_whatever_raise(
    document: Invoice,
    as_of: date,
    history: tuple[Any, ...],
    payments: list[Payment],
    notes: list[CreditNote],
    disputes: list[Dispute],
    promises: list[Promise],
    plans: list[InstallmentPlan],
    rule: dict[str, Any],
) -> None:
    customer = Customer("C-1", "Oak", country="US", terms_accepted_on=date.min)
    account = Account(
        Company("Acme", "USD", country="US", region="AL"),
        customer,
        (customer,),
        invoices=(document,),
        payments=tuple(payments),
        credit_notes=tuple(notes),
        disputes=tuple(disputes),
        promises=tuple(promises),
        installment_plans=tuple(plans),
        history=history,
    )
    rules = Settings.model_validate(rule)
    found = list(decide(Situation(account, as_of, "p", frozenset({"I-1"})), rules))
    assert found, "a silence without a reason"
    assert all(isinstance(one, (FinanceCharge, ChargeReversal, Skip, Problem)) for one in found)
