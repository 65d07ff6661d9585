"""A simulated company and a client that speaks plain HTTP to it, without any library between."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Request, Response
from connectors.simulator.quickbooks import QuickBooksCompany

START = datetime(2025, 3, 3, 15, 0, tzinfo=UTC)  # Monday, 07:00 in California


@dataclass(slots=True)
class Client:
    """What an API client does: one access token, JSON in and out. `status` is that of the last reply."""

    company: QuickBooksCompany
    token: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, *, accept: str = "application/json", **query: str):
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        where = path if path.startswith("/") else f"/v3/company/{self.company.account}/{path}"
        headers = {"authorization": f"Bearer {self.token}", "accept": accept, "host": "books.test"}
        response: Response = self.company.application(Request(method, where, query, headers, raw))
        self.status, self.headers = response.status, dict(response.headers)
        return response

    def get(self, path: str, **query: str) -> Any:
        return json.loads(self.send("GET", path, **query).body)

    def post(self, path: str, body: Any = None, **query: str) -> Any:
        return json.loads(self.send("POST", path, body, **query).body)

    def query(self, statement: str, **query: str) -> Any:
        return json.loads(self.send("POST", "query", statement.encode(), **query).body)

    def rows(self, statement: str) -> list[dict[str, Any]]:
        answer = self.query(statement)["QueryResponse"]
        return next((value for value in answer.values() if isinstance(value, list)), [])

    def ids(self, statement: str) -> list[str]:
        return [row["Id"] for row in self.rows(statement)]

    def refused(self, path: str, body: Any = None, **query: str) -> str:
        """The code of the refusal; the request must be refused."""
        fault = self.post(path, body, **query)["Fault"]
        assert self.status >= 400
        return fault["Error"][0]["code"]

    def changes(self, entities: str, since: str) -> list[dict[str, Any]]:
        return self.get("cdc", entities=entities, changedSince=since)["CDCResponse"][0]["QueryResponse"]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def company(clock: SimulatedClock) -> QuickBooksCompany:
    return QuickBooksCompany(clock, rate_limited=False)


@pytest.fixture
def client(company: QuickBooksCompany) -> Client:
    return Client(company, company.issue_tokens()["access_token"])


@pytest.fixture
def oak(company: QuickBooksCompany) -> str:
    return company.add_customer("Oak Ltd", "ap@oak.example")


@pytest.fixture
def invoice(company: QuickBooksCompany, oak: str) -> str:
    return company.add_invoice(oak, "1001", date(2025, 1, 10), date(2025, 2, 9), 125_000)


@pytest.fixture
def line():
    """A sales line of one amount, with whatever a test adds."""

    def make(amount: float = 100, **more: Any) -> dict[str, Any]:
        detail = {"ItemRef": {"value": "1"}}
        return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail, **more}

    return make


@pytest.fixture
def draft(oak: str, line):
    """The smallest invoice the API takes, with whatever a test adds."""

    def make(amount: float = 100, **more: Any) -> dict[str, Any]:
        return {"CustomerRef": {"value": oak}, "Line": [line(amount)], **more}

    return make
