"""A QuickBooks company that answers at once: pages made beforehand, served from a process of its own.

Run as ``python -m bench.provider MONTHS``: prints its address, then serves until it is ended. It knows only what a
load of history asks for, and does no work worth measuring.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from typing import Any

from connectors.simulator.http import Request, Response, Server

CUSTOMERS = 10_000
A_MONTH = 4_000
PAGE = 1000
FIRST_YEAR = 2022
_DAY, _MARK = "2000-01-01", "@@@@@"
_DATES = re.compile(r"TxnDate >= '(\d+-\d+)-\d+' and TxnDate <= '(\d+-\d+)-\d+'")
_START = re.compile(r"STARTPOSITION (\d+)")


def month_names(months: int) -> list[str]:
    """``2022-01`` and so on."""
    return [f"{FIRST_YEAR + number // 12}-{number % 12 + 1:02}" for number in range(months)]


class Books:
    """One template page of invoices with five lines each and one of customers; ids and days are put in when asked."""

    def __init__(self, months: int) -> None:
        self.months = month_names(months)
        self._invoices = _envelope("Invoice", [_invoice(number) for number in range(PAGE)])
        self._customers = _envelope("Customer", [_customer(number) for number in range(PAGE)])

    def application(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.endswith("/query"):
            return Response(200, self._query(request.query["query"]), _JSON)
        if "/companyinfo/" in request.path:
            return _json({"CompanyInfo": {"CompanyName": "Bench", "Country": "US"}, "time": _TIME})
        return _json({"Preferences": {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}, "time": _TIME})

    def _query(self, statement: str) -> bytes:
        entity = statement.partition(" from ")[2].split()[0]
        if "count(*)" in statement:
            return _envelope_count(self._count(entity, statement))
        if entity == "Customer":
            return self._customers.replace(_MARK.encode(), b"%05d" % (_start(statement) // PAGE))
        if entity != "Invoice":
            return json.dumps({"QueryResponse": {}, "time": _TIME}).encode()
        month = self._months_in(statement)[0]
        number = self.months.index(month) * A_MONTH // PAGE + _start(statement) // PAGE
        return self._invoices.replace(_MARK.encode(), b"%05d" % number).replace(_DAY.encode(), f"{month}-15".encode())

    def _count(self, entity: str, statement: str) -> int:
        if entity == "Customer":
            return CUSTOMERS
        return len(self._months_in(statement)) * A_MONTH if entity == "Invoice" else 0

    def _months_in(self, statement: str) -> list[str]:
        found = _DATES.search(statement)
        return [name for name in self.months if found is None or found[1] <= name <= found[2]]


_TIME = "2026-01-05T10:00:00-08:00"
_JSON = {"Content-Type": "application/json"}


def _start(statement: str) -> int:
    found = _START.search(statement)
    return int(found[1]) - 1 if found else 0


def _json(document: Any) -> Response:
    return Response(200, json.dumps(document).encode(), _JSON)


def _envelope(entity: str, rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(
        {"QueryResponse": {entity: rows, "startPosition": 1, "maxResults": len(rows)}, "time": _TIME}
    ).encode()


def _envelope_count(count: int) -> bytes:
    return json.dumps({"QueryResponse": {"totalCount": count}, "time": _TIME}).encode()


def _customer(number: int) -> dict[str, Any]:
    ref = f"7{_MARK}{number:03}"
    return {
        "Id": ref, "SyncToken": "0", "DisplayName": f"Customer {ref}", "Active": True, "Balance": 100.5,
        "PrimaryEmailAddr": {"Address": f"ap{ref}@example.test"}, "MetaData": _META,
    }  # fmt: skip


_META = {"CreateTime": "2022-01-05T10:00:00-08:00", "LastUpdatedTime": "2025-01-05T10:00:00-08:00"}


def _invoice(number: int) -> dict[str, Any]:
    lines = [
        {
            "Id": str(line), "LineNum": line, "Description": f"Service number {line} as agreed", "Amount": 100.25,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "1", "name": "Services"}, "UnitPrice": 100.25, "Qty": 1,
                "TaxCodeRef": {"value": "NON"},
            },
        }
        for line in range(1, 6)
    ]  # fmt: skip
    ref = f"1{_MARK}{number:03}"
    return {
        "domain": "QBO", "sparse": False, "Id": ref, "SyncToken": "1", "MetaData": _META, "DocNumber": ref,
        "TxnDate": _DAY, "DueDate": "2024-02-14", "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "Line": [*lines, {"Amount": 501.25, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}],
        "TxnTaxDetail": {"TotalTax": 0}, "CustomerRef": {"value": f"7{number % 10:05}{number:03}", "name": "Customer"},
        "BillAddr": {"Id": "2", "Line1": "4581 Finch St.", "City": "Bayshore", "PostalCode": "94326"},
        "SalesTermRef": {"value": "3"}, "TotalAmt": 501.25, "PrintStatus": "NeedToPrint", "EmailStatus": "NotSet",
        "Balance": 0,
    }  # fmt: skip


def main() -> None:
    """Serve until ended."""
    with Server(Books(int(sys.argv[1])).application) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
