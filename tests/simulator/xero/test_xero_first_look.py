"""One pass of a connector over the simulated organisation, through a real socket."""

from __future__ import annotations

import requests

from connectors.simulator.http import Server
from connectors.simulator.xero import XeroCompany


def test_a_client_reads_and_writes_over_http(company: XeroCompany, oak: str, invoice: str) -> None:
    with Server(company.application) as server:
        token = company.issue_tokens()["access_token"]
        headers = {
            "Authorization": f"Bearer {token}",
            "xero-tenant-id": company.account,
            "Accept": "application/json",
        }
        api = f"{server.url}/api.xro/2.0"
        page = requests.get(f"{api}/Invoices", params={"page": "1"}, headers=headers, timeout=5).json()
        note = requests.put(
            f"{api}/Invoices/{invoice}/History",
            json={"HistoryRecords": [{"Details": "called"}]},
            headers=headers,
            timeout=5,
        )
        connections = requests.get(f"{server.url}/connections", headers=headers, timeout=5).json()

    assert page["pagination"] == {"page": 1, "pageSize": 100, "pageCount": 1, "itemCount": 1}
    assert page["Invoices"][0]["InvoiceID"] == invoice
    assert note.status_code == 200
    assert connections[0]["tenantId"] == company.account
    assert [(effect.kind, effect.customer, effect.text) for effect in company.effects()] == [("memo", oak, "called")]
