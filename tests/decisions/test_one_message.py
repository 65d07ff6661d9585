"""Whatever policies and rules have to say: one message a day to a customer, as far apart as every policy wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import evaluate
from rules.domain.accounts import accounts_of
from rules.domain.actions import SendMessage
from rules.domain.decisions import Decision, Reminder, Task
from rules.domain.facts import (
    DISCOUNT_TOLD,
    Account,
    Book,
    Company,
    Contacted,
    Customer,
    Discount,
    HistoryEntry,
    Invoice,
    ReminderSent,
    TaskDone,
)
from rules.domain.money import Money
from rules.policy import load_policies

DAY = date(2025, 3, 31)
GAPS = {"calm": 5, "firm": 3}
TEXT = """
[select]
default = "calm"
currencies.EUR = "firm"
[policies.calm.reminders]
levels = [
  { at_days = -3, template = "upcoming" },
  { at_days = 2, template = "friendly" },
  { at_days = 9, template = "firm", repeat_every_days = 4 },
]
min_gap_days = 5
[policies.calm.discounts]
remind_days_before = 6
[policies.calm.escalation]
steps = [{ step = "statement", at_days = 4, channel = "email", waits = false, repeat_every_days = 6 }]
[policies.firm.reminders]
levels = [{ at_days = 1, template = "firm" }, { at_days = 5, template = "final", repeat_every_days = 3 }]
min_gap_days = 3
[policies.firm.discounts]
remind_days_before = 6
"""
ONE_A_DAY = load_policies([("p.toml", TEXT)])
FIRM_BESIDE = load_policies([("p.toml", TEXT.replace("min_gap_days = 3", "one_per_customer = false"))])


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """A family with invoices under both policies, some with discounts that run."""
    invoices = []
    for number in range(draw(st.integers(1, 6))):
        due_on = DAY + timedelta(days=draw(st.integers(-15, 15)))
        until = draw(st.none() | st.integers(0, 12).map(lambda days: DAY + timedelta(days=days)))
        total = Money(Decimal(draw(st.integers(50, 500))), draw(st.sampled_from(["USD", "EUR"])))
        invoices.append(
            Invoice(
                f"I-{number}", f"{number}", draw(st.sampled_from(["C-1", "C-2"])), due_on - timedelta(days=30), due_on,
                total, total, discount=Discount(Decimal(2), until) if until else None,
            )
        )  # fmt: skip
    customers = (Customer("C-1", "Oak", email="a@oak.example"), Customer("C-2", "Oak Kid", parent="C-1"))
    (account,) = accounts_of(Book(DAY, Company("Acme", "USD"), customers=customers, invoices=tuple(invoices)))
    return account


def goes_out(decision: Decision) -> bool:
    if isinstance(decision, Task):
        return not decision.waits and any(isinstance(step, SendMessage) for step in decision.operations)
    return isinstance(decision, Reminder)


def remembered(decision: Decision, day: date) -> Iterator[HistoryEntry]:
    if isinstance(decision, Task):
        yield TaskDone("C-1", decision.rule, decision.what, day, decision.invoices)
    elif isinstance(decision, Reminder):
        for ref in decision.invoices:
            if decision.level:
                yield ReminderSent("C-1", ref, decision.level, day)
            else:
                yield Contacted("C-1", decision.channel, day, DISCOUNT_TOLD, ref)


def two_weeks(account: Account) -> Iterator[tuple[date, list[Decision]]]:
    """Each day's messages, sent as they are decided, with a second look at the same day."""
    for offset in range(14):
        day = DAY + timedelta(days=offset)
        sent = []
        for _ in range(2):
            sending = [one for one in evaluate(account, ONE_A_DAY, day).decisions if goes_out(one)]
            told = tuple(entry for one in sending for entry in remembered(one, day))
            account = replace(account, history=(*account.history, *told))
            sent += sending
        yield day, sent


@settings(max_examples=60)
@given(accounts())
def test_no_two_messages_go_to_a_customer_on_one_day_whatever_the_policies(account: Account) -> None:
    for _, sent in two_weeks(account):
        assert len(sent) <= 1


@settings(max_examples=60)
@given(accounts())
def test_the_longest_distance_of_the_policies_holds_between_any_two_reminders(account: Account) -> None:
    policies = {"calm" if one.currency == "USD" else "firm" for one in account.invoices}
    gap = max(GAPS[name] for name in policies)
    days = [day for day, sent in two_weeks(account) if any(isinstance(one, Reminder) and one.level for one in sent)]
    assert all((later - earlier).days >= gap for earlier, later in pairwise(days))


@settings(max_examples=60)
@given(accounts())
def test_everybody_who_has_something_to_hear_hears_it_or_is_told_why_not(account: Account) -> None:
    evaluation = evaluate(account, ONE_A_DAY, DAY)
    sent = {ref for one in evaluation.decisions if goes_out(one) for ref in one.invoices}  # type: ignore[union-attr]
    skipped = {one.subject for one in evaluation.decisions if one.kind == "skip"}  # type: ignore[union-attr]
    assert {one.ref for one in account.invoices} <= sent | skipped


@settings(max_examples=60)
@given(accounts())
def test_a_policy_of_one_message_per_invoice_writes_beside_the_one_of_the_other(account: Account) -> None:
    messages = [one for one in evaluate(account, FIRM_BESIDE, DAY).decisions if goes_out(one)]
    calm = [one for one in messages if "EUR" not in str(one.amounts)]  # type: ignore[union-attr]
    assert len(calm) <= 1
    alone = replace(account, invoices=tuple(one for one in account.invoices if one.currency == "EUR"))
    beside = [one.key for one in evaluate(alone, FIRM_BESIDE, DAY).decisions if goes_out(one)]  # type: ignore[union-attr]
    assert set(beside) == {one.key for one in messages if one not in calm}  # type: ignore[union-attr]
