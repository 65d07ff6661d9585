"""A small loopback HTTP server that can also misbehave: reset, hang, cut short, answer rubbish, after the work is done.

Applications map a `Request` to a `Response`; faults are scripted per request and applied around that call, so that
"committed, then the line went dead" is what really happens on the socket.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

FaultKind = Literal[
    "refuse", "reply", "reset_before", "reset_after", "close_after", "hang_after", "cut_short", "replace_after"
]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came over the wire. `query` keeps the first value of each name; `headers` are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; numbers with a point as Decimal-safe strings are the application's business."""
        return json.loads(self.body or b"null")


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back. An empty body goes without a content type unless a header names one."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Fault:
    """What to do with the next `times` requests that match, after letting `skip` of them pass.

    refuse / reply: answer with `response` and do not call the application. reset_before: reset, nothing done.
    reset_after, close_after, hang_after, cut_short, replace_after: the application commits, then the answer is lost
    (by reset or by a plain close), delayed by `delay_s` real seconds, cut in half, or replaced by `response`.
    """

    kind: FaultKind
    method: str | None = None
    path_contains: str = ""
    response: Response = field(default_factory=lambda: Response(500))
    delay_s: float = 2.0
    times: int = 1
    skip: int = 0

    def takes(self, request: Request) -> bool:
        """Whether this fault applies now; counts down as it is asked."""
        if self.times <= 0 or (self.method and self.method != request.method) or self.path_contains not in request.path:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


Application = Callable[[Request], Response]


class Server:
    """Serves one application on a loopback port in threads. `seen` holds the requests that arrived, oldest first.

    A connection idle for `idle_s` real seconds is closed, as every provider's front door does sooner or later.
    """

    def __init__(self, application: Application, port: int = 0, *, idle_s: float | None = None) -> None:
        self.faults: list[Fault] = []
        self.seen: list[Request] = []
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = idle_s
            disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

            def do_GET(self) -> None:
                server._serve(self, application)

            do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - names the base class looks up

            def log_message(self, *_: object) -> None:
                """Say nothing: requests carry tokens."""

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler, application: Application) -> None:
        request = _read(handler)
        with self._lock:
            self.seen.append(request)
            fault = next((fault for fault in self.faults if fault.takes(request)), None)
        if fault is None:
            _answer(handler, application(request))
        else:
            _misbehave(handler, request, application, fault)


def _read(handler: BaseHTTPRequestHandler) -> Request:
    parts = urlsplit(handler.path)
    length = int(handler.headers.get("Content-Length") or 0)
    return Request(
        method=handler.command,
        path=parts.path,
        query={name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
        headers={name.lower(): value for name, value in handler.headers.items()},
        body=handler.rfile.read(length) if length else b"",
    )


def _misbehave(handler: BaseHTTPRequestHandler, request: Request, application: Application, fault: Fault) -> None:
    if fault.kind in ("refuse", "reply"):
        _answer(handler, fault.response)
        return
    if fault.kind == "reset_before":
        _reset(handler)
        return
    response = application(request)
    if fault.kind == "reset_after":
        _reset(handler)
    elif fault.kind == "close_after":
        handler.close_connection = True
    elif fault.kind == "hang_after":
        threading.Event().wait(fault.delay_s)
        _reset(handler)
    elif fault.kind == "cut_short":
        _answer(handler, response, cut_short=True)
    else:
        _answer(handler, fault.response)


def _answer(handler: BaseHTTPRequestHandler, response: Response, *, cut_short: bool = False) -> None:
    try:
        handler.send_response(response.status)
        for name, value in response.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(response.body)))
        handler.end_headers()
        handler.wfile.write(response.body[: len(response.body) // 2] if cut_short else response.body)
        handler.wfile.flush()
    except OSError:
        return  # the client went away; its own error tells the story
    if cut_short:
        _reset(handler)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Close with RST, as a dropped line does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
