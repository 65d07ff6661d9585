"""After a recovery: what nobody can know is asked of a person once, and what comes later goes out as ever."""

from __future__ import annotations

import pytest

from syncd import approval
from syncd.memory.recover import recover
from tests.faults.cases import CASE
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
