"""Sealed tokens, one row a connection. What is inside only the vault can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from syncd.store import schema
from syncd.store.engine import Store

_token = schema.token


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed document and how many came before it; `previous` is the one it replaced.

    `refreshing_since`: a refresh was asked for then, and its answer never got here.
    """

    version: int
    sealed: str
    previous: str | None
    refreshing_since: datetime | None = None


class TokenRows:
    """The sealed tokens of one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def read(self) -> Sealed | None:
        """What is stored, or None."""
        with self._store.reading() as tx:
            row = tx.execute(select(_token).where(_token.c.connection == self._name)).one_or_none()
        if row is None:
            return None
        since = datetime.fromisoformat(row.refreshing_since) if row.refreshing_since else None
        return Sealed(row.version, row.sealed, row.previous, since)

    def put(self, sealed: str) -> None:
        """Store `sealed` and keep the one before it: a rotated token may have to be tried again."""
        with self._store.writing() as tx:
            row = tx.execute(select(_token).where(_token.c.connection == self._name)).one_or_none()
            if row is None:
                tx.execute(insert(_token).values(connection=self._name, version=1, sealed=sealed))
                return
            tx.execute(
                update(_token)
                .where(_token.c.connection == self._name)
                .values(version=row.version + 1, sealed=sealed, previous=row.sealed, refreshing_since=None)
            )

    def refreshing(self, since: datetime | None) -> None:
        """A refresh is about to be asked for: if its answer is lost, this says so. None: it was answered."""
        written = since.isoformat() if since else None
        with self._store.writing() as tx:
            tx.execute(update(_token).where(_token.c.connection == self._name).values(refreshing_since=written))

    def forget(self) -> None:
        """Remove every trace."""
        with self._store.writing() as tx:
            tx.execute(delete(_token).where(_token.c.connection == self._name))


def reseal(store: Store, turn: Callable[[str, str], str]) -> list[str]:
    """Replace every sealed document by what `turn` makes of it (connection, sealed), all or none. Returns whose."""
    with store.writing() as tx:
        rows = tx.execute(select(_token).order_by(_token.c.connection)).all()
        for row in rows:
            previous = turn(row.connection, row.previous) if row.previous else None
            sealed = turn(row.connection, row.sealed)
            tx.execute(
                update(_token).where(_token.c.connection == row.connection).values(sealed=sealed, previous=previous)
            )
        return [row.connection for row in rows]
