"""Every kind of connector passes the same suite: `house` is each of them in turn, `remote` those behind a wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import KINDS
from tests.conformance.house import House, RemoteHouse, opened


@pytest.fixture(params=sorted(KINDS))
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.fixture(params=sorted(set(KINDS) - {"file"}))
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RemoteHouse]:
    with opened(request.param, tmp_path) as found:
        assert isinstance(found, RemoteHouse)
        yield found
