"""Minimal bodies under their keys, and the proof that each was done."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import Conflict, MalformedRecordError, OutcomeUnknown, Rejected, Unprovable
from connectors.markers import document_number, marker
from connectors.simulator.http import Fault
from rules.domain.actions import (
    AddNote,
    ChargeLine,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    SendMessage,
    SetPromiseDate,
    SetStopSell,
)
from rules.domain.money import Money

KEY = "finance_charges/1/2026-11-01"
DAY = date(2026, 11, 25)
SINCE = datetime.fromisoformat("2026-11-25T20:00:00+00:00")


def usd(amount):
    return Money(Decimal(amount), "USD")


def charge(*amounts, tax_code=None):
    lines = tuple(ChargeLine(f"Finance charge {amount}", usd(amount), "interest", tax_code) for amount in amounts)
    return CreateInvoice("7", "1", "101", DAY, DAY, lines, "Finance charge on invoice 101")


def reversal(amount, invoice_id):
    return CreateCreditNote("7", "1", invoice_id, DAY, usd(amount), "Finance charge taken back")


def hold(*, on=True, state="hold", why="1,250.00 USD is 30 days late"):
    return SetStopSell("7", on, state, date(2026, 11, 20), why)


def memo(text="Reminder 2 sent", target="invoice", ref="1"):
    return AddNote("7", target, ref, text)


def posts(server):
    return [request for request in server.seen if request.method == "POST"]


@pytest.fixture(autouse=True)
def oak(ledger):
    ledger.add("Invoice", ledger.invoice("1", PrivateNote="Gate code 12\nback door"))
    ledger.add("Item", {"Id": "44", "Name": "Finance charge", "Type": "Service"})
    return ledger.add("Customer", {"Id": "7", "DisplayName": "Oak Ltd", "Notes": "Likes calls\nbefore noon"})


def test_a_memo_goes_out_as_a_sparse_body_of_one_field(books, server):
    books.write(memo(), "reminders/1/level-2")
    (sent,) = posts(server)
    assert sent.json() == {
        "Id": "1",
        "SyncToken": "0",
        "sparse": True,
        "PrivateNote": "Gate code 12\nback door\nReminder 2 sent [syncd:reminders/1/level-2]",
    }


def test_a_memo_already_there_is_not_written_again(books, server):
    first = books.write(memo(), "k/1")
    again = books.write(memo(), "k/1")
    assert len(posts(server)) == 1
    assert first.remote_id == again.remote_id == "1"


def test_the_same_bytes_go_out_under_the_same_request_id_of_at_most_fifty_characters(books, server):
    server.faults += [Fault("reset_before", method="POST", times=1)]
    with pytest.raises(OutcomeUnknown):
        books.write(memo(), "k/1")
    books.write(memo(), "k/1")
    first, second = posts(server)
    assert (first.body, first.query["requestid"]) == (second.body, second.query["requestid"])
    assert len(first.query["requestid"]) <= 50


def test_one_request_id_never_goes_with_two_bodies(books, server, ledger):
    with pytest.raises(Conflict):
        _write_while_somebody_edits(books, ledger)
    books.write(memo(), "k/1")
    first, second = posts(server)
    assert first.query["requestid"] != second.query["requestid"]


def _write_while_somebody_edits(books, ledger):
    def edit(request):
        if request.method == "POST" and ledger.rows["Invoice"]["1"]["SyncToken"] == "0":
            ledger.rows["Invoice"]["1"] |= {"SyncToken": "1"}

    ledger.before = edit
    books.write(memo(), "k/1")


def test_a_full_note_keeps_every_foreign_letter_and_our_marker(books, ledger):
    foreign = "x" * 3900
    ledger.rows["Invoice"]["1"]["PrivateNote"] = foreign
    books.write(memo("A long reminder text " * 20), "k/1")
    books.write(memo("Another"), "k/2")
    note = ledger.rows["Invoice"]["1"]["PrivateNote"]
    assert note.startswith(foreign)
    assert len(note) <= 4000
    assert marker("k/1") in note
    assert marker("k/2") in note


def test_a_note_full_of_foreign_text_is_refused_in_words(books, ledger, server):
    ledger.rows["Invoice"]["1"]["PrivateNote"] = "x" * 3995
    with pytest.raises(Rejected, match="other people's text"):
        books.write(memo(), "k/1")
    assert posts(server) == []


def test_a_memo_on_a_customer_goes_into_notes_and_is_no_hold(books, ledger):
    books.write(memo(target="customer", ref="7"), "k/1")
    assert ledger.rows["Customer"]["7"]["Notes"] == "Likes calls\nbefore noon\nReminder 2 sent [syncd:k/1]"
    assert books.was_applied(memo(target="customer", ref="7"), "k/1", SINCE)


def test_stop_sell_is_a_fenced_block_and_its_release_restores_the_notes(books, ledger, server):
    books.write(hold(), "credit_hold/7/hold/1")
    (sent,) = posts(server)
    assert set(sent.json()) == {"Id", "SyncToken", "sparse", "Notes"}
    assert ledger.rows["Customer"]["7"]["Notes"] == (
        "Likes calls\nbefore noon\n[AR-HOLD since=2026-11-20 state=hold reason=1,250.00 USD is 30 days late]"
        " [syncd:credit_hold/7/hold/1]"
    )
    ledger.rows["Customer"]["7"]["Notes"] += "\nmoved to Reno"
    books.write(hold(on=False, state="good"), "credit_hold/7/good/2")
    assert ledger.rows["Customer"]["7"]["Notes"] == "Likes calls\nbefore noon\nmoved to Reno"


def test_a_worse_state_replaces_the_block(books, ledger):
    books.write(hold(), "credit_hold/7/hold/1")
    books.write(hold(state="stop"), "credit_hold/7/stop/2")
    notes = ledger.rows["Customer"]["7"]["Notes"]
    assert notes.count("[AR-HOLD") == 1
    assert "state=stop" in notes
    assert books.was_applied(hold(), "credit_hold/7/hold/1", SINCE) is None


def test_a_hold_that_a_person_wrote_into_the_notes_is_not_lifted(books, ledger):
    ledger.rows["Customer"]["7"]["Notes"] = "[AR-HOLD by Dana, call first]"
    books.write(hold(on=False, state="good"), "credit_hold/7/good/2")
    assert ledger.rows["Customer"]["7"]["Notes"] == "[AR-HOLD by Dana, call first]"


def test_the_hold_type_displaces_the_customers_own_and_gives_it_back(server, ledger, open_books):
    ledger.add("CustomerType", {"Id": "5", "Name": "Trade"})
    ledger.add("CustomerType", {"Id": "6", "Name": "Credit hold"})
    ledger.rows["Customer"]["7"]["CustomerTypeRef"] = {"value": "5"}
    books = open_books(server.url, hold_customer_type="Credit hold")
    books.write(hold(), "credit_hold/7/hold/1")
    assert ledger.rows["Customer"]["7"]["CustomerTypeRef"] == {"value": "6"}
    books.write(hold(state="stop"), "credit_hold/7/stop/2")
    books.write(hold(on=False, state="good"), "credit_hold/7/good/3")
    assert ledger.rows["Customer"]["7"]["CustomerTypeRef"] == {"value": "5"}


def test_a_customer_on_hold_stays_in_the_group_it_had(server, ledger, open_books):
    ledger.add("CustomerType", {"Id": "5", "Name": "Trade"})
    ledger.add("CustomerType", {"Id": "6", "Name": "Credit hold"})
    ledger.rows["Customer"]["7"]["CustomerTypeRef"] = {"value": "5"}
    books = open_books(server.url, hold_customer_type="Credit hold")
    books.write(hold(), "credit_hold/7/hold/1")
    fact = next(record.fact for page in books.changes(None) for record in page.records if record.ref.kind == "customer")
    assert (fact.groups, fact.stop_sell) == (("Trade",), True)


def test_a_hold_type_that_does_not_exist_is_told_before_anything_is_written(server, open_books):
    books = open_books(server.url, hold_customer_type="Credit hold")
    with pytest.raises(Rejected, match="hold_customer_type"):
        books.write(hold(), "credit_hold/7/hold/1")
    assert posts(server) == []


def test_a_charge_is_a_separate_invoice_with_its_number_marker_and_raw_decimals(books, server):
    receipt = books.write(charge("7.10", "40.00", tax_code="none"), KEY)
    (sent,) = posts(server)
    body = sent.json()
    assert body["DocNumber"] == document_number("FC", KEY, "4620816365000000001")
    assert len(body["DocNumber"]) <= 21
    assert body["PrivateNote"] == f"{marker(KEY)} Finance charge on invoice 101"
    assert b'"Amount":7.10' in sent.body
    assert body["Line"][0]["SalesItemLineDetail"] == {"ItemRef": {"value": "44"}, "TaxCodeRef": {"value": "NON"}}
    assert "CurrencyRef" not in body
    assert receipt.remote_id
    assert receipt.trace == "tid-1"


def test_the_item_is_made_once_if_it_is_absent(books, ledger, server):
    del ledger.rows["Item"]
    ledger.add("Account", {"Id": "30", "Name": "Sales", "AccountType": "Income"})
    ledger.add("Account", {"Id": "31", "Name": "Late fee income", "AccountType": "Other Income"})
    books.write(charge("7.10"), KEY)
    books.write(charge("8.10"), "finance_charges/1/2026-12-01")
    items = [request.json() for request in posts(server) if request.path.endswith("/item")]
    assert items == [
        {"Name": "Finance charge", "Type": "Service", "IncomeAccountRef": {"value": "31"}, "Taxable": False}
    ]


def test_an_item_whose_making_is_unclear_leaves_the_charge_unsent(books, ledger, server):
    del ledger.rows["Item"]
    ledger.add("Account", {"Id": "30", "Name": "Sales", "AccountType": "Income"})
    server.faults += [Fault("reset_after", method="POST", path_contains="/item")]
    with pytest.raises(Exception, match="may or may not exist") as caught:
        books.write(charge("7.10"), KEY)
    assert type(caught.value).__name__ == "Unavailable"
    books.write(charge("7.10"), KEY)
    assert [request.path.rsplit("/", 1)[1] for request in posts(server)] == ["item", "invoice"]


def test_a_number_taken_by_our_own_earlier_try_is_adopted(books, ledger):
    first = books.write(charge("7.10"), KEY)
    text = f"Duplicate Document Number Error : TxnType=0, TxnId={first.remote_id}"
    ledger.before = lambda request: ledger.fault("6140", text) if request.method == "POST" else None
    assert books.write(charge("7.10"), KEY).remote_id == first.remote_id


def test_a_number_taken_by_somebody_else_is_refused(books, ledger):
    number = document_number("FC", KEY, "4620816365000000001")
    ledger.add("Invoice", ledger.invoice("55", DocNumber=number, PrivateNote="not ours"))
    ledger.before = lambda request: ledger.fault("6140", "Duplicate") if request.method == "POST" else None
    with pytest.raises(Rejected):
        books.write(charge("7.10"), KEY)


def test_a_lost_answer_to_a_charge_is_proved_by_its_number(books, server):
    server.faults += [Fault("reset_after", method="POST")]
    with pytest.raises(OutcomeUnknown):
        books.write(charge("7.10"), KEY)
    assert len(posts(server)) == 1, "nothing is sent twice in silence"
    proof = books.was_applied(charge("7.10"), KEY, SINCE)
    assert proof is not None


def test_a_charge_quickbooks_numbered_itself_is_proved_by_its_marker(books, ledger):
    books.write(charge("7.10"), KEY)
    created = next(row for row in ledger.rows["Invoice"].values() if row["Id"] != "1")
    created["DocNumber"] = "1099"
    for line in created["Line"]:  # QuickBooks renders the name along with the id it was sent
        line["SalesItemLineDetail"]["ItemRef"]["name"] = "Finance charge"
    proof = books.was_applied(charge("7.10"), KEY, SINCE)
    assert proof is not None
    assert proof.remote_id == created["Id"]
    assert books.was_applied(charge("7.10"), "finance_charges/1/2026-12-01", SINCE) is None


def test_a_charge_is_not_absent_where_a_row_shows_nothing(books, ledger, server):
    server.faults += [Fault("reset_before", method="POST")]
    with pytest.raises(OutcomeUnknown):
        books.write(charge("7.10"), KEY)
    hides = {"QueryResponse": {"Invoice": [None]}, "time": ledger.time}
    ledger.before = lambda request: ledger.reply(hides) if "CreateTime" in request.query.get("query", "") else None
    with pytest.raises(MalformedRecordError, match="shows nothing in a row"):
        books.was_applied(charge("7.10"), KEY, SINCE)


def test_nothing_is_credited_where_a_row_that_shows_nothing_may_be_the_credit(books, ledger, server):
    billed = books.write(charge("7.10"), KEY).remote_id
    hides = {"QueryResponse": {"CreditMemo": [None]}, "time": ledger.time}
    ledger.before = lambda request: ledger.reply(hides) if "CreateTime" in request.query.get("query", "") else None
    with pytest.raises(Conflict, match="shows nothing in a row"):
        books.write(reversal("5.00", billed), f"{KEY}/reversal")
    assert not ledger.rows.get("CreditMemo")


def test_a_charge_never_received_is_proved_absent(books, server):
    server.faults += [Fault("reset_before", method="POST")]
    with pytest.raises(OutcomeUnknown):
        books.write(charge("7.10"), KEY)
    assert books.was_applied(charge("7.10"), KEY, SINCE) is None


def test_a_reversal_is_a_credit_memo_linked_to_the_open_charge(books, server, ledger):
    billed = books.write(charge("7.10"), KEY)
    receipt = books.write(reversal("5.00", billed.remote_id), f"{KEY}/reversal")
    assert ledger.rows["CreditMemo"][receipt.remote_id]["TotalAmt"] == 5
    link = posts(server)[-1]
    assert link.path.endswith("/payment")
    assert b'"TotalAmt":0' in link.body
    assert [line["LinkedTxn"][0]["TxnType"] for line in link.json()["Line"]] == ["Invoice", "CreditMemo"]
    assert books.was_applied(reversal("5.00", billed.remote_id), f"{KEY}/reversal", SINCE) is not None


def test_nothing_is_credited_for_a_charge_that_people_took_out_of_the_books(books, server, ledger):
    voided = books.write(charge("7.99"), KEY).remote_id
    ledger.rows["Invoice"][voided] |= {"TotalAmt": 0, "Balance": 0, "PrivateNote": "Voided"}
    with pytest.raises(Conflict, match="voided"):
        books.write(reversal("5.00", voided), f"{KEY}/reversal")
    del ledger.rows["Invoice"][voided]
    with pytest.raises(Rejected, match="nothing to credit"):
        books.write(reversal("5.00", voided), f"{KEY}/reversal")
    assert not ledger.rows.get("CreditMemo")


def test_a_reversal_of_a_paid_charge_stays_a_credit(books, server, ledger):
    billed = books.write(charge("7.10"), KEY)
    ledger.rows["Invoice"][billed.remote_id]["Balance"] = 0
    books.write(reversal("5.00", billed.remote_id), f"{KEY}/reversal")
    assert not [request for request in posts(server) if request.path.endswith("/payment")]


def test_a_link_that_is_refused_leaves_the_credit_standing(books, ledger):
    billed = books.write(charge("7.10"), KEY)
    ledger.before = lambda request: ledger.fault("6000", "no") if request.path.endswith("/payment") else None
    assert books.write(reversal("5.00", billed.remote_id), f"{KEY}/reversal").remote_id in ledger.rows["CreditMemo"]


def test_a_mail_goes_through_the_providers_send_with_a_request_id(books, server):
    operation = EmailInvoice("7", "1", "ap+x@oak.example", usd("250.10"))
    with pytest.raises(Unprovable):
        books.was_applied(operation, "reminders/1/level-1", SINCE)
    books.write(operation, "reminders/1/level-1")
    (sent,) = posts(server)
    assert sent.path.endswith("/invoice/1/send")
    assert sent.query["sendTo"] == "ap+x@oak.example"
    assert sent.query["requestid"]
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.body == b""
    assert books.was_applied(operation, "reminders/1/level-1", SINCE) is not None
    with pytest.raises(Unprovable):
        books.was_applied(operation, "reminders/1/level-2", SINCE + timedelta(hours=1))


def test_what_quickbooks_cannot_do_is_said_without_a_request(books, server):
    message = SendMessage("7", "a@b", "Oak", "firm", 2, "email", (), DAY)
    assert "mail" in (books.unsupported(message) or "")
    assert "promised" in (books.unsupported(SetPromiseDate("7", "1", DAY)) or "")
    assert books.unsupported(charge("1.00")) is None
    assert server.seen == []


def test_a_currency_the_books_do_not_have_is_refused_in_words(books):
    lines = (ChargeLine("x", Money(Decimal("1.00"), "EUR"), "interest"),)
    with pytest.raises(Rejected, match="in USD only"):
        books.write(CreateInvoice("7", "1", "101", DAY, DAY, lines, "n"), KEY)


def test_multi_currency_books_get_the_currency_named(books, ledger, server):
    ledger.preferences["CurrencyPrefs"] |= {"MultiCurrencyEnabled": True}
    books.write(charge("7.10"), KEY)
    assert posts(server)[-1].json()["CurrencyRef"] == {"value": "USD"}


def test_outside_the_united_states_a_tax_code_is_looked_up_by_name(books, ledger, server):
    ledger.company["Country"] = "GB"
    ledger.preferences["TaxPrefs"] = {"UsingSalesTax": True}
    ledger.add("TaxCode", {"Id": "12", "Name": "20.0% S"})
    books.write(charge("7.10", tax_code="20.0% S"), KEY)
    books.write(charge("7.10", tax_code="none"), f"{KEY}x")
    first, second = (request.json() for request in posts(server))
    assert first["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "12"}
    assert second["GlobalTaxCalculation"] == "NotApplicable"
    with pytest.raises(Rejected, match="no tax code"):
        books.write(charge("7.10", tax_code="19%"), f"{KEY}y")
