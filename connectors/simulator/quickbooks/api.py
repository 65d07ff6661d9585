"""The data API: bearer, realm, budget, replay of request ids, routes, envelopes. The books decide.

A request id is remembered with its first successful reply; the same id on another path is refused (600). Replays write
nothing, also for mails.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from connectors.simulator.http import Request, Response
from connectors.simulator.quickbooks import batch, cdc, mail, reports, select
from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import (
    Refused,
    gateway_fault,
    missing,
    not_found,
    throttled_json,
    throttled_xml,
)
from connectors.simulator.quickbooks.limits import Counters, Limits, Throttle
from connectors.simulator.quickbooks.oauth import SignIn
from connectors.simulator.quickbooks.query import parse
from connectors.simulator.quickbooks.rates import exchange_rate
from connectors.simulator.quickbooks.render import text_of
from connectors.simulator.quickbooks.schema import SALES_FORMS, entity_named
from connectors.simulator.quickbooks.wire import Body, json_text, pacific, parsed, xml_text
from connectors.simulator.quickbooks.writes import post

_LONGEST_REQUESTID = 50
_LONGEST_BATCH_REQUESTID = 36
_MAILED = frozenset((*SALES_FORMS, "Payment"))


class Api:
    """Answers what comes under ``/v3/company/``."""

    def __init__(self, account: str, books: Books, sign_in: SignIn, limits: Limits, throttle: Throttle) -> None:
        self.counters = Counters()
        self.throttles_in_xml = False
        self.remembers_for: timedelta | None = None  # how long a request id is kept; None: for ever
        self.closed_with: Refused | None = None  # what every request is answered, for a company that is shut
        self._account = account
        self._books = books
        self._sign_in = sign_in
        self._limits = limits
        self._throttle = throttle
        self._replies: dict[str, tuple[str, datetime, Response]] = {}
        self._answered = 0

    def answer(self, request: Request) -> Response:
        """The reply to one request of the data API."""
        now = self._books.now()
        parts = [part for part in request.path.split("/") if part][2:]
        self.counters.count(now, "write" if self._is_write(request, parts[1:]) else "read")
        refused = self._at_the_gate(request, parts, now)
        return self._traced(refused or self._remembered(request, parts[1:], now))

    # -- the gate

    def _at_the_gate(self, request: Request, parts: list[str], now: datetime) -> Response | None:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        problem = self._sign_in.problem_with(bearer.strip() if scheme.lower() == "bearer" else "", now)
        if problem:
            message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
            body = gateway_fault("3200", message, problem, "AUTHENTICATION", now)
            challenge = {"WWW-Authenticate": 'Bearer realm="Intuit", error="invalid_token"'}
            return _json(401, body, **challenge)
        if not parts or parts[0] != self._account:
            message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
            return _json(403, gateway_fault("3100", message, "user_not_in_realm", "AUTHORIZATION", now))
        kind = parts[1].lower() if len(parts) > 1 else ""
        if self._throttle.admits(now, kind):
            return None
        return throttled_xml() if self.throttles_in_xml else throttled_json()

    def _is_write(self, request: Request, parts: list[str]) -> bool:
        if request.method != "POST" or not parts or parts[0].lower() == "query":
            return False
        return parts[0].lower() != "batch" or batch.writes(_lenient(request.body))

    # -- request ids

    def _remembered(self, request: Request, parts: list[str], now: datetime) -> Response:
        request_id = request.query.get("requestid", "")
        if not request_id or request.method != "POST" or parts[:1] == ["query"]:
            return self._handled(request, parts, now)
        longest = _LONGEST_BATCH_REQUESTID if parts[:1] == ["batch"] else _LONGEST_REQUESTID
        if len(request_id) > longest:
            return self._fault(Refused("2130", f"requestid can have up to {longest} characters"), request, now)
        known = self._replies.get(request_id)
        what = f"{request.path}?{request.query.get('operation', '')}"
        if known is not None and (self.remembers_for is None or now - known[1] <= self.remembers_for):
            if known[0] != what:
                return self._fault(
                    Refused("600", f"Request ID {request_id} was used for another request"), request, now
                )
            return known[2]
        response = self._handled(request, parts, now)
        if response.status == HTTPStatus.OK:
            self._replies[request_id] = (what, now, response)
        return response

    # -- envelopes

    def _handled(self, request: Request, parts: list[str], now: datetime) -> Response:
        try:
            if self.closed_with is not None:
                raise self.closed_with
            found = self._route(request, parts)
        except Refused as refused:
            return self._fault(refused, request, now)
        if isinstance(found, Response):
            return found
        return self._enveloped(200, {**found, "time": pacific(now, milliseconds=True)}, request)

    def _fault(self, refused: Refused, request: Request, now: datetime) -> Response:
        document = {"Fault": refused.fault(), "time": pacific(now, milliseconds=True)}
        return self._enveloped(refused.status, document, request)

    def _enveloped(self, status: int, document: Body, request: Request) -> Response:
        text = json_text(document)
        if "json" in request.headers.get("accept", ""):
            return Response(status, text.encode(), {"Content-Type": "application/json;charset=utf-8"})
        return Response(
            status,
            xml_text(json.loads(text, parse_float=str)).encode(),
            {"Content-Type": "application/xml;charset=utf-8"},
        )

    def _traced(self, response: Response) -> Response:
        self._answered += 1
        trace = f"1-{self._answered:08x}-{int(self._account[-12:]):024x}"
        headers = {**response.headers, "intuit_tid": trace, "Intuit-Tid": trace, "Qbo-Version": "1988.128"}
        return Response(response.status, response.body, headers)

    # -- routes

    def _route(self, request: Request, parts: list[str]) -> Body | Response:
        special = self._SPECIAL.get(parts[0].lower() if parts else "")
        if special is not None:
            return special(self, request, parts)
        entity = entity_named(parts[0]) if parts else None
        if entity is not None and len(parts) == 1 and request.method == "POST":
            return post(self._books, entity, _body(request), request.query)
        if entity is not None and len(parts) > 1:
            return self._one(request, entity, parts)
        raise _unsupported(request)

    def _one(self, request: Request, entity: str, parts: list[str]) -> Body | Response:
        if not parts[1].isdecimal():
            raise Refused("2030", f"Id should be a valid number. Supplied value:{parts[1]}", element="Id")
        action = (request.method, *parts[2:])
        if action not in (("GET",), ("GET", "pdf"), ("POST", "send")):
            raise _unsupported(request)
        row = self._books.need(entity, parts[1])
        if action == ("GET", "pdf"):
            return Response(200, _PDF, {"Content-Type": "application/pdf"})
        if action == ("POST", "send"):
            if entity not in _MAILED:
                raise _unsupported(request)
            mail.send(self._books, row, request.query.get("sendTo"), self._limits)
        if row.poisoned:
            select.refuse_poisoned([row])
        return {entity: text_of(self._books, row, link=_wants_link(request))}

    def _query(self, request: Request, _: list[str]) -> Body:
        if request.method == "POST":
            statement = request.body.decode("utf-8", "replace")
        else:
            statement = request.query.get("query", "")
        if not statement.strip():
            raise Refused("4000", "Error parsing query : QueryParserError: the query is empty")
        return {"QueryResponse": select.answer(self._books, parse(statement), link=_wants_link(request))}

    def _cdc(self, request: Request, _: list[str]) -> Body:
        return {"CDCResponse": cdc.answer(self._books, request.query, self._limits)}

    def _batch(self, request: Request, _: list[str]) -> Body:
        if request.method != "POST":
            raise _unsupported(request)
        has_requestid = "requestid" in request.query
        return {
            "BatchItemResponse": batch.answer(self._books, _body(request), self._limits, has_requestid=has_requestid)
        }

    def _report(self, request: Request, parts: list[str]) -> Body | Response:
        match request.method, parts:
            case "GET", [_, name]:
                report = reports.named(name)
            case _:
                report = None
        if report is None:
            raise _unsupported(request)
        text = json_text(report(self._books, request.query))
        return Response(200, text.encode(), {"Content-Type": "application/json;charset=utf-8"})

    def _preferences(self, request: Request, parts: list[str]) -> Body:
        if len(parts) != 1:
            raise _unsupported(request)
        if request.method == "POST":
            return post(self._books, "Preferences", _body(request), request.query)
        return {"Preferences": text_of(self._books, self._books.need_one("Preferences"))}

    def _company_info(self, request: Request, parts: list[str]) -> Body:
        match request.method, parts:
            case "GET", [_]:
                pass
            case "GET", [_, account]:
                if account not in (self._account, "1"):
                    raise not_found()
            case _:
                raise _unsupported(request)
        return {"CompanyInfo": text_of(self._books, self._books.need_one("CompanyInfo"))}

    def _exchange_rate(self, request: Request, _: list[str]) -> Body:
        if not request.query.get("sourcecurrencycode"):
            raise missing("sourcecurrencycode")
        return {"ExchangeRate": exchange_rate(self._books, request.query)}

    _SPECIAL: ClassVar[dict[str, Callable[[Api, Request, list[str]], Body | Response]]] = {
        "query": _query,
        "cdc": _cdc,
        "batch": _batch,
        "reports": _report,
        "preferences": _preferences,
        "companyinfo": _company_info,
        "exchangerate": _exchange_rate,
    }


_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


def _wants_link(request: Request) -> bool:
    return "invoiceLink" in request.query.get("include", "")


def _body(request: Request) -> Any:
    try:
        return parsed(request.body)
    except ValueError as error:
        raise Refused("2010", f"Property Name:Can not parse the request: {error} specified is unsupported") from None


def _lenient(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError:
        return None


def _unsupported(request: Request) -> Refused:
    return Refused("500", f"Operation Could not find resource for relative : {request.path} is not supported.")


def _json(status: int, document: Body, **headers: str) -> Response:
    return Response(status, json_text(document).encode(), {"Content-Type": "application/json", **headers})
