"""Who works on a connection: one office at a time, also where several machines share a database.

A lease that ran out may be taken by another office, which raises the epoch. Whoever was only asleep finds the epoch
changed right before the next request, and sends nothing. Offices are told apart by their state directory, whose own
lock lets one process in: after a crash the same office goes on at once, another waits until the lease has run out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from syncd.errors import TryAgain
from syncd.store import schema
from syncd.store.engine import Store

_connection = schema.connection

# Far above the longest request (two minutes), so that nobody loses it while waiting for an answer.
TERM = timedelta(minutes=15)


@dataclass(slots=True)
class Lease:
    """The lease of one connection, for the office that calls itself `holder`. `now` is this machine's clock."""

    store: Store
    connection: str
    holder: str
    now: Callable[[], datetime]
    epoch: int | None = None

    def take(self) -> None:
        """Hold the connection from now on. Costs nothing but a look while more than half of the term is left.

        Raises:
            TryAgain: another office holds it.
        """
        with self.store.reading() as tx:
            row, now = self._row(tx), self._time(tx)
        is_ours = row.holder == self.holder
        if is_ours and self.epoch == row.epoch and _until(row.lease_until) - now > TERM / 2:
            return
        with self.store.writing() as tx:
            row, now = self._row(tx), self._time(tx)
            if row.holder not in (None, self.holder) and _until(row.lease_until) > now:
                raise TryAgain(_taken(self.connection, row.holder, row.lease_until))
            self.epoch = row.epoch + 1
            values = {"holder": self.holder, "epoch": self.epoch, "lease_until": (now + TERM).isoformat()}
            tx.execute(update(_connection).where(_connection.c.name == self.connection).values(**values))

    def renew(self, tx: Connection) -> None:
        """Within a transaction that claims work: still ours, and for a whole term again.

        Raises:
            TryAgain: another office took over; nothing of the transaction is stored then.
        """
        mine = (_connection.c.name == self.connection, _connection.c.epoch == self.epoch)
        until = (self._time(tx) + TERM).isoformat()
        if tx.execute(update(_connection).where(*mine).values(lease_until=until)).rowcount == 0:
            raise TryAgain(_lost(self.connection))

    def check(self) -> None:
        """Right before a request, and before its answer is stored.

        Raises:
            TryAgain: another office took over.
        """
        with self.store.reading() as tx:
            if self._row(tx).epoch != self.epoch:
                raise TryAgain(_lost(self.connection))

    def is_taken(self) -> bool:
        """Whether an office works on the connection now, or did until it was killed less than a term ago."""
        with self.store.reading() as tx:
            row, now = self._row(tx), self._time(tx)
        return row.holder is not None and _until(row.lease_until) > now

    def give_back(self) -> None:
        """Let another office in at once."""
        if self.epoch is None:
            return
        mine = (_connection.c.name == self.connection, _connection.c.epoch == self.epoch)
        with self.store.writing() as tx:
            tx.execute(update(_connection).where(*mine).values(holder=None, lease_until=None))
        self.epoch = None

    def _row(self, tx: Connection) -> Any:
        query = select(_connection.c.holder, _connection.c.epoch, _connection.c.lease_until)
        return tx.execute(query.where(_connection.c.name == self.connection)).one()

    def _time(self, tx: Connection) -> datetime:
        """The database's own clock where machines share one: theirs may differ."""
        if tx.dialect.name != "postgresql":
            return self.now()
        found: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC)


def _until(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def _taken(connection: str, holder: str, until: str) -> str:
    return f"{connection}: another syncd works on it ({holder}), until {until[:16]} UTC at least"


def _lost(connection: str) -> str:
    return f"{connection}: another syncd took over while this one was not heard of; nothing more is sent from here"
