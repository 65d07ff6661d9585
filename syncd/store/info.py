"""The store's own row: its lineage, how many requests it has sent, and whether it once lost its memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update

from syncd.store.engine import Store
from syncd.store.schema import store_info

_HERE = text("SELECT oid || '/' || 'store_info'::regclass::oid FROM pg_database WHERE datname = current_database()")


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


def is_copy(store: Store) -> bool:
    """Whether a shared store stands elsewhere than it did when somebody last began to send from it.

    A server numbers databases and tables as they are made, so one that was restored from a dump has other numbers.
    """
    with store.reading() as tx:
        home = tx.execute(select(store_info.c.home)).scalar()
        return home is not None and home != tx.execute(_HERE).scalar()


def take_home(store: Store) -> None:
    """Here is where the store stands from now on."""
    with store.reading() as tx:
        home, here = tx.execute(select(store_info.c.home)).scalar(), tx.execute(_HERE).scalar()
    if home != here:
        with store.writing() as tx:
            tx.execute(update(store_info).values(home=here))


def recovered_at(store: Store) -> datetime | None:
    """When it was recovered after it had lost its memory; None where it never did."""
    with store.reading() as tx:
        text = tx.execute(select(store_info.c.recovered_at)).scalar()
    return datetime.fromisoformat(text) if text else None
