"""A new database beside books that an older one worked on writes nothing before it has learned from them."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from connectors.simulator.http import Fault, Response
from syncd import approval
from syncd.recover import recover
from tests.faults.cases import CASE
from tests.faults.test_disks import kept_tokens
from tests.faults.world import Builder, World

TRACES = ("stop-sell on", "provider e-mail", "memo")


def start_anew(world: World) -> None:
    """The whole state is gone, the mark beside the database with it; only the consent is given again."""
    tokens = kept_tokens(world)
    shutil.rmtree(world.folder / "state")
    with world.ledger() as (ledger, _):
        ledger.vault.store(tokens)


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_reminders_and_holds_alone_tell_that_another_database_was_here(
    build: Builder, name: str, provider: str
) -> None:
    world = build(CASE[name], provider)
    world.quiet()
    assert world.count == 1
    start_anew(world)
    before, mails = len(world.writes), len(world.mailbox.messages)
    for _ in range(2):
        assert "syncd recover" in str(world.one_pass().brake)
    assert (len(world.writes), len(world.mailbox.messages)) == (before, mails)
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")
    world.quiet()
    assert world.count == 1
    assert len(world.mailbox.messages) == mails


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_what_people_wrote_and_flagged_themselves_is_no_work_of_ours(build: Builder, provider: str) -> None:
    world = build(CASE["provider e-mail"], provider)
    elm = world.company.add_customer("Elm", "elm@elm.example")
    if provider == "xero":
        world.company.write_note(world.invoice, "Called, will pay on Friday")
        world.company.add_invoice(elm, "1009", world.today, world.today, 1_000)
        world.company.set_stop_sell(elm, "Stop sell", member=True)
    else:
        world.company.edit_invoice(world.invoice, PrivateNote="Called, will pay on Friday")
        world.company.edit_customer(elm, Notes="[AR-HOLD since=2026-01-05 reason=old debts]")
    report = world.one_pass()
    assert report.brake is None
    assert world.count == 1


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_it_costs_one_request_for_an_invoice_older_than_the_database_and_none_for_others(
    build: Builder, provider: str
) -> None:
    world = build(CASE["provider e-mail"], provider)
    world.quiet()
    old = len(world.server.seen)
    world.advance(days=20)
    start = world.today
    world.company.add_invoice(world.customer, "1002", start, start + timedelta(days=1), 50_000)
    world.quiet()
    world.advance(days=3)
    asked = []
    with world.ledger() as (ledger, ground):
        mark_on = ledger.connector.mark_on
        ledger.connector.mark_on = lambda ref, **more: asked.append(ref) or mark_on(ref, **more)
        world.attempt(ledger, ground)
    assert old
    assert world.count == 2
    assert asked == []


def test_recover_says_what_nobody_can_know_and_only_it_ends_the_standstill(build: Builder) -> None:
    world = build(CASE["stop-sell on"], "quickbooks", on_machine_clock=True)
    world.quiet()
    elm = world.company.add_customer("Elm", "elm@elm.example")
    world.company.edit_customer(elm, Notes="[AR-HOLD since=2026-01-05 reason=old debts] [syncd:credit_hold/x/hold/1]")
    tokens = kept_tokens(world)
    for file in (world.folder / "state").glob("syncd.db*"):
        file.unlink()
    with world.ledger() as (ledger, _):
        ledger.vault.store(tokens)
    check = world.cli("check")
    assert (check.returncode, "syncd recover" in check.stdout) == (1, True)
    assert "releasing does not help" in world.cli("release").stderr
    found = world.cli("recover")
    assert found.returncode == 1
    assert f"who raised the stop-sell flag of: {elm};" in found.stdout
    assert "stood in the database alone" in found.stdout


def test_what_was_refused_half_way_and_is_tried_again_is_not_taken_for_the_work_of_another_database(
    build: Builder,
) -> None:
    """Xero takes our note before the mail; then it refuses the mail."""
    world = build(CASE["provider e-mail"], "xero")
    refusal = b'{"ErrorNumber": 10, "Type": "ValidationException", "Message": "daily email limit"}'
    page = Response(400, refusal, {"Content-Type": "application/json"})
    world.server.faults.append(Fault("reply", "POST", "/Email", page))
    assert world.one_pass().drained.rejected == 1
    with world.ledger() as (ledger, _):
        (refused,) = ledger.intents.actions(("rejected",))
        approval.approve(ledger, refused, "dana")
    assert world.one_pass().brake is None
    assert world.count == 1
