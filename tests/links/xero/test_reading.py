"""What a pull asks for and delivers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors import Gone, Record, Ref, Unreadable
from connectors.markers import document_number
from rules.domain.facts import Application, Rate
from rules.domain.money import Money
from tests.links.xero.tiny import (
    TENANT,
    contact,
    credit_note,
    empty_html,
    entries,
    facts,
    guid,
    invoice,
    last,
    ms,
    on_account,
)


def test_first_load_reads_every_list_without_a_watermark_in_id_order_by_the_thousand(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice()]
    xero.replies["GET", "Contacts"] = [contact()]
    pages = list(connector.changes(None))
    lists = ["Organisation", "Contacts", "Invoices", "CreditNotes", "Overpayments", "Prepayments"]
    assert xero.asked_paths() == lists
    assert all("if-modified-since" not in request.headers for request in xero.asked())
    asked = xero.asked()[2].query
    assert asked == {"where": 'Type=="ACCREC"', "order": "InvoiceID", "page": "1", "pageSize": "1000"}
    assert xero.asked()[1].query["includeArchived"] == "true"
    assert [entry.ref.kind for entry in entries(pages)] == ["customer", "invoice"]
    assert pages[0].company is not None
    assert (pages[0].company.currency, pages[0].company.timezone) == ("NZD", "Pacific/Auckland")


def test_an_idle_poll_costs_one_request_and_delivers_nothing(connector, xero, clock):
    cursor = last(connector.changes(None)).cursor
    xero.server.seen.clear()
    clock.advance(timedelta(minutes=5))
    pages = list(connector.changes(cursor))
    assert xero.asked_paths() == ["Invoices"]
    assert [page.records for page in pages] == [()]
    assert xero.asked()[0].headers["if-modified-since"] == "2026-03-02T08:57:00Z"
    assert "Statuses" not in xero.asked()[0].query


def test_pages_are_read_to_the_stated_count_and_a_full_listing_is_closed_by_its_last_page(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(number) for number in range(1, 2501)]
    pages = list(connector.changes(None))
    assert [request.query["page"] for request in xero.asked() if request.path.endswith("/Invoices")] == ["1", "2", "3"]
    of_invoices = pages[2:5]
    assert [page.replaces for page in of_invoices] == [("invoice", "payment"), (), ()]
    assert [page.complete_for for page in of_invoices] == [(), (), ("invoice",)]
    assert pages[-1].complete_for == ("payment",)
    assert len(facts(pages, "invoice")) == 2500


def test_a_first_load_cut_off_goes_on_at_the_page_after_the_last_stored_one(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(number) for number in range(1, 2501)]
    stored = [page for _, page in zip(range(3), connector.changes(None), strict=False)]
    xero.server.seen.clear()
    rest = list(connector.changes(stored[-1].cursor))
    assert [request.query["page"] for request in xero.asked() if request.path.endswith("/Invoices")] == ["2", "3"]
    assert len(facts([*stored, *rest], "invoice")) == 2500
    assert [page.complete_for for page in rest][:2] == [(), ("invoice",)]


def test_an_invoice_is_read_exactly_with_its_payments(connector, xero):
    paid = {"PaymentID": guid(50), "Date": "/Date(1772236800000+0000)/", "Amount": 40.10}
    xero.replies["GET", "Invoices"] = [invoice(AmountDue=74.90, AmountPaid=40.10, Payments=[paid])]
    pages = list(connector.changes(None))
    (read,) = facts(pages, "invoice")
    assert (read.issued_on, read.due_on) == (date(2026, 2, 1), date(2026, 3, 1))
    assert (str(read.total), str(read.balance), str(read.tax)) == ("115.00 NZD", "74.90 NZD", "15.00 NZD")
    (payment,) = facts(pages, "payment")
    amount = Money(Decimal("40.10"), "NZD")
    assert payment.received_on == date(2026, 2, 28)
    assert payment.applied == (Application(guid(1), amount),)
    assert payment.customer == guid(900)


def test_a_voided_invoice_has_nothing_open_though_it_shows_an_amount_due(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(Status="VOIDED", AmountDue=24.15)]
    (read,) = facts(connector.changes(None), "invoice")
    assert (read.status, str(read.balance)) == ("voided", "0.00 NZD")


def test_an_absent_amount_due_is_worked_out_or_quarantined_but_never_zero(connector, xero):
    known, unknown = invoice(1, AmountPaid=15.0), invoice(2)
    del known["AmountDue"], unknown["AmountDue"], unknown["AmountCredited"]
    xero.replies["GET", "Invoices"] = [known, unknown]
    first, second = entries(connector.changes(None))
    assert str(first.fact.balance) == "100.00 NZD"
    assert second == Unreadable(Ref("invoice", guid(2)), "AmountDue is missing")


def test_a_local_date_with_an_offset_keeps_its_day(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(DueDate="/Date(1419937200000+1300)/")]
    (read,) = facts(connector.changes(None), "invoice")
    assert read.due_on == date(2014, 12, 31)


def test_one_unknown_status_or_missing_date_quarantines_its_record_and_keeps_the_page(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(1), invoice(2, Status="HAUNTED"), invoice(3, Date=None)]
    first, second, third = entries(connector.changes(None))
    assert isinstance(first, Record)
    assert second.problem == 'Status "HAUNTED" is not one we know'
    assert third.problem == "Date is missing"


def test_a_row_that_shows_no_record_is_quarantined_and_keeps_no_other_back(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(1), None, invoice(2)]
    pages = list(connector.changes(None))
    first, second, hidden = entries(pages)
    assert (first.ref.id, second.ref.id) == (guid(1), guid(2))
    assert hidden == Unreadable(Ref("invoice", "row 2"), "Xero shows nothing in this row of the invoices")
    assert list(connector.changes(pages[-1].cursor)), "the next poll goes on from there"


def test_a_row_that_shows_nothing_of_what_a_customer_owes_is_told(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(1), None]
    assert [one.ref.id for one in connector.open_invoices([guid(1)])] == ["row 2", guid(1)]


def test_nulls_and_unknown_words_where_we_need_nothing_do_no_harm(connector, xero):
    odd = {"CurrencyRate": None, "Reference": None, "InvoiceNumber": None, "DueDate": None, "LineAmountTypes": "MAYBE"}
    xero.replies["GET", "Invoices"] = [invoice(Payments=None, **odd)]
    xero.replies["GET", "Contacts"] = [contact(ContactStatus="PENSIVE", EmailAddress=None, Addresses=None)]
    customer, read = (entry.fact for entry in entries(connector.changes(None)))
    assert (read.number, read.due_on, read.origin) == ("", None, None)
    assert (customer.email, customer.active) == (None, True)


def test_a_customer_is_reached_by_the_number_xero_shows_first_else_the_mobile(connector, xero):
    kept = {"PhoneCountryCode": "64", "PhoneAreaCode": "9", "PhoneNumber": "555 0100"}
    nothing = {"PhoneType": "DEFAULT", "PhoneNumber": "", "PhoneAreaCode": None}
    xero.replies["GET", "Contacts"] = [
        contact(900, Phones=[{"PhoneType": "FAX", "PhoneNumber": "1"}, {"PhoneType": "DEFAULT", **kept}]),
        contact(901, Phones=[nothing, {"PhoneType": "MOBILE", "PhoneNumber": "021 77"}]),
        contact(902, Phones=None),
    ]
    xero.replies["GET", "Invoices"] = [
        invoice(number, Contact={"ContactID": guid(900 + number)}) for number in range(3)
    ]
    found = {fact.ref: fact.phone for fact in facts(connector.changes(None), "customer")}
    assert found == {guid(900): "64 9 555 0100", guid(901): "021 77", guid(902): None}


def test_bills_in_the_answer_are_left_alone(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(Type="ACCPAY")]
    assert entries(connector.changes(None)) == []


@pytest.mark.parametrize(
    ("number", "is_ours"), [("FC-{}", True), ("fc-{}", True), ("INV-8", False), ("FC-0000000000000000FF", False)]
)
def test_our_own_charge_is_known_by_a_number_made_from_the_key_in_its_reference(connector, xero, number, is_ours):
    key = "finance_charges/I-7/2026-03-02"
    made = number.format(document_number("FC", key, TENANT)[3:])
    xero.replies["GET", "Invoices"] = [invoice(Reference=f"INV-7 [syncd:{key}]", InvoiceNumber=made)]
    (read,) = facts(connector.changes(None), "invoice")
    assert read.origin == ("syncd:finance_charges" if is_ours else None)
    assert read.claims_ours == (not is_ours)


def test_the_version_moves_with_the_due_date_even_where_the_stamp_does_not(connector, xero):
    xero.replies["GET", f"Invoices/{guid(1)}"] = [invoice()]
    before = connector.fetch(Ref("invoice", guid(1)))
    xero.replies["GET", f"Invoices/{guid(1)}"] = [invoice(DueDate="/Date(1774915200000+0000)/")]
    after = connector.fetch(Ref("invoice", guid(1)))
    assert before.fact.version != after.fact.version


def test_a_foreign_invoice_brings_the_rate_of_its_day_towards_the_base_currency(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(CurrencyCode="USD", CurrencyRate=0.625)]
    rates = [rate for page in connector.changes(None) for rate in page.rates]
    assert rates == [Rate("USD", "NZD", date(2026, 2, 1), Decimal("1.6"))]


def test_a_credit_note_keeps_the_day_of_each_allocation_and_leaves_out_deleted_ones(connector, xero):
    used = {"Amount": 30.0, "Date": "/Date(1772236800000)/", "Invoice": {"InvoiceID": guid(1)}}
    note = credit_note(Total=100.0, RemainingCredit=70.0, Allocations=[used, {**used, "IsDeleted": True}])
    xero.replies["GET", "CreditNotes"] = [note]
    (read,) = facts(connector.changes(None), "credit_note")
    assert read.applied == (Application(guid(1), Money(Decimal(30), "NZD").rounded(), date(2026, 2, 28)),)
    assert (str(read.amount), str(read.unapplied)) == ("100.00 NZD", "70.00 NZD")


def test_a_credit_note_partly_refunded_credits_only_what_is_used_or_left(connector, xero):
    xero.replies["GET", "CreditNotes"] = [credit_note(Total=100.0, RemainingCredit=60.0)]
    (read,) = facts(connector.changes(None), "credit_note")
    assert str(read.unapplied) == "60.00 NZD"


def test_a_draft_credit_note_credits_nothing_yet(connector, xero):
    xero.replies["GET", "CreditNotes"] = [credit_note(Status="DRAFT", RemainingCredit=100.0)]
    (read,) = facts(connector.changes(None), "credit_note")
    assert read.voided


def test_over_and_prepayments_received_are_payments_and_voided_ones_are_gone(connector, xero):
    over = on_account("OverpaymentID", 60, "RECEIVE-OVERPAYMENT", Total=80.0, RemainingCredit=80.0)
    spent = on_account("OverpaymentID", 61, "SPEND-OVERPAYMENT", Total=80.0, RemainingCredit=80.0)
    void = on_account("PrepaymentID", 62, "RECEIVE-PREPAYMENT", Status="VOIDED")
    xero.replies["GET", "Overpayments"], xero.replies["GET", "Prepayments"] = [over, spent], [void]
    first, second = entries(connector.changes(None))
    assert (first.ref.id, str(first.fact.unapplied)) == (guid(60), "80.00 NZD")
    assert second == Gone(Ref("payment", guid(62)))


def test_stop_sell_is_membership_of_the_configured_group_whatever_its_case(connector, xero):
    on_stop = contact(1, ContactGroups=[{"Name": "STOP SELL", "Status": "ACTIVE"}, {"Name": "trade"}])
    was_on_stop = contact(2, ContactGroups=[{"Name": "Stop sell", "Status": "DELETED"}])
    unsaid = contact(3)
    del unsaid["ContactGroups"]
    xero.replies["GET", "Contacts"] = [on_stop, was_on_stop, unsaid]
    customers = facts(connector.changes(None), "customer")
    assert [customer.stop_sell for customer in customers] == [True, False, None]
    assert customers[0].groups == ("STOP SELL", "trade")


def test_merged_contacts_are_gone_into_the_last_of_their_chain(connector, xero):
    merged = {"ContactStatus": "ARCHIVED"}
    xero.replies["GET", "Contacts"] = [
        contact(1, MergedToContactID=guid(2), **merged),
        contact(2, MergedToContactID=guid(3), **merged),
        contact(3),
    ]
    cursor = last(connector.changes(None)).cursor
    xero.clock.advance(timedelta(hours=3))
    gone = [entry for entry in entries(connector.changes(cursor)) if isinstance(entry, Gone)]
    assert gone == [Gone(Ref("customer", guid(1)), guid(3)), Gone(Ref("customer", guid(2)), guid(3))]


def test_a_fetch_of_what_this_organisation_does_not_have_is_none(connector, xero):
    xero.replies["GET", f"Invoices/{guid(9)}"] = empty_html(404)
    assert connector.fetch(Ref("invoice", guid(9))) is None


def test_a_payment_is_found_among_payments_over_and_prepayments(connector, xero):
    for path in ("Payments", "Overpayments"):
        xero.replies["GET", f"{path}/{guid(60)}"] = empty_html(404)
    found = on_account("PrepaymentID", 60, "RECEIVE-PREPAYMENT", Total=80.0, RemainingCredit=80.0)
    xero.replies["GET", f"Prepayments/{guid(60)}"] = [found]
    assert str(connector.fetch(Ref("payment", guid(60))).fact.amount) == "80.00 NZD"


def test_a_deleted_payment_is_not_found(connector, xero):
    row = {"PaymentID": guid(50), "Status": "DELETED", "PaymentType": "ACCRECPAYMENT"}
    xero.replies["GET", f"Payments/{guid(50)}"] = [row]
    assert connector.fetch(Ref("payment", guid(50))) is None


def test_aged_receivables_net_open_invoices_with_unused_credit_per_customer_and_currency(connector, xero):
    xero.replies["GET", "Invoices"] = [
        invoice(1, AmountDue=100.10),
        invoice(2, AmountDue=50.0, CurrencyCode="USD"),
        invoice(3, AmountDue=10.0, Status="VOIDED"),
        invoice(4, AmountDue=9.0, Date="/Date(1775001600000)/"),
    ]
    xero.replies["GET", "CreditNotes"] = [credit_note(RemainingCredit=20.05)]
    balances = connector.aged_receivables(date(2026, 3, 2))
    assert [(balance.customer, str(balance.balance)) for balance in balances] == [
        (guid(900), "80.05 NZD"),
        (guid(900), "50.00 USD"),
    ]
    assert xero.asked_paths() == ["Invoices", "CreditNotes", "Overpayments", "Prepayments"]


def test_the_stamp_of_a_row_in_the_overlap_is_remembered_so_that_it_comes_once(connector, xero, clock):
    cursor = last(connector.changes(None)).cursor
    clock.advance(timedelta(minutes=5))
    xero.replies["GET", "Invoices"] = [invoice(UpdatedDateUTC=ms(clock.now()))]
    first = list(connector.changes(cursor))
    assert len(facts(first, "invoice")) == 1
    clock.advance(timedelta(minutes=2))
    assert facts(connector.changes(last(first).cursor), "invoice") == []


def test_a_state_is_taken_from_an_address_where_it_is_written_as_its_code(connector, xero):
    places = [{"Region": "Far North", "Country": "New Zealand"}, {"Region": "nsw ", "Country": "AU"}]
    xero.replies["GET", "Contacts"] = [contact(Addresses=places)]
    (customer,) = facts(connector.changes(None), "customer")
    assert (customer.country, customer.region) == ("AU", "NSW")
