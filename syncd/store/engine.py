"""Opens the database: pragmas, migrations, one writer at a time. Refuses a store that is damaged or from the future."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from syncd.errors import ConfigError, DiskFull, TryAgain, Usage
from syncd.store.schema import store_info

_BUSY_TIMEOUT_MS = 10_000
# A hundred companies side by side wait for no connection.
_POOL: Mapping[str, Any] = {"pool_size": 8, "max_overflow": -1}
# Whatever the server's own defaults are: nobody waits or sleeps with the lock for ever, unless the address says else,
# and each commit is on the disk, whatever it says.
_PATIENCE = f"-c lock_timeout={_BUSY_TIMEOUT_MS}ms -c idle_in_transaction_session_timeout=60s"
_DURABLE = "-c synchronous_commit=on"
_WRITE_LOCK = 7_308_332  # any number will do: the lock is of this database alone
_EMPTIED = ('relation "', "no such table")
_LOCKED = ("locked", "lock timeout")
_FULL = ("is full", "No space left")
_NO_ROOM_TO_OPEN = "SQLITE_IOERR_SHMSIZE"  # what SQLite calls a disk without room for the index of its log
_AWAY = (
    "Connection refused", "No such file or directory", "server closed the connection", "starting up", "shutting down",
    "terminating connection", "too many clients", "connection slots", "connection is lost", "timeout expired",
    "Temporary failure in name resolution",
)  # fmt: skip
_MIGRATIONS = Path(__file__).parent / "migrations"

# The newest migration. Named here so that a store which is up to date opens without loading the migration tool.
HEAD = "0012"


class Store:
    """One database. `writing()` is a transaction that holds the write lock from its start; `reading()` never waits."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        # SQLite makes whoever finds it locked look again and again, first come last served; our own threads queue here.
        self._turn = threading.Lock() if writer.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is stored, or nothing.

        Raises:
            TryAgain: another process kept the database locked for ten seconds, or its server went away; DiskFull: there
                is no room.
        """
        with _told(self._writer), self._turn, self._writer.begin() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of what is stored.

        Raises:
            ConfigError: what is read is damaged: whoever only looks does not read the whole store through first.
            TryAgain: the database's server went away.
        """
        with _told(self._reader), self._reader.connect() as tx:
            yield tx

    @property
    def dialect(self) -> str:
        """Which database it is: ``sqlite`` or ``postgresql``."""
        return self._writer.dialect.name

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the whole store to a new file, and check it, while others go on working.

        Raises:
            Usage: the file exists or cannot be written, or the database is not SQLite.
            ConfigError: the store is damaged, or the copy does not pass its check and is taken away again.
            TryAgain: there is no room for it.
        """
        if self.dialect != "sqlite":
            raise Usage("this store is a PostgreSQL database: copy it with pg_dump")
        _make_private(path)
        with ExitStack() as undo:
            undo.callback(path.unlink, missing_ok=True)  # cut short, it is no copy
            with closing(self._reader.raw_connection()) as raw, _copying(path, str(self._reader.url)):
                raw.cursor().execute("VACUUM INTO ?", (str(path),))
            with closing(sqlite3.connect(path)) as copy:
                verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise ConfigError([f"backup {path}: the copy is damaged ({verdict})"])
            undo.pop_all()

    def close(self) -> None:
        """Give back every database connection."""
        self._writer.dispose()
        self._reader.dispose()


def open_store(url: str, *, check: bool = True) -> Store:
    """Open the database at `url` (SQLAlchemy form), create or migrate its tables.

    `check` reads it through for damage first, which takes as long as it is large: those who send do that.

    Raises:
        ConfigError: it cannot be opened, is damaged, or was written by a newer syncd. Nothing is changed then.
    """
    _keep_private(url)
    writer, reader = _engine(url, writes=True), _engine(url, writes=False)
    try:
        if check:
            _check(writer, url)
        _migrate(writer, url)
    except DBAPIError as error:
        _close(writer, reader)
        cause = ConfigError([f"database {_shown(url)}: {_cause(error)}"])
        raise _passing(error) or _damaged(error, url) or cause from error
    except ConfigError:
        _close(writer, reader)
        raise
    return Store(writer, reader)


def _close(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()


def _keep_private(url: str) -> None:
    """A database of ours is made for its owner alone: SQLite itself would let every user of the machine read it."""
    path = Path(make_url(url).database or "") if url.startswith("sqlite") else None
    if path is not None and path.parent.is_dir() and not path.exists():
        with suppress(OSError):  # what is wrong with the place is said by opening it
            path.touch(mode=0o600)


def _make_private(path: Path) -> None:
    """The empty file a copy is written into, for its owner alone from the first byte on."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise Usage(f"{path} exists already; a backup never overwrites") from None
    except OSError as error:
        raise Usage(f"{path}: cannot be written: {error.strerror}") from None


@contextmanager
def _copying(path: Path, url: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise TryAgain(f"{path}: the copy cannot be written whole ({error}); no copy was made") from error
    except sqlite3.DatabaseError as error:
        raise ConfigError([f"database {_shown(url)}: damaged ({error}); no copy was made"]) from error


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    """Trouble of the database in the words of our own errors, where there are some."""
    try:
        yield
    except DBAPIError as error:
        passing, url = _passing(error), str(engine.url)
        if passing is not None:
            raise passing from error
        if (damaged := _damaged(error, url)) is not None:
            raise damaged from error
        is_gone = engine.dialect.name == "postgresql" and isinstance(error, OperationalError)  # or we are shut out
        if is_gone or any(words in str(error.orig) for words in _EMPTIED):
            raise ConfigError([f"database {_shown(url)}: not the one that was opened ({_cause(error)})"]) from error
        raise


def _engine(url: str, *, writes: bool) -> Engine:
    """Transactions of a `writes` engine come one after the other on either database; others see one moment."""
    if not url.startswith("sqlite"):
        return _server_engine(url, writes=writes)
    engine = create_engine(url, **_POOL)

    @event.listens_for(engine, "connect")
    def _configure(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # transactions are begun by the listener below, never by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_TIMEOUT_MS}", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(tx: Connection) -> None:
        tx.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _server_engine(url: str, *, writes: bool) -> Engine:
    """PostgreSQL, held to what SQLite does by itself: one writer at a time, and readers who see one moment.

    Two transactions that each read a row and then change it would both go by what it was before: two offices would take
    one connection. A writer that fell asleep with the lock is thrown out by the server.
    """
    level = "READ COMMITTED" if writes else "REPEATABLE READ"  # a writer must see what was stored while it waited
    address = make_url(url)
    options = f"{_PATIENCE} {address.query.get('options', '')} {_DURABLE}"
    engine = create_engine(
        address, connect_args={"options": options}, isolation_level=level, pool_pre_ping=True, **_POOL
    )
    if writes:

        @event.listens_for(engine, "begin")
        def _begin(tx: Connection) -> None:
            tx.execute(select(func.pg_advisory_xact_lock(_WRITE_LOCK)))

    return engine


def _check(engine: Engine, url: str) -> None:
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as tx:
        verdict = tx.execute(text("PRAGMA quick_check(1)")).scalar()
    if verdict != "ok":
        raise ConfigError([f"database {_shown(url)}: damaged ({verdict}). Restore a copy made by `syncd backup`."])


def _migrate(engine: Engine, url: str) -> None:
    with engine.begin() as tx:
        current = _revision(tx)
        if current == HEAD:
            return
        if current is not None and current > HEAD:
            raise ConfigError([f"database {_shown(url)}: written by a newer syncd ({current}); install that version."])
        _upgrade(tx)
        if tx.execute(select(store_info.c.lineage)).scalar() is None:
            tx.execute(insert(store_info).values(id=1, lineage=str(uuid.uuid4()), writes=0))


def _revision(tx: Connection) -> str | None:
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(tx: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - a quarter of a second that an up-to-date store does not need
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415 - same

    config = AlembicConfig()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _passing(error: DBAPIError) -> TryAgain | None:
    """The trouble that will pass by itself or with a little room; None where it is another."""
    said = str(error.orig)
    if any(words in said for words in _LOCKED):
        return TryAgain("The database is locked by another program; try again in a moment.")
    if error.connection_invalidated or any(words in said for words in _AWAY):
        return TryAgain(f"The database's server does not answer ({_cause(error)}); try again in a moment.")
    no_room = any(words in said for words in _FULL) or getattr(error.orig, "sqlite_errorname", "") == _NO_ROOM_TO_OPEN
    return DiskFull("the database") if no_room else None


def _shown(url: str) -> str:
    """The address without a password."""
    return url.rsplit("@", maxsplit=1)[-1] if "@" in url else url


def _damaged(error: DBAPIError, url: str) -> ConfigError | None:
    if "malformed" not in str(error.orig):
        return None
    return ConfigError([f"database {_shown(url)}: damaged. Restore a copy made by `syncd backup`."])


def _cause(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0] if error.orig else "cannot be opened"
