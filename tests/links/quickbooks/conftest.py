"""A few rows behind QuickBooks' routes, over real HTTP: enough to see what the connector sends and how it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import ConnectionSettings
from connectors.quickbooks.client import QuickBooksConnector, connect
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Request, Response, Server
from connectors.transport import Timing

REALM = "4620816365000000001"
START = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
TIME = "2026-11-25T12:00:00.000-08:00"


@dataclass
class Ledger:
    """Rows by entity and id. `changed` is what change data capture answers, `time` what the clock on the wall says."""

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    changed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    preferences: dict[str, Any] = field(default_factory=lambda: {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}})
    company: dict[str, Any] = field(default_factory=lambda: {"Id": "1", "CompanyName": "Acme", "Country": "US"})
    token: str = "good"
    time: str = TIME
    page_cap: int = 1000
    before: Callable[[Request], Response | None] = lambda _: None

    def add(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        stamps = {"CreateTime": "2026-11-01T09:00:00-08:00", "LastUpdatedTime": "2026-11-01T09:00:00-08:00"}
        row = {"SyncToken": "0", "MetaData": stamps, **row}
        self.rows.setdefault(entity, {})[str(row["Id"])] = row
        return row

    def __call__(self, request: Request) -> Response:
        special = self.before(request)
        if special is not None:
            return special
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return reply({"fault": {"error": [{"message": "x", "code": "3200"}], "type": "AUTHENTICATION"}}, 401)
        path = request.path.removeprefix(f"/v3/company/{REALM}/")
        return self._post(path, request) if request.method == "POST" else self._get(path, request)

    def _get(self, path: str, request: Request) -> Response:
        if path == "query":
            return self._query(request.query["query"])
        if path == "preferences":
            return self._said({"Preferences": self.preferences})
        if path.startswith("companyinfo/"):
            return self._said({"CompanyInfo": self.company})
        if path == "cdc":
            asked = request.query["entities"].split(",")
            parts = [{name: self.changed[name]} if self.changed.get(name) else {} for name in asked]
            return self._said({"CDCResponse": [{"QueryResponse": parts}]})
        entity, _, ref = path.partition("/")
        found = {name.lower(): rows for name, rows in self.rows.items()}.get(entity, {}).get(ref)
        name = next((name for name in self.rows if name.lower() == entity), "")
        return self._said({name: found}) if found else fault("610", "Object Not Found", 400)

    def _query(self, statement: str) -> Response:
        entity = re.search(r"from (\w+)", statement)[1]
        rows = [row for row in self.rows.get(entity, {}).values() if matches(row, statement)]
        if "count(*)" in statement:
            return self._said({"QueryResponse": {"totalCount": len(rows)}})
        start = int((re.search(r"STARTPOSITION (\d+)", statement) or [0, "1"])[1])
        most = min(self.page_cap, int((re.search(r"MAXRESULTS (\d+)", statement) or [0, "100"])[1]))
        rows = sorted(rows, key=lambda row: int(row["Id"]))[start - 1 : start - 1 + most]
        return self._said({"QueryResponse": {entity: rows} if rows else {}})

    def _post(self, path: str, request: Request) -> Response:
        if path.endswith("/send"):
            ref = path.split("/")[1]
            row = self.rows["Invoice"][ref] | {
                "EmailStatus": "EmailSent",
                "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": self.time},
            }
            self.rows["Invoice"][ref] = row
            return self._said({"Invoice": row})
        name = {
            "invoice": "Invoice",
            "customer": "Customer",
            "creditmemo": "CreditMemo",
            "payment": "Payment",
            "item": "Item",
        }[path]
        body = request.json()
        if body.get("sparse"):
            row = self.rows[name][body["Id"]]
            if row["SyncToken"] != body["SyncToken"]:
                return fault("5010", "You and Ann were working on this", 400)
            row = {**row, **body, "sparse": False, "SyncToken": str(int(row["SyncToken"]) + 1)}
            self.rows[name][body["Id"]] = row
        else:
            ref = str(900 + sum(map(len, self.rows.values())))
            total = sum(line["Amount"] for line in body.get("Line", []))
            extra = {"TotalAmt": total, "Balance": total, "RemainingCredit": total} if name != "Payment" else {}
            row = self.add(name, {"Id": ref, **extra, **body})
        return self._said({name: row})

    def _said(self, body: dict[str, Any]) -> Response:
        return reply({**body, "time": self.time})

    @staticmethod
    def invoice(ref: str = "1", **fields: Any) -> dict[str, Any]:
        return invoice(ref, **fields)

    @staticmethod
    def reply(body: object, status: int = 200) -> Response:
        return reply(body, status)

    @staticmethod
    def fault(code: str, detail: str, status: int = 400, kind: str = "ValidationFault") -> Response:
        return fault(code, detail, status, kind)

    def later(self, **delta: float) -> str:
        return (datetime.fromisoformat(self.time) + timedelta(**delta)).isoformat()


def matches(row: dict[str, Any], statement: str) -> bool:
    for name, value in re.findall(r"(\w+) = '([^']*)'", statement):
        held = row.get(name)
        if (held.get("value") if isinstance(held, dict) else str(held)) != value:
            return False
    for name, values in re.findall(r"(\w+) IN \(([^)]*)\)", statement):
        held = row.get(name)
        held = held.get("value") if isinstance(held, dict) else held
        if held is not None and str(held).lower() not in [value.strip(" '") for value in values.lower().split(",")]:
            return False
    return "Balance > '0'" not in statement or row.get("Balance", 0) > 0


def reply(body: object, status: int = 200) -> Response:
    headers = {"Content-Type": "application/json", "Intuit-Tid": "tid-1"}
    return Response(status, json.dumps(body).encode(), headers)


def fault(code: str, detail: str, status: int, kind: str = "ValidationFault") -> Response:
    return reply({"Fault": {"Error": [{"Message": detail, "Detail": detail, "code": code}], "type": kind}}, status)


def invoice(ref: str = "1", **fields: Any) -> dict[str, Any]:
    """A small open invoice as QuickBooks renders one."""
    return {
        "Id": ref,
        "DocNumber": f"10{ref}",
        "TxnDate": "2026-10-01",
        "DueDate": "2026-10-31",
        "TotalAmt": 250.10,
        "Balance": 250.10,
        "CustomerRef": {"value": "7", "name": "Oak Ltd"},
        "CurrencyRef": {"value": "USD"},
        "TxnTaxDetail": {"TotalTax": 0},
        **fields,
    }


class Purse:
    """Tokens as the vault would give them."""

    def __init__(self, token: str = "good") -> None:
        self.token = token
        self.replaced: list[str] = []

    def access_token(self) -> str:
        return self.token

    def replace(self, refused: str) -> str:
        self.replaced.append(refused)
        self.token = "good"
        return self.token


def timing_of(clock: SimulatedClock) -> Timing:
    return Timing(now=clock.now, monotonic=clock.monotonic, sleep=clock.sleep)


def settings_for(url: str, **extra: str) -> ConnectionSettings:
    return ConnectionSettings(
        name="acme",
        kind="quickbooks",
        timezone="America/New_York",
        account=REALM,
        client_id="id",
        client_secret="secret",
        api_url=url,
        auth_url=url,
        extra=extra,
    )


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def server(ledger: Ledger) -> Iterator[Server]:
    with Server(ledger) as running:
        yield running


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def purse() -> Purse:
    return Purse()


@pytest.fixture
def books(server: Server, clock: SimulatedClock, purse: Purse) -> Iterator[QuickBooksConnector]:
    connector = connect(settings_for(server.url), purse, timing_of(clock))
    yield connector
    connector.close()


@pytest.fixture
def open_books(clock: SimulatedClock) -> Callable[..., QuickBooksConnector]:
    """Open a connection with other tokens, another address or other settings than the usual ones."""

    def opened(url: str, tokens: Any = None, **extra: str) -> QuickBooksConnector:
        return connect(settings_for(url, **extra), tokens or Purse(), timing_of(clock))

    return opened


@pytest.fixture
def settings(server: Server) -> ConnectionSettings:
    return settings_for(server.url)
