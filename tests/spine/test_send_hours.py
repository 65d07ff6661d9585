"""When messages go out: by the clock of who is written to, and by the window in force when they do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncd.cycle import run_pass
from syncd.people import timezones
from syncd.people.clerk import Clerk
from syncd.preview import preview
from syncd.store import journal

REMINDER = "reminders/I-1/level-1"
RULES = """
[select]
default = "standard"
[policies.standard.reminders]
levels = [{ at_days = 1, template = "friendly", channel = "provider" }]
"""
OFFICE_HOURS = 'from = "08:00", to = "18:00"'
WEEKDAYS = 'days = ["mon", "tue", "wed", "thu", "fri"]'


@pytest.fixture
def under(folder, open_desk):
    """Opens the office, with the books of before if there are any, under a send window."""

    def opened(window, books=None):
        line = f"send_window = {{ {window} }}\n" if window else ""
        (folder / "rules.d" / "10.toml").write_text(RULES + line)
        return open_desk(books)

    return opened


def owing(desk, **customer):
    desk.books.customer("C-1", **customer)
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    return desk


def pass_in_review(desk, **later):
    desk.clock.advance(timedelta(**later))
    return run_pass(desk.ledger, replace(desk.ground, mode="review"))


def approved(desk):
    """The reminder is approved, and waits for its hours."""
    pass_in_review(desk)
    (waiting,) = desk.ledger.intents.actions(("held",))
    desk.ledger.intents.approve(waiting, "dana", desk.clock.now())
    pass_in_review(desk)
    assert desk.states()[REMINDER] == "planned"
    return desk


def events(desk):
    return [entry.event for entry in journal.read(desk.ledger.store, "acme", key=REMINDER)]


def test_a_message_goes_out_in_the_hours_of_the_customer_s_own_time_zone(under):
    desk = owing(under(f"{WEEKDAYS}, {OFFICE_HOURS}"), country="NZ")
    run_pass(desk.ledger, desk.ground)  # Monday, nine in the morning in New York: three at night in Auckland
    assert desk.states()[REMINDER] == "planned"
    (shown,) = (row for row in preview(desk.ledger, desk.ground).document["decisions"] if row["kind"] == "reminder")
    assert shown["status_reason"] == "goes out between 08:00 and 18:00 in Pacific/Auckland"
    desk.clock.advance(timedelta(hours=5))  # eight in the morning of Tuesday in Auckland
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "done"


def test_a_day_that_begins_open_over_there_and_is_over_by_now_waits_for_the_next(under):
    desk = owing(under(f'{WEEKDAYS}, from = "00:00", to = "24:00"'), country="NZ")
    desk.clock.advance(timedelta(days=4))  # Friday, nine in New York: Saturday, three at night in Auckland
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "planned"
    desk.clock.advance(timedelta(days=2, hours=6))  # Sunday, three in the afternoon: Monday in Auckland
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "done"


def test_what_a_person_says_of_the_time_zone_counts(under):
    desk = owing(under(f"{WEEKDAYS}, {OFFICE_HOURS}"), country="NZ")
    run_pass(desk.ledger, desk.ground)
    timezones.add(Clerk([desk.ledger], desk.office.policies, "dana"), "C-1", "America/Chicago")
    run_pass(desk.ledger, desk.ground)  # eight in the morning in Chicago
    assert desk.states()[REMINDER] == "done"


@pytest.mark.parametrize("window", [OFFICE_HOURS, ""])
def test_a_changed_window_reaches_a_reminder_that_was_approved_and_not_sent_yet(under, window):
    desk = approved(owing(under('from = "20:00", to = "22:00"')))
    desk = under(window, desk.books)
    pass_in_review(desk)
    assert desk.states()[REMINDER] == "done"
    assert events(desk).count("action.retimed") == 1


def test_a_narrower_window_keeps_back_what_was_approved_under_a_wider_one(under):
    desk = approved(owing(under('from = "20:00", to = "22:00"')))
    desk = under('from = "20:00", to = "20:30"', desk.books)
    pass_in_review(desk, hours=12)  # nine in the evening
    assert desk.states()[REMINDER] == "planned"


def test_a_day_that_the_new_window_closes_keeps_back_what_was_approved_under_the_old_one(under):
    desk = owing(under('from = "20:00", to = "22:00"'))
    desk.clock.advance(timedelta(days=5))  # Saturday, open under the window of then
    approved(desk)
    desk = under(f'{WEEKDAYS}, from = "20:00", to = "22:00"', desk.books)
    pass_in_review(desk, hours=11)  # eight in the evening
    assert desk.states()[REMINDER] == "planned"
    assert events(desk).count("action.retimed") == 1
    pass_in_review(desk, days=2)  # Monday, with summer time nine
    assert desk.states()[REMINDER] == "done"


def test_what_nobody_approved_is_planned_anew_after_a_closed_day(under):
    desk = owing(under(f'{WEEKDAYS}, from = "20:00", to = "22:00"'))
    desk.clock.advance(timedelta(days=4))  # Friday
    pass_in_review(desk)
    assert desk.states()[REMINDER] == "held"
    pass_in_review(desk, days=1)
    assert desk.states()[REMINDER] == "stale"
    pass_in_review(desk, days=2)
    assert desk.states()[REMINDER] == "held"


def test_a_window_that_stays_is_not_written_down_again(under):
    desk = approved(owing(under('from = "20:00", to = "22:00"')))
    pass_in_review(desk, days=1)
    assert "action.retimed" not in events(desk)


def test_an_approved_reminder_waits_over_closed_days_and_keeps_its_approval(under):
    desk = owing(under(f'{WEEKDAYS}, from = "08:00", to = "08:30"'))
    desk.clock.advance(timedelta(days=4))  # Friday
    approved(desk)
    desk.clock.advance(timedelta(minutes=-45, days=1))  # a quarter past eight on Saturday, then on Sunday
    pass_in_review(desk)
    pass_in_review(desk, hours=23)  # the clocks were put on
    assert desk.states()[REMINDER] == "planned"
    pass_in_review(desk, days=1)
    assert desk.states()[REMINDER] == "done"
