"""What a provider refused for good is for a person: to mend and have it tried again, or to let it be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connectors.errors import OutcomeUnknown, Rejected
from rules.domain.actions import EmailInvoice
from rules.domain.facts import Customer
from syncd import approval
from syncd.cycle import run_pass
from syncd.errors import Usage

REMINDER = "reminders/I-1/level-1"


@pytest.fixture
def refused(desk):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    desk.books.fail_writes = Rejected("2210", "no such address")
    run_pass(desk.ledger, desk.ground)
    desk.books.fail_writes = None
    assert desk.states()[REMINDER] == "rejected"
    return desk


def named(desk, word):
    ((_, intent),) = approval.find_actions([desk.ledger], [word])
    return intent


def test_what_was_refused_is_not_repeated_by_itself(refused):
    refused.clock.advance(timedelta(days=1))
    run_pass(refused.ledger, refused.ground)
    assert refused.books.sent.count(REMINDER) == 1


def test_a_person_who_mended_the_cause_has_it_decided_again_with_the_facts_of_now(refused):
    refused.books.put(Customer("C-1", "Customer C-1", email="new@example.test"))
    approval.approve(refused.ledger, named(refused, REMINDER), "dana")
    run_pass(refused.ledger, refused.ground)

    mails = [operation.to for _, operation in refused.books.done if isinstance(operation, EmailInvoice)]
    assert mails[:1] == ["new@example.test"]
    assert refused.states()[REMINDER] == "done"


def test_a_person_may_let_it_be_and_the_ladder_goes_on(refused):
    approval.reject(refused.ledger, named(refused, REMINDER), "dana", "no address to be had")
    for _ in range(13):
        refused.clock.advance(timedelta(days=1))
        run_pass(refused.ledger, refused.ground)
    assert "reminders/I-1/level-2" in refused.states()
    (second,) = [
        one for one in refused.ledger.intents.actions(("done",)) if one.decision.key == "reminders/I-1/level-2"
    ]
    assert "level 1 refused by a person on 2025-03-03, nothing sent" in second.decision.reason


def chase(desk, customers):
    for number in range(customers):
        desk.books.customer(f"C-{number}")
        desk.books.invoice(f"I-{number}", f"C-{number}", date(2025, 3, 1))


def test_a_clear_no_between_unclear_answers_shows_that_somebody_is_there(desk):
    chase(desk, 6)
    desk.books.on_write = lambda number: Rejected("2210", "no") if number % 3 == 0 else OutcomeUnknown("silence")
    report = run_pass(desk.ledger, desk.ground)
    assert (report.drained.unclear, report.drained.rejected) == (8, 4)


def test_a_mail_server_out_of_order_is_known_by_its_own_answers_and_not_by_the_books(desk, folder):
    file = folder / "rules.d" / "10.toml"
    file.write_text(file.read_text().replace(', channel = "provider"', ""))
    desk.office.rulebook.reload()
    desk.ledger.mailer = Silence()
    chase(desk, 6)
    report = run_pass(desk.ledger, desk.ground)
    assert report.drained.unclear == 1
    assert "no other was tried" in report.drained.mail_down
    assert report.drained.confirmed["create_invoice"] == 6


class Silence:
    """A mail server that takes a message and says nothing to it."""

    def write(self, operation, key):
        raise OutcomeUnknown("silence")

    def unsupported(self, operation):
        return None

    def texts(self):
        return ()


@pytest.fixture
def unclear(desk):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    desk.books.lose = ["before"]
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "unknown"
    return desk


def test_an_approval_says_nothing_of_what_became_of_an_unclear_message(unclear):
    answered = approval.approve(unclear.ledger, named(unclear, REMINDER), "dana")
    assert "syncd resolve NO. --done|--not-done" in answered.outcome
    run_pass(unclear.ledger, unclear.ground)
    assert (unclear.states()[REMINDER], unclear.books.sent.count(REMINDER)) == ("unknown", 1)


@pytest.mark.parametrize(("was_done", "sent"), [(True, 1), (False, 2)])
def test_a_person_who_looked_says_what_became_of_an_unclear_message(unclear, was_done, sent):
    intent = named(unclear, REMINDER)
    approval.resolve(unclear.ledger, intent, was_done=was_done, who="dana", why="their mailbox says so")
    run_pass(unclear.ledger, unclear.ground)
    assert unclear.states()[REMINDER] == "done"
    assert unclear.books.sent.count(REMINDER) == sent


def test_an_unclear_message_that_is_rejected_is_over(unclear):
    approval.reject(unclear.ledger, named(unclear, REMINDER), "dana", "never mind")
    run_pass(unclear.ledger, unclear.ground)
    assert unclear.states()[REMINDER] == "refused"
    assert unclear.ledger.intents.unclear() == []


def test_a_plan_does_not_name_what_was_refused(refused):
    plan = named(refused, REMINDER).plan
    with pytest.raises(Usage):
        approval.find_actions([refused.ledger], [f"P{plan}"])
