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
def test_a_restored_copy_of_a_shared_store_is_noticed_without_any_mark_and_a_second_office_is_not_taken_for_one(
    tmp_path, postgres_server
):
    database = postgres_server.new()
    store = open_store(database.url)
    Lineage(store, tmp_path / MARK).begin()
    with store.writing() as tx:
        tx.execute(update(store_info).values(writes=3))
    assert Lineage(store, tmp_path / "second.mark").forgotten() is None
    with store.writing() as tx:  # as pg_restore does it: another table of the same name with the same rows
        tx.execute(text("ALTER TABLE store_info RENAME TO kept"))
        tx.execute(text("CREATE TABLE store_info AS TABLE kept"))
    lost = Lineage(store, tmp_path / "second.mark").forgotten()
    assert lost is not None
    assert "it may be a copy" in lost
    Lineage(store, tmp_path / MARK).begin()  # whoever has the mark knows that nothing is missing, and moved it
    assert Lineage(store, tmp_path / "second.mark").forgotten() is None
    store.close()
    database.keep_copy()
    database.set_back()
    copy = open_store(database.url)
    assert Lineage(copy, tmp_path / "second.mark").forgotten() is not None
    Lineage(copy, tmp_path / "second.mark").recovered(datetime(2026, 11, 26, tzinfo=UTC))
    Lineage(copy, tmp_path / "second.mark").begin()
    assert Lineage(copy, tmp_path / "third.mark").forgotten() is None
    copy.close()
