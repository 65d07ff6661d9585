"""The few SQL phrases both databases spell differently, and how long lists are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table

from syncd.store.words import visible

T = TypeVar("T")

# SQLite takes 32,766 variables in one statement; a chunk stays far below it and above any page of a provider.
_CHUNK = 500


def chunks(items: Sequence[T], size: int = _CHUNK) -> Iterator[Sequence[T]]:
    """`items` in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def fitted(column: Column[Any], text: str) -> str:
    """`text` cut to what the column takes: PostgreSQL refuses more, and a long name must not stop a page."""
    length: int | None = getattr(column.type, "length", None)
    return visible(text[:length])


def upsert(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`; where the primary key stands already, every other column given is overwritten."""
    if not rows:
        return
    dialect: Any = import_module(f"sqlalchemy.dialects.{tx.dialect.name}")  # the other one is never loaded
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    tx.execute(statement, list(rows))
