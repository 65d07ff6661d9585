"""The journal: an append-only line for everything planned, sent, answered, approved or refused, and by whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from syncd.store import schema
from syncd.store.engine import Store

_audit = schema.audit


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `event` is ``noun.past_verb``; `who` is a person's name or ``syncd``; `detail` holds plain values."""

    at: datetime
    connection: str
    event: str
    key: str
    customer: str
    who: str = "syncd"
    detail: Mapping[str, Any] = field(default_factory=dict)


def write(tx: Connection, *entries: Entry) -> None:
    """Append entries within the transaction that did what they say."""
    if entries:
        tx.execute(
            insert(_audit),
            [
                {
                    "at": entry.at.isoformat(),
                    "connection": entry.connection,
                    "event": entry.event,
                    "key": entry.key,
                    "customer": entry.customer,
                    "who": entry.who,
                    "detail": json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True),
                }
                for entry in entries
            ],
        )


def read(
    store: Store,
    connection: str | None = None,
    *,
    customer: str | None = None,
    key: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """Entries, oldest first; with `limit` the newest that many."""
    query = select(_audit).order_by(_audit.c.id.desc())
    for column, wanted in ((_audit.c.connection, connection), (_audit.c.customer, customer), (_audit.c.key, key)):
        if wanted is not None:
            query = query.where(column == wanted)
    if since is not None:
        query = query.where(_audit.c.at >= since.isoformat())
    if limit is not None:
        query = query.limit(limit)
    with store.reading() as tx:
        rows = tx.execute(query).all()
    return [_entry(row) for row in reversed(rows)]


def mark(store: Store) -> int:
    """Where the journal ends now."""
    with store.reading() as tx:
        return end(tx)


def end(tx: Connection) -> int:
    """Where the journal ends, as this transaction sees it."""
    return tx.execute(select(func.max(_audit.c.id))).scalar() or 0


def is_longer(tx: Connection, connection: str, after: int) -> bool:
    """Whether anything was written of this connection after that mark."""
    # Here too the journal is walked from the mark on, not by the index of the connection.
    its_own = _audit.c.connection.concat("") == connection
    return tx.execute(select(_audit.c.id).where(_audit.c.id > after, its_own).limit(1)).scalar() is not None


def spoken_of(store: Store, connection: str, after: int) -> set[str]:
    """The customers about whom people said something after that mark."""
    # The connection is compared as an expression: by its index, SQLite would walk the journal from its first line.
    since = select(_audit.c.connection, _audit.c.customer, _audit.c.who).where(_audit.c.id > after)
    with store.reading() as tx:
        rows = tx.execute(since).all()  # by its number alone, so that a long journal costs nothing
    return {row.customer for row in rows if row.connection == connection and row.who != "syncd" and row.customer}


def _entry(row: Any) -> Entry:
    return Entry(
        at=datetime.fromisoformat(row.at),
        connection=row.connection,
        event=row.event,
        key=row.key,
        customer=row.customer,
        who=row.who,
        detail=json.loads(row.detail),
    )
