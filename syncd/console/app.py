"""Which path is answered by whom, and who may ask. Everything but `/healthz` and signed webhooks needs the token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from connectors import Ref
from syncd import hints
from syncd.console import gauges, webhooks
from syncd.console.door import Door, open_door
from syncd.console.http import Request, Response, Server, see_other, text
from syncd.console.pages import Pages
from syncd.errors import SyncdError, Usage
from syncd.feed import stopped
from syncd.ledger import Ledger
from syncd.office import Office
from syncd.standing import view

JSON = "application/json"
_BROWSER = "text/html"


def _nobody() -> None:
    return None


@dataclass(slots=True)
class App:
    """The application over an office. `wake` is called when a hint was given, for a daemon in this process."""

    office: Office
    door: Door
    wake: Callable[[], None] = _nobody
    seen: webhooks.Seen = field(default_factory=webhooks.Seen)
    pages: Pages = field(init=False)
    _hearing: Mapping[str, list[webhooks.Listener]] = field(init=False)

    def __post_init__(self) -> None:
        self.pages = Pages(self.office, self.door)
        self._hearing = {
            "quickbooks": webhooks.listeners(self.office, "quickbooks"),
            "xero": webhooks.listeners(self.office, "xero"),
        }

    def __call__(self, request: Request) -> Response:
        """Answer one request; what a person must know comes as its own sentence."""
        try:
            return self._open(request) or self._behind_the_door(request)
        except Usage as error:
            return text(str(error), 404)
        except SyncdError as error:
            return text(str(error), 503)

    def _open(self, request: Request) -> Response | None:
        """What strangers may ask; None for all else."""
        match request.method, request.parts:
            case "GET" | "HEAD", ("healthz",):
                return text("ok")
            case "POST", ("webhooks", "quickbooks" | "xero" as kind):
                return self._webhook(request, kind)
            case _, ("webhooks", *_):
                return text("webhooks are posted to /webhooks/quickbooks or /webhooks/xero", 404)
            case "GET", ("login",):
                return self.pages.login_form()
            case "POST", ("login",):
                return self.pages.log_in(request)
            case _:
                return None

    def _behind_the_door(self, request: Request) -> Response:
        if not self.door.lets_in(request, self.office.clock.now()):
            if request.method == "GET" and _BROWSER in request.headers.get("accept", ""):
                return see_other("/login")
            return Response(401, b"this needs the token: Authorization: Bearer TOKEN\n", headers=_ASK)
        match request.method, request.parts:
            case "POST", ("answer" | "logout" as act,):
                return self.pages.posted(request, act)
            case "GET" | "HEAD", parts:
                return self._shown(request, parts)
            case _:
                return text(f"{request.method} is not answered here", 405)

    def _shown(self, request: Request, parts: tuple[str, ...]) -> Response:
        match parts:
            case ("readyz", *names):
                return self._ready(names)
            case ("metrics",):
                return Response(body=gauges.exposition(self.office), kind=gauges.KIND)
            case ("stop-sell",):
                return _json({"customers": [row for ledger in self.office.ledgers for row in stopped(ledger)]})
            case ("stop-sell", name, customer):
                return _stop_sell(self.office.ledger(name), customer)
            case _:
                return self.pages.shown(request)

    def _ready(self, names: list[str]) -> Response:
        ledgers = [self.office.ledger(name) for name in names] if names else self.office.ledgers
        views = [view(ledger, self.office.config) for ledger in ledgers]
        found = {one.name: {"ready": one.why_not_ready is None, "why": one.why_not_ready} for one in views}
        well = all(one["ready"] for one in found.values())
        return _json({"ready": well, "connections": found}, 200 if well else 503)

    def _webhook(self, request: Request, kind: webhooks.Kind) -> Response:
        response, names = webhooks.received(request, kind, self._hearing[kind], self.seen)
        for name in names:
            hints.give(self.office.config.state_dir, name)
        if names:
            self.wake()
        return response


@contextmanager
def serving(office: Office, wake: Callable[[], None] = _nobody) -> Iterator[Server]:
    """Serve the office's port for the length of the block.

    Raises:
        ConfigError: the token or a webhook key cannot be used.
        TryAgain: the port is taken.
    """
    serve = office.config.serve
    app = App(office, open_door(office.config.state_dir, serve.token_file), wake)
    with Server(serve.host, serve.port, app) as server:
        yield server


_ASK = {"WWW-Authenticate": 'Bearer realm="syncd"'}


def _stop_sell(ledger: Ledger, customer: str) -> Response:
    """Whether this customer may be sold to, and as of which reading of the books."""
    if ledger.mirror.fact(Ref("customer", customer)) is None:
        return _json({"error": f'{ledger.name} has no customer "{customer}"'}, 404)
    pulled_at = ledger.connections.standing().pulled_at
    free = {"connection": ledger.name, "customer": customer, "state": "good", "stop_sell": False, "reason": ""}
    row = next((row for row in stopped(ledger) if row["customer"] == customer), free)
    return _json({**row, "as_of": pulled_at.isoformat() if pulled_at else None})


def _json(document: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(document, ensure_ascii=False).encode() + b"\n", JSON)
