"""The mark beside the store is whole at every moment, however many connections send at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from syncd.memory.lineage import MARK, Lineage
from syncd.store.engine import open_store


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
