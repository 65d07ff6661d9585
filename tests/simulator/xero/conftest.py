"""A simulated Xero company and a caller that talks to it as an HTTP client would, without a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Request, Response
from connectors.simulator.xero import XeroCompany

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Answer:
    """A response with its JSON read; `rows` are the envelope's records."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: Request

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return next(value for value in self.json.values() if isinstance(value, list))

    @property
    def row(self) -> dict[str, Any]:
        (only,) = self.rows
        return only

    @property
    def messages(self) -> list[str]:
        return [error["Message"] for element in self.json["Elements"] for error in element["ValidationErrors"]]


@dataclass
class Caller:
    """An API client of the company, with a token of its own."""

    company: XeroCompany
    seen: list[Answer] = field(default_factory=list, repr=False)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Another access token, good for half an hour."""
        self.token = str(self.company.issue_tokens()["access_token"])

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        **query: str,
    ) -> Answer:
        base = {
            "authorization": f"Bearer {self.token}",
            "xero-tenant-id": self.company.account,
            "accept": "application/json",
        }
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"/api.xro/2.0/{path}", query, {**base, **(headers or {})}, content)
        response: Response = self.company.application(request)
        self.seen.append(Answer(response.status, response.headers, response.body, request))
        return self.seen[-1]

    def get(self, path: str, **query: str) -> Answer:
        return self.send("GET", path, **query)

    def put(self, path: str, body: Any, **query: str) -> Answer:
        return self.send("PUT", path, body, **query)

    def post(self, path: str, body: Any = None, **query: str) -> Answer:
        return self.send("POST", path, body, **query)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def since(self, path: str, moment: str, **query: str) -> Answer:
        return self.send("GET", path, headers={"if-modified-since": moment}, **query)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def company(clock: SimulatedClock) -> XeroCompany:
    return XeroCompany(clock)


@pytest.fixture
def caller(company: XeroCompany) -> Caller:
    return Caller(company)


@pytest.fixture
def oak(company: XeroCompany) -> str:
    return company.add_customer("Oak Ltd", "ap@oak.example")


@pytest.fixture
def invoice(company: XeroCompany, oak: str) -> str:
    return company.add_invoice(oak, "INV-1", date(2026, 1, 10), date(2026, 2, 9), 100_00)
