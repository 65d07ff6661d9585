"""The mark beside the store is whole at every moment, however many connections send at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text, update

from syncd.memory.lineage import MARK, Lineage
from syncd.store.engine import open_store
from syncd.store.schema import store_info


def test_connections_that_send_at_the_same_moment_leave_a_whole_mark(tmp_path, database):
    store = open_store(database.url)
    lines = [Lineage(store, tmp_path / MARK) for _ in range(6)]  # one to a connection

    def send(lineage: Lineage) -> None:
        for _ in range(40):
            lineage.keep()
            assert lineage.forgotten() is None

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, lines))
    assert json.loads((tmp_path / MARK).read_text())["lineage"] == lines[0].current().lineage
    assert [file.name for file in tmp_path.glob(".store*")] == []
    store.close()


@pytest.mark.postgres
def test_a_restored_copy_of_a_shared_store_is_noticed_by_every_office_until_it_is_recovered(tmp_path, postgres_server):
    """What the other office sent after the copy was made, a mark of one's own cannot tell."""
    database = postgres_server.new()
    store = open_store(database.url)
    ours = Lineage(store, tmp_path / MARK)
    ours.begin()
    with store.writing() as tx:
        tx.execute(update(store_info).values(writes=3))
    ours.keep()
    assert ours.forgotten() is None
    assert Lineage(store, tmp_path / "new.mark").forgotten() is None, "a new office is not taken for a copy"
    store.close()
    database.keep_copy()
    database.set_back()
    copy = open_store(database.url)
    offices = [Lineage(copy, tmp_path / name) for name in (MARK, "new.mark")]
    for lost in [one.forgotten() for one in offices]:
        assert lost is not None
        assert "it may be a copy" in lost
    offices[0].recovered(datetime(2026, 11, 26, tzinfo=UTC))
    assert [one.forgotten() for one in offices] == [None, None]
    copy.close()


@pytest.mark.postgres
def test_a_table_put_back_into_the_same_database_is_noticed_as_well(tmp_path, postgres_server):
    store = open_store(postgres_server.new().url)
    ours = Lineage(store, tmp_path / MARK)
    ours.begin()
    with store.writing() as tx:
        tx.execute(update(store_info).values(writes=3))
        tx.execute(text("ALTER TABLE store_info RENAME TO kept"))  # as pg_restore --clean does it
        tx.execute(text("CREATE TABLE store_info AS TABLE kept"))
    assert ours.forgotten() is not None
    store.close()
