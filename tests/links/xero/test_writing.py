"""What each operation leaves in the books, and how an unclear one is taken up again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.errors import Conflict, OutcomeUnknown, Rejected, Throttled, Unprovable
from connectors.markers import digest, document_number, marker
from connectors.simulator.http import Fault, Response
from connectors.transport import Timing
from connectors.xero.client import connect
from rules.domain.actions import ChargeLine, SendMessage
from rules.domain.money import Money
from tests.links.xero.operations import (
    CHARGE,
    CHARGE_INVOICE,
    CUSTOMER,
    CUSTOMER_NOTE,
    EMAIL,
    EVERYTHING,
    GO,
    INVOICE,
    NOTE,
    PROMISE,
    REVERSAL,
    STOP,
    TODAY,
)
from tests.links.xero.tiny import ORGANISATION, START, TENANT, credit_note, empty_html, guid, invalid, invoice, ms

KEY = "finance_charges/I-1/2026-03-02"
NUMBER = document_number("FC", KEY, TENANT)
CREDIT_NUMBER = document_number("CN", KEY, TENANT)
HISTORY = f"Invoices/{INVOICE}/History"
CUSTOMER_HISTORY = f"Contacts/{CUSTOMER}/History"
GROUP = {"ContactGroupID": guid(5), "Name": "Stop sell", "Status": "ACTIVE"}
SENT = {"Changes": "Invoice sent", "Details": "This invoice has been sent to ap@oak.example", "DateUTC": ms(START)}
TAKEN = invalid("Invoice # must be unique.")


@pytest.fixture
def made(xero):
    xero.replies["PUT", "Invoices"] = [{"InvoiceID": guid(2), "InvoiceNumber": NUMBER, "Status": "DRAFT"}]
    return xero


@pytest.fixture
def charged(xero):
    """Our charge, open, and a company that takes credit notes."""
    xero.replies["GET", f"Invoices/{CHARGE}"] = [invoice(2, InvoiceNumber=NUMBER, AmountDue=5.00)]
    xero.replies["PUT", "CreditNotes"] = [{"CreditNoteID": guid(70), "Status": "AUTHORISED", "RemainingCredit": 7.90}]
    return xero


@pytest.fixture
def grouped(xero):
    xero.replies["GET", "ContactGroups"] = [GROUP]
    xero.replies["GET", f"ContactGroups/{guid(5)}"] = [{**GROUP, "Contacts": []}]
    return xero


def noted(key: str, **changed: str):
    return {"Changes": "Note", "Details": f"Words {marker(key)}", "DateUTC": ms(START), **changed}


def body(xero, method="PUT", path="Invoices"):
    (request,) = [asked for asked in xero.asked(method) if asked.path.endswith(f"/{path}")]
    return request.json()


def test_a_charge_is_one_put_with_our_number_our_marker_and_an_idempotency_key(connector, made):
    receipt = connector.write(CHARGE_INVOICE, KEY)
    assert receipt.remote_id == guid(2)
    (request,) = made.asked("PUT")
    assert request.headers["idempotency-key"] == digest(KEY, TENANT)
    assert request.json() == {
        "Invoices": [
            {
                "Type": "ACCREC",
                "Status": "DRAFT",
                "InvoiceNumber": NUMBER,
                "Reference": f"INV-1 {marker(KEY)}",
                "Contact": {"ContactID": CUSTOMER},
                "Date": "2026-03-02",
                "DueDate": "2026-03-16",
                "CurrencyCode": "NZD",
                "LineAmountTypes": "NoTax",
                "LineItems": [
                    {
                        "Description": "Interest 2 to 15 March on INV-1\n16 days at 18 % on 1000.00 NZD",
                        "Quantity": 1,
                        "UnitAmount": 7.9,
                        "AccountCode": "260",
                        "TaxType": "NONE",
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize("amount", ["0.01", "7.99", "0.10", "1234567.89", "100.00", "9999999999999.99"])
def test_the_very_amount_stands_in_the_bytes(connector, made, amount):
    line = ChargeLine("Interest", Money(Decimal(amount), "NZD"), "interest", "none")
    connector.write(replace(CHARGE_INVOICE, lines=(line,)), KEY)
    sent = made.asked("PUT")[0].body.split(b'"UnitAmount": ')[1].split(b",")[0]
    assert Decimal(sent.decode()) == Decimal(amount)


def test_an_amount_xero_cannot_hold_exactly_is_refused_before_it_is_sent(connector, made):
    line = ChargeLine("Interest", Money(Decimal("1.234"), "KWD"), "interest", "none")
    with pytest.raises(Rejected, match="two decimals"):
        connector.write(replace(CHARGE_INVOICE, lines=(line,)), KEY)
    assert made.asked("PUT") == []


def test_a_charge_with_a_tax_code_is_taxed_and_without_one_as_the_account_is(connector, made):
    coded = ChargeLine("Fee", Money(Decimal("40.00"), "NZD"), "fixed_sum", "output2")
    plain = ChargeLine("Interest", Money(Decimal("7.90"), "NZD"), "interest")
    connector.write(replace(CHARGE_INVOICE, lines=(coded, plain)), KEY)
    sent = body(made)["Invoices"][0]
    assert sent["LineAmountTypes"] == "Exclusive"
    assert [line.get("TaxType") for line in sent["LineItems"]] == ["OUTPUT2", None]


def test_a_charge_is_posted_at_once_where_the_connection_says_so(settings, tokens, clock, made):
    extra = {**settings.extra, "finance_charge_status": "AUTHORISED"}
    timing = Timing(clock.now, clock.monotonic, clock.sleep)
    connector = connect(replace(settings, extra=extra), tokens, timing)
    connector.write(CHARGE_INVOICE, KEY)
    assert body(made)["Invoices"][0]["Status"] == "AUTHORISED"
    connector.close()


def test_a_charge_dated_in_the_locked_period_is_refused_with_a_sentence_before_it_is_sent(connector, made):
    locks = {"PeriodLockDate": "/Date(1772409600000+0000)/", "EndOfYearLockDate": "/Date(1743379200000)/"}
    made.replies["GET", "Organisation"] = [{**ORGANISATION, **locks}]
    with pytest.raises(Rejected, match="dated 2026-03-02 cannot be written: the books are locked through 2026-03-02"):
        connector.write(CHARGE_INVOICE, KEY)
    assert made.asked("PUT") == []


def test_our_number_taken_is_the_trace_of_an_earlier_try_and_its_invoice_is_adopted(connector, xero):
    xero.replies["PUT", "Invoices"] = TAKEN
    xero.replies["GET", "Invoices"] = [invoice(2, InvoiceNumber=NUMBER, Reference=f"INV-1 {marker(KEY)}")]
    assert connector.write(CHARGE_INVOICE, KEY).remote_id == guid(2)
    assert xero.asked()[-1].query == {"InvoiceNumbers": NUMBER}


def test_our_number_taken_but_not_readable_yet_is_an_unknown_outcome(connector, xero):
    xero.replies["PUT", "Invoices"] = TAKEN
    with pytest.raises(OutcomeUnknown):
        connector.write(CHARGE_INVOICE, KEY)


def test_our_number_on_an_invoice_that_is_not_ours_is_a_refusal(connector, xero):
    xero.replies["PUT", "Invoices"] = TAKEN
    xero.replies["GET", "Invoices"] = [invoice(2, InvoiceNumber=NUMBER, Contact={"ContactID": guid(901)})]
    with pytest.raises(Rejected, match="must be unique"):
        connector.write(CHARGE_INVOICE, KEY)


def test_an_answer_that_does_not_name_the_invoice_leaves_the_outcome_unknown(connector, xero):
    xero.replies["PUT", "Invoices"] = []
    with pytest.raises(OutcomeUnknown):
        connector.write(CHARGE_INVOICE, KEY)


def test_a_lost_charge_is_found_by_its_number_or_proven_absent(connector, xero):
    assert connector.was_applied(CHARGE_INVOICE, KEY, START) is None
    xero.replies["GET", "Invoices"] = [invoice(2, InvoiceNumber=NUMBER, Status="VOIDED")]
    assert connector.was_applied(CHARGE_INVOICE, KEY, START).remote_id == guid(2)


def test_a_reversal_is_a_credit_note_used_on_the_charge_as_far_as_it_is_open(connector, charged):
    assert connector.write(REVERSAL, KEY).remote_id == guid(70)
    note = body(charged, path="CreditNotes")["CreditNotes"][0]
    assert (note["Type"], note["Status"], note["CreditNoteNumber"]) == ("ACCRECCREDIT", "AUTHORISED", CREDIT_NUMBER)
    assert note["Reference"] == f"{NUMBER} {marker(KEY)}"
    allocation = body(charged, path="Allocations")["Allocations"][0]
    assert allocation == {"Amount": 5.0, "Date": "2026-03-02", "Invoice": {"InvoiceID": CHARGE}}


def test_a_reversal_is_used_on_the_charge_though_the_answer_leaves_out_what_remains(connector, charged):
    charged.replies["PUT", "CreditNotes"] = [{"CreditNoteID": guid(70)}]
    connector.write(REVERSAL, KEY)
    assert body(charged, path="Allocations")["Allocations"][0]["Amount"] == 5.0


def test_a_reversal_of_a_paid_charge_stays_on_account(connector, charged):
    charged.replies["GET", f"Invoices/{CHARGE}"] = [invoice(2, Status="PAID", AmountDue=0.0)]
    connector.write(REVERSAL, KEY)
    assert charged.asked_paths("PUT") == ["CreditNotes"]


def test_a_reversal_of_a_draft_charge_is_a_draft_too(connector, charged):
    charged.replies["GET", f"Invoices/{CHARGE}"] = [invoice(2, Status="DRAFT")]
    charged.replies["PUT", "CreditNotes"] = [{"CreditNoteID": guid(70), "Status": "DRAFT", "RemainingCredit": 7.90}]
    connector.write(REVERSAL, KEY)
    assert body(charged, path="CreditNotes")["CreditNotes"][0]["Status"] == "DRAFT"
    assert charged.asked_paths("PUT") == ["CreditNotes"]


def test_a_reversal_of_a_voided_charge_is_decided_again(connector, charged):
    charged.replies["GET", f"Invoices/{CHARGE}"] = [invoice(2, Status="VOIDED", AmountDue=24.15)]
    with pytest.raises(Conflict):
        connector.write(REVERSAL, KEY)


def test_a_reversal_cut_off_before_its_allocation_is_taken_up_there(connector, charged):
    charged.server.faults.append(Fault("reset_before", path_contains="/Allocations"))
    with pytest.raises(OutcomeUnknown):
        connector.write(REVERSAL, KEY)
    charged.replies["GET", "CreditNotes"] = [credit_note(CreditNoteNumber=CREDIT_NUMBER, RemainingCredit=7.90)]
    assert connector.was_applied(REVERSAL, KEY, START) is None
    assert connector.write(REVERSAL, KEY).remote_id == guid(70)
    assert charged.asked_paths("PUT").count("CreditNotes") == 1
    charged.replies["GET", "CreditNotes"] = [credit_note(CreditNoteNumber=CREDIT_NUMBER, RemainingCredit=0.0)]
    assert connector.was_applied(REVERSAL, KEY, START).remote_id == guid(70)


def test_an_allocation_refused_because_the_charge_was_paid_meanwhile_leaves_the_credit_note(connector, charged):
    charged.replies["PUT", f"CreditNotes/{guid(70)}/Allocations"] = invalid("Amount exceeds what is due.")
    assert connector.write(REVERSAL, KEY).remote_id == guid(70)


@pytest.mark.parametrize(("operation", "path"), [(NOTE, HISTORY), (CUSTOMER_NOTE, CUSTOMER_HISTORY)])
def test_a_note_ends_with_our_marker_and_is_found_by_it(connector, xero, operation, path):
    xero.replies["PUT", path] = [{"Details": "…"}]
    connector.write(operation, KEY)
    assert body(xero, path="History")["HistoryRecords"] == [{"Details": f"{operation.text} {marker(KEY)}"}]
    assert connector.was_applied(operation, KEY, START) is None
    xero.replies["GET", path] = [noted(KEY)]
    assert connector.was_applied(operation, KEY, START) is not None


def test_a_long_note_gives_way_to_its_marker(connector, xero):
    connector.write(replace(NOTE, text="x" * 4000), KEY)
    details = body(xero, path="History")["HistoryRecords"][0]["Details"]
    assert len(details) == 2500
    assert details.endswith(marker(KEY))


def test_stop_sell_joins_the_group_and_notes_why(connector, grouped):
    connector.write(STOP, KEY)
    assert body(grouped, path="Contacts") == {"Contacts": [{"ContactID": CUSTOMER}]}
    details = body(grouped, path="History")["HistoryRecords"][0]["Details"]
    assert details == f"Stop-sell set since 2026-03-02 (hold): 31 days past due {marker(KEY)}"


def test_the_group_is_made_once_and_its_id_remembered(connector, xero):
    xero.replies["PUT", "ContactGroups"] = [GROUP]
    connector.write(STOP, KEY)
    connector.write(STOP, f"{KEY}/2")
    assert xero.asked_paths("PUT").count("ContactGroups") == 1
    assert body(xero, path="ContactGroups") == {"ContactGroups": [{"Name": "Stop sell"}]}


def test_a_member_is_not_put_into_the_group_twice(connector, grouped):
    grouped.replies["GET", f"ContactGroups/{guid(5)}"] = [{**GROUP, "Contacts": [{"ContactID": CUSTOMER}]}]
    assert connector.was_applied(STOP, KEY, START) is None
    connector.write(STOP, KEY)
    assert grouped.asked_paths("PUT") == [CUSTOMER_HISTORY]
    grouped.replies["GET", CUSTOMER_HISTORY] = [noted(KEY)]
    assert connector.was_applied(STOP, KEY, START) is not None


def test_lifting_stop_sell_leaves_the_group_and_is_done_where_there_is_nothing_to_leave(connector, grouped):
    grouped.replies["GET", f"ContactGroups/{guid(5)}"] = [{**GROUP, "Contacts": [{"ContactID": CUSTOMER}]}]
    path = f"ContactGroups/{guid(5)}/Contacts/{CUSTOMER}"
    grouped.replies["DELETE", path] = Response(204)
    connector.write(GO, KEY)
    grouped.replies["DELETE", path] = empty_html(404)
    connector.write(GO, f"{KEY}/2")
    assert grouped.asked_paths("DELETE") == [path, path]


def test_an_invoice_is_mailed_by_xero_after_a_note_that_it_was_asked_for(connector, xero):
    xero.replies["POST", f"Invoices/{INVOICE}/Email"] = Response(204)
    connector.write(EMAIL, KEY)
    assert [request.method for request in xero.asked()] == ["GET", "PUT", "POST"]
    assert xero.asked("POST")[0].body == b"{}"
    details = body(xero, path="History")["HistoryRecords"][0]["Details"]
    assert details == f"Asked Xero to e-mail this invoice as a reminder. {marker(KEY)}"


def test_a_mail_put_off_by_a_limit_is_noted_once(connector, xero):
    xero.replies["POST", f"Invoices/{INVOICE}/Email"] = Response(429, headers={"Retry-After": "26"})
    with pytest.raises(Throttled):
        connector.write(EMAIL, KEY)
    xero.replies["GET", HISTORY] = [noted(KEY)]
    xero.replies["POST", f"Invoices/{INVOICE}/Email"] = Response(204)
    connector.write(EMAIL, KEY)
    assert xero.asked_paths("PUT") == [HISTORY]


def test_a_mail_goes_out_though_the_answer_to_its_note_was_lost(connector, xero):
    def keep_the_note(request):
        xero.replies["GET", HISTORY] = [noted(KEY)]
        return xero.listed(HISTORY, [{}], request)

    xero.replies["PUT", HISTORY] = keep_the_note
    xero.replies["POST", f"Invoices/{INVOICE}/Email"] = Response(204)
    xero.server.faults.append(Fault("reset_after", method="PUT"))
    connector.write(EMAIL, KEY)
    assert len(xero.asked("PUT")) == len(xero.asked("POST")) == 1


def test_a_mail_whose_note_cannot_be_left_is_not_asked_for(connector, xero):
    xero.server.faults.append(Fault("reset_before", method="PUT"))
    with pytest.raises(OutcomeUnknown):
        connector.write(EMAIL, KEY)
    assert xero.asked("POST") == []
    assert connector.was_applied(EMAIL, KEY, START) is None


def test_no_note_proves_that_no_mail_was_asked_for_whatever_was_sent_otherwise(connector, xero):
    xero.replies["GET", HISTORY] = [SENT]
    assert connector.was_applied(EMAIL, KEY, START) is None


def test_a_lost_mail_is_proven_by_xeros_own_entry_soon_after_our_note(connector, xero):
    xero.replies["GET", HISTORY] = [noted(KEY), {**SENT, "DateUTC": ms(START - timedelta(days=30))}]
    with pytest.raises(Unprovable):
        connector.was_applied(EMAIL, KEY, START)
    xero.replies["GET", HISTORY] = [noted(KEY), SENT]
    assert connector.was_applied(EMAIL, KEY, START).remote_id == INVOICE


def test_the_mail_limit_is_a_refusal(connector, xero):
    xero.replies["POST", f"Invoices/{INVOICE}/Email"] = invalid("Daily Email Limit reached.")
    with pytest.raises(Rejected, match="Limit"):
        connector.write(EMAIL, KEY)


def test_a_promise_date_touches_nothing_but_its_field(connector, xero):
    xero.replies["GET", f"Invoices/{INVOICE}"] = [invoice()]
    xero.replies["POST", f"Invoices/{INVOICE}"] = [{"InvoiceID": INVOICE}]
    connector.write(PROMISE, KEY)
    sent = body(xero, "POST", f"Invoices/{INVOICE}")
    assert sent == {"Invoices": [{"InvoiceID": INVOICE, "ExpectedPaymentDate": "2026-03-20"}]}


@pytest.mark.parametrize("refused_by", ["the matrix", "xero"])
def test_a_promise_on_an_invoice_that_takes_none_becomes_a_note(connector, xero, refused_by):
    paid = 10.0 if refused_by == "the matrix" else 0.0
    xero.replies["GET", f"Invoices/{INVOICE}"] = [invoice(AmountPaid=paid)]
    xero.replies["POST", f"Invoices/{INVOICE}"] = invalid("This document cannot be edited.")
    connector.write(PROMISE, KEY)
    details = body(xero, path="History")["HistoryRecords"][0]["Details"]
    assert details == f"Payment promised for 2026-03-20. {marker(KEY)}"


def test_a_promise_is_proven_by_the_date_or_the_note(connector, xero):
    xero.replies["GET", f"Invoices/{INVOICE}"] = [invoice(ExpectedPaymentDate="2026-03-20T00:00:00")]
    assert connector.was_applied(PROMISE, KEY, START) is not None
    xero.replies["GET", f"Invoices/{INVOICE}"] = [invoice()]
    assert connector.was_applied(PROMISE, KEY, START) is None
    xero.replies["GET", HISTORY] = [noted(KEY)]
    assert connector.was_applied(PROMISE, KEY, START) is not None


def test_what_xero_cannot_do_is_said_in_a_sentence_without_a_request(settings, connector, tokens, clock, xero):
    message = SendMessage(CUSTOMER, "ap@oak.example", "Oak", "firm", 2, "email", (), TODAY)
    assert "SMTP" in connector.unsupported(message)
    assert all(connector.unsupported(operation) is None for operation in EVERYTHING)
    without = replace(settings, extra={})
    bare = connect(without, tokens, Timing(clock.now, clock.monotonic, clock.sleep))
    assert "finance_charge_account" in bare.unsupported(CHARGE_INVOICE)
    assert "finance_charge_account" in bare.unsupported(REVERSAL)
    with pytest.raises(Rejected):
        bare.write(CHARGE_INVOICE, KEY)
    assert xero.asked() == []
    bare.close()


def test_no_note_and_no_number_reaches_beyond_xeros_lengths(connector, made):
    long = replace(CHARGE_INVOICE, invoice_number="N" * 255, note="n" * 5000, issued_on=date(2026, 3, 1))
    connector.write(long, KEY)
    sent = body(made)["Invoices"][0]
    assert len(sent["Reference"]) == 255
    assert sent["Reference"].endswith(marker(KEY))
    assert len(sent["LineItems"][0]["Description"]) == 4000
    assert len(sent["InvoiceNumber"]) <= 21
