"""After a recovery: what nobody can know is asked of a person once, and what comes later goes out as ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd import approval
from syncd.recover import recover
from tests.faults.cases import CASE
from tests.faults.test_new_databases import start_anew
from tests.faults.world import Builder, World

MAIL = CASE["provider e-mail"]


def recovered(world: World) -> None:
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")


@pytest.mark.parametrize("was_done", [True, False])
def test_what_nobody_can_know_is_asked_once_and_a_persons_word_is_the_last_one(build: Builder, was_done: bool) -> None:
    world = build(MAIL, "quickbooks")
    recovered(world)
    before = len(world.journal())
    for _ in range(3):
        assert world.one_pass().unclear == 1
    assert len(world.journal()) == before, "it is not asked after again"
    with world.ledger() as (ledger, _):
        (intent,) = ledger.intents.actions(("unknown",))
        approval.resolve(ledger, intent, was_done=was_done, who="dana", why="asked the customer")
    world.quiet()
    assert (world.count, world.state()) == (0 if was_done else 1, "confirmed")


def test_a_mail_that_a_person_knows_did_not_leave_is_sent_though_the_log_has_a_line(build: Builder) -> None:
    world = build(CASE["SMTP e-mail"], "quickbooks", prepare=False)
    recovered(world)
    CASE["SMTP e-mail"].prepare(world)
    world.mailbox.answers = {"END": ""}
    assert world.one_pass().drained.unclear == 1
    world.mend()
    world.mailbox.messages.clear()
    world.one_pass()
    with world.ledger() as (ledger, _):
        (intent,) = ledger.intents.actions(("unknown",))
        approval.resolve(ledger, intent, was_done=False, who="dana", why="asked the customer")
    world.quiet()
    assert (world.count, world.state()) == (1, "confirmed")


LADDER = "levels = [{ at_days = 1, template = 'friendly', channel = 'provider' }, "
LADDER += "{ at_days = 14, template = 'firm', channel = 'provider', repeat_every_days = 10, max_repeats = 1 }]"


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_the_ladder_goes_on_from_where_it_was_when_the_database_was_lost(build: Builder, provider: str) -> None:
    case = replace(MAIL, rules=f"[policies.standard.reminders]\n{LADDER}\n")
    world = build(case, provider)
    world.quiet()
    start_anew(world)
    world.one_pass()
    recovered(world)
    world.quiet()
    counts = []
    for _ in range(9):
        world.advance(days=3)
        world.quiet()
        counts.append(world.count)
    assert counts == [1, 1, 1, 2, 2, 2, 2, 3, 3]  # on the third, the fifteenth and the twenty-seventh day


def test_a_mail_with_which_the_invoice_itself_went_out_is_no_reminder(build: Builder) -> None:
    world = build(MAIL, "quickbooks", prepare=False)
    MAIL.prepare(world)
    due_on = world.today + timedelta(days=2)
    world.invoice = world.company.add_invoice(world.customer, "1002", world.today, due_on, 50_000)
    world.company.books.need("Invoice", world.invoice).mailed_at = world.clock.now()
    world.advance(days=5)
    recovered(world)
    with world.ledger() as (ledger, _):
        (unclear,) = [one for one in ledger.intents.actions(("unknown",)) if world.invoice in one.decision.invoices]
    assert "names no delivery since then" in unclear.why
