"""A connector, and the small Xero it talks to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors import ConnectionSettings
from connectors.simulator.clock import SimulatedClock
from connectors.transport import Timing
from connectors.xero.client import XeroConnector, connect
from tests.links.xero.tiny import START, TENANT, TinyXero, Tokens


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def xero(clock: SimulatedClock) -> Iterator[TinyXero]:
    company = TinyXero(clock)
    with company.server:
        yield company


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def settings(xero: TinyXero) -> ConnectionSettings:
    return ConnectionSettings(
        name="kiwi",
        kind="xero",
        timezone="Pacific/Auckland",
        account=TENANT,
        client_id="client",
        client_secret="secret",
        api_url=xero.server.url,
        auth_url=xero.server.url,
        extra={"finance_charge_account": "260", "stop_sell_group": "Stop sell"},
    )


@pytest.fixture
def connector(settings: ConnectionSettings, tokens: Tokens, clock: SimulatedClock) -> Iterator[XeroConnector]:
    opened = connect(settings, tokens, Timing(clock.now, clock.monotonic, clock.sleep))
    yield opened
    opened.close()
