"""Payments, credits and allocations; and the aged receivables report, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

BANK = {"Code": "090"}


def state(caller, invoice: str) -> tuple[str, Decimal, Decimal, Decimal]:
    row = caller.get(f"Invoices/{invoice}").row
    return row["Status"], row["AmountDue"], row["AmountPaid"], row["AmountCredited"]


def payment(invoice: str, amount: Any = 40, **changes: Any) -> dict[str, Any]:
    return {"Invoice": {"InvoiceID": invoice}, "Account": BANK, "Date": "2026-02-20", "Amount": amount, **changes}


def test_a_part_payment_lowers_what_is_due(caller, invoice) -> None:
    row = caller.put("Payments", payment(invoice)).row

    assert (row["Status"], row["PaymentType"], row["Amount"]) == ("AUTHORISED", "ACCRECPAYMENT", 40)
    assert row["Invoice"]["InvoiceNumber"] == "INV-1"
    assert state(caller, invoice) == ("AUTHORISED", 60, 40, 0)


def test_the_last_payment_makes_it_paid_and_dates_that(caller, company, invoice) -> None:
    company.pay(invoice, 60_00, date(2026, 2, 25))
    company.pay(invoice, 40_00, date(2026, 2, 20))

    row = caller.get(f"Invoices/{invoice}").row

    assert (row["Status"], row["AmountDue"]) == ("PAID", 0)
    assert row["FullyPaidOnDate"] == "/Date(1771977600000+0000)/"


def test_a_deleted_payment_opens_the_invoice_again_and_stays_in_the_list_as_deleted(caller, invoice) -> None:
    made = caller.put("Payments", payment(invoice, 100)).row["PaymentID"]

    row = caller.post(f"Payments/{made}", {"Status": "DELETED"}).row

    assert row["Status"] == "DELETED"
    assert state(caller, invoice) == ("AUTHORISED", 100, 0, 0)
    assert "FullyPaidOnDate" not in caller.get(f"Invoices/{invoice}").row
    assert caller.get("Invoices", page="1").row["Payments"] == []
    assert caller.get("Payments", page="1").row["Status"] == "DELETED"


def test_payment_and_invoice_carry_the_same_stamp(caller, clock, invoice) -> None:
    clock.advance(timedelta(milliseconds=1234))
    made = caller.put("Payments", payment(invoice)).row

    assert made["UpdatedDateUTC"] == caller.get(f"Invoices/{invoice}").row["UpdatedDateUTC"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Amount": "100.01"}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Amount": 0}, "Payment amount must be greater than zero"),
        ({"Account": {"Code": "200"}}, "The account must be a bank account or enable payments to it."),
        ({"Invoice": {"InvoiceID": "x"}}, "The document to pay could not be found."),
    ],
)
def test_a_payment_is_refused(caller, invoice, changes, message) -> None:
    assert caller.put("Payments", payment(invoice, amount=40) | changes).messages == [message]
    assert state(caller, invoice) == ("AUTHORISED", 100, 0, 0)


def test_two_payments_of_one_request_cannot_overpay_together(caller, invoice) -> None:
    answer = caller.put("Payments", {"Payments": [payment(invoice, 60), payment(invoice, 60)]})

    assert answer.status == 400
    assert state(caller, invoice)[2] == 0


def test_a_voided_invoice_takes_no_payment(caller, company, invoice) -> None:
    company.void(invoice)

    assert caller.put("Payments", payment(invoice)).messages == [
        "Payments can only be made against Authorised documents"
    ]


def test_a_payment_in_a_locked_period_is_neither_made_nor_deleted(caller, company, invoice) -> None:
    made = caller.put("Payments", payment(invoice)).row["PaymentID"]
    company.lock_period(date(2026, 2, 28))

    assert "lock date" in caller.put("Payments", payment(invoice)).messages[0]
    assert "lock date" in caller.post(f"Payments/{made}", {"Status": "DELETED"}).messages[0]


def test_a_batch_payment_is_not_deleted_piece_by_piece(caller, company, invoice) -> None:
    made = company.pay(invoice, 10_00, date(2026, 2, 1), batch="b54aa50c-794c-461b-89d1-846e1b84d9c0")

    assert caller.post(f"Payments/{made}", {"Status": "DELETED"}).status == 400
    assert caller.get(f"Payments/{made}").row["BatchPaymentID"] == "b54aa50c-794c-461b-89d1-846e1b84d9c0"


def test_a_credit_note_is_used_and_taken_off_again(caller, company, oak, invoice) -> None:
    credit = company.credit(oak, 30_00, date(2026, 2, 2))
    path = f"CreditNotes/{credit}"

    made = caller.put(f"{path}/Allocations", {"Amount": 30, "Invoice": {"InvoiceID": invoice}}).row
    used, after = state(caller, invoice), caller.get(path).row
    gone = caller.delete(f"{path}/Allocations/{made['AllocationID']}").json

    assert used == ("AUTHORISED", 70, 0, 30)
    assert (after["Status"], after["RemainingCredit"]) == ("PAID", 0)
    assert gone["IsDeleted"] is True
    assert state(caller, invoice) == ("AUTHORISED", 100, 0, 0)
    assert caller.get(path).row["RemainingCredit"] == 30


def test_an_allocation_is_dated_with_the_later_document(caller, company, oak, invoice) -> None:
    credit = company.credit(oak, 30_00, date(2026, 1, 2), invoice=invoice)

    assert caller.get(f"CreditNotes/{credit}").row["Allocations"][0]["Date"] == "/Date(1768003200000+0000)/"


def test_over_and_prepayments_count_as_credited(caller, company, oak, invoice) -> None:
    over, pre = company.pay_on_account(oak, 20_00, date(2026, 2, 3)), company.prepay(oak, 10_00, date(2026, 2, 4))

    for path in (f"Overpayments/{over}", f"Prepayments/{pre}"):
        assert caller.put(f"{path}/Allocations", {"Amount": 10, "Invoice": {"InvoiceID": invoice}}).status == 200

    row = caller.get(f"Invoices/{invoice}").row
    assert state(caller, invoice) == ("AUTHORISED", 80, 0, 20)
    assert (len(row["Overpayments"]), len(row["Prepayments"])) == (1, 1)
    assert caller.get("Overpayments", page="1").row["RemainingCredit"] == 10
    assert caller.get("Prepayments", page="1").row["Status"] == "PAID"


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("30.01", "Amount exceeds the remaining credit."),
        (0, "Amount exceeds the remaining credit."),
    ],
)
def test_an_allocation_beyond_the_credit_is_refused(caller, company, oak, invoice, amount, message) -> None:
    credit = company.credit(oak, 30_00, date(2026, 2, 2))
    body = {"Amount": amount, "Invoice": {"InvoiceID": invoice}}

    assert caller.put(f"CreditNotes/{credit}/Allocations", body).messages == [message]


def test_an_allocation_beyond_the_invoice_or_to_another_contact_is_refused(caller, company, oak, invoice) -> None:
    credit = company.credit(oak, 300_00, date(2026, 2, 2))
    elms = company.add_invoice(company.add_customer("Elm"), "E-1", date(2026, 1, 1), date(2026, 2, 1), 5_00)

    too_much = caller.put(f"CreditNotes/{credit}/Allocations", {"Amount": 101, "Invoice": {"InvoiceID": invoice}})
    wrong = caller.put(f"CreditNotes/{credit}/Allocations", {"Amount": 1, "Invoice": {"InvoiceID": elms}})

    assert too_much.messages == ["Amount exceeds the amount outstanding on this document"]
    assert wrong.messages == ["The credit and the document must be of the same contact and currency."]


def test_a_credit_note_made_through_the_api_is_refused_a_second_time_under_its_number(caller, oak) -> None:
    line = {"Description": "Waived", "Quantity": 1, "UnitAmount": 2.5, "AccountCode": "260", "TaxType": "NONE"}
    note = {
        "Type": "ACCRECCREDIT",
        "CreditNoteNumber": "CR-1",
        "Contact": {"ContactID": oak},
        "Status": "AUTHORISED",
        "LineItems": [line],
        "Reference": "[syncd:x]",
    }

    row = caller.put("CreditNotes", note).row

    assert (row["CreditNoteNumber"], row["Total"], row["RemainingCredit"]) == ("CR-1", Decimal("2.5"), Decimal("2.5"))
    assert not {"Payments", "Allocations", "HasAttachments"} & set(row)
    assert caller.put("CreditNotes", note).messages == ["Credit Note # must be unique."]
    assert caller.post("CreditNotes", {**note, "Reference": "y"}).row["Reference"] == "y"
    assert caller.get("CreditNotes/CR-1").row["CreditNoteID"] == row["CreditNoteID"]


def test_a_used_credit_note_is_not_voided(caller, company, oak, invoice) -> None:
    credit = company.credit(oak, 30_00, date(2026, 2, 2), invoice=invoice)

    assert caller.post(f"CreditNotes/{credit}", {"Status": "VOIDED"}).status == 400


def test_money_paid_back_on_a_credit_note_lowers_what_remains(caller, company, oak) -> None:
    credit = company.credit(oak, 30_00, date(2026, 2, 2))
    body = {"CreditNote": {"CreditNoteID": credit}, "Account": BANK, "Amount": 10, "Date": "2026-02-20"}

    row = caller.put("Payments", body).row

    assert (row["PaymentType"], row["Invoice"]["Type"]) == ("ARCREDITPAYMENT", "ACCRECCREDIT")
    assert caller.get(f"CreditNotes/{credit}").row["RemainingCredit"] == 20


# -- the report


def cells(row: dict[str, Any]) -> list[str]:
    return [cell["Value"] for cell in row["Cells"]]


def test_the_aged_report_is_right_by_hand(caller, company, oak, invoice) -> None:
    company.pay(invoice, 30_00, date(2026, 2, 15))
    company.pay(invoice, 20_00, date(2026, 3, 1))
    company.add_invoice(oak, "INV-2", date(2026, 2, 20), date(2026, 3, 22), 50_00)
    company.add_invoice(oak, "INV-3", date(2026, 3, 1), date(2026, 3, 31), 70_00)
    company.credit(oak, 5_00, date(2026, 2, 18))

    rows = caller.get("Reports/AgedReceivablesByContact", contactId=oak, date="2026-02-28").row["Rows"]

    assert cells(rows[0]) == ["Date", "Number", "Due Date", "", "Total", "Paid", "Credited", "Due"]
    assert [cells(row) for row in rows[1]["Rows"]] == [
        ["2026-01-10T00:00:00", "INV-1", "2026-02-09T00:00:00", "19 days overdue", "100.00", "30.00", "0.00", "70.00"],
        ["2026-02-18T00:00:00", "CN-0001", "", "", "-5.00", "0.00", "0.00", "-5.00"],
        ["2026-02-20T00:00:00", "INV-2", "2026-03-22T00:00:00", "", "50.00", "0.00", "0.00", "50.00"],
    ]
    assert cells(rows[2]["Rows"][0]) == ["Total", "", "", "", "145.00", "30.00", "0.00", "115.00"]
    assert rows[1]["Rows"][0]["Cells"][0]["Attributes"] == [{"Value": invoice, "Id": "invoiceID"}]
    assert company.owed_by(oak, date(2026, 2, 28)) == 115_00


@pytest.mark.usefixtures("invoice")
def test_the_aged_report_is_for_one_known_contact(caller) -> None:
    assert caller.get("Reports/AgedReceivablesByContact").status == 400
    assert caller.get("Reports/AgedReceivablesByContact", contactId="x").status == 400


def test_an_aged_report_can_begin_with_a_day(caller, company, oak, invoice) -> None:
    company.add_invoice(oak, "INV-2", date(2026, 2, 20), date(2026, 3, 22), 50_00)

    rows = caller.get("Reports/AgedReceivablesByContact", contactId=oak, fromDate="2026-02-01").row["Rows"]

    assert [cells(row)[1] for row in rows[1]["Rows"]] == ["INV-2"]


@pytest.mark.parametrize(
    "change", [{"Type": "ACCPAYCREDIT"}, {"Status": "PAID"}, {"LineItems": [{"Description": "x", "UnitAmount": -1}]}]
)
def test_what_is_no_credit_note_of_a_customer_is_refused(caller, oak, change) -> None:
    note = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": oak}}

    assert caller.put("CreditNotes", {**note, **change}).status == 400


def test_a_credit_note_moves_as_an_invoice_does_and_stays_dead(caller, company, oak) -> None:
    credit = company.credit(oak, 30_00, date(2026, 2, 2))

    back = caller.post(f"CreditNotes/{credit}", {"Status": "DRAFT"})
    dead = caller.post("CreditNotes", {"CreditNoteID": credit, "Status": "VOIDED"})
    again = caller.post("CreditNotes", {"CreditNoteID": credit, "Reference": "x"})

    assert (back.status, dead.row["Status"], again.status) == (400, "VOIDED", 400)
    assert caller.get("CreditNotes/CN-9999").status == 404
    assert caller.post("CreditNotes", {"CreditNoteID": "x", "Reference": "y"}).status == 400


def test_an_allocation_in_a_locked_period_stays(caller, company, oak, invoice) -> None:
    credit = company.credit(oak, 30_00, date(2026, 2, 2), invoice=invoice)
    allocation = caller.get(f"CreditNotes/{credit}").row["Allocations"][0]["AllocationID"]
    company.lock_period(date(2026, 2, 2))

    assert caller.delete(f"CreditNotes/{credit}/Allocations/{allocation}").status == 400
    assert caller.delete(f"CreditNotes/{credit}/Allocations/unknown").status == 404


def test_money_paid_back_can_be_taken_back(caller, company, oak) -> None:
    credit = company.credit(oak, 30_00, date(2026, 2, 2))
    body = {"CreditNote": {"CreditNoteID": credit}, "Account": BANK, "Amount": 30, "Date": "2026-02-20"}
    made = caller.put("Payments", body).row["PaymentID"]
    spent = caller.get(f"CreditNotes/{credit}").row["Status"]
    caller.post(f"Payments/{made}", {"Status": "DELETED"})

    after = caller.get(f"CreditNotes/{credit}").row
    assert (spent, after["Status"], after["RemainingCredit"]) == ("PAID", "AUTHORISED", 30)
    assert caller.post(f"Payments/{made}", {"Status": "DELETED"}).messages == ["Payment is already deleted."]
    assert caller.post(f"Payments/{made}", {"Status": "AUTHORISED"}).messages == ["A payment can only be deleted."]
