"""The door behind the counter, what an honest bystander sees, and the company on a real socket."""

from __future__ import annotations

import json
import threading
import urllib.request
from datetime import date, timedelta

import pytest

from connectors.simulator.http import Fault, Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.quickbooks.faults import Refused, throttled_xml


def _kinds(company) -> list[str]:
    return [effect.kind for effect in company.effects()]


def test_what_people_do_is_not_an_effect(company, oak, invoice):
    payment = company.pay(invoice, 1_000, date(2025, 2, 1))
    company.unpay(payment)
    company.credit(oak, 100, date(2025, 2, 1), invoice=invoice)
    company.edit_customer(oak, Notes="[stop-sell]")
    company.edit_due_date(invoice, date(2025, 4, 1))
    assert company.effects() == []
    assert {entry.actor for entry in company.audit_log()} == {"person"}


def test_a_charge_and_its_reversal_are_seen_in_the_books(client, company, oak, draft):
    charge = client.post("invoice", draft(7.99, PrivateNote="Interest on 1001"))["Invoice"]["Id"]
    memo = client.post("creditmemo", draft(0.50))["CreditMemo"]["Id"]
    first, second = company.effects()
    assert (first.kind, first.customer, first.target, first.cents) == ("finance_charge", oak, charge, 799)
    assert first.text == "Interest on 1001"
    assert (second.kind, second.target, second.cents) == ("charge_reversal", memo, 50)


def test_a_charge_made_twice_is_seen_twice(client, company, draft):
    client.post("invoice", draft())
    client.post("invoice", draft())
    assert _kinds(company) == ["finance_charge", "finance_charge"]


def test_a_charge_somebody_deleted_since_stays_seen(client, company, draft):
    made = client.post("invoice", draft())["Invoice"]["Id"]
    company.delete_invoice(made)
    assert _kinds(company) == ["finance_charge"]


def test_a_memo_is_the_text_that_was_added(client, company, invoice):
    company.edit_invoice(invoice, PrivateNote="Left at the gate")
    body = {"Id": invoice, "SyncToken": "1", "sparse": True, "PrivateNote": "Left at the gate\nReminder 1 sent"}
    client.post("invoice", body)
    (effect,) = company.effects()
    assert (effect.kind, effect.target, effect.text) == ("memo", invoice, "Reminder 1 sent")


def test_a_note_that_stays_as_it_was_is_no_memo(client, company, invoice):
    body = {"Id": invoice, "SyncToken": "0", "sparse": True, "DueDate": "2025-06-01"}
    client.post("invoice", body)
    assert company.effects() == []


def test_a_stop_sell_block_that_comes_and_goes_is_on_and_off(client, company, oak):
    company.edit_customer(oak, Notes="Call Mary")

    def write(notes: str, version: int) -> None:
        client.post("customer", {"Id": oak, "SyncToken": str(version), "sparse": True, "Notes": notes})

    write("Call Mary\n[syncd stop-sell since 2025-03-03]", 1)
    write("Call Mary\n[syncd stop-sell since 2025-03-03: hold]", 2)
    write("Call Mary\n[syncd stop-sell since 2025-03-03] [syncd stop-sell again]", 3)
    write("Call Mary", 4)
    assert _kinds(company) == ["stop_sell_on", "stop_sell_on", "stop_sell_off", "stop_sell_off"]


def test_a_block_with_an_end_counts_once_and_its_inside_is_no_memo(client, company, oak):
    fenced = "[AR-HOLD since=2025-03-03 state=hold]\n30 days past due\n[syncd:credit_hold/1/hold/1]\n[/AR-HOLD]"
    for version, notes in enumerate((fenced, f"{fenced}\nSpoke with Mary", "Spoke with Mary")):
        client.post("customer", {"Id": oak, "SyncToken": str(version), "sparse": True, "Notes": notes})
    assert _kinds(company) == ["stop_sell_on", "memo", "stop_sell_off"]
    assert company.effects()[1].text == "Spoke with Mary"


def test_a_block_that_says_it_is_lifted_is_off(client, company, oak):
    for version, notes in enumerate(("[stop-sell: on]", "[stop-sell: off]")):
        client.post("customer", {"Id": oak, "SyncToken": str(version), "sparse": True, "Notes": notes})
    assert _kinds(company) == ["stop_sell_on", "stop_sell_off"]


def test_every_mail_is_counted_and_shown_on_the_invoice(client, company, invoice):
    shown = client.post(f"invoice/{invoice}/send", sendTo="new@oak.example")["Invoice"]
    assert (shown["EmailStatus"], shown["SyncToken"]) == ("EmailSent", "0")
    assert shown["BillEmail"] == {"Address": "new@oak.example"}
    assert shown["DeliveryInfo"] == {"DeliveryType": "Email", "DeliveryTime": "2025-03-03T07:00:00-08:00"}
    client.post(f"invoice/{invoice}/send")
    assert [effect.text for effect in company.effects()] == ["new@oak.example", "new@oak.example"]


def test_a_sandbox_mails_forty_a_day(clock, client):
    company = QuickBooksCompany(clock, rate_limited=False, sandbox=True)
    client.company, client.token = company, company.issue_tokens()["access_token"]
    oak = company.add_customer("Oak", "ap@oak.example")
    bill = company.add_invoice(oak, "1", date(2025, 1, 1), None, 100)
    for _ in range(40):
        client.post(f"invoice/{bill}/send")
    assert client.refused(f"invoice/{bill}/send") == "6000"
    clock.advance(timedelta(days=1))
    client.token = company.issue_tokens()["access_token"]
    assert "Invoice" in client.post(f"invoice/{bill}/send")


def test_open_items_are_the_open_invoices(company, oak, invoice):
    company.pay(invoice, 25_000, date(2025, 2, 1))
    paid = company.add_invoice(oak, "1002", date(2025, 1, 1), None, 100)
    company.pay(paid, 100, date(2025, 2, 1))
    (item,) = company.open_items()
    assert (item.invoice, item.number, item.customer) == (invoice, "1001", oak)
    assert (item.issued_on, item.due_on) == (date(2025, 1, 10), date(2025, 2, 9))
    assert (item.total_cents, item.balance_cents, item.currency) == (125_000, 100_000, "USD")


def test_an_invoice_without_a_due_day_gets_it_from_the_terms(company):
    quick = company.add_customer("Quick", terms_days=7)
    company.add_invoice(quick, "1", date(2025, 1, 1), None, 100)
    assert company.open_items()[0].due_on == date(2025, 1, 8)


def test_people_are_bound_by_the_books_too(company, invoice):
    with pytest.raises(Refused, match="6000"):
        company.pay(invoice, 125_001, date(2025, 2, 1))
    company.pay(invoice, 1, date(2025, 2, 1))
    with pytest.raises(Refused, match="6000"):
        company.void(invoice)


def test_quickbooks_own_late_fee_is_a_line_on_the_invoice(client, company, invoice):
    company.late_fee(invoice, 2_500)
    shown = client.get(f"invoice/{invoice}")["Invoice"]
    assert shown["Balance"] == 1275
    assert shown["Line"][1]["Description"] == "Late fee"
    assert client.ids("select * from Account where Name = 'Late fee income'")
    assert company.effects() == []


def test_tax_is_part_of_the_total(client, company, oak):
    company.add_invoice(oak, "1", date(2025, 1, 1), None, 10_800, tax_cents=800)
    shown = client.get("invoice/1")["Invoice"]
    assert (shown["TotalAmt"], shown["TxnTaxDetail"]["TotalTax"]) == (108, 8)


def test_customer_types_are_made_by_people_and_read_by_clients(client, company, oak):
    held = company.add_customer_type("Credit hold")
    company.set_customer_type(oak, held)
    assert client.rows("select * from CustomerType")[0]["Name"] == "Credit hold"
    assert client.get(f"customer/{oak}")["Customer"]["CustomerTypeRef"] == {"value": held}


def test_the_providers_clock_may_be_ahead(client, company, oak):
    company.skew = timedelta(minutes=7)
    company.add_invoice(oak, "1", date(2025, 1, 1), None, 100)
    assert client.get("invoice/1")["time"] == "2025-03-03T07:07:00.000-08:00"


def test_a_company_whose_subscription_lapsed_refuses_everything_until_it_is_paid(client, company, draft):
    company.suspend()
    assert client.refused("invoice", draft()) == "6190"
    assert client.status == 403
    company.resume()
    assert "Invoice" in client.post("invoice", draft())


def test_a_deletion_may_go_unnoticed_by_change_data_capture(client, company, invoice):
    company.delete_invoice(invoice, unnoticed=True)
    assert client.changes("Invoice", "2025-03-03T06:00:00-08:00") == [{}]
    assert client.rows("select * from Invoice") == []


def test_something_may_happen_between_two_pages(client, company, invoice):
    def pay_once(_: object) -> None:
        company.on_request = None
        company.pay(invoice, 125_000, date(2025, 3, 3))

    company.on_request = pay_once
    assert client.ids("select * from Invoice where Balance > '0'") == []
    assert {entry.actor for entry in company.audit_log()} == {"person"}


def test_it_serves_a_real_socket_and_shares_its_lock(company, oak):
    token = company.issue_tokens()["access_token"]
    with Server(company.application) as server:
        url = f"{server.url}/v3/company/{company.account}/query?query=select%20count(*)%20from%20Invoice"
        asked = urllib.request.Request(  # noqa: S310 - a loopback address
            url, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"}
        )

        def work() -> None:
            for _ in range(20):
                company.add_invoice(oak, "", date(2025, 1, 1), None, 100)
                with urllib.request.urlopen(asked, timeout=10) as reply:  # noqa: S310
                    json.load(reply)

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(company.open_items()) == 80
    assert sum(item.balance_cents for item in company.open_items()) == company.balance_of(oak)


def test_a_fault_of_the_line_leaves_the_work_done(company, draft):
    token = company.issue_tokens()["access_token"]
    with Server(company.application) as server:
        server.faults.append(Fault("replace_after", method="POST", response=throttled_xml()))
        asked = urllib.request.Request(  # noqa: S310 - a loopback address
            f"{server.url}/v3/company/{company.account}/invoice",
            data=json.dumps(draft()).encode(),
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )
        with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(asked, timeout=10):  # noqa: S310
            pass
        refused.value.close()
    assert refused.value.code == 429
    assert len(company.open_items()) == 1
