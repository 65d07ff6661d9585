"""Whatever is sent, an answer comes back: the server never falls over, and a refusal leaves the books alone."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.xero import XeroCompany
from tests.simulator.xero.conftest import Caller

COMPANY = XeroCompany(SimulatedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)))
COMPANY.limits.per_day = None
OAK = COMPANY.add_customer("Oak Ltd", "ap@oak.example")
INVOICE = COMPANY.add_invoice(OAK, "INV-1", date(2026, 1, 10), date(2026, 2, 9), 100_00)
CREDIT = COMPANY.credit(OAK, 5_00, date(2026, 2, 1))
CALLER = Caller(COMPANY)

SMALL = XeroCompany(SimulatedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)))
SMALL.pay(
    SMALL.add_invoice(SMALL.add_customer("Elm"), "E-1", date(2026, 1, 1), date(2026, 2, 1), 500), 200, date(2026, 2, 1)
)
ASKER = Caller(SMALL)

FIELDS = [
    *("Type", "Status", "Contact", "ContactID", "Name", "Date", "DueDate", "LineItems", "Quantity", "UnitAmount"),
    *("AccountCode", "TaxType", "LineAmount", "DiscountRate", "TaxAmount", "InvoiceID", "InvoiceNumber", "Amount"),
    *("CurrencyRate", "CurrencyCode", "Reference", "SentToContact", "ExpectedPaymentDate", "LineAmountTypes"),
    *("Invoice", "Account", "Code", "Details", "PaymentTerms", "Sales", "Day", "ContactPersons", "Invoices"),
    *("HistoryRecords", "Contacts", "Description", "CreditNoteNumber", "ContactStatus", "Url", "Addresses"),
]
NAMES = st.sampled_from(FIELDS)
NASTY: list[Any] = [
    *("ACCREC", "ACCRECCREDIT", "AUTHORISED", "DRAFT", "VOIDED", OAK, INVOICE, "INV-1", "FC-1", "2026-03-02"),
    *("/Date(99999999999999999999)/", "/Date(-62135596800001)/", "/Date(0-9999)/", "0001-01-01", "9999-12-31"),
    *(
        "200",
        "090",
        "NONE",
        "OUTPUT2",
        "NZD",
        "Exclusive",
        "Inclusive",
        "1e400",
        "-0",
        "\x01",
        "DAYSAFTERBILLDATE",
    ),
]
VALUES = st.one_of(
    st.sampled_from(NASTY),
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14).map(float),
    st.text(max_size=8),
)
DOCUMENTS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=8), max_leaves=25
)
PATHS = st.sampled_from(
    [
        *("Invoices", f"Invoices/{INVOICE}", f"Invoices/{INVOICE}/History", f"Invoices/{INVOICE}/Email", "Contacts"),
        *(f"Contacts/{OAK}", "ContactGroups", "CreditNotes", f"CreditNotes/{CREDIT}/Allocations", "Payments"),
    ]
)
STATUSES = {200, 204, 400, 404, 405, 412, 414}


@settings(max_examples=120)
@given(st.sampled_from(["PUT", "POST"]), PATHS, DOCUMENTS)
def test_any_body_gets_an_answer(method: str, path: str, document: Any) -> None:
    assert CALLER.send(method, path, document).status in STATUSES


LINE = {"Description": "Goods", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200", "TaxType": "OUTPUT2"}
SOUND: dict[str, dict[str, Any]] = {
    "Invoices": {"Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": OAK}, "DueDate": "2026-04-01"},
    f"Invoices/{INVOICE}": {"Reference": "x"},
    "Contacts": {"Name": "Oak Ltd"},
    "CreditNotes": {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": OAK}},
    "Payments": {"Invoice": {"InvoiceID": INVOICE}, "Account": {"Code": "090"}, "Amount": "0.01"},
    f"CreditNotes/{CREDIT}/Allocations": {"Invoice": {"InvoiceID": INVOICE}, "Amount": "0.01"},
}
MORE: list[Any] = [None, True, 0, -1, 10**15, -(10**15), 1e14, 0.005, "", "x" * 5000, [], {}, [{}]]
MORE += [{"Sales": {"Day": 10**9, "Type": "DAYSAFTERBILLDATE"}}]


@pytest.mark.parametrize("path", sorted(SOUND), ids=lambda path: path.partition("/")[0])
def test_a_sound_request_with_one_field_spoiled_gets_an_answer(path: str) -> None:
    for name, value in product(FIELDS, NASTY + MORE):
        element = {**SOUND[path], "LineItems": [LINE], name: value}
        assert CALLER.send("POST" if path.count("/") == 1 else "PUT", path, element).status in STATUSES, (name, value)


def test_a_sound_invoice_with_one_field_of_a_line_spoiled_gets_an_answer() -> None:
    for name, value in product(FIELDS, NASTY + MORE):
        element = {**SOUND["Invoices"], "LineItems": [{**LINE, name: value}]}
        assert CALLER.send("POST", "Invoices", element, summarizeErrors="false").status in STATUSES, (name, value)


@settings(max_examples=60)
@given(PATHS, st.binary(max_size=60))
def test_any_bytes_get_an_answer(path: str, body: bytes) -> None:
    assert CALLER.send("PUT", path, raw=body).status in STATUSES


QUERIES = st.dictionaries(
    st.sampled_from(["where", "order", "page", "pageSize", "IDs", "Statuses", "searchTerm", "summaryOnly", "date"]),
    st.text(alphabet='abcID"=()!<>.,0123456789&| ', max_size=30)
    | st.sampled_from(
        [
            "DateTime(9999999,1,1)",
            "Date>DateTime(2026,1,1,1,1,1,1,1,1)",
            'Contact.Name.Contains("a',
            "Total==99999999999999999999999999999999999999",
            "9" * 400,
            "AmountDue",
            "InvoiceID DESC,,",
        ]
    ),
    max_size=4,
)


@settings(max_examples=150)
@given(st.sampled_from(["Invoices", "Contacts", "Payments", "CreditNotes", "Accounts", "ContactGroups"]), QUERIES)
def test_any_question_gets_an_answer(path: str, query: dict[str, str]) -> None:
    answer = ASKER.get(path, **query)

    assert answer.status in STATUSES
    assert json.loads(answer.body or b"{}") is not None


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_since_gets_an_answer(header: str) -> None:
    assert ASKER.since("Invoices", header).status in STATUSES
