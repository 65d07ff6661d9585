"""What a piece of work asks of the database, counted: statements, rows read, steps of SQLite's own machine.

Counts do not depend on what else the machine does, so tests may judge them; times are for `make bench` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from syncd.store.engine import Store

_STEPS = 100  # the machine tells itself every so many steps


@dataclass
class Counts:
    """So far. `steps` are SQLite's virtual machine's, to the hundred."""

    statements: int = 0
    rows: int = 0
    steps: int = 0

    def of(self) -> dict[str, int]:
        """As a table's row."""
        return {"statements": self.statements, "rows": self.rows, "vm_steps": self.steps}


@contextmanager
def counted(store: Store) -> Iterator[Counts]:
    """Counts everything a store is asked within the block, by whoever."""
    counts = Counts()
    listeners = _listeners(counts)
    for engine in _engines(store):
        for name, listener in listeners.items():
            event.listen(engine, name, listener)
    try:
        yield counts
    finally:
        for engine in _engines(store):
            for name, listener in listeners.items():
                event.remove(engine, name, listener)


def _listeners(counts: Counts) -> dict[str, Any]:
    def step() -> int:
        counts.steps += _STEPS
        return 0

    def row(_cursor: Any, values: tuple[Any, ...]) -> tuple[Any, ...]:
        counts.rows += 1
        return values

    def lent(raw: Any, _record: object, _proxy: object) -> None:
        raw.set_progress_handler(step, _STEPS)
        raw.row_factory = row

    def returned(raw: Any, _record: object) -> None:
        if raw is not None:
            raw.set_progress_handler(None, 0)
            raw.row_factory = None

    def asked(*_: object) -> None:
        counts.statements += 1

    return {"checkout": lent, "checkin": returned, "before_cursor_execute": asked}


def _engines(store: Store) -> tuple[Engine, ...]:
    return (store._writer, store._reader)  # noqa: SLF001 - counting is what nobody else needs of a store
