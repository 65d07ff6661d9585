"""A small Xero of the connector's own tests: replies are scripted per path, requests are kept and judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import Page
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Request, Response, Server

TENANT = "7a1d5e1c-2b3c-4d5e-8f90-123456789abc"
START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
ORGANISATION = {"Name": "Kiwi Ltd", "BaseCurrency": "NZD", "CountryCode": "NZ", "Timezone": "NEWZEALANDSTANDARDTIME"}
API = "/api.xro/2.0"


def ms(moment: datetime) -> str:
    return f"/Date({int(moment.timestamp() * 1000)}+0000)/"


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


@dataclass
class Tokens:
    """A token source that counts what is asked of it."""

    current: str = "token-1"
    replaced: int = 0

    def access_token(self) -> str:
        return self.current

    def replace(self, refused: str) -> str:
        self.replaced += 1
        self.current = f"{refused}+"
        return self.current


Reply = Callable[[Request], Response]


@dataclass
class TinyXero:
    """Answers by method and path with rows, a response or a function; an empty list of the right name otherwise."""

    clock: SimulatedClock
    replies: dict[tuple[str, str], Any] = field(default_factory=dict)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.replies["GET", "Organisation"] = [ORGANISATION]
        self.server = Server(self.application)

    def application(self, request: Request) -> Response:
        path = request.path.removeprefix(f"{API}/")
        reply = self.replies.get((request.method, path), [])
        if callable(reply):
            reply = reply(request)
        if isinstance(reply, Response):
            return reply
        return self.listed(path, reply, request)

    def listed(self, path: str, found: list[Any], request: Request) -> Response:
        key = {"Organisation": "Organisations", "History": "HistoryRecords"}.get(path.rsplit("/", 1)[-1])
        if key is None:
            words = [word for word in path.split("/") if word[:1].isupper()]
            key = words[-1]
        document: dict[str, Any] = {"Status": "OK", "DateTimeUTC": ms(self.clock.now()), key: found}
        if "page" in request.query:
            size, number = int(request.query.get("pageSize", "100")), int(request.query["page"])
            document[key] = found[(number - 1) * size : number * size]
            document["pagination"] = {
                "page": number,
                "pageSize": size,
                "pageCount": -(-len(found) // size),
                "itemCount": len(found),
            }
        return json_response(document)

    def asked(self, method: str | None = None) -> list[Request]:
        return [request for request in self.server.seen if method in (None, request.method)]

    def asked_paths(self, method: str | None = None) -> list[str]:
        return [request.path.removeprefix(f"{API}/") for request in self.asked(method)]


def json_response(document: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


def invalid(*messages: str) -> Response:
    errors = [{"Message": message} for message in messages]
    body = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred"}
    return json_response({**body, "Elements": [{"ValidationErrors": errors}]}, 400)


def invoice(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "Type": "ACCREC",
        "InvoiceID": guid(number),
        "InvoiceNumber": f"INV-{number}",
        "Reference": "",
        "Contact": {"ContactID": guid(900), "Name": "Oak Ltd"},
        "Date": "/Date(1769904000000+0000)/",  # 2026-02-01
        "DueDate": "/Date(1772323200000+0000)/",  # 2026-03-01
        "Status": "AUTHORISED",
        "Total": 115.00,
        "TotalTax": 15.00,
        "AmountDue": 115.00,
        "AmountPaid": 0.0,
        "AmountCredited": 0.0,
        "CurrencyCode": "NZD",
        "CurrencyRate": 1.0,
        "Payments": [],
        "UpdatedDateUTC": ms(START - timedelta(days=1)),
        **changed,
    }


def contact(number: int = 900, **changed: Any) -> dict[str, Any]:
    return {
        "ContactID": guid(number),
        "ContactStatus": "ACTIVE",
        "Name": "Oak Ltd",
        "EmailAddress": "ap@oak.example",
        "ContactGroups": [],
        "UpdatedDateUTC": ms(START - timedelta(days=1)),
        **changed,
    }


def last(pages: Iterable[Page]) -> Page:
    return list(pages)[-1]


def entries(pages: Iterable[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


def facts(pages: Iterable[Page], kind: str) -> list[Any]:
    return [entry.fact for entry in entries(pages) if entry.ref.kind == kind]


def credit_note(number: int = 70, **changed: Any) -> dict[str, Any]:
    return {
        "Type": "ACCRECCREDIT",
        "CreditNoteID": guid(number),
        "CreditNoteNumber": f"CN-{number}",
        "Contact": {"ContactID": guid(900)},
        "Date": "/Date(1771977600000)/",
        "Status": "AUTHORISED",
        "Total": 100.0,
        "RemainingCredit": 100.0,
        "CurrencyCode": "NZD",
        "Allocations": [],
        **changed,
    }


def on_account(identity: str, number: int, kind: str, **changed: Any) -> dict[str, Any]:
    base = credit_note(number, Type=kind, **changed)
    return {
        **{name: value for name, value in base.items() if not name.startswith("CreditNote")},
        identity: guid(number),
    }


def empty_html(status: int) -> Response:
    return Response(status, b"", {"Content-Type": "text/html"})
