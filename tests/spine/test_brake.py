"""A brake holds everything that has not left yet, also what was planned or approved before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from syncd import approval
from syncd.cycle import run_pass

REMINDER = "reminders/I-1/level-1"


def test_a_brake_holds_what_was_approved_before_it(desk):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    review = replace(desk.ground, mode="review")
    run_pass(desk.ledger, review)
    for intent in desk.ledger.intents.actions(("held",)):
        approval.approve(desk.ledger, intent, "dana")
    desk.ledger.connections.brake("half of the book is gone", desk.clock.now())

    run_pass(desk.ledger, review)
    assert desk.books.sent == []

    approval.release(desk.ledger, "dana", "review")
    run_pass(desk.ledger, review)
    assert REMINDER in desk.books.sent


def test_a_brake_holds_what_waited_to_go_out_in_accounts_that_nothing_happened_in(desk):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, replace(desk.ground, go_on=lambda: False))
    assert desk.states()[REMINDER] == "planned"
    desk.ledger.connections.brake("half of the book is gone", desk.clock.now())

    report = run_pass(desk.ledger, desk.ground)
    assert report.brake
    assert desk.books.sent == []
