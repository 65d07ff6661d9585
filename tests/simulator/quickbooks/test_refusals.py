"""What QuickBooks refuses, with its own codes; a refused write leaves the books as they were."""

from __future__ import annotations

from datetime import date

import pytest


def test_an_unknown_property_is_refused_in_intuits_words(client):
    error = client.post("invoice", {"BadJson": True})["Fault"]["Error"][0]
    assert error["code"] == "2010"
    assert error["Message"] == "Request has invalid or unsupported property"
    assert 'Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Invoice)' in error["Detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"Line": [{"Amount": 1, "Wrong": 1}]},
        {"Line": [{"SalesItemLineDetail": {"Price": 1}}]},
        {"CustomerRef": {"Id": "1"}},
        {"CustomerRef": "1"},
        {"Line": {"Amount": 1}},
        {"privateNote": "x"},
    ],
)
def test_unknown_properties_are_refused_at_any_depth(client, body):
    assert client.refused("invoice", body) == "2010"


def test_a_body_that_is_not_json_is_refused(client):
    assert client.refused("invoice", b"{nonsense") == "2010"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"Line": [{"Amount": 1}]}, "2020"),
        ({"Line": [{"DetailType": "SalesItemLineDetail"}]}, "2020"),
        ({"Line": [{"Amount": 1, "DetailType": "DescriptionOnly"}]}, "2020"),
        ({"CustomerRef": {"value": "99"}}, "2500"),
        ({"SalesTermRef": {"value": "99"}}, "2500"),
        ({"TxnDate": "03/04/2025"}, "2060"),
        ({"Line": [{"Amount": "much", "DetailType": "SalesItemLineDetail"}]}, "2090"),
        ({"Line": [{"Amount": 1, "DetailType": "Nonsense"}]}, "2170"),
        ({"EmailStatus": "Sent"}, "2170"),
        ({"EmailStatus": "NeedToSend"}, "6420"),
        ({"BillEmail": {"Address": "nobody"}}, "2210"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050"),
        ({"PaymentRefNum": "x" * 22}, "2050"),
        ({"DocNumber": "x" * 22}, "6000"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
        ({"Line": [{"Amount": -1, "DetailType": "SalesItemLineDetail"}]}, "6000"),
    ],
)
def test_an_invoice_that_does_not_hold_together_is_refused(client, company, draft, changes, code):
    assert client.refused("invoice", draft() | changes) == code
    assert company.open_items() == []


def test_an_unknown_item_is_refused(client, draft, line):
    wrong = line() | {"SalesItemLineDetail": {"ItemRef": {"value": "99"}}}
    assert client.refused("invoice", draft() | {"Line": [wrong]}) == "2500"


def test_a_line_is_taxed_or_not(client, draft, line):
    wrong = line()
    wrong["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "none"}
    assert client.refused("invoice", draft() | {"Line": [wrong]}) == "2500"


def test_an_inactive_customer_cannot_be_invoiced(client, company, oak, draft):
    company.edit_customer(oak, Active=False)
    assert client.refused("invoice", draft()) == "610"


def test_an_amount_must_be_quantity_times_price(client, draft, line):
    wrong = line(10)
    wrong["SalesItemLineDetail"] |= {"Qty": 3, "UnitPrice": 3.33}
    assert client.refused("invoice", draft() | {"Line": [wrong]}) == "6070"


def test_a_number_in_use_is_refused_and_the_refusal_names_the_invoice(client, invoice, draft):
    error = client.post("invoice", draft(DocNumber="1001"))["Fault"]["Error"][0]
    assert error["code"] == "6140"
    assert f"TxnType=Invoice with TxnId={invoice}" in error["Detail"]
    assert "Invoice" in client.post("invoice", draft(DocNumber="1001"), include="allowduplicatedocnum")


def test_an_update_with_an_old_version_is_refused(client, company, invoice):
    company.edit_invoice(invoice, PrivateNote="first")
    body = {"Id": invoice, "SyncToken": "0", "sparse": True, "PrivateNote": "second"}
    error = client.post("invoice", body)["Fault"]["Error"][0]
    assert error["code"] == "5010"
    assert "were working on this at the same time" in error["Detail"]
    assert client.get(f"invoice/{invoice}")["Invoice"]["PrivateNote"] == "first"


def test_an_update_needs_its_version(client, invoice):
    assert client.refused("invoice", {"Id": invoice, "sparse": True}) == "2020"


@pytest.mark.parametrize("operation", ["delete", "void"])
def test_removal_needs_an_id_that_exists(client, operation):
    assert client.refused("invoice", {"SyncToken": "0"}, operation=operation) == "2020"
    assert client.refused("invoice", {"Id": "99", "SyncToken": "0"}, operation=operation) == "610"
    assert client.refused("invoice", {"Id": "x", "SyncToken": "0"}, operation=operation) == "2030"


@pytest.mark.parametrize("operation", ["delete", "void"])
def test_a_paid_invoice_can_be_neither_voided_nor_deleted(client, company, invoice, operation):
    company.pay(invoice, 100, date(2025, 2, 1))
    assert client.refused("invoice", {"Id": invoice, "SyncToken": "0"}, operation=operation) == "6000"
    assert company.open_items()[0].balance_cents == 124_900


def test_an_invoice_cannot_shrink_below_what_was_paid(client, company, invoice, line):
    company.pay(invoice, 100_000, date(2025, 2, 1))
    body = {"Id": invoice, "SyncToken": "0", "sparse": True, "Line": [line(999)]}
    assert client.refused("invoice", body) == "6000"


def test_an_invoice_with_payments_keeps_its_customer(client, company, invoice):
    elm = company.add_customer("Elm")
    company.pay(invoice, 100, date(2025, 2, 1))
    body = {"Id": invoice, "SyncToken": "0", "sparse": True, "CustomerRef": {"value": elm}}
    assert client.refused("invoice", body) == "6000"


def _payment(oak: str, total: float, *parts: tuple[float, str, str]) -> dict:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": to, "TxnType": kind}]} for amount, kind, to in parts]
    return {"CustomerRef": {"value": oak}, "TotalAmt": total, "Line": lines}


def test_payments_that_do_not_hold_together_are_refused(client, company, oak, invoice):
    elm = company.add_customer("Elm")
    other = company.add_invoice(elm, "9", date(2025, 1, 1), None, 100)
    assert client.refused("payment", _payment(oak, 2000, (1250.01, "Invoice", invoice))) == "6000"
    assert client.refused("payment", _payment(oak, 10, (20, "Invoice", invoice))) == "6000"
    assert client.refused("payment", _payment(oak, 1, (1, "Invoice", other))) == "620"
    assert client.refused("payment", _payment(oak, 1, (1, "Invoice", "99"))) == "2500"
    assert client.refused("payment", _payment(oak, 1, (1, "Estimate", invoice))) == "2170"
    assert client.refused("payment", _payment(oak, -1)) == "2290"
    assert client.refused("payment", {"TotalAmt": 1}) == "2020"
    assert client.refused("payment", {"CustomerRef": {"value": oak}}) == "2020"
    assert company.balance_of(oak) == 125_000


def test_a_refused_edit_leaves_a_payment_as_it_was(client, company, invoice, oak):
    payment = company.pay(invoice, 100_000, date(2025, 2, 1))
    body = {"Id": payment, "SyncToken": "0", "sparse": True} | _payment(oak, 1000, (1251, "Invoice", invoice))
    assert client.refused("payment", body) == "6000"
    assert company.open_items()[0].balance_cents == 25_000


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"DisplayName": "Oak Ltd"}, "6240"),
        ({"DisplayName": "oak LTD"}, "6240"),
        ({}, "2020"),
        ({"DisplayName": "a:b"}, "2040"),
        ({"DisplayName": "A", "Notes": "x" * 2001}, "2050"),
        ({"DisplayName": "A", "PrimaryEmailAddr": {"Address": "a b"}}, "2210"),
        ({"DisplayName": "A", "ParentRef": {"value": "99"}, "Job": True}, "2500"),
        ({"DisplayName": "A", "CustomerTypeRef": {"value": "99"}}, "2500"),
        ({"DisplayName": "A", "PreferredDeliveryMethod": "Pigeon"}, "2170"),
        ({"DisplayName": "A", "CreditLimit": 100}, "2010"),
    ],
)
@pytest.mark.usefixtures("oak")
def test_customers_that_do_not_hold_together_are_refused(client, body, code):
    assert client.refused("customer", body) == code


def test_names_are_shared_with_vendors(client):
    client.post("vendor", {"DisplayName": "Elm"})
    assert client.refused("customer", {"DisplayName": "Elm"}) == "6240"


def test_a_customer_who_owes_cannot_be_made_inactive(client, company, oak, invoice):
    body = {"Id": oak, "SyncToken": "0", "sparse": True, "Active": False}
    assert client.refused("customer", body) == "6220"
    company.pay(invoice, 125_000, date(2025, 2, 1))
    assert client.post("customer", body)["Customer"]["Active"] is False


def test_a_customer_cannot_become_its_own_ancestor(client, company, oak):
    job = company.add_customer("Barn", parent=oak)
    body = {"Id": oak, "SyncToken": "0", "sparse": True, "ParentRef": {"value": job}}
    assert client.refused("customer", body) == "6000"


@pytest.mark.parametrize(
    ("entity", "body", "code"),
    [
        ("item", {"Name": "Services", "IncomeAccountRef": {"value": "1"}}, "6240"),
        ("item", {"Name": "New"}, "2020"),
        ("item", {"Name": "New", "IncomeAccountRef": {"value": "35"}}, "6430"),
        ("item", {"Name": "x" * 101, "IncomeAccountRef": {"value": "1"}}, "2050"),
        ("account", {"Name": "New"}, "2020"),
        ("account", {"Name": "New", "AccountType": "Nonsense"}, "2170"),
        ("account", {"Id": "1", "SyncToken": "0", "sparse": True, "Description": "x"}, "2020"),
        ("customertype", {"Name": "Credit hold"}, "500"),
        ("deposit", {"TotalAmt": 1}, "500"),
    ],
)
def test_other_lists_are_checked_too(client, entity, body, code):
    assert client.refused(entity, body) == code


def test_list_entries_cannot_be_deleted(client, oak):
    assert client.refused("customer", {"Id": oak, "SyncToken": "0"}, operation="delete") == "500"


def test_a_credit_memo_cannot_be_voided(client, company, oak):
    memo = company.credit(oak, 100, date(2025, 2, 1))
    assert client.refused("creditmemo", {"Id": memo, "SyncToken": "0"}, operation="void") == "500"


def test_a_closed_period_stays_closed_to_the_api_but_not_to_people(client, company, invoice, draft):
    company.close_books(date(2025, 1, 31))
    edit = {"Id": invoice, "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    assert client.refused("invoice", edit) == "6210"
    assert client.refused("invoice", {"Id": invoice, "SyncToken": "0"}, operation="void") == "6210"
    assert client.refused("invoice", draft(TxnDate="2025-01-31")) == "6210"
    assert "Invoice" in client.post("invoice", draft(TxnDate="2025-02-01"))
    company.edit_invoice(invoice, PrivateNote="by a person with the password")


def _entry(*sides: tuple[str, str, float, str | None]) -> dict:
    lines = []
    for posting, account, amount, customer in sides:
        detail: dict = {"PostingType": posting, "AccountRef": {"value": account}}
        if customer:
            detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer}}
        lines.append({"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail})
    return {"Line": lines}


def test_journal_entries_balance_and_name_their_customer(client, company, oak):
    assert client.refused("journalentry", _entry(("Debit", "84", 5, oak), ("Credit", "1", 4, None))) == "2300"
    assert client.refused("journalentry", _entry(("Debit", "84", 5, None), ("Credit", "1", 5, None))) == "6000"
    assert client.refused("journalentry", _entry(("Debit", "84", 5, oak), ("Credit", "84", 5, oak))) == "6000"
    client.post("journalentry", _entry(("Debit", "84", 5, oak), ("Credit", "1", 5, None)))
    assert company.balance_of(oak) == 500


def test_with_several_currencies_the_currency_must_be_said_and_be_the_customers(client, company, draft):
    company.books.multi_currency = True
    assert client.refused("invoice", draft()) == "2020"
    assert client.refused("invoice", draft(CurrencyRef={"value": "EUR"})) == "6000"
    assert "Invoice" in client.post("invoice", draft(CurrencyRef={"value": "USD"}))


def test_mail_needs_an_address_and_a_good_one(client, company):
    silent = company.add_customer("No mail")
    bill = company.add_invoice(silent, "1", date(2025, 1, 1), None, 100)
    assert client.refused(f"invoice/{bill}/send") == "6420"
    assert client.refused(f"invoice/{bill}/send", sendTo="nobody") == "2210"


def test_a_fault_is_upper_case_and_carries_intuits_time(client):
    reply = client.post("invoice", {})
    assert reply["Fault"]["type"] == "ValidationFault"
    assert reply["time"].endswith("-08:00")
    assert client.headers["intuit_tid"]
