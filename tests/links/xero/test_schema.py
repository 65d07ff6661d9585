"""Every request the connector makes, judged by Xero's own description of its API."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from connectors import Ref
from connectors.errors import ConnectorError
from connectors.simulator.http import Request
from tests.links.xero.operations import EVERYTHING, TODAY
from tests.links.xero.schema import problems
from tests.links.xero.tiny import TENANT, contact, guid, invoice, last, ms

pytestmark = pytest.mark.shared_data
GROUP = f"ContactGroups/{guid(5)}"


def test_every_read_is_one_xero_describes(connector, xero, clock, shared_data):
    xero.replies["GET", "Invoices"] = [invoice(number) for number in range(1, 1200)]
    xero.replies["GET", "Contacts"] = [contact()]
    cursor = last(connector.changes(None)).cursor
    xero.replies["GET", "Invoices"] = lambda request: xero.listed(
        "Invoices", [invoice(1, Contact={"ContactID": guid(901)}, UpdatedDateUTC=ms(clock.now()))], request
    )
    clock.advance(timedelta(hours=10))
    last(connector.changes(cursor))
    for kind in ("customer", "invoice", "credit_note", "payment"):
        assert connector.fetch(Ref(kind, guid(77))) is None
    connector.aged_receivables(TODAY)
    assert {path.split("/")[0] for path in xero.asked_paths()} == {
        "Organisation", "Contacts", "Invoices", "CreditNotes", "Overpayments", "Prepayments", "Payments",
    }  # fmt: skip
    assert list(problems(shared_data, xero.server.seen)) == []


def test_every_write_and_every_proof_is_one_xero_describes(connector, xero, shared_data):
    members = []

    def group(request):
        return xero.listed("ContactGroups", [{"ContactGroupID": guid(5), "Contacts": members}], request)

    xero.replies["PUT", "ContactGroups"] = [{"ContactGroupID": guid(5)}]
    xero.replies["GET", GROUP] = group
    xero.replies["PUT", "Invoices"] = [{"InvoiceID": guid(2)}]
    xero.replies["POST", f"Invoices/{guid(1)}"] = [{"InvoiceID": guid(1)}]
    xero.replies["PUT", "CreditNotes"] = [{"CreditNoteID": guid(70), "Status": "AUTHORISED", "RemainingCredit": 7.9}]
    for number in (1, 2):
        xero.replies["GET", f"Invoices/{guid(number)}"] = [invoice(number)]
    for operation in EVERYTHING:
        key = f"rule/I-1/{operation.verb}"
        members[:] = [] if getattr(operation, "on", True) else [{"ContactID": guid(900)}]
        connector.write(operation, key)
        with suppress(ConnectorError):
            connector.was_applied(operation, key, xero.clock.now())
    written = {(request.method, request.path.split("/")[-1]) for request in xero.asked() if request.method != "GET"}
    assert {("PUT", "Invoices"), ("PUT", "CreditNotes"), ("PUT", "Allocations"), ("POST", "Email")} <= written
    assert {("PUT", "Contacts"), ("DELETE", guid(900)), ("PUT", "History"), ("POST", guid(1))} <= written
    assert list(problems(shared_data, xero.server.seen)) == []


@pytest.mark.parametrize(
    ("query", "body", "complaint"),
    [
        ({"pagesize": "10"}, b"", "no such parameter"),
        ({}, b'{"Invoices":[{"Typo":"ACCREC"}]}', "no such property"),
        ({}, b'{"Invoices":[{"Type":"ACCRECS"}]}', "is not one of"),
        ({}, b'{"Invoices":[{"LineItems":[{"UnitAmount":"7.90"}]}]}', "is not of type"),
    ],
)
def test_the_judge_sees_what_is_wrong(shared_data, query, body, complaint):
    headers = {"xero-tenant-id": TENANT, "content-type": "application/json", "idempotency-key": "k"}
    request = Request("PUT" if body else "GET", "/api.xro/2.0/Invoices", query, headers, body)
    (found,) = problems(shared_data, [request])
    assert complaint in found
