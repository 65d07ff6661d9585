"""The one seam to the Xero SDK: opens a connection, makes its calls, and names every failure in our own words.

Reads are repeated here while that may help; a write is sent once, and what is not clearly answered is OutcomeUnknown.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3.exceptions as wire_errors
from xero_python.exceptions import ApiSSLException, HTTPStatusException

from connectors import AgedReceivables, ConnectionSettings, Identity, OwnDunning, Page, Receipt, Record, Ref, Unreadable
from connectors.errors import ConnectorError, ConsentNeeded, OutcomeUnknown, Rejected, Unavailable
from connectors.history import HistoryList, HistoryPage, Window
from connectors.markers import digest
from connectors.tokens import TokenSource
from connectors.transport import WEB_PAGE, Timing, Usage, is_web_page, network_cause, redacted, retry_read
from connectors.xero.history import History, keys_of
from connectors.xero.own import Own
from connectors.xero.past import LISTS, Past
from connectors.xero.proof import Proof
from connectors.xero.read import Reader
from connectors.xero.refusals import UNAUTHORISED, lacks_scope, refusal, validation_messages
from connectors.xero.values import instant, text
from connectors.xero.wire import IN_FLIGHT, PER_MINUTE, Answer, Gate, document_of, open_sdk
from connectors.xero.write import Writer, unsupported
from rules.domain.actions import Operation, TargetKind

_NOT_FOUND = 404
_NEVER_SENT = (
    wire_errors.NewConnectionError,
    wire_errors.ConnectTimeoutError,
    wire_errors.ProxyError,
    wire_errors.LocationValueError,
)


def connect(settings: ConnectionSettings, tokens: TokenSource, timing: Timing) -> XeroConnector:
    """Open a connection. Makes no request."""
    return XeroConnector(settings, tokens, timing)


class XeroConnector:
    """One Xero organisation."""

    in_flight = IN_FLIGHT
    calls_a_minute = PER_MINUTE

    def __init__(
        self,
        settings: ConnectionSettings,
        tokens: TokenSource,
        timing: Timing,
        read_timeout_s: float | None = None,
    ) -> None:
        self.usage = Usage()
        self._session = Session(
            settings, tokens, timing, Gate(timing, self.usage, read_timeout_s or timing.read_timeout_s)
        )
        self._reader = Reader(self._session, settings)
        self._writer = Writer(self._session, settings, self._reader.locked_through)
        self._proof = Proof(self._session, self._writer.group, Own.of(settings))
        self.calls_reserved = self._reader.calls_reserved
        self._past = Past(self._session, Own.of(settings), settings.timezone, self._reader.stop_sell_group)

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Everything that changed since `cursor`, in pages; all of it for None. See `read` for how fresh what is."""
        return self._reader.changes(cursor)

    def fetch(self, ref: Ref) -> Record | None:
        """The record as it is now; None where Xero says it does not exist."""
        return self._reader.fetch(ref)

    def open_invoices(self, customers: Sequence[str]) -> tuple[Record | Unreadable, ...]:
        """What is open of these customers' invoices now."""
        return self._reader.open_invoices(customers)

    def mark_on(self, ref: Ref, *, mails: bool = False) -> str | None:
        """A marker of ours in the record's history; before each mail goes one there too."""
        del mails
        target: TargetKind = "invoice" if ref.kind == "invoice" else "customer"
        entries = History(self._session, target, ref.id).records()
        return "carries a marker of ours" if any(keys_of(entry) for entry in entries) else None

    def pay_link(self, invoice: str) -> str | None:
        """The invoice's online page; a draft has none."""
        return self._reader.pay_link(invoice)

    def unsupported(self, operation: Operation) -> str | None:
        """Why Xero cannot do the operation, in one sentence; None where it can."""
        return unsupported(operation, self._writer.chart)

    def write(self, operation: Operation, key: str) -> Receipt:
        """Do it once under `key`."""
        receipt = self._writer.write(operation, key)
        self._reader.expect_change(operation)
        return receipt

    def was_applied(self, operation: Operation, key: str, since: datetime) -> Receipt | None:
        """The receipt of an earlier write of `key`, by what the books show; None: proven absent."""
        del since  # every trace of ours carries the key
        return self._proof.of(operation, key)

    def aged_receivables(self, as_of: date) -> AgedReceivables:
        """What each customer owes, by the open documents as Xero has them now."""
        return self._reader.aged_receivables(as_of)

    def history_lists(self) -> tuple[HistoryList, ...]:
        """Contacts, invoices with the payments on them, credit notes, money on account."""
        return LISTS

    def history_start(self) -> Page:
        """The organisation whose books these are."""
        return self._past.start()

    def history_first_day(self, name: str) -> date | None:
        """The day of a list's oldest document."""
        return self._past.first_day(name)

    def history_count(self, window: Window) -> int:
        """How many Xero counts in the window."""
        return self._past.count(window)

    def history_page(self, window: Window, number: int) -> HistoryPage:
        """One page of a window."""
        return self._past.page(window, number)

    def beyond_documents(self, customers: frozenset[str], as_of: date) -> AgedReceivables:
        """Nothing: Xero lets no journal post to receivables."""
        del customers, as_of
        return ()

    def identity(self) -> Identity:
        """By the organisation's own id."""
        return self._reader.identity()

    def own_dunning(self) -> OwnDunning:
        """Whether Xero's own invoice reminders are on; it charges no late fees by itself."""
        return OwnDunning(
            self._reader.reminds_by_itself(), late_fees=False, where="Invoice settings, Invoice reminders"
        )

    def close(self) -> None:
        """Give back sockets."""
        self._session.close()


class Session:
    """The calls of one connection. Safe to use from several threads; at most four are on the wire at once."""

    def __init__(self, settings: ConnectionSettings, tokens: TokenSource, timing: Timing, gate: Gate) -> None:
        self.account = settings.account
        self._tokens = tokens
        self._timing = timing
        self._gate = gate
        self._bearer = threading.local()
        self._sdk = open_sdk(settings, gate, lambda: str(self._bearer.token))

    @property
    def day_left(self) -> int | None:
        """How many calls Xero says are left today."""
        return self._gate.usage.day_left

    def read(self, call: str, **arguments: Any) -> Answer:
        """A read, repeated while that may help."""
        try:
            return self._repeated(call, arguments)
        except _NotFoundError as error:
            raise Unavailable(f"{error}: is api_url right?") from error

    def read_one(self, call: str, **arguments: Any) -> Answer | None:
        """A read by id; None where Xero says it does not exist (404, an empty page of HTML)."""
        try:
            return self._repeated(call, arguments)
        except _NotFoundError:
            return None

    def write(self, call: str, key: str | None, **arguments: Any) -> Answer:
        """A write, sent once. The idempotency key holds the tenant: Xero scopes keys per app, not per tenant."""
        if key is not None:
            arguments["idempotency_key"] = digest(key, self.account)
        answer = self._authorised(call, arguments, writing=True)
        messages = validation_messages(answer.document)
        if messages:  # a 200 proves nothing before its elements have been looked at
            raise Rejected("ValidationException", redacted("; ".join(messages), 2000))
        return answer

    def close(self) -> None:
        """Give back sockets. Safe to call twice."""
        self._sdk.close()

    def _repeated(self, call: str, arguments: Mapping[str, Any]) -> Answer:
        return retry_read(lambda: self._authorised(call, arguments, writing=False), self._timing)

    def _authorised(self, call: str, arguments: Mapping[str, Any], *, writing: bool) -> Answer:
        token = self._tokens.access_token()
        try:
            return self._once(call, arguments, token, writing=writing)
        except _TokenRefusedError as refused:
            if refused.final:
                raise ConsentNeeded(str(refused)) from refused
        try:
            return self._once(call, arguments, self._tokens.replace(token), writing=writing)
        except _TokenRefusedError as refused:
            raise ConsentNeeded(str(refused)) from refused

    def _once(self, call: str, arguments: Mapping[str, Any], token: str, *, writing: bool) -> Answer:
        self._bearer.token = token
        try:
            response = getattr(self._sdk.api, call)(self.account, **arguments, _preload_content=False)
            body = response.data
        except HTTPStatusException as error:
            raise self._named(error, writing=writing) from None  # the SDK's error prints headers and the whole body
        except (wire_errors.HTTPError, ApiSSLException) as error:
            raise _lost(error, writing=writing) from error
        self._gate.note(response.headers)
        return self._answer(response.headers, body, writing=writing)

    def _answer(self, headers: Mapping[str, str], body: bytes, *, writing: bool) -> Answer:
        try:
            document = document_of(body)
        except ValueError as error:
            shown = redacted(body[:200].decode("utf-8", "replace"))
            problem = f"Xero answered {WEB_PAGE}" if is_web_page(body) else f"Xero's answer cannot be read: {shown}"
            raise (OutcomeUnknown(problem) if writing else Unavailable(problem)) from error
        at = instant(text(document, "DateTimeUTC")) or _header_date(headers) or self._timing.now()
        return Answer(document=document, trace=_trace(headers), server_time=at)

    def _named(self, error: HTTPStatusException, *, writing: bool) -> ConnectorError:
        response = error.http_resp
        headers = response.urllib3_response.headers
        self._gate.note(headers)
        problem = refusal(response.status, headers, response.data, writing=writing)
        problem.add_note(f"Xero-Correlation-Id {_trace(headers)}")
        if response.status == UNAUTHORISED:
            return _TokenRefusedError(str(problem), final=lacks_scope(headers))
        if response.status == _NOT_FOUND and not writing:
            return _NotFoundError("Xero knows no such record or path")
        return problem


class _TokenRefusedError(ConnectorError):
    """A 401; `final` where another token would be refused too."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


class _NotFoundError(ConnectorError):
    """A 404 on a read: by id an answer, on a list a sign that something else answers at this address."""


def _lost(error: Exception, *, writing: bool) -> ConnectorError:
    problem = f"no answer from Xero: {network_cause(error)}"
    never_sent = isinstance(error, _NEVER_SENT) or _is_handshake(error)
    return OutcomeUnknown(problem) if writing and not never_sent else Unavailable(problem)


def _is_handshake(error: Exception) -> bool:
    said = str(error)
    return isinstance(error, ApiSSLException) and (
        "CERTIFICATE_VERIFY_FAILED" in said or "WRONG_VERSION_NUMBER" in said or ssl.SSLZeroReturnError.__name__ in said
    )


def _trace(headers: Mapping[str, str]) -> str:
    return headers.get("Xero-Correlation-Id") or headers.get("X-Correlation-Id") or ""


def _header_date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None
