"""The door behind the counter: what the business does, and what a bystander finds in the books."""

from __future__ import annotations

import http.client
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.simulator import Effect, OpenItem
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Fault, Request, Server
from connectors.simulator.xero import XeroCompany, faults
from tests.simulator.xero.documents import interest, line

NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_open_items_are_the_approved_sales_invoices_with_something_open(company, oak, invoice) -> None:
    company.add_bill(oak, "B-1", date(2026, 1, 1), date(2026, 2, 1), 5_00)
    company.add_invoice(oak, "D-1", date(2026, 1, 1), date(2026, 2, 1), 5_00, status="DRAFT")
    company.void(company.add_invoice(oak, "V-1", date(2026, 1, 1), date(2026, 2, 1), 5_00))
    company.pay(company.add_invoice(oak, "P-1", date(2026, 1, 1), date(2026, 2, 1), 5_00), 5_00, date(2026, 1, 9))
    company.pay(invoice, 30_00, date(2026, 2, 1))

    assert company.open_items() == [
        OpenItem(invoice, "INV-1", oak, date(2026, 1, 10), date(2026, 2, 9), 100_00, 70_00, "NZD")
    ]


def test_what_people_do_is_no_effect(company, oak, invoice) -> None:
    payment = company.pay(invoice, 10_00, date(2026, 2, 1))
    company.unpay(payment)
    company.credit(oak, 5_00, date(2026, 2, 1), invoice=invoice)
    company.set_stop_sell(oak, "Stop sell", member=True)
    company.write_note(invoice, "a person's note")
    company.set_due_date(invoice, date(2026, 3, 1))

    assert company.effects() == []


def test_everything_an_api_client_did_is_an_effect_each_time_it_was_done(caller, company, clock, oak, invoice) -> None:
    charge = caller.put("Invoices", interest(oak)).row["InvoiceID"]
    for _ in range(2):
        clock.advance(timedelta(seconds=1))
        caller.put(f"Invoices/{invoice}/History", {"HistoryRecords": [{"Details": "called"}]})
    caller.put(f"Contacts/{oak}/History", {"HistoryRecords": [{"Details": "on hold"}]})
    group = caller.put("ContactGroups", {"Name": "Stop sell"}).row["ContactGroupID"]
    caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": oak}]})
    caller.delete(f"ContactGroups/{group}/Contacts/{oak}")
    caller.post(f"Invoices/{invoice}/Email")
    caller.post("Invoices", {"InvoiceID": invoice, "ExpectedPaymentDate": "2026-03-20"})
    body = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": oak}, "LineItems": [line(UnitAmount=2)]}
    credit = caller.put("CreditNotes", body).row["CreditNoteID"]
    caller.post("Invoices", {"InvoiceID": charge, "Status": "VOIDED"})

    later, last = NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)
    words = "FC-1 [syncd:finance_charges/I-1/2026-03-01] Interest"
    assert company.effects() == [
        Effect("finance_charge", oak, charge, NOON, words, 7_99),
        Effect("memo", oak, invoice, later, "called"),
        Effect("memo", oak, invoice, last, "called"),
        Effect("memo", oak, oak, last, "on hold"),
        Effect("stop_sell_on", oak, oak, last, "Stop sell"),
        Effect("stop_sell_off", oak, oak, last, "Stop sell"),
        Effect("provider_email", oak, invoice, last, "ap@oak.example"),
        Effect("promise_date", oak, invoice, last, "2026-03-20"),
        Effect("charge_reversal", oak, credit, last, "CN-0001 Goods", 2_00),
        Effect("charge_reversal", oak, charge, last, "FC-1 voided", 7_99),
    ]


def test_a_person_approves_a_draft_an_api_client_left(caller, company, oak) -> None:
    draft = caller.put("Invoices", interest(oak, Status="DRAFT")).row["InvoiceID"]

    assert company.open_items() == []
    company.approve(draft)
    assert [item.invoice for item in company.open_items()] == [draft]


def test_calls_are_counted_by_utc_day_and_purpose(caller, company, clock, invoice) -> None:
    caller.get("Invoices")
    caller.put(f"Invoices/{invoice}/History", {"HistoryRecords": [{"Details": "x"}]})
    company.application(Request("GET", "/connections", {}, {}, b""))
    clock.advance(timedelta(hours=15))
    caller.get("Invoices")  # its token has run out, and still it was a call

    assert company.calls_by_day() == {
        date(2026, 3, 2): {"read": 1, "write": 1, "auth": 1},
        date(2026, 3, 3): {"read": 1},
    }


def test_the_companys_day_is_its_own(caller, clock, oak) -> None:
    clock.advance(timedelta(hours=3))  # noon in London is the next day in Auckland
    caller.renew()

    assert caller.put("Invoices", interest(oak, Date=None)).row["DateString"] == "2026-03-03T00:00:00"


def test_more_than_is_open_cannot_be_paid(company, invoice) -> None:
    with pytest.raises(ValueError, match="10000 cents open"):
        company.pay(invoice, 100_01, date(2026, 2, 1))


def test_an_invoice_with_money_on_it_is_not_voided(company, invoice) -> None:
    company.pay(invoice, 1_00, date(2026, 2, 1))

    with pytest.raises(ValueError, match="has money on it"):
        company.void(invoice)


def test_a_due_date_changes_without_a_word_unless_told_otherwise(caller, company, clock, invoice) -> None:
    clock.advance(timedelta(minutes=1))
    company.set_due_date(invoice, date(2026, 6, 1))
    quiet = caller.since("Invoices", "2026-03-02T09:00:30", page="1").rows

    assert quiet == []
    assert caller.get(f"Invoices/{invoice}").row["DueDateString"] == "2026-06-01T00:00:00"
    company.set_due_date(invoice, date(2026, 6, 2), bumps=True)
    assert len(caller.since("Invoices", "2026-03-02T09:00:30", page="1").rows) == 1


def test_a_demo_company_is_reset_and_what_comes_next_has_other_ids(caller, company, oak, invoice) -> None:
    company.reset_demo()
    again = company.add_customer("Oak Ltd", "ap@oak.example")

    assert again != oak
    assert caller.get(f"Invoices/{invoice}").status == 404
    assert caller.get("Invoices").rows == []


def test_the_same_history_always_has_the_same_ids() -> None:
    def story() -> tuple[str, str]:
        company = XeroCompany(SimulatedClock(NOON))
        customer = company.add_customer("Oak Ltd")
        return customer, company.add_invoice(customer, "INV-1", date(2026, 1, 1), date(2026, 2, 1), 1_00)

    assert story() == story()


def test_another_currency_is_subscribed_to_by_using_it(caller, company, oak) -> None:
    company.add_invoice(oak, "US-1", date(2026, 1, 1), date(2026, 2, 1), 5_00, currency="USD")

    assert caller.get("Invoices", page="1").row["CurrencyCode"] == "USD"
    assert caller.put("Invoices", interest(oak, CurrencyCode="USD")).status == 200


def test_actions_and_reminders_say_what_the_subscription_allows(caller, company) -> None:
    company.organisation.refused_actions = frozenset({"CreateApprovedInvoice"})
    company.organisation.reminders_enabled = True

    actions = {row["Name"]: row["Status"] for row in caller.get("Organisation/Actions").rows}

    assert actions["CreateApprovedInvoice"] == "NOT-ALLOWED"
    assert actions["CreateDraftInvoice"] == "ALLOWED"
    assert caller.get("InvoiceReminders/Settings").rows == [{"Enabled": True}]


def test_a_hook_before_a_request_can_take_the_consent_away(caller, company) -> None:
    company.switches.before_request = lambda _: company.revoke_consent()

    assert caller.get("Organisation").status == 403


@pytest.mark.parametrize(
    ("reply", "status", "start"),
    [
        (faults.offline(), 503, b"The Organisation is offline"),
        (faults.internal_error(), 500, b'{"ErrorNumber"'),
        (faults.not_implemented(), 501, b""),
        (faults.web_page(), 200, b"<!DOCTYPE html>"),
        (faults.throttled("day", 66975), 429, b""),
        (faults.throttled("concurrent", None), 429, b""),
        (faults.not_json(), 400, b"<Error/>"),
        (faults.truncated(faults.internal_error()), 500, b'{"ErrorNumber"'),
    ],
)
def test_ready_made_replies_can_stand_in_for_an_answer_before_or_after_the_deed(
    caller, company, invoice, reply, status, start
) -> None:
    path = f"/api.xro/2.0/Invoices/{invoice}/History"
    headers = {
        "Authorization": f"Bearer {caller.token}",
        "xero-tenant-id": company.account,
        "Content-Type": "application/json",
    }
    with Server(company.application) as server:
        server.faults += [Fault("reply", response=reply), Fault("replace_after", response=reply)]
        line_ = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
        bodies = []
        for _ in range(2):
            line_.request("PUT", path, b'{"HistoryRecords":[{"Details":"once"}]}', headers)
            answer = line_.getresponse()
            bodies.append((answer.status, answer.read()))
        line_.close()

    assert [found for found, _ in bodies] == [status, status]
    assert all(body.startswith(start) for _, body in bodies)
    assert [effect.text for effect in company.effects()] == ["once"]
