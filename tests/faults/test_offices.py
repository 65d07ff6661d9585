"""Rows P: two of us at once, on one machine and on two; asked to stop in the middle of a write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.simulator.http import Request
from syncd.approval import approve, reject
from syncd.config import load_config
from syncd.errors import TryAgain
from syncd.office import open_office
from syncd.store.leases import TERM
from tests.faults.cases import CASE, PAIRS, Case
from tests.faults.world import KILLED, REPOSITORY, Builder, World, is_write

CHARGE = CASE["finance charge"]


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_p1_a_second_office_on_the_same_state_is_told_so_and_leaves(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    with world.office():
        assert world.child() == 75
    assert "works on this state already" in (world.folder / "child.log").read_text()
    assert world.writes == []


@contextmanager
def elsewhere(world: World):
    """The same connection and database, from another machine: another state directory."""
    config = load_config(world.folder / "config.toml")
    away = replace(config, state_dir=world.folder / "elsewhere", secrets_key_file=config.state_dir / "syncd.key")
    with open_office(away, world.clock, exclusive=True) as office:
        yield office.ledgers[0]


def test_p2_an_office_on_another_machine_waits_for_its_turn(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        ledger.lease.take()
        with elsewhere(world) as other:
            report = world.attempt(other, ground)
        assert report.exit_code == 75
        assert "another syncd works on it" in report.failure
    with elsewhere(world) as other:
        assert world.attempt(other, ground).failure is None, "the first one went home and gave the connection back"
    assert world.outcome() == "once"


def test_p2_an_office_that_died_keeps_others_out_until_its_term_is_over_and_itself_not_at_all(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    assert world.child(crash_at="after_claim") == KILLED
    with elsewhere(world) as other, pytest.raises(TryAgain):
        other.lease.take()
    world.quiet()
    assert world.outcome() == "once"


@pytest.mark.parametrize(("case", "provider"), PAIRS, ids=str)
def test_p2_an_office_that_slept_past_its_term_sends_nothing(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    with world.ledger() as (ledger, ground):
        world.before_drain(ledger, ground)
        outbox = ledger.outbox()
        slept: list[int] = []

        def sleeps() -> None:
            """As if stopped right before the request, for longer than the term, while another office takes over."""
            ledger.lineage.keep()
            if not slept:
                slept.append(1)
                world.clock.advance(TERM + timedelta(seconds=1))
                with elsewhere(world) as other:
                    world.attempt(other, ground)

        outbox = replace(outbox, memory=replace(outbox.memory, keep=sleeps))
        with pytest.raises(TryAgain, match="took over"):
            outbox.drain()
    assert slept
    world.quiet()
    assert world.count <= 1
    unclear_mail_before_it = ("not sent, waits",) if case.name == "memo" else ()
    assert world.outcome() in ("once", "not sent, shown as unclear", *unclear_mail_before_it)


def test_p3_a_manual_pass_beside_a_running_one_is_turned_away(build: Builder) -> None:
    world = build(CHARGE, "quickbooks", on_machine_clock=True)
    with world.office():
        for command in ("cycle", "pull"):
            turned_away = world.cli(command)
            assert turned_away.returncode == 75
            assert "works on this state already" in turned_away.stderr
    assert world.writes == []


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_p3_a_backfill_beside_a_running_office_writes_nothing(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider, on_machine_clock=True)
    with world.office():
        ran = world.cli("backfill", "--connection", "acme")
    assert ran.returncode in (0, 1), ran.stderr
    assert world.writes == []


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_p3_what_a_person_refuses_while_it_is_being_looked_for_is_not_sent(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    world.break_writes("reset_before")
    assert world.one_pass().drained.unclear == 1
    refused: list[int] = []
    with world.ledger() as (ledger, ground):

        def refuses(_: Request) -> None:
            if not refused:
                refused.append(1)
                (intent,) = ledger.intents.actions(("unknown",))
                reject(ledger, intent, "dana", "agreed on the telephone")

        world.before_commit = refuses
        world.attempt(ledger, ground)
    world.mend()
    world.quiet()
    assert refused
    assert world.count == 0


def test_p3_what_was_planned_anew_since_a_person_looked_is_not_approved(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        review = replace(ground, mode="review")
        world.attempt(ledger, review)
        (seen,) = ledger.intents.actions(("held",))
        world.company.pay(world.invoice, 60_000, world.today - timedelta(days=35))
        world.attempt(ledger, review)
        with pytest.raises(TryAgain, match="look at it again"):
            approve(ledger, seen, "dana")
        world.attempt(ledger, review)
    assert world.writes == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_p4_told_to_stop_while_a_write_is_under_way_it_finishes_that_and_leaves_a_clear_state(
    build: Builder, moment: str
) -> None:
    world = build(CHARGE, "quickbooks", on_machine_clock=True)
    due_on = world.today - timedelta(days=40)
    world.company.add_invoice(world.customer, "1002", due_on - timedelta(days=30), due_on, 500)
    stopped = threading.Event()

    def stop(request: Request) -> None:
        if is_write(request) and request.path.endswith("/invoice") and not stopped.is_set():
            os.kill(daemon.pid, signal.SIGTERM)
            time.sleep(0.3)
            stopped.set()

    setattr(world, "before_commit" if moment == "before" else "after_commit", stop)
    command = [sys.executable, "-m", "syncd.cli", "run", "--config", str(world.folder / "config.toml")]
    with (world.folder / "daemon.log").open("w") as log:
        daemon = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)  # noqa: S603
        assert stopped.wait(60)
        assert daemon.wait(30) == 0
    charges = [state for key, state in world.states().items() if "add_note" not in key]
    assert sorted(charges) == ["confirmed", "planned"]
    assert world.count == 1
