"""What every test may use. Checks against the shared reference data say so in one line where that data is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the checks marked `shared_data` where the data is not beside the checkout."""
    if SHARED_DATA.is_dir():
        return
    absent = [item for item in items if item.get_closest_marker("shared_data")]
    items[:] = [item for item in items if not item.get_closest_marker("shared_data")]
    config.stash[_LEFT_OUT] = len(absent)
    config.hook.pytest_deselected(items=absent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was not run, and why."""
    left_out = config.stash.get(_LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(f"not run: {left_out} checks against reference data, absent beside this checkout")


@pytest.fixture
def shared_data() -> Path:
    """The folder of reference data; only tests marked `shared_data` may ask for it."""
    return SHARED_DATA


_LEFT_OUT: pytest.StashKey[int] = pytest.StashKey()
