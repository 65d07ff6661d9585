"""Rows D: disks that are full, files that are damaged, lost, set back or locked."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from syncd import approval
from syncd.errors import ConfigError
from syncd.recover import recover
from syncd.store.engine import open_store
from tests.faults.cases import CASE, EACH_ONCE, PAIRS, Case
from tests.faults.world import Builder, World, connect

CHARGE = CASE["finance charge"]


def database(world: World) -> str:
    return str(world.folder / "state" / "syncd.db")


def test_d1_a_full_disk_stops_before_anything_is_sent_and_says_so(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    for number in range(80):
        world.company.add_customer(f"Customer {number} with a name that takes some room in the database", "a@b.example")
    with world.ledger() as (ledger, ground):
        with ledger.store._writer.connect() as tx:
            pages = tx.exec_driver_sql("PRAGMA page_count").scalar()
            tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        report = world.attempt(ledger, ground)
    assert report.exit_code == 75
    assert "disk" in report.failure
    assert world.count == 0
    world.quiet()
    assert world.outcome() == "once"


def test_d1_with_almost_no_room_left_nothing_is_sent(build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    world = build(CHARGE, "quickbooks")
    usage = shutil.disk_usage(world.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1_000_000))
    report = world.one_pass()
    assert (report.exit_code, world.count) == (75, 0)
    assert "free" in report.failure


def test_d2_a_damaged_database_is_refused_and_left_as_it_is(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    world.quiet()
    with closing(sqlite3.connect(database(world))) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = Path(database(world))
    content = file.read_bytes()
    before = content[: 4096 * 3] + b"\xde\xad" * 2048 + content[4096 * 4 :]
    file.write_bytes(before)
    assert world.child() == 78
    log = (world.folder / "child.log").read_text()
    assert "damaged" in log or "malformed" in log
    assert file.read_bytes() == before
    assert world.count == 1


def test_d2_a_database_damaged_where_nobody_looked_yet_is_not_copied(build: Builder, tmp_path: Path) -> None:
    world, copy = build(CHARGE, "quickbooks"), tmp_path / "copy.db"
    world.quiet()
    with closing(sqlite3.connect(database(world))) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rate'").fetchone()[0]
    file = Path(database(world))
    content = file.read_bytes()
    file.write_bytes(content[: 4096 * (page - 1)] + b"\xde\xad" * 2048 + content[4096 * page :])
    ran = world.typed("backup", str(copy))
    assert (ran.code, copy.exists()) == (78, False)
    assert ran.err.endswith("damaged (database disk image is malformed); no copy was made\n")


@pytest.mark.parametrize(("case", "provider"), PAIRS, ids=str)
def test_d3_a_store_that_was_lost_writes_nothing_until_it_has_learned_from_the_books(
    build: Builder, case: Case, provider: str
) -> None:
    world = build(case, provider)
    world.quiet()
    assert world.count == 1
    tokens = kept_tokens(world)
    for file in (world.folder / "state").glob("syncd.db*"):
        file.unlink()
    with world.ledger() as (ledger, _):
        ledger.vault.store(tokens)
    before = len(world.writes)
    assert "syncd recover" in world.one_pass().brake
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")
    for _ in range(3):
        world.one_pass()
    assert world.count == 1
    world.advance(days=1)
    world.one_pass()
    assert world.count == 1
    assert len(world.writes) >= before


@pytest.mark.parametrize(("case", "provider"), EACH_ONCE, ids=str)
def test_d3_a_store_set_back_to_a_copy_from_before_does_nothing_twice(
    build: Builder, case: Case, provider: str
) -> None:
    world = build(case, provider)
    with world.ledger() as (ledger, _):
        ledger.store.copy_to(world.folder / "copy.db")
    world.quiet()
    assert world.count == 1
    for file in (world.folder / "state").glob("syncd.db*"):
        file.unlink()
    shutil.copy(world.folder / "copy.db", database(world))
    assert "set back" in world.one_pass().brake
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")
    for _ in range(3):
        world.one_pass()
    assert world.count == 1


@pytest.mark.parametrize(("case", "provider"), [(CASE["SMTP e-mail"], "quickbooks"), (CASE["provider e-mail"], "xero")])
def test_d3_a_copy_put_on_a_new_machine_without_what_stood_beside_it_does_nothing_twice(
    build: Builder, case: Case, provider: str
) -> None:
    world = build(case, provider)
    world.quiet()
    with world.ledger() as (ledger, _):
        ledger.store.copy_to(world.folder / "copy.db")
    world.advance(days=20)
    due_on = world.today - timedelta(days=3)
    world.company.add_invoice(world.customer, "1002", due_on - timedelta(days=10), due_on, 50_000)
    world.quiet()
    assert world.count == 2
    shutil.rmtree(world.folder / "state")
    (world.folder / "state").mkdir(mode=0o700)
    shutil.copy(world.folder / "copy.db", database(world))
    connect(world)  # the token in the copy is dead by now
    for _ in range(2):
        assert "it may be a copy" in world.one_pass().brake
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")
    for _ in range(3):
        world.one_pass()
    assert world.count == 2


def kept_tokens(world: World):
    with world.ledger() as (ledger, _):
        return ledger.vault.tokens()


def test_d4_every_connection_syncs_each_commit_to_the_disk(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, _):
        for door in (ledger.store.writing, ledger.store.reading):
            with door() as tx:
                settings = {
                    name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("synchronous", "journal_mode", "foreign_keys", "busy_timeout")
                }
            assert settings == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000}


def test_d5_another_writer_and_a_backup_at_work_are_waited_for(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    other = sqlite3.connect(database(world), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    def lets_go() -> None:
        time.sleep(0.4)
        other.execute("COMMIT")

    threading.Thread(target=lets_go).start()
    with world.ledger() as (ledger, ground):
        copying = threading.Thread(target=ledger.store.copy_to, args=(world.folder / "copy.db",))
        copying.start()
        assert world.attempt(ledger, ground).failure is None
        copying.join()
    other.close()
    assert world.outcome() == "once"
    opened = open_store(f"sqlite:///{world.folder / 'copy.db'}")
    opened.close()


def test_d5_a_writer_that_never_lets_go_is_a_sentence_and_an_exit_code(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        with ledger.store._writer.connect() as tx:
            tx.exec_driver_sql("PRAGMA busy_timeout = 50")
        with closing(sqlite3.connect(database(world), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            report = world.attempt(ledger, ground)
    assert (report.exit_code, world.count) == (75, 0)
    assert "locked" in report.failure


def test_d2_a_database_from_a_newer_version_is_refused(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with closing(sqlite3.connect(database(world), isolation_level=None)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="written by a newer syncd"):
        open_store(f"sqlite:///{database(world)}")
