"""Rows G: rules and programs that change while work is open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from rules.domain.actions import AddNote
from syncd import approval
from syncd.store import codec, engine
from syncd.store.engine import open_store
from syncd.store.intents import Intents
from tests.faults.cases import CASE, CHARGES
from tests.faults.world import KILLED, Builder, World

CHARGE = CASE["finance charge"]


def rewrite(world: World, change: Callable[[str], str]) -> None:
    file = world.folder / "rules.d" / "10.toml"
    file.write_text(change(file.read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        "[policies.standard.reminders",
        "[policies.standard.reminder]\n",
        "[policies.standard.payer]\nchronic = { late_share_pct = 50.5 }\n",
        '[policies.standard.finance_charges]\nkind = "interest"\n',
        "\x00\xff",
    ],
)
def test_g1_rules_that_are_wrong_leave_the_last_good_ones_in_force(build: Builder, wrong: str) -> None:
    world = build(CHARGE, "quickbooks")
    with world.office() as office:
        version = office.policies.version
        rewrite(world, lambda text: text + wrong)
        problems = office.rulebook.reload()
        assert problems
        assert all("10.toml" in problem for problem in problems)
        assert office.policies.version == version
        report = world.attempt(office.ledgers[0], world.ground(office))
        assert report.failure is None
        rewrite(world, lambda text: text.removesuffix(wrong))
        assert office.rulebook.reload() == ()
    assert world.outcome() == "once"


def test_g2_rules_right_and_dangerous_are_held_by_the_limits(build: Builder) -> None:
    world = build(CHARGE, "quickbooks", prepare=False)
    world.quiet()
    world.case.prepare(world)
    rewrite(world, lambda text: text.replace('annual_pct = "18"', 'annual_pct = "180000"'))
    report = world.one_pass()
    assert "max_charges_per_cycle" in report.brake
    assert world.count == 0


def test_g2_rules_first_used_for_many_are_held_and_released_by_a_person(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    world.quiet()
    rewrite(world, lambda text: text + CASE["stop-sell on"].rules)
    with world.ledger() as (ledger, ground):
        careful = replace(ground, limits=replace(ground.limits, max_actions_of_new_rules=0))
        report = world.attempt(ledger, careful)
        assert "rules not used before" in report.brake
        assert ledger.intents.counts().get("planned") is None
        approval.release(ledger, "dana", "auto")
        report = world.attempt(ledger, careful)
        assert report.brake is None
        assert report.drained.confirmed == {"set_stop_sell": 1}


def test_g2_a_first_plan_of_few_actions_goes_and_of_more_is_held(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        careful = replace(ground, limits=replace(ground.limits, first_plan="few", max_actions_of_new_rules=0))
        assert "rules not used before" in (world.attempt(ledger, careful).brake or "")
        assert world.writes == []
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        trusting = replace(ground, limits=replace(ground.limits, first_plan="few", max_actions_of_new_rules=20))
        assert world.attempt(ledger, trusting).brake is None
    assert world.outcome() == "once"


def test_g2_the_first_plan_of_a_connection_is_held_where_that_is_asked_for(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        careful = replace(ground, limits=replace(ground.limits, first_plan="hold"))
        report = world.attempt(ledger, careful)
        assert "the first plan" in report.brake
        assert world.writes == []
        approval.release(ledger, "dana", "auto")
        assert world.attempt(ledger, careful).brake is None
    assert world.outcome() == "once"


@given(pct=st.decimals(min_value=1, max_value=10**6, places=2), most=st.integers(min_value=0, max_value=200))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_g2_no_rate_of_interest_bills_more_than_the_limit_by_itself(build: Builder, pct: Decimal, most: int) -> None:
    world = build(CHARGE, "quickbooks", prepare=False)
    rewrite(world, lambda text: text.replace('annual_pct = "18"', f'annual_pct = "{pct}"'))
    world.case.prepare(world)
    with world.ledger() as (ledger, ground):
        world.attempt(ledger, replace(ground, limits=replace(ground.limits, max_charges_per_cycle=Decimal(most))))
    billed = sum(effect.cents for effect in world.company.effects() if effect.kind == "finance_charge")
    assert billed <= most * 100


def old_store(path, revision: str) -> None:
    """A store as an older version of the program left it."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(engine._MIGRATIONS))
    database = create_engine(f"sqlite:///{path}")
    with database.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, revision)
    database.dispose()


REVISIONS = [f"{number:04}" for number in range(1, int(engine.HEAD))]


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("state", ["planned", "sending", "unknown"])
def test_g3_writes_open_in_an_older_store_are_there_after_the_upgrade_as_they_were_frozen(
    tmp_path, revision: str, state: str
) -> None:
    path = tmp_path / "syncd.db"
    old_store(path, revision)
    note = AddNote("C-1", "invoice", "I-1", "text")
    at = datetime(2026, 11, 20, tzinfo=UTC).isoformat()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("INSERT INTO store_info (id, lineage, writes) VALUES (1, 'a-lineage', 7)")
        raw.execute("INSERT INTO connection (name, account, plans) VALUES ('acme', '1', 3)")
        raw.execute(
            "INSERT INTO action (id, connection, plan, key, kind, rule, customer, account, state, hold, why,"
            " decided_on, planned_at, policy_version, digest, doc) VALUES (1, 'acme', 3, 'memos/I-1/x', 'memo',"
            " 'memos', 'C-1', 'C-1', ?, '', '', '2026-11-20', ?, 'v', 'd', ?)",
            (state, at, MEMO),
        )
        raw.execute(
            "INSERT INTO operation (id, action, connection, key, seq, verb, payload, state, why, attempts,"
            " first_sent_at) VALUES (1, 1, 'acme', 'memos/I-1/x', 0, 'add_note', ?, ?, '', 1, ?)",
            (codec.dump(note), state, at),
        )
    store = open_store(f"sqlite:///{path}")
    (step,) = Intents(store, "acme").steps(1)
    assert (step.state, step.operation, step.attempts) == (state, note, 1)
    (intent,) = Intents(store, "acme").actions()
    assert intent.key == "memos/I-1/x"
    assert len(Intents(store, "acme").unsettled()) == (state != "planned")
    with store.reading() as tx:
        assert tx.exec_driver_sql("SELECT lineage, writes FROM store_info").one() == ("a-lineage", 7)
    store.close()


MEMO = (
    '{"rule":"memos","customer":"C-1","invoice":"I-1","text":"text","key":"memos/I-1/x","reason":"because.",'
    '"operations":[{"customer":"C-1","target":"invoice","ref":"I-1","text":"text","verb":"add_note"}],"kind":"memo"}'
)


def test_g3_an_older_program_refuses_a_newer_store(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    assert world.child(crash_at="after_claim") == KILLED
    with closing(sqlite3.connect(world.folder / "state" / "syncd.db", isolation_level=None)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    assert world.child() == 78
    assert "written by a newer syncd (9999)" in (world.folder / "child.log").read_text()
    assert CHARGES in (world.folder / "rules.d" / "10.toml").read_text()
