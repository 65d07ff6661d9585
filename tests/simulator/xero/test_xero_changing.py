"""Changing invoices: by status, by what was paid, and what of it moves the stamp."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connectors.simulator.xero import XeroCompany
from tests.simulator.xero.documents import NOT_VALID, PART_PAID, interest, line


@pytest.fixture
def part_paid(company: XeroCompany, invoice: str) -> str:
    company.pay(invoice, 40_00, date(2026, 2, 1))
    return invoice


@pytest.mark.parametrize(
    ("born", "wanted", "taken"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "AUTHORISED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "DRAFT", True),
        ("SUBMITTED", "AUTHORISED", True),
        ("SUBMITTED", "DELETED", True),
        ("SUBMITTED", "VOIDED", False),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "PAID", False),
    ],
)
def test_status_moves_as_documented(caller, oak, born, wanted, taken) -> None:
    made = caller.put("Invoices", interest(oak, Status=born)).row["InvoiceID"]

    answer = caller.post(f"Invoices/{made}", {"Status": wanted})

    assert answer.status == (200 if taken else 400)
    assert (answer.row["Status"] if taken else answer.messages[0]) == (wanted if taken else NOT_VALID)


def test_a_voided_invoice_still_shows_what_was_due(caller, invoice) -> None:
    row = caller.post("Invoices", {"InvoiceID": invoice, "Status": "VOIDED"}).row

    assert (row["Status"], row["AmountDue"]) == ("VOIDED", 100)
    assert caller.get(f"Invoices/{invoice}").row["AmountDue"] == 100


@pytest.mark.parametrize("change", [{"Reference": "x"}, {"DueDate": "2026-05-01"}, {"Status": "AUTHORISED"}])
def test_nothing_of_a_voided_invoice_is_changed(caller, company, invoice, change) -> None:
    company.void(invoice)

    assert caller.post("Invoices", {"InvoiceID": invoice, **change}).messages == [NOT_VALID]


@pytest.mark.parametrize(
    "change",
    [
        {"Reference": "PO 7"},
        {"DueDate": "2026-05-01"},
        {"InvoiceNumber": "INV-1a"},
        {"Url": "https://shop.example/1"},
        {"SentToContact": False},
        {"BrandingThemeID": "7889a0ac-262a-40e3-8a63-9a769b1a18af"},
        {"Contact": {"Name": "Elm Ltd"}},
        {"LineItems": [line(Description="Better words", AccountCode="260")]},
    ],
)
def test_of_a_part_paid_invoice_these_may_change(caller, part_paid, change) -> None:
    assert caller.post("Invoices", {"InvoiceID": part_paid, **change}).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"Date": "2026-01-11"},
        {"ExpectedPaymentDate": "2026-03-20"},
        {"LineItems": [line(UnitAmount=90)]},
        {"LineItems": []},
        {"LineAmountTypes": "Inclusive"},
        {"CurrencyRate": 2},
        {"Status": "VOIDED"},
    ],
)
def test_of_a_part_paid_invoice_these_may_not_change(caller, part_paid, change) -> None:
    answer = caller.post("Invoices", {"InvoiceID": part_paid, **change})

    assert answer.status == 400
    assert answer.messages[0] in (PART_PAID, "One or more line items must be specified")


def test_the_contact_of_an_invoice_paid_by_credit_note_stays(caller, company, oak, invoice) -> None:
    company.credit(oak, 10_00, date(2026, 2, 1), invoice=invoice)

    assert caller.post("Invoices", {"InvoiceID": invoice, "Contact": {"Name": "Elm Ltd"}}).messages == [PART_PAID]


def test_an_update_leaves_alone_what_it_does_not_name(caller, invoice) -> None:
    row = caller.post("Invoices", {"InvoiceID": invoice, "ExpectedPaymentDate": "2026-03-20"}).row

    assert row["ExpectedPaymentDateString"] == "2026-03-20T00:00:00"
    assert (row["Total"], row["DueDateString"], len(row["LineItems"])) == (100, "2026-02-09T00:00:00", 1)


def test_lines_sent_without_their_id_are_new_lines_and_lines_not_sent_are_gone(caller, invoice) -> None:
    before = caller.get(f"Invoices/{invoice}").row["LineItems"][0]["LineItemID"]

    kept = caller.post("Invoices", {"InvoiceID": invoice, "LineItems": [line(LineItemID=before), line()]}).row
    redone = caller.post("Invoices", {"InvoiceID": invoice, "LineItems": [line()]}).row

    assert [item["LineItemID"] == before for item in kept["LineItems"]] == [True, False]
    assert redone["LineItems"][0]["LineItemID"] != before
    assert redone["Total"] == 100


def test_marking_sent_is_only_for_approved_invoices_and_otherwise_a_warning(caller, oak) -> None:
    made = caller.put("Invoices", interest(oak, Status="DRAFT")).row["InvoiceID"]

    row = caller.post("Invoices", {"InvoiceID": made, "SentToContact": True}, summarizeErrors="false").row

    assert row["SentToContact"] is False
    assert row["StatusAttributeString"] == "WARNING"
    assert row["Warnings"] == [{"Message": "Only AUTHORISED invoices may have SentToContact updated."}]


@pytest.mark.parametrize("spelled", ["false", "False"])
def test_a_batch_tells_element_by_element_when_asked_to(caller, oak, spelled) -> None:
    body = {"Invoices": [interest(oak, "A"), interest(oak, "B", Status="VOIDED"), interest(oak, "A")]}

    answer = caller.put("Invoices", body, summarizeErrors=spelled)

    assert answer.status == 200
    assert [row["StatusAttributeString"] for row in answer.rows] == ["OK", "ERROR", "ERROR"]
    assert answer.rows[1]["ValidationErrors"] == [{"Message": NOT_VALID}]
    assert len(caller.get("Invoices").rows) == 1


def test_a_batch_is_all_or_nothing_by_default(caller, oak) -> None:
    body = {"Invoices": [interest(oak, "A"), interest(oak, "B", Status="VOIDED")]}

    answer = caller.put("Invoices", body)

    assert answer.status == 400
    assert [element["InvoiceNumber"] for element in answer.json["Elements"]] == ["B"]
    assert caller.get("Invoices").rows == []


def test_an_unknown_id_is_404_with_an_empty_page(caller) -> None:
    answer = caller.get("Invoices/00000000-0000-0000-0000-000000000001")

    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_update_of_an_unknown_id_is_refused_in_words(caller) -> None:
    answer = caller.post("Invoices", {"InvoiceID": "00000000-0000-0000-0000-000000000001", "Reference": "x"})

    assert answer.messages == ["The document with the supplied id was not found for this endpoint."]


def test_an_invoice_is_found_by_number_too(caller, invoice) -> None:
    assert caller.get("Invoices/INV-1").row["InvoiceID"] == invoice


def test_an_approved_invoice_of_nothing_is_paid(caller, oak) -> None:
    assert caller.put("Invoices", interest(oak, LineItems=[line(UnitAmount=0)])).row["Status"] == "PAID"


# -- what says that it changed


def stamp(caller, invoice: str) -> str:
    return str(caller.get(f"Invoices/{invoice}").row["UpdatedDateUTC"])


def test_a_payment_its_deletion_and_an_edit_move_the_stamp(caller, company, clock, invoice) -> None:
    stamps = [stamp(caller, invoice)]
    clock.advance(timedelta(minutes=1))
    payment = company.pay(invoice, 10_00, date(2026, 2, 1))
    stamps.append(stamp(caller, invoice))
    clock.advance(timedelta(minutes=1))
    company.unpay(payment)
    stamps.append(stamp(caller, invoice))
    clock.advance(timedelta(minutes=1))
    caller.post("Invoices", {"InvoiceID": invoice, "DueDate": "2026-05-01"})
    stamps.append(stamp(caller, invoice))

    assert len(set(stamps)) == 4


@pytest.mark.parametrize("change", [{"DueDate": "2026-05-01"}, {"SentToContact": False}])
def test_a_part_paid_invoice_keeps_quiet_about_changes_that_make_no_journal(
    caller, company, clock, part_paid, change
) -> None:
    before = stamp(caller, part_paid)
    clock.advance(timedelta(minutes=1))
    caller.post("Invoices", {"InvoiceID": part_paid, **change})
    quiet = stamp(caller, part_paid)
    company.switches.part_paid_edits_bump = True
    caller.post("Invoices", {"InvoiceID": part_paid, **change})

    assert quiet == before
    assert stamp(caller, part_paid) != before


def test_a_note_does_not_move_the_stamp(caller, clock, invoice) -> None:
    before = stamp(caller, invoice)
    clock.advance(timedelta(minutes=1))
    caller.put(f"Invoices/{invoice}/History", {"HistoryRecords": [{"Details": "called"}]})

    assert stamp(caller, invoice) == before


@pytest.mark.parametrize("change", [{"Type": "ACCPAY"}, {"Status": "SUBMITTED"}])
def test_an_approved_invoice_keeps_its_type_and_does_not_go_back(caller, invoice, change) -> None:
    assert caller.post("Invoices", {"InvoiceID": invoice, **change}).status == 400


def test_a_draft_without_a_due_date_is_not_approved(caller, company, oak) -> None:
    draft = company.add_invoice(oak, "D-1", date(2026, 1, 1), None, 5_00, status="DRAFT")

    assert caller.post("Invoices", {"InvoiceID": draft, "Status": "AUTHORISED"}).messages == [
        "Due date cannot be empty."
    ]


def test_invoices_that_move_in_a_merge_can_be_made_to_say_so(caller, company, clock, oak, invoice) -> None:
    company.switches.merge_bumps_invoices = True
    clock.advance(timedelta(minutes=1))
    company.merge(oak, company.add_customer("Elm Ltd"))

    assert len(caller.since("Invoices", "2026-03-02T09:00:30", page="1").rows) == 1
