"""The shape of replies, key by key, as recorded from a real organisation; checked without any reference file."""

from __future__ import annotations

import re
from datetime import date

import pytest

LISTED_INVOICE = {
    *("Type", "InvoiceID", "InvoiceNumber", "Reference", "Payments", "CreditNotes", "Prepayments", "Overpayments"),
    *("AmountDue", "AmountPaid", "AmountCredited", "SentToContact", "CurrencyRate", "IsDiscounted", "HasAttachments"),
    *("InvoiceAddresses", "HasErrors", "InvoicePaymentServices", "UpdatedDateUTCString", "Contact", "DateString"),
    *("Date", "DueDateString", "DueDate", "BrandingThemeID", "Status", "LineAmountTypes", "LineItems", "SubTotal"),
    *("TotalTax", "Total", "UpdatedDateUTC", "CurrencyCode"),
}
NOT_IN_ANSWERS_TO_WRITES = {"Payments", "CreditNotes", "AmountCredited", "HasAttachments", "InvoiceAddresses"}
STUB = {"ContactID", "Name", "Addresses", "Phones", "ContactGroups", "ContactPersons", "HasValidationErrors"}
LISTED_CONTACT = {
    *("ContactID", "ContactStatus", "Name", "EmailAddress", "BankAccountDetails", "Addresses", "Phones"),
    *("UpdatedDateUTC", "ContactGroups", "IsSupplier", "IsCustomer", "ContactPersons", "HasAttachments"),
    *("HasValidationErrors", "PaymentTerms"),
}


@pytest.mark.usefixtures("invoice")
def test_a_listed_invoice_has_exactly_the_recorded_keys(caller) -> None:
    row = caller.get("Invoices", page="1").row

    assert set(row) == LISTED_INVOICE
    assert set(row["Contact"]) == STUB
    assert set(row["LineItems"][0]) == {
        *("Description", "UnitAmount", "TaxType", "TaxAmount", "LineAmount", "AccountCode", "Tracking", "Quantity"),
        *("LineItemID", "AccountID"),
    }


def test_one_invoice_alone_has_the_whole_contact_and_no_payments_where_there_are_none(caller, company, invoice) -> None:
    bare = caller.get(f"Invoices/{invoice}").row
    company.pay(invoice, 10_00, date(2026, 2, 1))
    paid = caller.get(f"Invoices/{invoice}").row

    assert set(bare) == (LISTED_INVOICE | {"Attachments"}) - {"Payments", "InvoiceAddresses"}
    assert bare["Contact"]["ContactStatus"] == "ACTIVE"
    assert set(paid["Payments"][0]) == {
        "PaymentID",
        "Date",
        "Amount",
        "CurrencyRate",
        "HasAccount",
        "HasValidationErrors",
    }
    assert paid["Payments"][0]["HasAccount"] is False


def test_an_answer_to_a_write_leaves_out_payments_credits_and_attachments(caller, company, invoice) -> None:
    company.pay(invoice, 10_00, date(2026, 2, 1))

    row = caller.post("Invoices", {"InvoiceID": invoice, "Reference": "x"}).row

    assert set(row) == LISTED_INVOICE - NOT_IN_ANSWERS_TO_WRITES
    assert row["LineItems"][0]["ValidationErrors"] == []
    assert "Balances" not in row["Contact"]


@pytest.mark.usefixtures("invoice")
def test_an_unpaged_list_has_no_lines_hardly_a_contact_and_no_pagination(caller) -> None:
    answer = caller.get("Invoices")

    assert "pagination" not in answer.json
    assert "LineItems" not in answer.row
    assert set(answer.row["Contact"]) == {"ContactID", "Name"}


@pytest.mark.usefixtures("invoice")
def test_a_summary_forces_pages_and_drops_lines_payments_and_attachments(caller) -> None:
    answer = caller.get("Invoices", summaryOnly="True")

    assert answer.json["pagination"]["itemCount"] == 1
    assert set(answer.row) == LISTED_INVOICE - {"Payments", "HasAttachments", "LineItems"}


@pytest.mark.usefixtures("invoice")
def test_statuses_force_pages(caller) -> None:
    assert "pagination" in caller.get("Invoices", Statuses="AUTHORISED").json


def test_the_envelope_is_the_recorded_one(caller) -> None:
    assert list(caller.get("Invoices", page="1").json) == [
        *("Id", "Status", "ProviderName", "DateTimeUTC", "pagination", "Invoices")
    ]
    assert list(caller.get("Organisation").json)[-1] == "Organisations"


@pytest.mark.usefixtures("invoice")
def test_dates_come_twice_and_the_servers_time_without_an_offset(caller) -> None:
    answer = caller.get("Invoices", page="1")

    assert answer.json["DateTimeUTC"] == "/Date(1772442000000)/"
    assert answer.row["Date"] == "/Date(1768003200000+0000)/"
    assert answer.row["DateString"] == "2026-01-10T00:00:00"
    assert answer.row["UpdatedDateUTC"] == "/Date(1772442000000+0000)/"
    assert answer.row["UpdatedDateUTCString"] == "2026-03-02T09:00:00Z"


@pytest.mark.usefixtures("invoice")
def test_money_is_a_bare_number_with_its_decimals(caller) -> None:
    body = caller.get("Invoices", page="1").body

    assert b'"AmountDue":100.00,' in body
    assert b'"Quantity":1.0000' in body


def test_a_text_that_looks_like_our_mark_stays_a_text(caller, company, oak) -> None:
    company.add_invoice(oak, "INV-9", date(2026, 1, 1), date(2026, 2, 1), 1_00, reference="\x0142")
    caller.put("Contacts", {"Name": "\x0142"})

    assert {row["Name"] for row in caller.get("Contacts").rows} == {"Oak Ltd", "42"}


@pytest.mark.usefixtures("invoice")
def test_a_paged_contact_has_terms_groups_and_balances_and_an_unpaged_one_has_not(caller, company, oak) -> None:
    company.set_stop_sell(oak, "Stop sell", member=True)

    paged, unpaged = caller.get("Contacts", page="1").row, caller.get("Contacts").row

    assert set(paged) == LISTED_CONTACT | {"Balances"}
    assert paged["ContactGroups"][0]["Name"] == "Stop sell"
    assert paged["PaymentTerms"] == {"Sales": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}}
    assert set(unpaged) == LISTED_CONTACT - {"PaymentTerms"}
    assert unpaged["ContactGroups"] == []


@pytest.mark.usefixtures("oak")
def test_a_summary_of_contacts_drops_groups_and_roles(caller) -> None:
    row = caller.get("Contacts", summaryOnly="true").row

    assert not {"Addresses", "Balances", "ContactGroups", "ContactPersons", "IsCustomer", "IsSupplier"} & set(row)


@pytest.mark.usefixtures("oak")
def test_balances_are_left_out_where_nothing_is_open(caller) -> None:
    assert "Balances" not in caller.get("Contacts", page="1").row


def test_balances_tell_what_is_outstanding_and_what_of_it_is_overdue(caller, company, oak, invoice) -> None:
    company.add_invoice(oak, "INV-2", date(2026, 3, 1), date(2026, 4, 1), 30_00)
    company.pay(invoice, 25_00, date(2026, 2, 1))

    row = caller.get(f"Contacts/{oak}").row

    assert row["Balances"]["AccountsReceivable"] == {"Outstanding": 105, "Overdue": 75}


def test_a_credit_note_shows_its_allocations_and_the_invoice_shows_the_credit(caller, company, oak, invoice) -> None:
    credit = company.credit(oak, 40_00, date(2026, 2, 2), invoice=invoice)

    alone, inside = caller.get(f"CreditNotes/{credit}").row, caller.get(f"Invoices/{invoice}").row["CreditNotes"][0]

    assert set(alone["Allocations"][0]) == {"AllocationID", "Amount", "Date", "Invoice"}
    assert alone["RemainingCredit"] == 0
    assert set(inside) == {
        *("CreditNoteID", "CreditNoteNumber", "ID", "AppliedAmount", "Date", "DateString", "Total", "LineItems"),
        *("HasErrors", "InvoiceAddresses"),
    }
    assert inside["AppliedAmount"] == 40


def test_over_and_prepayments_have_the_twin_of_their_id(caller, company, oak) -> None:
    over, pre = company.pay_on_account(oak, 5_00, date(2026, 2, 2)), company.prepay(oak, 6_00, date(2026, 2, 3))

    first, second = caller.get("Overpayments", page="1").row, caller.get("Prepayments", page="1").row

    assert (first["OverpaymentID"], first["ID"], first["Type"]) == (over, over, "RECEIVE-OVERPAYMENT")
    assert (second["PrepaymentID"], second["RemainingCredit"]) == (pre, 6)


def test_history_has_other_keys_when_read_than_when_written(caller, invoice) -> None:
    written = caller.put(f"Invoices/{invoice}/History", {"HistoryRecords": [{"Details": "called"}]}).row
    read = caller.get(f"Invoices/{invoice}/History").rows[0]

    assert set(written) == {"DateUTCString", "DateUTC", "Details", "ValidationErrors"}
    assert set(read) == {"Changes", "DateUTCString", "DateUTC", "User", "Details"}
    assert (read["User"], read["Details"]) == ("System Generated", "called")


def test_the_organisation_says_nothing_of_a_lock_date_it_does_not_have(caller, company) -> None:
    without = caller.get("Organisation").row
    company.lock_period(date(2025, 12, 31))

    assert "PeriodLockDate" not in without
    assert without["Timezone"] == "NEWZEALANDSTANDARDTIME"
    assert caller.get("Organisation").row["PeriodLockDate"] == "/Date(1767139200000+0000)/"


def test_local_dates_carry_the_offset_of_their_day(caller, company, invoice) -> None:
    company.switches.local_dates = True

    row = caller.get(f"Invoices/{invoice}").row

    assert row["Date"] == "/Date(1767956400000+1300)/"
    assert row["DateString"] == "2026-01-10T00:00:00"


def test_slashes_can_come_escaped(caller, company, invoice) -> None:
    company.switches.escape_slashes = True

    answer = caller.get(f"Invoices/{invoice}")

    assert b"\\/Date(" in answer.body
    assert answer.row["InvoiceID"] == invoice


def test_single_records_can_go_out_broken(caller, company, oak, invoice) -> None:
    company.add_invoice(oak, "INV-2", date(2026, 3, 1), date(2026, 4, 1), 30_00)
    company.switches.null_dates_on.add(invoice)
    company.switches.unknown_status_on.add(invoice)

    broken, whole = sorted(caller.get("Invoices", page="1").rows, key=lambda row: row["InvoiceNumber"])

    assert (broken["Date"], broken["DueDate"], broken["Status"]) == (None, None, "PENDINGREVIEW")
    assert whole["Status"] == "AUTHORISED"


def test_a_caller_who_does_not_ask_for_json_gets_xml(caller, invoice) -> None:
    answer = caller.send("GET", f"Invoices/{invoice}", headers={"accept": "*/*"})

    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert re.search(rb"<Invoices><Invoice>.*<InvoiceNumber>INV-1</InvoiceNumber>", answer.body)
