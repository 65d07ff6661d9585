"""What the steps past reminders ask to be done, and that a step done by a person lets the next one follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from rules import evaluate
from rules.domain.accounts import accounts_of
from rules.domain.actions import AddNote, OpenDays, SendMessage
from rules.domain.decisions import Task
from rules.domain.facts import Book, Company, Contacted, Customer, Invoice, TaskDone
from rules.domain.money import Money
from rules.policy import load_policies
from syncd.history import history_of
from syncd.plan import PlanLimits, Terms, make_plan
from syncd.store.intent_rows import Intent

DAY = date(2025, 3, 31)
OAK = Customer("C-1", "Oak Ltd", email="ap@oak.example", collector="dana")
STEPS = """
[policies.p.escalation]
steps = [
  { step = "final_demand", at_days = 30, channel = "email" },
  { step = "agency", at_days = 30, waits = false },
]
"""
USD = Money(Decimal("100.00"), "USD")
BILL = Invoice("I-1", "1001", "C-1", DAY - timedelta(60), DAY - timedelta(30), USD, USD)
TERMS = Terms("auto", PlanLimits(100, Money(Decimal(1000), "USD")), lambda _: None, lambda amount: amount)


def task(book: Book, day: date = DAY, rules: str = STEPS) -> Task:
    policies = load_policies([("p.toml", rules)])
    (account,) = accounts_of(book)
    (found,) = [one for one in evaluate(account, policies, day).decisions if isinstance(one, Task)]
    return found


def book(**parts: object) -> Book:
    found = Book(as_of=DAY, company=Company("Acme", "USD"), customers=(OAK,), invoices=(BILL,))
    return replace(found, **parts)  # type: ignore[arg-type]


def test_a_demand_is_mailed_with_the_last_day_to_answer_and_noted_on_each_invoice() -> None:
    message, note = task(book()).operations
    assert isinstance(message, SendMessage)
    assert (message.template, message.to, message.answer_by) == ("demand", "ap@oak.example", DAY + timedelta(14))
    text = "Final demand of 2025-03-31: 100.00 USD asked, to be answered by 2025-04-14."
    assert note == AddNote("C-1", "invoice", "I-1", text)


def test_what_is_mailed_carries_the_times_of_the_policy_s_reminders_in_the_customer_s_zone_and_paper_does_not() -> None:
    window = """
    [policies.p.reminders]
    levels = [{ at_days = 90, template = "final" }]
    send_window = { days = ["mon", "tue"], from = "08:00", to = "18:00" }
    """
    kauri = book(customers=(replace(OAK, country="NZ"),), company=Company("Acme", "USD", "America/New_York"))
    mail, paper = (
        task(kauri, rules=STEPS.replace('"email"', f'"{channel}"') + window).operations[0]
        for channel in ("email", "letter")
    )
    assert isinstance(mail, SendMessage)
    assert isinstance(paper, SendMessage)
    assert mail.hours == ("08:00", "18:00")
    assert mail.open_days == OpenDays("Pacific/Auckland", ("mon", "tue"), ())
    assert (paper.hours, paper.open_days) == (None, None)


def test_without_an_address_a_person_sees_to_it() -> None:
    assert task(book(customers=(replace(OAK, email=None),))).operations == ()


def test_it_waits_for_a_person_and_goes_out_once_approved() -> None:
    (action,) = make_plan([task(book())], {}, TERMS).actions
    assert (action.state, action.hold, action.why) == (
        "held",
        "person",
        "for dana to do: final demand; approve to send it",
    )
    assert len(action.operations) == 2


def test_what_nothing_here_can_send_is_done_by_hand() -> None:
    (action,) = make_plan([task(book())], {}, replace(TERMS, unsupported=lambda _: "no mail")).actions
    assert (action.state, action.operations) == ("held", ())


def test_a_step_that_need_not_wait_goes_out_by_itself() -> None:
    done = TaskDone("C-1", "escalation", "final demand", DAY, ("I-1",))
    after = DAY + timedelta(15)
    (action,) = make_plan([task(book(as_of=after, history=(done,)), after)], {}, TERMS).actions
    assert (action.decision.key, action.state) == ("escalation/I-1/agency", "planned")


def test_a_task_done_or_refused_comes_back_as_history() -> None:
    decided = task(book())
    intent = Intent(
        id=1,
        plan=1,
        approved_by=None,
        policy_version="",
        key=decided.key,
        customer="C-1",
        decision=decided,
        state="done",
        hold="",
        why="",
        decided_on=DAY,
        done_on=DAY + timedelta(2),
    )
    entry = TaskDone("C-1", "escalation", "final demand", DAY + timedelta(2), ("I-1",), key=decided.key)
    assert list(history_of(intent, None)) == [entry]
    refused = replace(intent, state="refused", done_on=None)
    assert list(history_of(refused, None)) == [replace(entry, on=DAY, outcome="refused")]


def test_a_call_that_was_made_is_a_contact_and_one_refused_is_none() -> None:
    decided = replace(task(book()), what="call", operations=())
    intent = Intent(1, 1, decided.key, "C-1", "done", "", "", None, DAY, DAY, "", decided)
    assert [type(entry) for entry in history_of(intent, None)] == [TaskDone, Contacted]
    assert [type(entry) for entry in history_of(replace(intent, state="refused"), None)] == [TaskDone]
