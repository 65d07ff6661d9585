"""Takes an OAuth consent: by a loopback page the browser comes back to, by a pasted address, or tokens from elsewhere.

Asks the connector's `auth` for everything a provider does its own way, and hands the tokens to the vault.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors import ConnectionSettings
from connectors.tokens import Tokens
from syncd.clock import Clock
from syncd.config.values import is_loopback
from syncd.errors import ConfigError, DataRefused, TryAgain, Usage
from syncd.toml_file import text_of

DEFAULT_REDIRECT = "http://localhost:8418/callback"
WAIT_S = 600.0

_PAGE = """<!doctype html><meta charset="utf-8"><title>syncd</title>
<body style="font:1.1rem system-ui;margin:4rem"><p>{words}</p><p>You may close this page.</p>"""


@dataclass(frozen=True, slots=True)
class Consent:
    """One attempt: where the person goes, and where the browser comes back to. `state` ties the two together.

    `verifier` (PKCE) never leaves this process but for the token endpoint: a code alone is of no use to anybody.
    """

    settings: ConnectionSettings
    redirect_uri: str
    state: str
    verifier: str = field(repr=False)

    @property
    def address(self) -> str:
        """Where the person gives consent."""
        address: str = _auth(self.settings).authorization_url(
            self.settings, redirect_uri=self.redirect_uri, state=self.state, verifier=self.verifier
        )
        return address

    def exchanged(self, redirected: str, clock: Clock) -> Tokens:
        """The tokens for the full address the browser ended on.

        Raises:
            ConsentNeeded: no consent, or an address of another attempt.
            WrongCompany: another company than the configured one consented.
        """
        tokens: Tokens = _auth(self.settings).exchange(
            self.settings,
            redirected=redirected.strip(),
            redirect_uri=self.redirect_uri,
            state=self.state,
            verifier=self.verifier,
            now=clock.now(),
        )
        return tokens


def begin(settings: ConnectionSettings, redirect_uri: str) -> Consent:
    """A new attempt with a state and a verifier nobody can guess."""
    return Consent(settings, redirect_uri, secrets.token_urlsafe(24), secrets.token_urlsafe(48))


def needs_a_person(settings: ConnectionSettings) -> bool:
    """Whether somebody must consent in a browser; not for a Xero custom connection, which its secret opens."""
    return settings.extra.get("app") != "custom"


def granted(settings: ConnectionSettings, clock: Clock) -> Tokens:
    """The tokens of a connection that needs nobody's consent.

    Raises:
        ConsentNeeded: the provider refuses the app.
        WrongCompany: the app is good for another company than the configured one.
    """
    tokens: Tokens = _auth(settings).grant(settings, clock.now())
    return tokens


def adopted(settings: ConnectionSettings, path: Path, clock: Clock) -> Tokens:
    """Tokens obtained elsewhere: what the provider's token endpoint answered, plus `realm_id` or `tenant_id`.

    Raises:
        DataRefused: the file is not such an answer.
        WrongCompany: it is for another company than the configured one.
    """
    try:
        tokens: Tokens = _auth(settings).adopt(settings, _answer_in(path, settings.kind), clock.now())
    except ValueError as error:
        raise DataRefused([f"{path}: {error}"]) from None
    return tokens


def _answer_in(path: Path, kind: str) -> Mapping[str, object]:
    """The JSON object in the file; a refusal says where it stops being one, and how one looks."""
    company = "tenant_id" if kind == "xero" else "realm_id"
    keys = f'{{"access_token": "…", "refresh_token": "…", "expires_in": 1800, "{company}": "…"}}'
    wanted = f"it must be one JSON object, as the provider's token endpoint answers: {keys}"
    try:
        document = json.loads(text_of(path))
    except ConfigError as error:
        raise DataRefused(list(error.problems)) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise DataRefused([f"{path}: {where}: this is not whole JSON: {error.msg}; {wanted}"]) from None
    except (ValueError, RecursionError):
        raise DataRefused([f"{path}: this is no such JSON; {wanted}"]) from None
    if not isinstance(document, Mapping):
        raise DataRefused([f"{path}: {wanted}"])
    return document


def revoke(settings: ConnectionSettings, tokens: Tokens) -> None:
    """End the consent at the provider."""
    _auth(settings).revoke(settings, tokens)


def _auth(settings: ConnectionSettings) -> Any:
    if settings.kind == "file":
        raise Usage(f"{settings.name} is a folder of files and needs no consent")
    return import_module(f"connectors.{settings.kind}.auth")


def listen(redirect_uri: str, clock: Clock, ready: Callable[[], None], wait_s: float = WAIT_S) -> str:
    """Wait on the loopback port of `redirect_uri` until the browser comes back; `ready` is called once it may.

    Returns the full address it came back to.

    Raises:
        Usage: the address is no loopback address with a port, or the port is taken.
        TryAgain: nobody came within `wait_s` seconds.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.port is None or not is_loopback(parts.hostname or ""):
        raise Usage(f"{redirect_uri} cannot be listened on here; use --paste with it")
    waiting = _Waiting(parts.path)
    try:
        server = HTTPServer(("127.0.0.1", parts.port), waiting.handler())
    except OSError as error:
        raise Usage(
            f"port {parts.port} cannot be listened on: {error.strerror}; name another with --redirect-uri"
        ) from None
    with server:
        ready()
        server.timeout = 1.0
        ends = clock.monotonic() + wait_s
        while waiting.came_back is None:
            if clock.monotonic() > ends:
                raise TryAgain(f"nobody came back to {redirect_uri} within {wait_s:.0f} seconds; nothing was changed")
            server.handle_request()
    return f"{parts.scheme}://{parts.netloc}{waiting.came_back}"


@dataclass(slots=True)
class _Waiting:
    """What the loopback page saw: the path with its query, once the browser came back to the right one."""

    path: str
    came_back: str | None = None

    def handler(self) -> type[BaseHTTPRequestHandler]:
        waiting = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if urlsplit(self.path).path != waiting.path:
                    self.send_error(404)
                    return
                waiting.came_back = self.path
                body = _PAGE.format(words="Consent received. The terminal says how it went.").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: the address carries the code."""

        return Handler
