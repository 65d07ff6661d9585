"""A store that was lost or set back writes nothing until it has learned from the books what was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from connectors import Ref
from connectors.errors import MalformedRecordError
from rules.domain.actions import AddNote, CreateInvoice, DueLine, EmailInvoice, SendMessage
from syncd import approval
from syncd.cycle import run_pass
from syncd.letters import LetterTray
from syncd.memory.mail_log import MailLog
from syncd.recover import recover
from tests.spine.conftest import usd

LATE = date(2025, 1, 10)


def worked_book(desk, days=40):
    """A customer chased, charged and held over some weeks."""
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", LATE)
    for _ in range(days // 10):
        run_pass(desk.ledger, desk.ground)
        desk.clock.advance(timedelta(days=10))


def test_a_lost_database_stops_every_write_and_says_so(desk, database, open_desk):
    worked_book(desk)
    before = list(desk.books.done)
    database.lose()

    again = open_desk(desk.books)
    report = run_pass(again.ledger, again.ground)

    assert "not the one that sent" in report.brake
    assert "syncd recover" in report.brake
    assert desk.books.done == before


def test_a_database_set_back_to_an_older_copy_stops_every_write(desk, database, open_desk):
    worked_book(desk, days=10)
    database.keep_copy()
    worked_book(desk, days=20)
    before = list(desk.books.done)
    database.set_back()

    again = open_desk(desk.books)
    report = run_pass(again.ledger, again.ground)
    assert "set back" in report.brake
    assert desk.books.done == before


def test_the_store_that_did_the_work_is_never_suspected(desk, open_desk):
    worked_book(desk)
    again = open_desk(desk.books)
    assert again.ledger.lineage.forgotten() is None


def test_recovery_finds_what_was_done_and_nothing_is_done_twice(desk, database, open_desk):
    worked_book(desk)
    charges = [op for _, op in desk.books.done if isinstance(op, CreateInvoice)]
    assert len(charges) > 1
    mailed = sum(isinstance(op, EmailInvoice) for _, op in desk.books.done)
    database.lose()

    again = open_desk(desk.books)
    (report,) = recover(again.office)
    assert report.found["create_invoice"] == len(charges)

    approval.release(again.ledger, "dana", "auto")
    for _ in range(3):
        run_pass(again.ledger, again.ground)
    assert set(desk.books.times().values()) == {1}
    assert sum(isinstance(op, EmailInvoice) for _, op in desk.books.done) == mailed


def test_what_cannot_be_seen_while_recovering_is_for_a_person_to_say_and_keeps_nothing_from_being_recovered(
    desk, database, open_desk
):
    worked_book(desk)
    sent = list(desk.books.sent)
    database.lose()
    again = open_desk(desk.books)
    desk.books.unseen = MalformedRecordError("nothing is shown in a row: it may be it")
    (report,) = recover(again.office)
    assert any("nothing is shown in a row" in one for one in report.unknowable)
    approval.release(again.ledger, "dana", "auto")
    desk.books.unseen = None
    run_pass(again.ledger, again.ground)
    assert desk.books.sent == sent, "nothing that was unclear goes out by itself"


def test_where_the_trace_of_a_write_cannot_be_seen_it_waits_and_keeps_no_other_back(desk, database, open_desk):
    worked_book(desk)
    database.lose()
    again = open_desk(desk.books)
    recover(again.office)
    approval.release(again.ledger, "dana", "auto")
    desk.books.customer("C-2")
    desk.books.invoice("I-2", "C-2", LATE)
    desk.books.unseen = MalformedRecordError("nothing is shown in a row: it may be it")
    before = len(desk.books.sent)
    report = run_pass(again.ledger, again.ground)
    assert (report.failure, len(desk.books.sent)) == (None, before)
    assert report.drained.stale > 1
    desk.books.unseen = None
    for _ in range(2):
        run_pass(again.ledger, again.ground)
    charges = [key for key, op in desk.books.done if isinstance(op, CreateInvoice) and op.customer == "C-2"]
    assert len(charges) == 1
    assert set(desk.books.times().values()) == {1}


def test_after_recovery_the_first_plan_waits_for_a_person(desk, database, open_desk):
    worked_book(desk)
    database.lose()
    again = open_desk(desk.books)
    recover(again.office)
    desk.books.customer("C-2")
    desk.books.invoice("I-2", "C-2", LATE)
    sent = len(desk.books.sent)
    report = run_pass(again.ledger, again.ground)
    assert "look at the first plan" in report.brake
    assert len(desk.books.sent) == sent


def test_a_new_database_that_meets_charges_of_ours_writes_nothing_until_it_is_recovered(
    desk, open_desk, folder, database
):
    worked_book(desk)
    database.lose()
    (folder / "state" / "store.mark").unlink()
    again = open_desk(desk.books)
    sent = len(desk.books.sent)

    for _ in range(2):
        report = run_pass(again.ledger, again.ground)
        assert "charges of ours" in report.brake
    assert len(desk.books.sent) == sent

    recover(again.office)
    approval.release(again.ledger, "dana", "auto")
    report = run_pass(again.ledger, again.ground)
    assert report.brake is None
    assert set(desk.books.times().values()) == {1}


def test_of_invoices_written_since_a_recovery_nothing_is_looked_for_and_their_reminders_go_out(
    desk, open_desk, database
):
    worked_book(desk)
    database.lose()
    again = open_desk(desk.books)
    recover(again.office)
    approval.release(again.ledger, "dana", "auto")
    desk.clock.advance(timedelta(days=40))
    today = again.ledger.today()
    desk.books.customer("C-2")
    desk.books.invoice("I-2", "C-2", today - timedelta(days=2))
    written = desk.books.facts[Ref("invoice", "I-2")]
    desk.books.put(replace(written, issued_on=today - timedelta(days=20)))
    run_pass(again.ledger, again.ground)
    assert "reminders/I-2/level-1" in desk.books.sent


def test_a_company_that_comes_later_to_a_recovered_store_may_have_been_worked_on_elsewhere(desk, open_desk, database):
    worked_book(desk)
    database.lose()
    again = open_desk(desk.books)
    long_before = desk.clock.now() - timedelta(days=300)
    again.ledger.lineage.recovered(long_before)
    for _ in range(3):
        run_pass(again.ledger, again.ground)
    assert again.ledger.works_since > long_before.date()
    assert set(desk.books.times().values()) == {1}


def test_what_a_store_recovered_before_forgets_once_more_is_found_once_more(desk, open_desk, database):
    worked_book(desk, days=10)
    again = open_desk(desk.books)
    recover(again.office)
    approval.release(again.ledger, "dana", "auto")
    desk.books.pay("I-1")
    run_pass(again.ledger, again.ground)
    desk.clock.advance(timedelta(days=80))
    database.keep_copy()
    before = len(desk.books.done)
    desk.books.invoice("I-2", "C-1", desk.clock.now().date() - timedelta(days=10))  # written since the recovery
    run_pass(again.ledger, again.ground)
    charges = sum(isinstance(op, CreateInvoice) for _, op in desk.books.done[before:])
    assert charges
    database.set_back()

    third = open_desk(desk.books)
    (report,) = recover(third.office)
    assert report.found["create_invoice"] == charges


def test_whoever_wrote_on_a_customers_invoice_has_not_looked_at_the_customer(desk, folder):
    letters = 'levels = [{ at_days = 1, template = "friendly", channel = "letter" }]'
    (folder / "rules.d" / "10.toml").write_text(
        f'[select]\ndefault = "standard"\n[policies.standard.overdue]\n[policies.standard.reminders]\n{letters}\n'
    )
    desk.office.rulebook.reload()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", LATE)
    run_pass(desk.ledger, desk.ground)
    for held in desk.ledger.intents.actions(("held",)):
        approval.approve(desk.ledger, held, "dana")
    run_pass(desk.ledger, desk.ground)
    assert any(isinstance(op, AddNote) for _, op in desk.books.done)
    assert desk.ledger.tries.of_invoice("I-1")
    assert not desk.ledger.tries.of_customer("C-1", ["C-1"])


def test_customers_whose_ids_look_alike_are_told_apart(desk):
    for ref in ("C_1", "CA1", "c_1"):
        desk.books.customer(ref)
    desk.books.invoice("I-1", "CA1", LATE)
    run_pass(desk.ledger, desk.ground)
    tried = [ref for ref in ("C_1", "CA1", "c_1") if desk.ledger.tries.of_customer(ref, ["C_1", "CA1", "c_1"])]
    assert tried == ["CA1"]


def test_the_mail_log_knows_every_message_that_may_have_left(tmp_path):
    log = MailLog(tmp_path / "mail.log", "acme")
    log.add("reminders/I-1/level-1", "2025-03-03")
    with (tmp_path / "mail.log").open("a") as file:
        file.write('{"key": "reminders/I-2/le')
    assert log.has("reminders/I-1/level-1")
    assert not log.has("reminders/I-2/level-1")
    log.add("reminders/I-3/level-1", "2025-03-04")
    assert log.has("reminders/I-3/level-1")


def test_the_mail_log_tells_companies_with_the_same_ids_apart(tmp_path):
    MailLog(tmp_path / "mail.log", "acme").add("reminders/101/level-1", "2025-03-03")
    assert not MailLog(tmp_path / "mail.log", "kiwi").has("reminders/101/level-1")


def test_a_letter_to_a_customer_of_any_name_is_written_inside_its_folder(tmp_path):
    tray = LetterTray(tmp_path / "letters", None)
    for ref in ("../../etc/passwd", "Zoë\x00 ]", "x" * 300):
        line = DueLine("I-1", "1001", date(2025, 1, 1), date(2025, 2, 1), 30, usd("1.00"), usd("1.00"))
        letter = SendMessage(ref, "", "Oak", "final", 1, "letter", (line,), date(2025, 3, 3))
        path = Path(tray.write(letter, f"reminders/{ref}/level-1").remote_id)
        assert path.parent == tmp_path / "letters"
        assert path.stat().st_mode & 0o777 == 0o600
