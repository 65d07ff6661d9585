"""One pass, from pull to write-back, over books in memory and a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors import Receipt, Ref, Unreadable
from connectors.errors import Conflict, ConsentNeeded, Rejected, Throttled, Unavailable
from rules.domain.actions import CreateInvoice, EmailInvoice, SendMessage, SetStopSell
from rules.domain.facts import Invoice
from syncd import approval
from syncd.attempt import attempt_pass
from syncd.cycle import due_accounts, may_write, plan_accounts, run_pass
from syncd.pass_report import Ground, PassReport
from syncd.store import journal

REMINDER = "reminders/I-1/level-1"


def overdue_book(desk, due_on=date(2025, 3, 1)):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", due_on)


def next_day(desk, days=1):
    desk.clock.advance(timedelta(days=days))


def test_an_overdue_invoice_is_reminded_and_charged_once_and_the_next_pass_of_the_day_does_nothing(desk):
    overdue_book(desk)

    first = run_pass(desk.ledger, desk.ground)
    again = run_pass(desk.ledger, desk.ground)

    assert desk.books.times()[REMINDER] == 1
    assert first.drained.confirmed["email_invoice"] == 1
    assert again.drained.confirmed == {}
    assert set(desk.books.times().values()) == {1}


def test_a_pass_evaluates_only_what_changed_after_the_first_of_a_local_day(desk):
    overdue_book(desk)
    desk.books.customer("C-2")
    desk.books.invoice("I-2", "C-2", date(2025, 4, 1))
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)  # takes in what the first wrote

    assert due_accounts(desk.ledger, desk.ground, desk.ledger.today()) == []

    desk.books.pay("I-2")
    report = run_pass(desk.ledger, desk.ground)
    assert report.accounts == 1

    next_day(desk)
    assert due_accounts(desk.ledger, desk.ground, desk.ledger.today()) == ["C-1"]


def test_a_day_that_begins_while_a_pass_plans_is_still_looked_at_for_everybody(desk):
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)  # takes in what the first wrote

    evening = desk.ledger.today()
    changed = due_accounts(desk.ledger, desk.ground, evening)
    next_day(desk)
    plan_accounts(desk.ledger, desk.ground, changed, PassReport(desk.ledger.name), evening)

    assert changed == []
    assert due_accounts(desk.ledger, desk.ground, desk.ledger.today()) == ["C-1"]


def test_nobody_who_paid_since_the_pull_gets_a_reminder(desk):
    overdue_book(desk)

    def paid_meanwhile(_ref: Ref) -> None:
        desk.books.on_fetch = None
        desk.books.pay("I-1")

    desk.books.on_fetch = paid_meanwhile
    report = run_pass(desk.ledger, desk.ground)

    assert report.drained.stale >= 1
    assert not any(isinstance(operation, EmailInvoice) for _, operation in desk.books.done)
    assert desk.states()[REMINDER] == "stale"


def test_a_stale_action_is_decided_again_and_goes_out_when_it_still_holds(desk):
    overdue_book(desk)

    def part_paid_meanwhile(_ref: Ref) -> None:
        desk.books.on_fetch = None
        desk.books.pay("I-1", "40.00")

    desk.books.on_fetch = part_paid_meanwhile
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)

    sent = [operation for key, operation in desk.books.done if key == REMINDER]
    assert [str(operation.balance) for operation in sent] == ["60.00 USD"]


def test_a_lost_answer_is_settled_by_what_the_books_show_and_never_repeated(desk):
    overdue_book(desk, due_on=date(2025, 1, 10))
    desk.books.lose = ["after"] * 10
    assert "answers in a row were unclear" in attempt_pass(desk.ledger, desk.ground).failure

    desk.books.lose = []
    run_pass(desk.ledger, desk.ground)

    assert set(desk.books.times().values()) == {1}
    charges = [operation for _, operation in desk.books.done if isinstance(operation, CreateInvoice)]
    assert len(charges) == 1


def test_no_flag_is_raised_or_lifted_on_what_cannot_be_read_whole(desk):
    def flags():
        return [operation.on for _, operation in desk.books.done if isinstance(operation, SetStopSell)]

    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 1, 10))
    damaged = (Unreadable.in_row("invoice", 1, "nothing is shown in this row"),)
    for flag in (True, False):
        before, desk.books.hidden = flags(), damaged
        run_pass(desk.ledger, desk.ground)
        assert flags() == before
        [waiting] = desk.ledger.intents.actions(("stale",))
        assert waiting.why == "invoice row 1 of what is open cannot be read: nothing is shown in this row"
        desk.books.hidden = ()
        run_pass(desk.ledger, desk.ground)
        assert flags() == [*before, flag], "and with the next pass it is asked again"
        desk.books.pay("I-1")
        for ref, fact in list(desk.books.facts.items()):
            if isinstance(fact, Invoice) and fact.is_ours:
                desk.books.pay(ref.id)


def test_a_write_proven_absent_is_sent_again_under_the_same_key(desk):
    overdue_book(desk, due_on=date(2025, 1, 10))
    desk.books.lose = ["before"] * 10
    assert "answers in a row were unclear" in attempt_pass(desk.ledger, desk.ground).failure
    assert desk.books.done == []

    desk.books.lose = []
    report = run_pass(desk.ledger, desk.ground)

    assert report.settled.absent >= 1
    stop_sell = [key for key, operation in desk.books.done if isinstance(operation, SetStopSell)]
    assert len(stop_sell) == 1
    assert desk.books.sent.count(stop_sell[0]) == 2


def test_mail_whose_answer_was_lost_counts_as_sent_and_is_shown_as_unclear(desk):
    overdue_book(desk)
    desk.books.lose = ["after"]
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)
    next_day(desk)
    run_pass(desk.ledger, desk.ground)

    assert desk.books.sent.count(REMINDER) == 1
    assert desk.states()[REMINDER] == "unknown"


def test_a_crash_between_sending_and_the_answer_leaves_a_state_that_settles_itself(desk, open_desk):
    overdue_book(desk, due_on=date(2025, 1, 10))
    desk.books.fail_writes = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run_pass(desk.ledger, desk.ground)
    assert "sending" in desk.states().values()

    desk.books.fail_writes = None
    restarted = open_desk(desk.books)
    run_pass(restarted.ledger, restarted.ground)
    run_pass(restarted.ledger, restarted.ground)

    assert set(desk.books.times().values()) == {1}
    assert set(restarted.states().values()) <= {"done", "unknown"}


def test_the_books_say_no_for_good_and_a_person_is_shown(desk):
    overdue_book(desk)
    desk.books.fail_writes = Rejected("6000", "closed period")
    report = run_pass(desk.ledger, desk.ground)
    desk.books.fail_writes = None
    run_pass(desk.ledger, desk.ground)

    assert report.needs_person
    assert desk.states()[REMINDER] == "rejected"
    assert desk.books.sent.count(REMINDER) == 1


def test_a_version_conflict_plans_again_with_the_next_pass(desk):
    overdue_book(desk)
    desk.books.fail_writes = Conflict("the record moved")
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "stale"

    desk.books.fail_writes = None
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "done"


def test_a_hold_raises_the_flag_and_the_payment_lowers_it(desk):
    overdue_book(desk, due_on=date(2025, 1, 10))
    run_pass(desk.ledger, desk.ground)
    assert desk.books.facts[Ref("customer", "C-1")].stop_sell is True

    desk.books.pay("I-1")
    for ref in [ref for ref in desk.books.facts if ref.id.startswith("R-")]:
        desk.books.pay(ref.id)
    run_pass(desk.ledger, desk.ground)
    assert desk.books.facts[Ref("customer", "C-1")].stop_sell is False


def test_nobody_who_paid_since_the_pull_is_held(desk):
    overdue_book(desk, date(2025, 1, 10))
    run_pass(desk.ledger, desk.ground)
    assert desk.books.facts[Ref("customer", "C-1")].stop_sell is True
    desk.books.customer("C-2")
    desk.books.invoice("I-2", "C-2", date(2025, 1, 10))

    def paid_meanwhile(ref: Ref) -> None:
        if ref == Ref("customer", "C-2"):
            desk.books.on_fetch = None
            desk.books.pay("I-2")

    desk.books.on_fetch = paid_meanwhile
    report = run_pass(desk.ledger, desk.ground)
    assert report.drained.stale >= 1
    assert desk.states()["credit_hold/C-2/hold/1"] == "stale"
    assert desk.books.facts[Ref("customer", "C-2")].stop_sell is not True
    assert run_pass(desk.ledger, desk.ground).planned == 0


def test_in_review_mode_nothing_leaves_before_a_person_approves(open_desk):
    desk = open_desk(mode="review")
    overdue_book(desk)
    report = run_pass(desk.ledger, desk.ground)
    assert desk.books.sent == []
    assert report.held == len(desk.states())

    for ledger, intent in approval.find_actions([desk.ledger], [REMINDER]):
        approval.approve(ledger, intent, "dana")
    run_pass(desk.ledger, desk.ground)
    assert desk.books.times() == {REMINDER: 1}


def test_a_refused_occurrence_never_comes_back_and_the_ladder_goes_on(open_desk):
    desk = open_desk(mode="review")
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    for ledger, intent in approval.find_actions([desk.ledger], [REMINDER]):
        approval.reject(ledger, intent, "dana", "spoke with them")
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "refused"

    next_day(desk, 20)
    run_pass(desk.ledger, desk.ground)
    assert desk.states()["reminders/I-1/level-2"] == "held"


def test_what_waits_is_withdrawn_when_the_facts_no_longer_call_for_it(open_desk):
    desk = open_desk(mode="review")
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    desk.books.pay("I-1")
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "stale"
    assert desk.ledger.intents.actions(("held",)) == []


def test_too_many_actions_at_once_hold_the_plan_until_a_person_releases_it(open_desk):
    desk = open_desk()
    limits = replace(desk.config.limits, max_actions_per_cycle=1)
    ground = Ground(desk.office.policies, limits, "auto")
    for number in range(3):
        desk.books.customer(f"C-{number}")
        desk.books.invoice(f"I-{number}", f"C-{number}", date(2025, 3, 1))

    report = run_pass(desk.ledger, ground)
    assert "max_actions_per_cycle" in report.brake
    assert desk.books.sent == []

    assert approval.release(desk.ledger, "dana", "auto")
    run_pass(desk.ledger, ground)
    assert len(desk.books.done) >= 3
    assert set(desk.books.times().values()) == {1}


def test_too_much_money_in_charges_holds_the_plan(desk):
    limits = replace(desk.config.limits, max_charges_per_cycle=Decimal("0.50"))
    overdue_book(desk, due_on=date(2024, 3, 1))
    report = run_pass(desk.ledger, Ground(desk.office.policies, limits, "auto"))
    assert "max_charges_per_cycle" in report.brake
    assert desk.books.sent == []


def test_many_invoices_gone_in_one_pull_hold_every_plan(desk):
    for number in range(4):
        desk.books.customer(f"C-{number}")
        desk.books.invoice(f"I-{number}", f"C-{number}", date(2025, 4, 1))
    run_pass(desk.ledger, desk.ground)
    for number in range(2):
        desk.books.remove(f"I-{number}")
    desk.books.invoice("I-9", "C-3", date(2025, 3, 1))

    report = run_pass(desk.ledger, desk.ground)
    assert "gone in one pull" in report.brake
    assert desk.books.sent == []


def test_nothing_goes_out_on_an_old_copy_of_the_books(desk):
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    desk.clock.advance(timedelta(seconds=desk.config.limits.max_pull_age_s + 1))
    assert not may_write(desk.ledger, desk.config.limits)


@pytest.mark.parametrize(
    ("error", "exit_code", "parked"),
    [
        (ConsentNeeded("the consent is gone"), 77, True),
        (Throttled("day limit", 40_000.0, "day"), 75, True),
        (Unavailable("no answer"), 69, False),
    ],
)
def test_a_failing_provider_is_a_sentence_and_an_exit_code_and_parks_what_must_rest(desk, error, exit_code, parked):
    desk.books.fail_reads = error
    report = attempt_pass(desk.ledger, desk.ground)
    assert report.exit_code == exit_code
    assert str(error) in report.failure
    standing = desk.ledger.connections.standing()
    assert (standing.is_parked(desk.clock.now()), str(error) in standing.parked_why) == (parked, True)
    desk.books.fail_reads = None
    attempt_pass(desk.ledger, desk.ground)
    assert desk.ledger.connections.standing().parked_why is None


def test_a_busy_provider_leaves_what_waits_planned_and_the_next_pass_sends_it(desk):
    overdue_book(desk)
    desk.books.fail_writes = Unavailable("refused")
    report = attempt_pass(desk.ledger, desk.ground)
    assert report.failure
    assert desk.states()[REMINDER] == "planned"

    desk.books.fail_writes = None
    attempt_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "done"


def test_every_call_is_counted_by_day_and_purpose(desk):
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    assert desk.ledger.connections.calls_by_day() == {date(2025, 3, 3): {"read": 1}}


def test_the_journal_tells_the_whole_way_of_an_action(desk):
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    events = [entry.event for entry in journal.read(desk.ledger.store, "acme", key=REMINDER)]
    assert events == ["action.planned", "operation.sent", "operation.confirmed"]


def test_a_message_outside_its_hours_waits_planned_and_goes_out_within_them(desk, folder, open_desk):
    rules = (folder / "rules.d" / "10.toml").read_text()
    window = '[policies.standard.reminders]\nsend_window = { from = "08:00", to = "09:30" }'
    (folder / "rules.d" / "10.toml").write_text(rules.replace("[policies.standard.reminders]", window))
    desk = open_desk(desk.books)
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)  # nine in the morning in New York
    assert desk.states()[REMINDER] == "done"

    desk.books.customer("C-2")
    desk.books.invoice("I-2", "C-2", date(2025, 3, 1))
    desk.clock.advance(timedelta(hours=1))
    run_pass(desk.ledger, desk.ground)
    assert desk.states()["reminders/I-2/level-1"] == "planned"

    desk.clock.advance(timedelta(hours=23))
    run_pass(desk.ledger, desk.ground)
    assert desk.states()["reminders/I-2/level-1"] == "done"


def test_every_invoice_the_provider_mails_is_looked_at_again_first(desk):
    overdue_book(desk)
    desk.books.invoice("I-2", "C-1", date(2025, 2, 28))

    def paid_meanwhile(ref: Ref) -> None:
        if ref.id == "I-2":
            desk.books.on_fetch = None
            desk.books.pay("I-1")

    desk.books.on_fetch = paid_meanwhile
    run_pass(desk.ledger, desk.ground)

    mailed = [operation.invoice for _, operation in desk.books.done if isinstance(operation, EmailInvoice)]
    assert mailed == ["I-2"]


def test_what_nobody_can_prove_is_not_asked_after_with_every_pass(desk):
    overdue_book(desk)
    desk.books.lose = ["after"]
    run_pass(desk.ledger, desk.ground)
    assert len(desk.ledger.intents.unsettled()) == 1
    run_pass(desk.ledger, desk.ground)
    assert desk.ledger.intents.unsettled() == []
    assert [step.key for step in desk.ledger.intents.unclear()] == [REMINDER]


def test_a_consent_that_ends_before_a_write_leaves_it_planned(desk):
    overdue_book(desk)
    desk.books.fail_writes = ConsentNeeded("gone")
    attempt_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "planned"


def test_a_letter_waits_for_a_person_and_is_written_out_once_when_approved(desk, folder, open_desk):
    rules = (folder / "rules.d" / "10.toml").read_text()
    (folder / "rules.d" / "10.toml").write_text(rules.replace('channel = "provider"', 'channel = "letter"'))
    desk = open_desk(desk.books)
    overdue_book(desk)
    run_pass(desk.ledger, desk.ground)
    assert desk.states()[REMINDER] == "held"

    ((ledger, intent),) = approval.find_actions([desk.ledger], [REMINDER])
    approval.approve(ledger, intent, "dana")
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)
    (letter,) = (folder / "state" / "letters" / "acme").iterdir()
    assert "100.00" in letter.read_text()
    assert desk.states()[REMINDER] == "done"


class Postman:
    """Takes messages, or loses its line before it has one."""

    def __init__(self) -> None:
        self.taken: list[SendMessage] = []
        self.down = True

    def write(self, operation: SendMessage, key: str) -> Receipt:
        if self.down:
            raise Unavailable("no mail server")
        self.taken.append(operation)
        return Receipt(remote_id=key)

    def unsupported(self, operation: object) -> None:
        return None

    def texts(self):
        return ()


def test_a_message_bears_the_address_to_pay_at_and_waits_while_the_mail_server_is_away(desk, folder, open_desk):
    rules = (folder / "rules.d" / "10.toml").read_text()
    (folder / "rules.d" / "10.toml").write_text(rules.replace('channel = "provider"', 'channel = "email"'))
    desk = open_desk(desk.books)
    desk.ledger.mailer = postman = Postman()
    overdue_book(desk, due_on=date(2025, 1, 10))

    report = run_pass(desk.ledger, desk.ground)
    assert report.drained.mail_down == "no mail server"
    assert any(isinstance(operation, CreateInvoice) for _, operation in desk.books.done), "the books are not held up"

    postman.down = False
    run_pass(desk.ledger, desk.ground)
    (message,) = postman.taken
    assert [line.pay_link for line in message.lines] == ["https://pay.example/I-1"]


def test_a_pass_that_fails_half_way_still_tells_what_it_did(desk):
    overdue_book(desk, due_on=date(2025, 1, 10))
    desk.books.on_write = lambda place: Unavailable("the line went") if place == 2 else None
    report = attempt_pass(desk.ledger, desk.ground)
    assert report.failure == "the line went"
    assert sum(report.drained.confirmed.values()) == 1
    assert report.pulled is not None


def test_an_invoice_that_comes_and_goes_within_the_first_pull_is_no_crash(desk):
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 4, 1))
    run_pass(desk.ledger, desk.ground)
    desk.books.pay("I-1")
    run_pass(desk.ledger, desk.ground)
    desk.books.invoice("I-2", "C-1", date(2025, 4, 1))
    desk.books.remove("I-2")

    report = run_pass(desk.ledger, desk.ground)
    assert report.pulled.vanished_share <= 1
