"""The SDK as we let it be: no hidden retry, always a time-out, paced, counted, one set-up per connection.

`Calls` is what reading and writing need of it, so that neither knows the SDK. Catches nothing: `client` does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from connectors import ConnectionSettings
from connectors.transport import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, Pacer, Timing, Usage
from connectors.xero.values import Row

API_URL = "https://api.xero.com"
IN_FLIGHT = 4  # Xero refuses the sixth at once; other programs of the same app may hold one
PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """One JSON answer: its document, Xero's id of the exchange, and the server's own time."""

    document: Row
    trace: str
    server_time: datetime


class Calls(Protocol):
    """One company's calls, by the SDK's method name and arguments."""

    account: str

    @property
    def day_left(self) -> int | None:
        """How many calls Xero says are left today; None before it has said so."""
        ...

    def read(self, call: str, **arguments: Any) -> Answer:
        """A read, repeated while that may help. Raises what `connectors.errors` names."""
        ...

    def read_one(self, call: str, **arguments: Any) -> Answer | None:
        """A read by id; None where Xero says it does not exist."""
        ...

    def write(self, call: str, key: str | None, **arguments: Any) -> Answer:
        """A write, sent once, under the idempotency key made of `key`. Raises Rejected, OutcomeUnknown and others."""
        ...


def document_of(body: bytes) -> Row:
    """The JSON object in `body`, numbers exact; an empty one for an empty body.

    Raises:
        ValueError: it is no JSON object.
    """
    if not body:
        return {}
    try:
        document = json.loads(body, parse_float=Decimal)
    except RecursionError:
        raise ValueError("the answer is nested too deep") from None
    if not isinstance(document, Mapping):
        raise ValueError("the answer is not an object")
    return document


class Gate:
    """Stands before the SDK's HTTP client: every call waits here for its turn and leaves with a time-out."""

    def __init__(self, timing: Timing, usage: Usage, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        self._timeout = (CONNECT_TIMEOUT_S, read_timeout_s)
        self._pacer = Pacer(PER_MINUTE, 60.0, timing, usage)
        self._turn = threading.Lock()
        self._slots = threading.BoundedSemaphore(IN_FLIGHT)
        self.usage = usage

    def guard(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """`send`, paced, counted and with our time-outs whatever the SDK asks for."""

        def guarded(method: str, url: str, **arguments: Any) -> Any:
            arguments["_request_timeout"] = self._timeout
            with self._slots:
                with self._turn:
                    self._pacer.wait()
                    self.usage.count("read" if method.upper() == "GET" else "write")
                return send(method, url, **arguments)

        return guarded

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember what Xero says is left of the day and the minute."""
        for name, field in (("X-DayLimit-Remaining", "day_left"), ("X-MinLimit-Remaining", "minute_left")):
            left = headers.get(name, "")
            if left.isdecimal():
                setattr(self.usage, field, int(left))


@dataclass(frozen=True, slots=True)
class Sdk:
    """The SDK's accounting calls for one connection, and how to let go of its sockets."""

    api: Any
    close: Callable[[], None]


def open_sdk(settings: ConnectionSettings, gate: Gate, token: Callable[[], str]) -> Sdk:
    """Set the SDK up for one connection. Makes no request."""
    # The class is a cached singleton: arguments of a second call would be ignored, so the token is set afterwards.
    configuration = Configuration()
    configuration.oauth2_token = OAuth2Token()
    client = ApiClient(configuration)
    client.rest_client.pool_manager.connection_pool_kw["retries"] = False
    client.rest_client.request = gate.guard(client.rest_client.request)
    client.set_default_header("Accept-Encoding", "gzip")
    # Without expires_at the SDK never refreshes by itself: the vault does, under its lock.
    client.oauth2_token_getter(
        lambda: {"access_token": token(), "scope": [], "expires_in": 1800, "token_type": "Bearer"}
    )
    api = AccountingApi(client, base_url=f"{(settings.api_url or API_URL).rstrip('/')}/api.xro/2.0")
    return Sdk(api=api, close=client.rest_client.pool_manager.clear)
