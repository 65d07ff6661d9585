"""Where a store under test lives: a file of SQLite, or a database of a real PostgreSQL; either can be lost."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
import uuid
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, create_engine, text

from syncd.store.engine import open_store


class Database(Protocol):
    """An empty store's place, of this test alone."""

    @property
    def url(self) -> str:
        """Its address, as `database` of a configuration says it."""
        ...

    def lose(self) -> None:
        """It is gone; in its place is nothing yet."""
        ...

    def keep_copy(self) -> None:
        """Put a copy aside, as a nightly backup does."""
        ...

    def set_back(self) -> None:
        """Put that copy in its place."""
        ...


@cache
def _migrated() -> bytes:
    """The file of an empty store. Making its tables anew for each test would take a fifth of a short one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "syncd.db"
        open_store(f"sqlite:///{path}").close()
        return path.read_bytes()


def new_store(state: Path) -> None:
    """Lay a store that was migrated and never used where the office over this state looks for it."""
    state.mkdir(mode=0o700)
    SqliteFile(state / "syncd.db").fill()


@dataclass(frozen=True)
class SqliteFile:
    path: Path

    def fill(self) -> None:
        """Make it a store that was migrated and never used."""
        self.path.touch(mode=0o600, exist_ok=False)
        self.path.write_bytes(_migrated())
        with closing(sqlite3.connect(self.path)) as store, store:
            store.execute("UPDATE store_info SET lineage = ?", (str(uuid.uuid4()),))

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def _copy(self) -> Path:
        return self.path.with_suffix(".copy")

    def lose(self) -> None:
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()

    def keep_copy(self) -> None:
        with closing(sqlite3.connect(self.path)) as now, closing(sqlite3.connect(self._copy)) as then:
            now.backup(then)

    def set_back(self) -> None:
        self.lose()
        shutil.copy(self._copy, self.path)


class PostgresServer:
    """A running server; `address` has a place for the database's name."""

    _MIGRATED = "migrated"

    def __init__(self, address: str) -> None:
        self.address = address
        self._admin: Engine = create_engine(address.format(name="postgres"), isolation_level="AUTOCOMMIT")
        self._numbers = itertools.count(1)
        self.create(self._MIGRATED)
        open_store(address.format(name=self._MIGRATED)).close()

    def create(self, name: str, template: str = "template1") -> None:
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")

    def drop(self, name: str) -> None:
        self._do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def new(self) -> PostgresDatabase:
        """A store that was migrated and never used; making the tables anew each time would take most of a test."""
        name = f"books_{next(self._numbers)}"
        self.create(name, self._MIGRATED)
        store = create_engine(self.address.format(name=name))
        with store.begin() as tx:
            tx.execute(text("UPDATE store_info SET lineage = :new"), {"new": str(uuid.uuid4())})
        store.dispose()
        return PostgresDatabase(self, name)

    def empty(self) -> PostgresDatabase:
        """A database without a table."""
        name = f"books_{next(self._numbers)}"
        self.create(name)
        return PostgresDatabase(self, name)

    def turn_out(self, name: str) -> None:
        """End every connection to a database, as a restart of the server would."""
        self._do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name", name=name)

    def close(self) -> None:
        self._admin.dispose()

    def _do(self, statement: str, **values: str) -> None:
        with self._admin.connect() as tx:
            tx.execute(text(statement), values)


@dataclass(frozen=True)
class PostgresDatabase:
    server: PostgresServer
    name: str

    @property
    def url(self) -> str:
        return self.server.address.format(name=self.name)

    def lose(self) -> None:
        self.server.drop(self.name)
        self.server.create(self.name)

    def keep_copy(self) -> None:
        self.server.drop(f"{self.name}_copy")
        self.server.turn_out(self.name)  # only a database nobody is connected to can be copied by the server itself
        self.server.create(f"{self.name}_copy", self.name)

    def set_back(self) -> None:
        self.server.drop(self.name)
        self.server.create(self.name, f"{self.name}_copy")
