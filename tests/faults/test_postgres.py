"""The store, and the promise that nothing is done twice, on a real PostgreSQL: also with two offices at one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, make_url, text

from connectors.simulator.http import Request
from syncd.config import load_config
from syncd.errors import ConfigError, TryAgain, Usage
from syncd.ledger import Ledger
from syncd.office import Office, open_office
from syncd.store import journal
from syncd.store.engine import open_store
from syncd.store.leases import TERM
from tests.databases import PostgresServer
from tests.faults.cases import CASE, EACH_ONCE, Case
from tests.faults.test_offices import elsewhere
from tests.faults.world import KILLED, Builder, World, is_write

pytestmark = pytest.mark.postgres
CHARGE = CASE["finance charge"]


@pytest.fixture
def on_postgres(build: Builder, postgres_server: PostgresServer) -> Callable[..., World]:
    def built(case: Case, provider: str) -> World:
        return build(case, provider, database=postgres_server.new().url)

    return built


POINTS = ["before_intent", "after_intent", "after_claim/{verb}", "before_result/{verb}", "after_result/{verb}"]


@pytest.mark.parametrize(("case", "provider"), EACH_ONCE, ids=str)
def test_killed_at_every_point_each_effect_is_done_once(on_postgres, case: Case, provider: str) -> None:
    world = on_postgres(case, provider)
    for point in POINTS:
        world.child(crash_at=point.format(verb=case.verb))
        world.check_promise()
    world.child()
    world.quiet()
    assert world.outcome() in ("once", "once, shown as unclear", "not sent, shown as unclear")


def test_two_programs_that_open_an_empty_database_at_the_same_moment_make_its_tables_once(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.empty().url
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(open_store, [url] * 4))
    lineages = set()
    for store in stores:
        with store.reading() as tx:
            lineages.add(tx.execute(text("SELECT lineage FROM store_info")).scalar_one())
        store.close()
    assert len(lineages) == 1


def test_a_server_that_is_not_there_is_waited_for_and_the_sentence_keeps_the_password() -> None:
    with pytest.raises(TryAgain) as refused:
        open_store("postgresql+psycopg://syncd:hunter2@127.0.0.1:1/books")
    assert "does not answer" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_database_that_does_not_exist_is_refused(postgres_server: PostgresServer) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        open_store(postgres_server.address.format(name="nobody_made_this"))


def test_of_two_offices_that_reach_for_a_connection_at_the_same_moment_one_gets_it(
    on_postgres, postgres_server
) -> None:
    """Both looked and found nobody: they meet at the row, which is kept from them until both have looked."""
    world = on_postgres(CHARGE, "quickbooks")
    took: list[bool] = []

    def reaches(ledger: Ledger) -> None:
        try:
            ledger.lease.take()
        except TryAgain:
            took.append(False)
        else:
            took.append(True)

    with world.ledger() as (one, _), elsewhere(world) as other:
        row = create_engine(load_config(world.folder / "config.toml").database)
        with row.begin() as tx:
            tx.execute(text("SELECT * FROM connection FOR UPDATE"))
            threads = [threading.Thread(target=reaches, args=(ledger,)) for ledger in (one, other)]
            for thread in threads:
                thread.start()
            while tx.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one() < len(threads):
                tx.execute(text("SELECT pg_sleep(0.01)"))
        for thread in threads:
            thread.join()
        row.dispose()
    assert sorted(took) == [False, True]


def test_a_backup_of_postgres_is_its_own_business(on_postgres, tmp_path) -> None:
    world = on_postgres(CHARGE, "quickbooks")
    with world.ledger() as (ledger, _), pytest.raises(Usage, match="pg_dump"):
        ledger.store.copy_to(tmp_path / "copy")


def test_two_offices_pass_at_the_same_moment_and_one_works(on_postgres) -> None:
    world = on_postgres(CHARGE, "quickbooks")
    reports = []
    with world.ledger() as (ledger, ground), elsewhere(world) as other:
        threads = [
            threading.Thread(target=lambda led=led: reports.append(world.attempt(led, ground)))
            for led in (ledger, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(report.exit_code for report in reports) == [0, 75]
    world.quiet()
    assert world.outcome() == "once"


@pytest.mark.parametrize(("case", "provider"), EACH_ONCE[:2], ids=str)
def test_an_office_that_slept_past_its_term_sends_nothing(on_postgres, case: Case, provider: str) -> None:
    world = on_postgres(case, provider)
    with world.ledger() as (ledger, ground):
        world.before_drain(ledger, ground)
        outbox = ledger.outbox()

        def sleeps() -> None:
            ledger.lineage.keep()
            expire_lease(world)
            with elsewhere(world) as other:
                world.attempt(other, ground)

        with pytest.raises(TryAgain, match="took over"):
            replace(outbox, memory=replace(outbox.memory, keep=sleeps)).drain()
    world.quiet()
    world.check_promise()


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_p2_a_process_that_is_stopped_right_before_its_request_and_goes_on_after_another_sent_it(
    on_postgres, provider: str
) -> None:
    """As it happens: the machine sleeps between the look and the write, for longer than its term."""
    world = on_postgres(CHARGE, provider)
    sleeps = threading.Event()

    def looked(request: Request) -> None:
        if request.method == "GET" and request.path.endswith(f"/{world.invoice}") and not sleeps.is_set():
            sleeps.set()
            os.kill(world.victim, signal.SIGSTOP)

    world.before_commit = looked
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(world.child)
        assert sleeps.wait(30)
        try:
            expire_lease(world)
            with elsewhere(world) as other, onlooker(world) as office:
                report = world.attempt(other, world.ground(office))
        finally:
            os.kill(world.victim, signal.SIGCONT)
        assert ended.result(60) == 75
    assert report.drained.confirmed["create_invoice"] == 1
    assert "another syncd took over" in (world.folder / "child.log").read_text()
    world.quiet()
    assert world.outcome() == "once"


@pytest.mark.parametrize(("case", "provider"), EACH_ONCE, ids=str)
def test_d5_connections_that_the_server_ended_while_a_write_was_under_way_are_made_anew(
    on_postgres, postgres_server: PostgresServer, case: Case, provider: str
) -> None:
    world = on_postgres(case, provider)
    name = make_url(load_config(world.folder / "config.toml").database).database

    def restarted(request: Request | None = None) -> None:
        if request is None or is_write(request):
            postgres_server.turn_out(str(name))

    world.after_commit = restarted
    world.mailbox.on_delivery = restarted
    report = world.one_pass()
    assert report.exit_code in (0, 75)
    world.mend()
    world.quiet()
    assert world.outcome() in ("once", "once, shown as unclear")


def test_d5_a_writer_that_never_lets_go_is_a_sentence_and_an_exit_code(build: Builder, postgres_server) -> None:
    database = postgres_server.new().url
    world = build(CHARGE, "quickbooks", database=f"{database}&options=-c%20lock_timeout%3D200ms")
    other = open_store(database)
    with world.ledger() as (ledger, ground):
        ledger.lease.take()
        with other.writing():
            report = world.attempt(ledger, ground)
    other.close()
    assert (report.exit_code, world.count) == (75, 0)
    assert "locked by another program" in report.failure
    world.quiet()
    assert world.outcome() == "once"


@contextmanager
def onlooker(world: World) -> Iterator[Office]:
    """The same office, for looking beside a process that makes its passes."""
    with open_office(load_config(world.folder / "config.toml"), world.clock, exclusive=False) as office:
        yield office


def expire_lease(world: World) -> None:
    """The database's own clock is what counts, and nobody can move it: so the end is moved."""
    with onlooker(world) as office, office.store.writing() as tx:
        tx.execute(text("UPDATE connection SET lease_until = '2000-01-01T00:00:00+00:00'"))


def test_a_killed_office_is_waited_for_by_others_and_not_by_itself(on_postgres) -> None:
    world = on_postgres(CHARGE, "xero")
    assert world.child(crash_at="after_claim") == KILLED
    with elsewhere(world) as other, pytest.raises(TryAgain):
        other.lease.take()
    world.quiet()
    assert world.outcome() == "once"
    assert timedelta(minutes=2) < TERM


def test_the_journal_and_the_mirror_read_alike(on_postgres) -> None:
    world = on_postgres(CASE["stop-sell on"], "quickbooks")
    world.quiet()
    with world.ledger() as (ledger, _):
        assert [entry.event for entry in journal.read(ledger.store)][:3] == [
            "action.planned", "operation.sent", "operation.confirmed"
        ]  # fmt: skip
        assert ledger.mirror.open_invoices() == 1


def test_what_another_office_sent_since_a_copy_was_made_is_not_sent_again_once_it_is_put_back(
    build: Builder, postgres_server: PostgresServer
) -> None:
    """The mark of an office knows of its own requests and of those before them, not of what the others sent after."""
    database = postgres_server.new()
    world = build(CASE["SMTP e-mail"], "quickbooks", database=database.url)
    second = "levels = [{ at_days = 1, template = 'friendly' }, { at_days = 8, template = 'firm' }]\n"
    (world.folder / "rules.d" / "10.toml").write_text(world.rules_with(f"[policies.standard.reminders]\n{second}"))
    world.quiet()
    assert world.count == 1
    database.keep_copy()
    world.advance(days=7)
    with elsewhere(world) as other, world.ledger() as (_, ground):
        assert world.attempt(other, ground).failure is None
    assert world.count == 2
    database.set_back()
    assert "syncd recover" in world.one_pass().brake
    assert world.count == 2
