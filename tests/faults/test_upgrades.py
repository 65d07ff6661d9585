"""Row G3: programs that change while work is open, on either database.

`frozen_writes.json` has one write of each kind as version 0.1.0 wrote it into its store. It is never made anew: what a
later version cannot read of it, it cannot finish either.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from syncd.errors import ConfigError
from syncd.store import codec, engine
from syncd.store.engine import open_store
from syncd.store.intents import Intents
from tests.databases import Database, SqliteFile
from tests.faults.cases import CASE, CASES, CHARGES, EACH_ONCE, Case
from tests.faults.world import KILLED, Builder, World

FROZEN = json.loads((Path(__file__).parent / "frozen_writes.json").read_text(encoding="utf-8"))
REVISIONS = [f"{number:04}" for number in range(1, int(engine.HEAD))]
AT = datetime(2026, 11, 20, tzinfo=UTC).isoformat()
# What stood in columns that are no more.
DROPPED = {"action.account": "customer", "connection.released_at": "NULL"}


def make_old(database: Engine, revision: str) -> None:
    """The tables of a store as that version made them."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(engine._MIGRATIONS))
    with database.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, revision)


def put(tx: Connection, table: str, **values: object) -> None:
    """Insert a row; what has no column in the tables of that version is left out."""
    kept = {column["name"] for column in inspect(tx).get_columns(table)}
    values = {name: value for name, value in values.items() if name in kept}
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    tx.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)  # noqa: S608 - names of our own


def fill(tx: Connection) -> dict[str, str]:
    """One write of each kind, in every state a write may be in. Returns the state of each, by its key."""
    put(tx, "store_info", id=1, lineage="a-lineage", writes=7)
    put(tx, "connection", name="acme", account="1", plans=3)
    states: dict[str, str] = {}
    for number, (name, one) in enumerate(FROZEN.items(), 1):
        state = ("planned", "sending", "unknown")[number % 3]
        key = f"{one['step']}/{name.replace(' ', '-')}"
        put(
            tx, "action", id=number, connection="acme", plan=3, key=f"{one['key']}/{number}", kind=one["kind"],
            rule=one["rule"], customer=one["customer"], account=one["customer"], state=state, hold="", why="",
            decided_on="2026-11-20", planned_at=AT, policy_version="v", digest="d", doc=one["doc"],
        )  # fmt: skip
        put(
            tx, "operation", id=number, action=number, connection="acme", key=key, seq=one["seq"], verb=one["verb"],
            payload=one["payload"], state=state, why="", attempts=1, first_sent_at=AT,
        )  # fmt: skip
        states[key] = state
    return states


def test_g3_a_write_of_every_kind_is_among_the_frozen_ones() -> None:
    assert set(FROZEN) == {case.name for case in CASES}
    assert {one["verb"] for one in FROZEN.values()} == {case.verb for case in CASES}


@pytest.mark.parametrize("revision", REVISIONS)
def test_g3_writes_open_in_an_older_store_are_there_after_the_upgrade_as_they_were_frozen(
    empty_database: Database, revision: str
) -> None:
    database = create_engine(empty_database.url)
    make_old(database, revision)
    with database.begin() as tx:
        states = fill(tx)
    store = open_store(empty_database.url)
    intents = Intents(store, "acme")
    for number, one in enumerate(FROZEN.values(), 1):
        (step,) = intents.steps(number)
        assert (step.state, step.operation, step.attempts) == (
            states[step.key], codec.load_operation(one["payload"]), 1
        )  # fmt: skip
        intent = intents.action(number)
        assert intent is not None
        assert intent.decision == codec.load_action(one["doc"])
    assert {step.key for step in intents.unsettled()} == {key for key, state in states.items() if state != "planned"}
    with store.reading() as tx:
        frozen = tx.execute(text("SELECT payload FROM operation ORDER BY id")).scalars().all()
        assert frozen == [one["payload"] for one in FROZEN.values()], (
            "to the byte: the same key goes with the same bytes"
        )
        assert tx.execute(text("SELECT lineage, writes FROM store_info")).one() == ("a-lineage", 7)
    store.close()
    database.dispose()


def test_g3_what_a_person_recorded_is_called_as_new_records_are_after_the_upgrade(empty_database: Database) -> None:
    database = create_engine(empty_database.url)
    make_old(database, "0009")
    with database.begin() as tx:
        put(tx, "store_info", id=1, lineage="a-lineage", writes=7)
        for kind in ("assignment", "timezone"):
            put(
                tx, "record", connection="acme", kind=kind, ref=f"{kind}/C/1", customer="C/1", who="dana", at=AT,
                doc="{}",
            )  # fmt: skip
    store = open_store(empty_database.url)
    with store.reading() as tx:
        refs = tx.execute(text("SELECT ref FROM record ORDER BY ref")).scalars().all()
    assert refs == ["assignment-C/1", "timezone-C/1"]
    store.close()
    database.dispose()


def as_left_by(world: World, revision: str) -> None:
    """Turn the store into what the version of `revision` would have left: its tables, with what they have room for."""
    file = SqliteFile(world.folder / "state" / "syncd.db")
    file.keep_copy()
    file.lose()
    then = create_engine(file.url)
    make_old(then, revision)
    now = create_engine(f"sqlite:///{file.path.with_suffix('.copy')}")
    with now.connect() as source, then.begin() as target:
        for table in set(inspect(target).get_table_names()) & set(inspect(source).get_table_names()):
            if table == "alembic_version":
                continue
            kept = {column["name"] for column in inspect(source).get_columns(table)}
            names = [column["name"] for column in inspect(target).get_columns(table)]
            listed = ", ".join(f'"{name}"' for name in names)
            found = ", ".join(f'"{name}"' if name in kept else DROPPED[f"{table}.{name}"] for name in names)
            for row in source.execute(text(f"SELECT {found} FROM {table}")):  # noqa: S608 - names of our own
                values = {f"v{place}": value for place, value in enumerate(row)}
                places = ", ".join(f":{name}" for name in values)
                target.execute(text(f"INSERT INTO {table} ({listed}) VALUES ({places})"), values)  # noqa: S608 - same
    then.dispose()
    now.dispose()


@pytest.mark.parametrize(
    ("revision", "case", "provider"),
    [(revision, *EACH_ONCE[place % len(EACH_ONCE)]) for place, revision in enumerate(REVISIONS)],
    ids=str,
)
@pytest.mark.parametrize("point", ["after_claim", "before_result"])
def test_g3_a_write_left_open_by_an_older_version_is_finished_once_by_this_one(
    build: Builder, revision: str, case: Case, provider: str, point: str
) -> None:
    world = build(case, provider)
    assert world.child(crash_at=f"{point}/{case.verb}") == KILLED
    as_left_by(world, revision)
    world.child()
    found = world.outcome()
    unproven = {"after_claim": "not sent, shown as unclear", "before_result": "once, shown as unclear"}[point]
    assert found in (("once", unproven) if case.is_mail else ("once",))
    world.advance(days=1)
    world.quiet()
    assert world.outcome() == found


def test_g3_an_older_program_refuses_a_newer_store_and_leaves_it_as_it_is(database: Database) -> None:
    store = open_store(database.url)
    with store.writing() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"written by a newer syncd \(9999\); install that version"):
            open_store(database.url)


def test_g3_an_older_program_ends_with_78_and_says_which_version_it_takes(build: Builder) -> None:
    world = build(CASE["finance charge"], "quickbooks")
    assert world.child(crash_at="after_claim") == KILLED
    with closing(sqlite3.connect(world.folder / "state" / "syncd.db", isolation_level=None)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    assert world.child() == 78
    assert "written by a newer syncd (9999)" in (world.folder / "child.log").read_text()
    assert CHARGES in (world.folder / "rules.d" / "10.toml").read_text()
