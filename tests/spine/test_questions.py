"""What nobody knows the end of stays a question, pass after pass, until somebody has answered it."""

from __future__ import annotations

from datetime import date

from syncd.cli.reports import _status, _to_do
from syncd.cycle import run_pass


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
    assert line.endswith("unclear: reminders/I-1/level-1: the provider keeps no record of its mail")
