"""The store's own row: its lineage, how many requests it has sent, and whether it once lost its memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from syncd.store.engine import Store
from syncd.store.schema import store_info


@dataclass(frozen=True, slots=True)
class Mark:
    """Which store, and the number of requests it has sent at least."""

    lineage: str
    writes: int


def mark_of(store: Store) -> Mark:
    """What the store says of itself."""
    with store.reading() as tx:
        row = tx.execute(select(store_info)).one()
    return Mark(row.lineage, row.writes)


def set_recovered(store: Store, writes: int, now: datetime) -> None:
    """From now on the store counts again, and remembers that it had forgotten."""
    with store.writing() as tx:
        tx.execute(update(store_info).values(writes=writes, recovered_at=now.isoformat()))


def recovered_at(store: Store) -> datetime | None:
    """When it was recovered after it had lost its memory; None where it never did."""
    with store.reading() as tx:
        text = tx.execute(select(store_info.c.recovered_at)).scalar()
    return datetime.fromisoformat(text) if text else None
