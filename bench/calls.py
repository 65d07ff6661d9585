"""How often a provider is asked: by one idle poll, and over a whole quiet day of polls every five minutes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from connectors import ConnectionSettings, open_connector
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from connectors.tokens import Tokens
from connectors.transport import Timing

START = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
_EVERY = timedelta(minutes=5)


class _Vault:
    """Tokens that are refreshed when they are about to end."""

    def __init__(self, auth: Any, settings: ConnectionSettings, tokens: Tokens, clock: SimulatedClock) -> None:
        self._auth, self._settings, self._tokens, self._clock = auth, settings, tokens, clock

    def access_token(self) -> str:
        if self._tokens.expires_at - self._clock.now() < timedelta(minutes=1):
            self._tokens = self._auth.refresh(self._settings, self._tokens, self._clock.now())
        return self._tokens.access_token

    def replace(self, _refused: str) -> str:
        self._tokens = self._auth.refresh(self._settings, self._tokens, self._clock.now())
        return self._tokens.access_token


def calls_of(kind: str, _folder: Path) -> Mapping[str, int]:
    """Calls of a first load, of one idle poll, and of a day of 288 polls in which nothing happens."""
    clock = SimulatedClock(START)
    company: Any = QuickBooksCompany(clock) if kind == "quickbooks" else XeroCompany(clock)
    customer = company.add_customer("Oak Ltd", "ap@oak.example")
    for number in range(20):
        company.add_invoice(customer, f"N{number}", date(2026, 5, 1), date(2026, 5, 31), 10_000)
    auth = import_module(f"connectors.{kind}.auth")
    with Server(company.application) as server:
        settings = ConnectionSettings(
            "bench", kind, company.timezone, company.account, "demo-client", "demo-secret",
            api_url=server.url, auth_url=server.url,
        )  # fmt: skip
        tokens = auth.adopt(settings, company.issue_tokens(), clock.now())
        vault = _Vault(auth, settings, tokens, clock)
        connector = open_connector(settings, vault, Timing(clock.now, clock.monotonic, clock.sleep))
        cursor = _poll(connector, None)
        first = before = _asked(server)
        for _ in range(2):
            clock.advance(_EVERY)
            before = _asked(server)
            cursor = _poll(connector, cursor)
        idle = _asked(server) - before
        before = _asked(server)
        for _ in range(288):
            clock.advance(_EVERY)
            cursor = _poll(connector, cursor)
        connector.close()
        return {"first load": first, "idle poll": idle, "a day of polls": _asked(server) - before}


def _asked(server: Server) -> int:
    """Requests for data so far; signing in costs none of a day's calls."""
    return sum(request.path.startswith(("/v3/", "/api.xro/")) for request in server.seen)


def _poll(connector: Any, cursor: str | None) -> str:
    for page in connector.changes(cursor):
        cursor = page.cursor
    return cursor or ""
