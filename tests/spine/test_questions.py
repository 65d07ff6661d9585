"""What nobody knows the end of stays a question, pass after pass, until somebody has answered it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from connectors import Page, Receipt, Unreadable
from connectors.errors import MalformedRecordError, Unprovable
from syncd.cli.status import _status, _to_do
from syncd.cycle import run_pass
from syncd.store.intents import Intents


def test_mail_without_a_clear_answer_is_asked_about_until_somebody_answers(open_desk):
    desk = open_desk()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    desk.books.lose = ["before"]
    assert run_pass(desk.ledger, desk.ground).needs_person
    run_pass(desk.ledger, desk.ground)
    later = run_pass(desk.ledger, desk.ground)
    assert (later.drained.unclear, later.unclear, later.needs_person) == (0, 1, True)
    row = _status(desk.ledger, desk.config)
    assert row["needs_person"]
    assert [(one["key"], one["state"]) for one in row["questions"]] == [("reminders/I-1/level-1", "unknown")]
    [line, remedy] = _to_do(row)
    assert "`syncd resolve NO. --done --why TEXT`, or `--not-done`" in remedy
    assert line.endswith(
        "unclear: Customer C-1, reminder, level 1, invoice NI-1: the provider keeps no record of its mail"
    )


def test_what_waits_is_counted_anew_once_another_office_has_spoken(open_desk):
    desk = open_desk(mode="review")
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    assert run_pass(desk.ledger, desk.ground).held == 2
    elsewhere = Intents(desk.office.store, desk.ledger.name)
    intent, _ = elsewhere.actions()
    elsewhere.refuse(intent, "dana", "paid in cash", desk.clock.now(), desk.ledger.today())
    assert run_pass(desk.ledger, desk.ground).held == 1


def test_status_names_each_record_that_cannot_be_read(desk):
    run_pass(desk.ledger, desk.ground)
    hidden = Unreadable.in_row("invoice", 2, "nothing is shown in this row")
    desk.ledger.mirror.apply(Page(desk.ledger.connections.standing().cursor or "", (hidden,)), desk.ledger.clock.now())
    row = _status(desk.ledger, desk.config)
    assert (row["quarantined"], len(row["unreadable"])) == (1, 1)
    [line] = [line for line in _to_do(row) if "cannot be read" in line]
    assert line.endswith(": invoice row 2 cannot be read and is left out: nothing is shown in this row")


def test_a_write_that_finds_what_nothing_proves_is_asked_about_and_stops_no_other(desk):
    for number in (1, 2):
        desk.books.customer(f"C-{number}")
        desk.books.invoice(f"I-{number}", f"C-{number}", date(2025, 2, 20))
    desk.books.on_write = lambda place: Unprovable("two documents carry it") if place == 1 else None
    report = run_pass(desk.ledger, desk.ground)
    assert (report.drained.unclear, sum(report.drained.confirmed.values())) == (1, 3)
    [unclear] = desk.ledger.intents.actions(("unknown",))
    assert unclear.why == "two documents carry it"


def test_what_could_not_be_seen_is_looked_for_with_each_pass_and_says_why(desk):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    desk.books.lose = ["", "after"]  # the reminder's answer comes, the charge's does not
    run_pass(desk.ledger, desk.ground)
    desk.books.unseen = MalformedRecordError("nothing is shown in a row: it may be it")
    run_pass(desk.ledger, desk.ground)
    whys = [one.why for one in desk.ledger.intents.actions(("unknown",))]
    assert whys == ["nothing is shown in a row: it may be it"]
    desk.books.unseen = None
    run_pass(desk.ledger, desk.ground)
    assert desk.ledger.intents.actions(("unknown",)) == []


def chase_by_mail(desk, folder):
    file = folder / "rules.d" / "10.toml"
    file.write_text(file.read_text().replace(', channel = "provider"', ""))
    desk.office.rulebook.reload()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))


def test_mail_that_waited_for_a_mail_server_goes_out_with_the_next_pass_once_there_is_one(desk, folder):
    chase_by_mail(desk, folder)
    run_pass(desk.ledger, desk.ground)
    assert list(_status(desk.ledger, desk.config)["unable"].values()) == [1]
    desk.ledger.mailer = Taker("friendly")
    assert run_pass(desk.ledger, desk.ground).drained.confirmed["send_message"] == 1
    assert _status(desk.ledger, desk.config)["unable"] == {}


def test_mail_that_waited_for_its_text_goes_out_with_the_next_pass_once_it_is_written(desk, folder):
    chase_by_mail(desk, folder)
    desk.ledger.mailer = Taker()
    run_pass(desk.ledger, desk.ground)
    assert _status(desk.ledger, desk.config)["unable"] == {'there is no text called "friendly"': 1}
    desk.ledger.mailer = Taker("friendly")
    assert run_pass(desk.ledger, desk.ground).drained.confirmed["send_message"] == 1


def test_what_waited_for_approval_goes_with_the_next_pass_once_plans_go_by_themselves(desk):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    assert run_pass(desk.ledger, replace(desk.ground, mode="review")).held == 2
    went = run_pass(desk.ledger, desk.ground)
    assert (went.held, sum(went.drained.confirmed.values())) == (0, 2)
    run_pass(desk.ledger, desk.ground)  # our own charge came back
    assert run_pass(desk.ledger, desk.ground).accounts == 0, "and nobody is looked at once more for it"


class Taker:
    """A mail server that takes every message it has a text for."""

    def __init__(self, *texts):
        self._texts = texts

    def write(self, operation, key):
        return Receipt("taken")

    def texts(self):
        return self._texts

    def unsupported(self, operation):
        return None if operation.template in self._texts else f'there is no text called "{operation.template}"'
