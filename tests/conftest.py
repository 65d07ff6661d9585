"""What every test may use. Checks that need what this machine lacks are left out, and one line says so."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import postgres
from tests.databases import Database, PostgresServer, SqliteFile

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# marker: (whether its need is met here, what is not run where it is not)
NEEDS = {
    "shared_data": (SHARED_DATA.is_dir(), "checks against reference data, which is not beside this checkout"),
    "browser": (shutil.which("chromium") is not None, "looks at the console in a real browser: no chromium here"),
    "postgres": (postgres.binaries() is not None, "the store on PostgreSQL: no server here (the `dev` extra has one)"),
    "systemd": (shutil.which("systemd-analyze") is not None, "checks of the systemd unit: no systemd-analyze here"),
}
UNMET = [marker for marker, (met, _) in NEEDS.items() if not met]

# How long an example takes, or making one up, says what else the machine does: no test fails by that.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while all tests are collected, nor ever again among them: they stay to the end.

    A quarter of the time that collecting takes, in each process.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the checks whose need is not met on this machine."""
    absent = [item for item in items if any(item.get_closest_marker(marker) for marker in UNMET)]
    items[:] = [item for item in items if item not in absent]
    config.hook.pytest_deselected(items=absent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, and why; also when the tests ran in several processes."""
    for marker in UNMET:
        terminalreporter.write_line(f"not run: {NEEDS[marker][1]}")


@pytest.fixture
def shared_data() -> Path:
    """The folder of reference data; only tests marked `shared_data` may ask for it."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this run's own; only tests marked `postgres` may ask for it."""
    with postgres.server() as address:
        server = PostgresServer(address)
        yield server
        server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A new store's place. Whatever asks for it is run on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        file = SqliteFile(tmp_path / "syncd.db")
        file.fill()
        return file
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A place without a table; otherwise as `database`."""
    if request.param == "sqlite":
        return SqliteFile(tmp_path / "syncd.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.empty()


@pytest.fixture(autouse=True)
def log_as_if_nothing_was_configured() -> Iterator[None]:
    """A command run in this process writes its log to a stream that its own test closes: the next one starts afresh."""
    yield
    structlog.reset_defaults()
