"""The one seam to QuickBooks: python-quickbooks carries the calls over a session of ours that closes its traps.

Owned here: time-outs, pacing, call counts, the bearer and its one replacement, typed errors from the real status,
Decimal both ways, no redirects, no hidden retries. No other module of this connector sees an exception of a library.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from quickbooks.client import QuickBooks
from quickbooks.exceptions import QuickbooksException

from connectors import ConnectionSettings
from connectors.errors import ConsentNeeded, OutcomeUnknown, Unavailable
from connectors.quickbooks.faults import BrokenAnswer, error_of
from connectors.tokens import TokenSource
from connectors.transport import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    WEB_PAGE,
    Lanes,
    Pacer,
    Timing,
    Usage,
    is_web_page,
    network_cause,
    retry_read,
)

HOSTS = {"production": "https://quickbooks.api.intuit.com", "sandbox": "https://sandbox-quickbooks.api.intuit.com"}
MINOR_VERSION = 75
PAGE_ROWS = 1000  # the most QuickBooks gives out at once
# Of 10 in a second and 500 in a minute allowed to a company and app; the rest is for a daemon beside a load of history.
AT_ONCE, PER_MINUTE = 9, 480
_SERVER_ERRORS = HTTPStatus.INTERNAL_SERVER_ERROR
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Session(requests.Session):
    """What python-quickbooks sends through. `trace` is the intuit_tid of the last answer."""

    def __init__(
        self, tokens: TokenSource, pace: tuple[Lanes, Pacer], usage: Usage, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        super().__init__()
        self.auth = _as_given  # else a ~/.netrc entry would take the bearer's place
        self.trace = ""
        self.writing = False
        self.read_timeout_s = read_timeout_s
        self._tokens = tokens
        self._usage = usage
        self._lanes, self._pacer = pace

    @property
    def access_token(self) -> str:
        """The bearer python-quickbooks puts on the next request."""
        return self._tokens.access_token()

    def request(  # type: ignore[override]  # only what python-quickbooks passes
        self, method: str, url: str, headers: dict[str, str], params: Mapping[str, Any], data: Any = None
    ) -> requests.Response:
        """Send once; a 401 gets one new token and one more try. Raises what the answer means, if not well."""
        self.writing = method == "POST"
        body = data.encode() if isinstance(data, str) else data or None
        answer = self._send(method, url, headers, params, body)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            refused = headers["Authorization"].removeprefix("Bearer ")
            headers["Authorization"] = f"Bearer {self._tokens.replace(refused)}"
            answer = self._send(method, url, headers, params, body)
        if is_web_page(answer.content) and not HTTPStatus.BAD_REQUEST <= answer.status_code < _SERVER_ERRORS:
            raise _unclear(f"QuickBooks answered {answer.status_code} {WEB_PAGE}", writing=self.writing)
        error = error_of(answer.status_code, answer.text, self.trace, writing=self.writing)
        if error is not None:
            raise error
        if not answer.content.lstrip().startswith(b"{"):
            raise _unclear(f"QuickBooks sent no JSON (intuit_tid {self.trace})", writing=self.writing)
        return answer

    def _send(
        self, method: str, url: str, headers: dict[str, str], params: Mapping[str, Any], body: bytes | None
    ) -> requests.Response:
        refuse_plain_http(url)
        with self._lanes.one(), network_errors(writing=self.writing):
            self._pacer.wait()
            self._usage.count("write" if method == "POST" else "read")
            answer = super().request(
                method,
                url,
                params=params,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT_S, self.read_timeout_s),
            )
        answer.encoding = "utf-8"  # else requests guesses it from the text, slowly and sometimes wrong
        self.trace = answer.headers.get("intuit_tid") or answer.headers.get("Intuit-Tid") or ""
        return answer


class Api:
    """The calls we make, by purpose. Bodies come back as plain dicts with Decimal for every number with a point."""

    def __init__(self, settings: ConnectionSettings, session: Session, timing: Timing) -> None:
        self.account = settings.account
        self.time = ""  # QuickBooks' clock at the last reply that told it
        self._session = session
        self._session.trust_env = not is_loopback(settings.api_url or "")  # no proxy stands before this machine itself
        self._timing = timing
        self._books = QuickBooks(company_id=settings.account, minorversion=MINOR_VERSION, use_decimal=True)
        self._books.session = session
        self._books.api_url_v3 = f"{(settings.api_url or HOSTS[settings.environment]).rstrip('/')}/v3"

    @property
    def trace(self) -> str:
        """QuickBooks' own id of the last exchange."""
        return self._session.trace

    def read(self, path: str, **parameters: str) -> dict[str, Any]:
        """GET `path` of the company; waits and asks again where that can help."""
        return retry_read(lambda: self._get(path, parameters), self._timing)

    def read_or_shrink(self, path: str, **parameters: str) -> dict[str, Any]:
        """Like `read`, but an answer QuickBooks cannot put together is told at once, so that less can be asked for.

        Raises:
            BrokenAnswer: one bad record, likely.
        """

        def get() -> dict[str, Any] | BrokenAnswer:
            try:
                return self._get(path, parameters)
            except BrokenAnswer as broken:
                return broken

        answer = retry_read(get, self._timing)
        if isinstance(answer, BrokenAnswer):
            raise answer
        return answer

    def query(self, statement: str) -> dict[str, Any]:
        """Run a query statement; the whole reply."""
        return self.read("query", query=statement)

    def rows(self, entity: str, statement: str) -> list[dict[str, Any]]:
        """The rows of `entity` a statement finds."""
        return [row for row in _rows(self.query(statement), entity) if row]

    def page(self, entity: str, statement: str) -> list[dict[str, Any]]:
        """The rows of one page, empty where one shows nothing. Raises BrokenAnswer where a smaller page may do."""
        return _rows(self.read_or_shrink("query", query=statement), entity)

    def every(self, entity: str, where: str) -> Iterator[dict[str, Any]]:
        """All rows of `entity` that meet `where` and show anything, page by page."""
        yield from (row for row in self.even_hidden(entity, where) if row)

    def even_hidden(self, entity: str, where: str) -> Iterator[dict[str, Any]]:
        """The same, empty where a row shows nothing: for those who conclude something of what is not there."""
        start = 1
        while True:
            statement = f"select * from {entity} where {where} ORDERBY Id"  # noqa: S608 - ids and instants only
            rows = _rows(self.query(f"{statement} STARTPOSITION {start} MAXRESULTS {PAGE_ROWS}"), entity)
            yield from rows
            start += len(rows)
            if len(rows) < PAGE_ROWS:
                return

    def post(self, entity: str, body: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """Create, or update sparsely. Sent once; returns the object as it is now."""
        answer = self._call(lambda: self._books.post(self._url(entity.lower()), written(body), request_id=request_id))
        return self._object(answer, entity)

    def send(self, entity: str, ref: str, to: str, request_id: str) -> dict[str, Any]:
        """Have QuickBooks mail a document. Sent once."""
        url = self._url(f"{entity.lower()}/{ref}/send")
        parameters = {"sendTo": to} if to else {}
        kind = "application/octet-stream"
        answer = self._call(
            lambda: self._books.post(url, None, content_type=kind, params=parameters, request_id=request_id)
        )
        return self._object(answer, entity)

    def _get(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        answer = self._call(lambda: self._books.get(self._url(path), params=dict(parameters)))
        self.time = str(answer.get("time") or self.time)
        return answer

    def _object(self, answer: dict[str, Any], entity: str) -> dict[str, Any]:
        found = answer.get(entity)
        if not isinstance(found, dict):
            raise OutcomeUnknown(f"QuickBooks' answer names no {entity} (intuit_tid {self.trace})")
        return found

    def _url(self, path: str) -> str:
        return f"{self._books.api_url}/company/{self.account}/{path}"

    def _call(self, call: Callable[[], Any]) -> dict[str, Any]:
        """One call through the library; what is left for it to complain about is a body cut short or no object."""
        try:
            answer: dict[str, Any] = call()
        except (QuickbooksException, RecursionError):
            raise _unclear(
                f"QuickBooks' answer cannot be read (intuit_tid {self.trace})", writing=self._session.writing
            ) from None
        return answer


class Line:
    """The sessions of one connection: one for each thread that asks, all at one pace and counted together."""

    def __init__(self, settings: ConnectionSettings, tokens: TokenSource, timing: Timing, usage: Usage) -> None:
        self._settings, self._tokens, self._timing, self._usage = settings, tokens, timing, usage
        self._pace = Lanes(AT_ONCE, 1.0, timing, usage), Pacer(PER_MINUTE, 60.0, timing, usage)
        self._sessions: list[Session] = []

    def api(self) -> Api:
        """The calls, over a session of their own."""
        session = Session(self._tokens, self._pace, self._usage, self._timing.read_timeout_s)
        self._sessions.append(session)
        return Api(self._settings, session, self._timing)

    def close(self) -> None:
        """Give back sockets."""
        for session in self._sessions:
            session.close()


@contextmanager
def network_errors(*, writing: bool) -> Iterator[None]:
    """Name a failed exchange by whether the request can have arrived. Texts hold no URL: it may hold a code."""
    try:
        yield
    except requests.exceptions.RequestException as error:
        cause = network_cause(error)
        if _never_left(error):
            raise Unavailable(f"QuickBooks cannot be reached: {cause}") from None
        raise _unclear(f"the line to QuickBooks failed: {cause}", writing=writing) from None


def refuse_plain_http(url: str) -> None:
    """Credentials travel in clear only to this machine itself.

    Raises:
        ConsentNeeded: a plain http address elsewhere.
    """
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        where = urlsplit(url).hostname
        raise ConsentNeeded(f"{where} is named with plain http; only https is used beyond this machine")


def is_loopback(url: str) -> bool:
    """Whether an address is this machine itself."""
    return urlsplit(url).hostname in _LOOPBACK


def written(value: Any) -> str:
    """JSON text with every Decimal as a bare number, digit for digit."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(name))}:{written(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(written(part) for part in value) + "]"
    if isinstance(value, float):
        raise TypeError("a float never goes out; use Decimal")
    return json.dumps(value)


def _rows(reply: Mapping[str, Any], entity: str) -> list[dict[str, Any]]:
    found = reply.get("QueryResponse")
    if not isinstance(found, dict):
        raise Unavailable("QuickBooks' answer to a query holds no query response")
    rows = found.get(entity)
    return [row if isinstance(row, dict) else {} for row in rows] if isinstance(rows, list) else []


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Name an answer of a shape nobody documented for what it is: none that we can use.

    Raises:
        Unavailable: something in it is not what it must be.
    """
    try:
        yield
    except (AttributeError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise Unavailable(f"QuickBooks' {what} cannot be understood ({type(error).__name__})") from error


def _never_left(error: requests.exceptions.RequestException) -> bool:
    """Refused, unresolved, no TCP within the time, or a certificate we do not trust: nothing of it was sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.SSLError):
        return any(isinstance(part, ssl.SSLCertVerificationError) for part in (cause, *getattr(cause, "args", ())))
    return isinstance(cause, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError)


def _unclear(message: str, *, writing: bool) -> OutcomeUnknown | Unavailable:
    return OutcomeUnknown(message) if writing else Unavailable(message)


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
