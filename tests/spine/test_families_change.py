"""Customers merge, move to another parent, invoices are given to another customer: nothing is said or charged twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from connectors import Gone, Ref
from connectors.errors import Unprovable
from rules.domain.actions import CreateInvoice, EmailInvoice
from rules.domain.facts import Application, Payment, Promise
from syncd import approval
from syncd.attempt import attempt_pass
from syncd.cycle import run_pass
from tests.spine.conftest import usd

REMINDER = "reminders/I-1/level-1"


def overdue_book(desk, due_on=date(2025, 3, 1)):
    desk.books.customer("C-1")
    desk.books.customer("C-2")
    desk.books.invoice("I-1", "C-1", due_on)


def change(desk, ref, **values):
    desk.books.put(replace(desk.books.facts[ref], **values))


def later(desk, days):
    for _ in range(days):
        desk.clock.advance(timedelta(days=1))
        run_pass(desk.ledger, desk.ground)


def test_a_customer_that_moves_to_another_parent_is_not_reminded_or_charged_again(desk):
    desk.books.customer("P-1")
    desk.books.customer("P-2")
    desk.books.customer("C-1", parent="P-1")
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)

    change(desk, Ref("customer", "C-1"), parent="P-2")
    later(desk, 3)

    assert desk.books.sent.count(REMINDER) == 1
    assert set(desk.books.times().values()) == {1}


def test_the_ladder_goes_on_where_it_was_under_another_parent(desk):
    desk.books.customer("P-1")
    desk.books.customer("P-2")
    desk.books.customer("C-1", parent="P-1")
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)

    change(desk, Ref("customer", "C-1"), parent="P-2")
    later(desk, 13)

    mails = [key for key, operation in desk.books.done if _about(operation, "I-1")]
    assert mails == [REMINDER, "reminders/I-1/level-2"]


def test_an_invoice_given_to_another_customer_keeps_its_past(desk):
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    charged = [operation for _, operation in desk.books.done if isinstance(operation, CreateInvoice)]

    change(desk, Ref("invoice", "I-1"), customer="C-2")
    later(desk, 13)

    mails = [key for key, operation in desk.books.done if _about(operation, "I-1")]
    assert mails == [REMINDER, "reminders/I-1/level-2"]
    assert len(charged) == 1
    assert set(desk.books.times().values()) == {1}
    days = sum(action.decision.days for action in desk.ledger.intents.of_kind("finance_charge"))
    assert days == 15


def test_a_charge_of_unknown_outcome_is_not_made_again_for_the_customer_its_own_was_merged_into(desk):
    overdue_book(desk, due_on=date(2025, 2, 1))
    desk.books.lose = ["after"] * 3
    assert attempt_pass(desk.ledger, desk.ground).drained.unclear == 3
    desk.books.was_applied = unprovable

    change(desk, Ref("invoice", "I-1"), customer="C-2")
    desk.books.changed.append(Gone(Ref("customer", "C-1"), merged_into="C-2"))
    del desk.books.facts[Ref("customer", "C-1")]
    later(desk, 2)

    assert [key for key, count in desk.books.times().items() if count > 1] == []


def test_what_was_approved_for_a_customer_that_was_merged_away_is_decided_again_for_the_survivor(desk):
    review = replace(desk.ground, mode="review")
    overdue_book(desk, due_on=date(2025, 2, 1))
    run_pass(desk.ledger, review)
    for intent in desk.ledger.intents.actions(("held",)):
        approval.approve(desk.ledger, intent, "dana")

    change(desk, Ref("invoice", "I-1"), customer="C-2")
    desk.books.changed.append(Gone(Ref("customer", "C-1"), merged_into="C-2"))
    del desk.books.facts[Ref("customer", "C-1")]
    run_pass(desk.ledger, review)
    assert desk.books.done == []
    waiting = desk.ledger.intents.actions(("held",))
    assert {operation.customer for intent in waiting for operation in intent.decision.operations} == {"C-2"}


def test_what_another_customer_paid_counts_from_its_day(desk):
    overdue_book(desk, due_on=date(2025, 2, 1))
    desk.books.pay("I-1", "90.00")
    paid = (Application("I-1", usd("90.00")),)
    desk.books.put(Payment("P-1", "C-2", date(2025, 2, 21), usd("90.00"), paid))
    run_pass(desk.ledger, desk.ground)

    (charge,) = desk.ledger.intents.of_kind("finance_charge")
    assert "on 100.00 for 20 days and 10.00 for 10 days" in charge.decision.reason


def test_what_people_recorded_of_an_invoice_goes_with_it(desk):
    overdue_book(desk)
    desk.books.invoice("I-2", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)
    for number, invoices in enumerate([("I-1",), ("I-1", "I-2")]):
        promise = Promise(f"PR-{number}", "C-1", invoices, date(2025, 3, 3), date(2025, 4, 1), usd("50.00"))
        desk.ledger.desk.put(promise, ref=promise.ref, customer="C-1", who="dana", now=desk.clock.now())

    change(desk, Ref("invoice", "I-1"), customer="C-2")
    later(desk, 1)
    assert promises_of(desk, "C-2") == ["PR-0"]

    change(desk, Ref("invoice", "I-2"), customer="C-2")
    later(desk, 1)
    assert promises_of(desk, "C-2") == ["PR-0", "PR-1"]


def promises_of(desk, head):
    (account,) = desk.ledger.accounts([head])
    return [promise.ref for promise in account.promises]


def unprovable(operation, key, since):
    raise Unprovable("nobody knows")


def _about(operation, invoice):
    return isinstance(operation, EmailInvoice) and operation.invoice == invoice
