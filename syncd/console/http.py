"""A small HTTP server of our own: requests and responses as values, a bound on everything a stranger can send.

Knows no page and no path: an application maps a `Request` to a `Response`. Served in threads; a client that is slow, or
sends too much, is dropped and delays nobody.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from syncd.errors import TryAgain
from syncd.logs import log

LONGEST_BODY = 1_000_000
_PATIENCE_S = 15.0
_MOST_AT_ONCE = 64
_WAIT_FOR_A_THREAD_S = 1.0
_TEXT = "text/plain; charset=utf-8"
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower-case; `query` and `form` keep the first value of each name."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def parts(self) -> tuple[str, ...]:
        """The path between its slashes, percent signs resolved."""
        return tuple(unquote(part) for part in self.path.split("/") if part)

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of a submitted form; nothing where the body is none."""
        return _firsts(self.body.decode("utf-8", "replace"))

    def cookie(self, name: str) -> str:
        """A cookie's value; empty where there is none."""
        try:
            found = SimpleCookie(self.headers.get("cookie", "")).get(name)
        except CookieError:
            return ""
        return found.value if found else ""


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    kind: str = _TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


def text(words: str, status: int = 200) -> Response:
    """A line of plain text."""
    return Response(status, f"{words}\n".encode())


def see_other(path: str, headers: Mapping[str, str] | None = None) -> Response:
    """Go there with a GET."""
    return Response(HTTPStatus.SEE_OTHER, headers={"Location": path, **(headers or {})})


Application = Callable[[Request], Response]


class Server:
    """Serves one application on one address until it is closed.

    Raises:
        TryAgain: the port is taken, or the address is none of this machine.
    """

    def __init__(self, host: str, port: int, application: Application) -> None:
        try:
            self._http = _Threads((host, port), _handler(application))
        except OSError as error:
            why = error.strerror or str(error)
            raise TryAgain(
                f"{host}:{port} cannot be listened on: {why}; end the program that has it, or change [serve] listen"
            ) from None
        self._thread = threading.Thread(target=self._http.serve_forever, name="console", daemon=True)

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        return int(self._http.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Threads(ThreadingHTTPServer):
    """A thread a request, but never more than so many; a burst beyond that waits at the door for a moment."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # five, as it comes, makes the sixth of a burst try again after a second, then three

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand the request to a thread; drop it where all stay busy."""
        if self._free.acquire(timeout=_WAIT_FOR_A_THREAD_S):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One request, and its thread is free again."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or a bug: named without a request's words, which may hold a token."""
        del request, client_address
        error = sys.exception()
        if not isinstance(error, OSError):
            log.error("console.request_failed", error=type(error).__name__)


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "syncd"
        sys_version = ""
        timeout = _PATIENCE_S

        def do_GET(self) -> None:
            request = _read(self)
            if request is None:
                _answer(self, text("the request is too large or has no length", HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                return
            _answer(self, application(request))

        do_POST = do_HEAD = do_GET  # noqa: N815 - names the base class looks up

        def log_message(self, *_: object) -> None:
            """Say nothing: requests carry tokens."""

    return Handler


def _read(handler: BaseHTTPRequestHandler) -> Request | None:
    """The request; None where its body is longer than anything meant for us, or of no stated length."""
    said = handler.headers.get("Content-Length", "0")
    if not said.isdecimal() or int(said) > LONGEST_BODY or handler.headers.get("Transfer-Encoding"):
        return None
    parts = urlsplit(handler.path)
    return Request(
        method=handler.command,
        path=parts.path,
        headers={name.lower(): value for name, value in handler.headers.items()},
        query=_firsts(parts.query),
        body=handler.rfile.read(int(said)),
    )


def _answer(handler: BaseHTTPRequestHandler, response: Response) -> None:
    handler.send_response(response.status)
    headers = {"Content-Type": response.kind, **SAFE_HEADERS, **response.headers}
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(response.body)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(response.body)


def _firsts(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
