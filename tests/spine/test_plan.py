"""A plan is a function of decisions, what the outbox holds, and how far this office goes by itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from rules.domain.actions import AddNote, ChargeLine, CreateInvoice, DueLine, EmailInvoice, SendMessage
from rules.domain.decisions import FinanceCharge, Problem, Reminder, Skip, Task
from rules.domain.money import Money
from syncd.plan import Known, PlanLimits, Terms, make_plan

USD = "USD"


def money(text: str, currency: str = USD) -> Money:
    return Money(Decimal(text), currency)


def reminder(key: str = "reminders/I-1/level-1", channel: str = "provider", **more: object) -> Reminder:
    operations = (EmailInvoice("C-1", "I-1", "a@b.example", money("10.00")), AddNote("C-1", "invoice", "I-1", "text"))
    return Reminder(
        "reminders", "C-1", ("I-1",), (money("10.00"),), 1, "friendly", channel, key, "because.",
        **{"operations": operations, **more},
    )  # fmt: skip


def charge(key: str, amount: Money) -> FinanceCharge:
    day = date(2025, 3, 1)
    zero = Money.zero(amount.currency)
    return FinanceCharge(
        "finance_charges", "C-1", "I-1", amount, amount, amount, zero, None, None, 1, day, day, None, key, "because."
    )


def terms(**changes: object) -> Terms:
    values = {
        "mode": "auto",
        "limits": PlanLimits(50, money("2000.00")),
        "unsupported": lambda _operation: None,
        "converted": lambda amount: amount if amount.currency == USD else None,
    }
    return Terms(**{**values, **changes})


def test_in_auto_mode_a_decision_is_planned():
    plan = make_plan([reminder()], {}, terms())
    assert [action.state for action in plan.actions] == ["planned"]


def test_a_message_with_a_fee_that_cannot_be_billed_does_not_go_out():
    fee = ChargeLine("Reminder fee", money("10.00"), "fee")
    day = date(2025, 3, 1)
    bill = CreateInvoice("C-1", "I-1", "1001", day, day, (fee,), "Fee.")
    due = DueLine("I-1", "1001", day, day, 3, money("10.00"), money("10.00"))
    message = SendMessage("C-1", "a@b.example", "Oak", "firm", 2, "email", (due,), day, fee=money("10.00"))
    steps = (message, bill)

    def unsupported(operation):
        return "set finance_charge_account" if isinstance(operation, CreateInvoice) else None

    for channel in ("email", "letter"):
        decision = reminder(channel=channel, operations=steps, fee=money("10.00"))
        (action,) = make_plan([decision], {}, terms(unsupported=unsupported)).actions
        assert (action.state, action.hold, action.why) == ("held", "unable", "set finance_charge_account")


def test_in_review_mode_it_waits_for_approval():
    (action,) = make_plan([reminder()], {}, terms(mode="review")).actions
    assert (action.state, action.hold) == ("held", "review")


def test_a_key_that_was_sent_refused_or_is_unclear_is_never_planned_again():
    for state in ("sending", "done", "rejected", "refused", "unknown"):
        assert not make_plan([reminder()], {"reminders/I-1/level-1": Known(state)}, terms())


def test_a_stale_key_is_planned_again():
    assert make_plan([reminder()], {"reminders/I-1/level-1": Known("stale")}, terms()).actions


def test_what_waits_is_renewed_what_was_approved_is_left_and_what_is_not_called_for_is_withdrawn():
    known = {
        "reminders/I-1/level-1": Known("held"),
        "reminders/I-2/level-1": Known("planned", approved=True),
        "reminders/I-3/level-1": Known("held"),
        "reminders/I-4/level-1": Known("sending", started=True),
    }
    plan = make_plan([reminder(), reminder("reminders/I-2/level-1")], known, terms())
    assert [action.decision.key for action in plan.actions] == ["reminders/I-1/level-1"]
    assert plan.withdrawn == ("reminders/I-3/level-1",)


def test_what_nothing_here_can_do_is_held_with_the_reason():
    unsupported = terms(unsupported=lambda op: "no mail here" if isinstance(op, EmailInvoice) else None)
    (action,) = make_plan([reminder()], {}, unsupported).actions
    assert (action.state, action.hold, action.why) == ("held", "unable", "no mail here")


def test_a_follow_up_that_cannot_be_done_is_left_out_and_the_deed_still_goes():
    unsupported = terms(unsupported=lambda op: "no notes here" if isinstance(op, AddNote) else None)
    (action,) = make_plan([reminder()], {}, unsupported).actions
    assert action.state == "planned"
    assert [type(step) for step in action.operations] == [EmailInvoice]


def test_a_task_a_call_and_a_letter_wait_for_a_person_even_in_auto_mode():
    task = Task("escalation", "C-1", "dana", date(2025, 3, 1), "call", "escalation/C-1/call", "because.")
    letter = SendMessage("C-1", "", "Oak", "final", 1, "letter", (), date(2025, 3, 1))
    decisions = [task, reminder("a", channel="call", operations=()), reminder("b", "letter", operations=(letter,))]
    assert [action.hold for action in make_plan(decisions, {}, terms()).actions] == ["person"] * 3


def test_the_brake_holds_everything_past_the_number_of_actions_and_not_at_it():
    two = [reminder("a"), reminder("b")]
    assert make_plan(two, {}, terms(limits=PlanLimits(2, money("0.00")))).brake is None
    plan = make_plan(two, {}, terms(limits=PlanLimits(1, money("0.00"))))
    assert "2 actions in one cycle" in plan.brake
    assert {action.hold for action in plan.actions} == {"brake"}


def test_the_brake_holds_everything_past_the_sum_of_charges_and_not_at_it():
    charges = [charge("a", money("6.00")), charge("b", money("4.00"))]
    assert make_plan(charges, {}, terms(limits=PlanLimits(50, money("10.00")))).brake is None
    assert "charges of 10.00 USD" in make_plan(charges, {}, terms(limits=PlanLimits(50, money("9.99")))).brake


def test_a_charge_that_cannot_be_held_against_the_limit_holds_the_plan():
    assert "no exchange rate" in make_plan([charge("a", money("1.00", "EUR"))], {}, terms()).brake


def test_the_first_plan_of_a_connection_waits_for_a_person_and_an_empty_one_does_not():
    assert "the first plan" in make_plan([reminder()], {}, terms(is_first=True)).brake
    assert make_plan([], {}, terms(is_first=True)).brake is None
    assert make_plan([reminder()], {}, terms(is_first=True, mode="review")).brake is None


def test_rules_not_used_before_may_cause_so_many_actions_and_no_more():
    two = [reminder("a"), reminder("b")]
    assert make_plan(two, {}, terms(most_of_new_rules=2)).brake is None
    plan = make_plan(two, {}, terms(most_of_new_rules=1))
    assert "2 actions under rules not used before" in plan.brake
    assert {action.hold for action in plan.actions} == {"brake"}


def test_a_brake_that_is_on_holds_what_is_new():
    plan = make_plan([reminder()], {}, terms(braked="too many invoices gone"))
    assert plan.actions[0].why == "brake: too many invoices gone"


def test_skips_and_problems_are_kept_apart_from_actions():
    plan = make_plan([Skip("reminders", "I-2", "paid."), Problem("I-3", "no due date")], {}, terms())
    assert (len(plan.actions), len(plan.problems)) == (0, 1)


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.dictionaries(st.sampled_from("abcdef"), st.booleans()))
def test_after_a_confirmed_plan_the_next_plan_is_empty(keys, waiting):
    known = {key: Known("held", approved=approved) for key, approved in waiting.items()}
    decisions = [reminder(key) for key in keys]
    make_plan(decisions, known, terms())
    done = {key: Known("done", started=True) for key in keys}
    assert not make_plan(decisions, done, terms())
