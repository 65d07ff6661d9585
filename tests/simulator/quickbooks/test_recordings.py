"""Key by key against real replies of a sandbox company. The keys are kept here, the recordings beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

GOLDEN = json.loads(Path(__file__).with_name("recorded_keys.json").read_text())
ADDRESS = {"Line1": "4581 Finch St.", "City": "Bayshore", "CountrySubDivisionCode": "CA", "PostalCode": "94326"}
DESIGN = {"ItemRef": {"value": "2"}, "UnitPrice": 75, "Qty": 4.5}


def _paths(value: Any, place: str = "") -> Iterator[str]:
    """Every key with the keys above it, and the kind of what stands there."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _paths(part, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        yield f"{place}[]"
        for part in value:
            yield from _paths(part, f"{place}[]")
    else:
        kind = "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
        yield f"{place}: {kind}"


def keys_of(reply: Any) -> list[str]:
    return sorted(set(_paths(reply)))


def recorded(folder: Path) -> dict[str, list[str]]:
    """Per recorded exchange the keys of its reply."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.glob("*.json")):
        for position, exchange in enumerate(json.loads(file.read_text())):
            found[f"{file.stem}/{position}"] = keys_of(exchange["response"]["body"])
    return found


@pytest.mark.shared_data
def test_the_kept_keys_are_those_of_the_recordings(shared_data):
    assert recorded(shared_data / "quickbooks-recordings") == GOLDEN


@pytest.fixture
def amy(company, oak):
    company.edit_customer(oak, BillAddr=ADDRESS, ShipAddr=ADDRESS)
    row = company.books.need("Customer", oak)
    row.body = {name: value for name, value in row.body.items() if name != "SalesTermRef"}
    return oak


@pytest.fixture
def made(client, draft, amy):
    assert amy
    return client.post("invoice", draft())


def test_a_created_invoice_has_the_recorded_keys(made):
    assert keys_of(made) == GOLDEN["create-invoice/0"]


def test_a_read_invoice_has_the_recorded_keys(client, made):
    assert keys_of(client.get(f"invoice/{made['Invoice']['Id']}")) == GOLDEN["void-invoice/0"]


def test_a_voided_invoice_has_the_recorded_keys(client, made):
    reply = client.post("invoice", {"Id": made["Invoice"]["Id"], "SyncToken": "0"}, operation="void")
    assert keys_of(reply) == GOLDEN["void-invoice/1"]


def test_a_deleted_invoice_has_the_recorded_keys(client, made):
    reply = client.post("invoice", {"Id": made["Invoice"]["Id"], "SyncToken": "0"}, operation="delete")
    assert keys_of(reply) == GOLDEN["delete-invoice/1"]


def test_a_created_customer_has_the_recorded_keys(client):
    assert keys_of(client.post("customer", {"DisplayName": "Doe5, Jane"})) == GOLDEN["create-customer/0"]


def test_a_fully_updated_customer_has_the_recorded_keys(client):
    client.post("customer", {"DisplayName": "Doe2, Jane"})
    phone = {"PrimaryPhone": {"FreeFormNumber": "(415) 444-1234"}}
    reply = client.post("customer", {"Id": "1", "SyncToken": "0", "DisplayName": "Jack Moe"} | phone)
    assert keys_of(reply) == GOLDEN["update-customer/1"]
    assert reply["Customer"]["PrintOnCheckName"] == "Jack Moe"


def test_a_customer_with_everything_has_the_recorded_keys(client):
    parts = {"GivenName": "Peter", "FamilyName": "Dukes", "CompanyName": "Dukes Basketball Camp"}
    parts |= {"DisplayName": "Dukes Basketball Camp", "PrimaryPhone": {"FreeFormNumber": "(520) 420-5638"}}
    parts |= {"PrimaryEmailAddr": {"Address": "d@camp.example"}, "BillAddr": ADDRESS, "ShipAddr": ADDRESS}
    assert keys_of(client.post("customer", parts)) == GOLDEN["get-id/0"]


def test_counting_has_the_recorded_keys(client):
    assert keys_of(client.query("SELECT COUNT(*) FROM Customer")) == GOLDEN["all-customers/0"]


def test_every_key_of_a_listed_customer_was_recorded(client, company, amy):
    job = company.add_customer("Barn", parent=amy)
    company.edit_customer(job, SalesTermRef="")
    reply = client.query("SELECT * FROM Customer MAXRESULTS 1000 STARTPOSITION 1")
    newer = {"QueryResponse.Customer[].IsProject: bool"}  # came with a later minor version
    assert set(keys_of(reply)) - newer <= set(GOLDEN["all-customers/1"])


def test_a_vendor_has_the_recorded_keys(client):
    reply = client.post(
        "batch", {"BatchItemRequest": [{"bId": "1", "Vendor": {"DisplayName": "Boraski Family Store"}}]}
    )
    wanted = [key for key in GOLDEN["batch-basic/0"] if ".Vendor." in key]
    assert [key for key in keys_of(reply) if ".Vendor." in key] == wanted


def test_faults_inside_a_batch_have_the_recorded_keys(client):
    item = {"bId": "1", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}}
    reply = client.post("batch", {"BatchItemRequest": [item]})
    wanted = [key for key in GOLDEN["batch-basic/0"] if ".Fault" in key]
    assert [key for key in keys_of(reply) if ".Fault" in key] == wanted


def test_a_fully_updated_sales_receipt_has_the_recorded_keys(client, line):
    sold = line(337.5, Description="Custom Design") | {"SalesItemLineDetail": DESIGN}
    made = client.post("salesreceipt", {"Line": [sold]})["SalesReceipt"]
    reply = client.post("salesreceipt", {"Id": made["Id"], "SyncToken": "0", "Line": [sold]})
    assert keys_of(reply) == GOLDEN["update-sales_receipt/1"]
    assert reply["SalesReceipt"]["DocNumber"] == made["DocNumber"]
    assert reply["SalesReceipt"]["Line"][0]["Id"] == "2"


def test_every_key_of_a_captured_estimate_was_recorded(client, line, oak):
    sold = line(300, Description="Custom Design") | {"SalesItemLineDetail": DESIGN | {"Qty": 4}}
    client.post("estimate", {"CustomerRef": {"value": oak}, "Line": [sold]})
    reply = client.get("cdc", entities="estimate", changedSince="2025-03-03T00:00:00-08:00")
    optional = {key for key in keys_of(reply) if ".SalesTermRef" in key}
    assert set(keys_of(reply)) - optional <= set(GOLDEN["cdc-basic/0"])


@pytest.mark.parametrize(
    ("recording", "path", "body"),
    [
        ("error-400_json/0", "invoice", {"BadJson": True}),
        ("error-validation/0", "customer", {"DisplayName": "Oak Ltd"}),
    ],
)
@pytest.mark.usefixtures("oak")
def test_refused_writes_have_the_recorded_keys(client, recording, path, body):
    assert keys_of(client.post(path, body)) == GOLDEN[recording]
    assert client.status == 400


def test_refused_paths_have_the_recorded_keys(client):
    assert keys_of(client.get("customer/1/5")) == GOLDEN["error-500/0"]
    reply = client.get("customer/1.5")
    del reply["time"]  # the recording was cut short there
    assert keys_of(reply) == GOLDEN["error-500/1"]


def test_a_refused_token_has_the_recorded_keys(client):
    client.token = "expired"
    assert keys_of(client.get("customer/1")) == GOLDEN["error-401/0"]


def test_a_payment_has_the_documented_keys(client, company, oak):
    bill = company.add_invoice(oak, "1001", date(2025, 1, 1), None, 50_000)
    payment = company.pay(bill, 50_000, date(2025, 2, 1))
    shown = client.get(f"payment/{payment}")["Payment"]
    documented = {
        "CustomerRef",
        "DepositToAccountRef",
        "TotalAmt",
        "UnappliedAmt",
        "ProcessPayment",
        "domain",
        "sparse",
    }
    documented |= {"Id", "SyncToken", "MetaData", "TxnDate", "CurrencyRef", "LinkedTxn", "Line"}
    assert set(shown) == documented
    pairs = {each["value"]["Name"]: each["value"]["Value"] for each in shown["Line"][0]["LineEx"]["any"]}
    assert pairs == {"txnId": bill, "txnOpenBalance": "0", "txnReferenceNumber": "1001"}
