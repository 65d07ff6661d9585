"""First load by pages, then change data capture, with its edges."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors import Gone, Record, Ref, Unreadable
from connectors.errors import Unavailable
from connectors.markers import document_number
from rules.domain.facts import Customer
from rules.domain.money import Money
from tests.links.quickbooks.conftest import REALM, reply


def everything(books, cursor=None):
    return list(books.changes(cursor))


def records(pages):
    return [record for page in pages for record in page.records]


def facts(pages, kind):
    return {
        record.ref.id: record.fact
        for record in records(pages)
        if isinstance(record, Record) and record.ref.kind == kind
    }


def test_a_first_load_brings_the_company_on_its_first_page_and_every_kind_once(books, ledger):
    ledger.company["CompanyAddr"] = {"CountrySubDivisionCode": "NV"}
    ledger.add("Customer", {"Id": "7", "DisplayName": "Oak Ltd"})
    ledger.add("Invoice", ledger.invoice("1"))
    ledger.add(
        "Payment", {"Id": "3", "TxnDate": "2026-10-05", "TotalAmt": 9, "UnappliedAmt": 9, "CustomerRef": {"value": "7"}}
    )
    ledger.add(
        "CreditMemo",
        {"Id": "4", "TxnDate": "2026-10-05", "TotalAmt": 5.5, "RemainingCredit": 5.5, "CustomerRef": {"value": "7"}},
    )
    pages = everything(books)
    company = pages[0].company
    assert company is not None
    assert (company.name, company.currency, company.country, company.region) == ("Acme", "USD", "US", "NV")
    assert [page.company for page in pages[1:]] == [None] * 3
    assert [page.replaces for page in pages] == [page.complete_for for page in pages]
    assert facts(pages, "invoice")["1"].balance == Money(Decimal("250.10"), "USD")
    assert facts(pages, "payment")["3"].unapplied == Money(Decimal("9.00"), "USD")
    assert facts(pages, "credit_note")["4"].unapplied == Money(Decimal("5.50"), "USD")


def test_an_idle_poll_costs_exactly_one_request(books, server):
    cursor = everything(books)[-1].cursor
    server.seen.clear()
    books.usage.take()
    pages = everything(books, cursor)
    assert [request.path.rsplit("/", 1)[1] for request in server.seen] == ["cdc"]
    assert books.usage.take() == {"read": 1}
    assert records(pages) == []


def test_every_request_names_minor_version_75(books, server):
    everything(books)
    assert {request.query["minorversion"] for request in server.seen} == {"75"}


def test_the_next_poll_asks_from_five_minutes_before_quickbooks_own_time(books, server, clock):
    clock.advance(timedelta(hours=3))  # our clock is far off; it does not matter
    cursor = everything(books)[-1].cursor
    server.seen.clear()
    everything(books, cursor)
    assert server.seen[0].query["changedSince"] == "2026-11-25T11:55:00-08:00"


def test_a_load_of_many_rows_goes_by_pages_and_loses_none(books, ledger):
    ledger.page_cap = 100
    for ref in range(1, 251):
        ledger.add("Invoice", ledger.invoice(str(ref)))
    pages = everything(books)
    assert len(facts(pages, "invoice")) == 250
    listed = [page for page in pages if any(record.ref.kind == "invoice" for record in page.records)]
    assert listed[0].replaces == ("invoice",)
    assert listed[-1].complete_for == ("invoice",)
    assert [page.complete_for for page in listed[:-1]] == [()] * (len(listed) - 1)


def test_a_load_goes_on_where_it_stopped(books, ledger, open_books, server):
    ledger.page_cap = 100
    for ref in range(1, 251):
        ledger.add("Invoice", ledger.invoice(str(ref)))
    pages = books.changes(None)
    seen = [next(pages), next(pages)]
    rest = everything(open_books(server.url), seen[-1].cursor)
    assert len(facts(seen, "invoice") | facts(rest, "invoice")) == 250


def test_a_row_deleted_between_two_pages_hides_no_other(books, ledger):
    ledger.page_cap = 100
    for ref in range(1, 251):
        ledger.add("Invoice", ledger.invoice(str(ref)))
    pages = books.changes(None)
    seen = [next(pages), next(pages)]
    del ledger.rows["Invoice"]["5"]
    rest = list(pages)
    assert len(facts(seen + rest, "invoice")) == 250
    assert len(facts(rest, "invoice")) == 249
    assert any(page.replaces == ("invoice",) for page in rest), "the listing starts over"


def test_a_tombstone_is_gone_and_a_void_is_voided(books, ledger):
    cursor = everything(books)[-1].cursor
    ledger.changed = {
        "Invoice": [
            {
                "domain": "QBO",
                "status": "Deleted",
                "Id": "9",
                "MetaData": {"LastUpdatedTime": "2026-11-25T11:00:00-08:00"},
            },
            ledger.invoice("1", TotalAmt=0, Balance=0, PrivateNote="Voided"),
            ledger.invoice("2", TotalAmt=0, Balance=0),
        ]
    }
    pages = everything(books, cursor)
    assert Gone(Ref("invoice", "9")) in records(pages)
    assert {ref: fact.status for ref, fact in facts(pages, "invoice").items()} == {"1": "voided", "2": "paid"}


def test_a_record_without_a_balance_is_set_aside_and_the_page_kept(books, ledger):
    broken = ledger.invoice("1")
    del broken["Balance"]
    ledger.add("Invoice", broken)
    ledger.add("Invoice", ledger.invoice("2"))
    ledger.add("Invoice", ledger.invoice("3", CustomerRef=None))
    pages = everything(books)
    assert Unreadable(Ref("invoice", "1"), "no Balance") in records(pages)
    assert Unreadable(Ref("invoice", "3"), "no CustomerRef") in records(pages)
    assert list(facts(pages, "invoice")) == ["2"]


def test_past_29_days_everything_is_listed_again(books, ledger, server, clock):
    ledger.add("Invoice", ledger.invoice("1"))
    cursor = everything(books)[-1].cursor
    clock.advance(timedelta(days=30))
    server.seen.clear()
    pages = everything(books, cursor)
    assert not any(request.path.endswith("/cdc") for request in server.seen)
    assert [page.replaces for page in pages] == [("customer",), ("invoice",), ("payment",), ("credit_note",)]


def test_a_refusal_for_age_lists_everything_again_whatever_our_clock_says(books, ledger):
    cursor = everything(books)[-1].cursor
    text = "Operation cdc with changedSince date 2026 which is older than fixed days is not supported."
    ledger.before = lambda request: ledger.fault("500", text) if request.path.endswith("/cdc") else None
    assert [page.complete_for for page in everything(books, cursor)][-1] == ("credit_note",)


def test_a_thousand_changes_are_never_taken_for_all_of_them(books, ledger, server):
    ledger.add("Invoice", ledger.invoice("1"))
    cursor = everything(books)[-1].cursor
    ledger.changed = {
        "Invoice": [ledger.invoice(str(ref)) for ref in range(1000, 2000)],
        "Customer": [{"Id": "7", "DisplayName": "Oak Ltd"}],
    }
    server.seen.clear()
    pages = everything(books, cursor)
    assert [request.query["entities"] for request in server.seen if request.path.endswith("/cdc")] == [
        "Customer,Invoice,Payment,CreditMemo,Term",
        "Customer",
        "Invoice",
        "Payment",
        "CreditMemo",
    ]
    assert pages[-1].replaces == pages[-1].complete_for == ("invoice",)
    assert isinstance(facts(pages, "customer")["7"], Customer)


def without_row(ledger, number):
    """A QuickBooks that shows nothing in one row of its invoices."""

    def answer(request):
        statement = request.query.get("query", "")
        if "from Invoice" not in statement or "count(*)" in statement:
            return None
        shown = json.loads(ledger._query(statement).body)
        shown["QueryResponse"]["Invoice"][number - 1] = None
        return reply(shown)

    ledger.before = answer


def test_a_row_that_shows_no_record_is_quarantined_and_keeps_no_other_back(books, ledger):
    for ref in ("1", "2", "3"):
        ledger.add("Invoice", ledger.invoice(ref))
    without_row(ledger, 2)
    pages = everything(books)
    assert set(facts(pages, "invoice")) == {"1", "3"}
    assert [one.ref.id for page in pages for one in page.records if isinstance(one, Unreadable)] == ["row 2"]


def test_a_row_that_shows_nothing_of_what_a_customer_owes_is_told(books, ledger):
    for ref in ("1", "2"):
        ledger.add("Invoice", ledger.invoice(ref))
    without_row(ledger, 2)
    first, second = books.open_invoices(["7"])
    assert (first.ref.id, second.ref.id, type(second)) == ("1", "row 2", Unreadable)


def test_changes_of_which_one_row_shows_no_record_have_their_kind_listed_again(books, ledger):
    ledger.add("Invoice", ledger.invoice("1"))
    cursor = everything(books)[-1].cursor
    ledger.add("Invoice", ledger.invoice("2"))
    ledger.changed = {"Invoice": [None], "Customer": [{"Id": "7", "DisplayName": "Oak Ltd"}]}
    pages = everything(books, cursor)
    assert set(facts(pages, "invoice")) == {"1", "2"}
    assert set(facts(pages, "customer")) == {"7"}
    assert pages[-1].complete_for == ("invoice",)


def test_settings_are_read_again_weekly_along_with_what_is_open(books, ledger, server):
    cursor = everything(books)[-1].cursor
    ledger.time = ledger.later(days=8)
    ledger.company["CompanyName"] = "Acme Inc"
    pages = everything(books, cursor)
    assert pages[0].company is not None
    assert pages[0].company.name == "Acme Inc"
    assert pages[-1].complete_for == ("invoice",)
    server.seen.clear()
    everything(books, pages[-1].cursor)
    assert len(server.seen) == 1


def test_a_credit_applied_by_a_zero_payment_stands_on_the_credit_note_with_its_day(books, ledger):
    ledger.add(
        "Payment",
        {
            "Id": "3",
            "TxnDate": "2026-10-09",
            "TotalAmt": 0,
            "UnappliedAmt": 0,
            "CustomerRef": {"value": "7"},
            "Line": [
                {"Amount": 30.5, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]},
                {"Amount": 30.5, "LinkedTxn": [{"TxnId": "4", "TxnType": "CreditMemo"}]},
            ],
        },
    )
    ledger.add(
        "CreditMemo",
        {"Id": "4", "TxnDate": "2026-10-05", "TotalAmt": 50, "RemainingCredit": 19.5, "CustomerRef": {"value": "7"}},
    )
    pages = everything(books)
    note = facts(pages, "credit_note")["4"]
    assert [(part.invoice, str(part.amount), part.on) for part in note.applied] == [
        ("1", "30.50 USD", date(2026, 10, 9))
    ]
    assert str(note.unapplied) == "19.50 USD"
    assert facts(pages, "payment")["3"].applied == ()


def test_a_payment_of_cash_and_credit_is_split_between_the_two(books, ledger):
    ledger.add(
        "Payment",
        {
            "Id": "3",
            "TxnDate": "2026-10-09",
            "TotalAmt": 100,
            "UnappliedAmt": 20,
            "CustomerRef": {"value": "7"},
            "Line": [
                {"Amount": 70, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]},
                {"Amount": 40, "LinkedTxn": [{"TxnId": "2", "TxnType": "Invoice"}]},
                {"Amount": 30, "LinkedTxn": [{"TxnId": "4", "TxnType": "CreditMemo"}]},
            ],
        },
    )
    fact = facts(everything(books), "payment")["3"]
    assert [(part.invoice, str(part.amount)) for part in fact.applied] == [("1", "40.00 USD"), ("2", "40.00 USD")]
    assert (str(fact.amount), str(fact.unapplied)) == ("100.00 USD", "20.00 USD")


def test_a_job_is_billed_through_its_parent_only_where_the_books_say_so(books, ledger):
    job = {"DisplayName": "Roof", "Job": True, "ParentRef": {"value": "7"}}
    ledger.add("Customer", {"Id": "8", **job, "BillWithParent": True})
    ledger.add("Customer", {"Id": "9", **job, "BillWithParent": False})
    ledger.add("Customer", {"Id": "10", "DisplayName": "Gone away", "Active": False})
    found = facts(everything(books), "customer")
    assert (found["8"].parent, found["9"].parent, found["10"].active) == ("7", None, False)


def test_days_are_the_companys_own(books, ledger):
    stamps = {"CreateTime": "2026-11-01T23:30:00-08:00", "LastUpdatedTime": "2026-11-01T23:30:00-08:00"}
    ledger.add(
        "Payment",
        {"Id": "3", "TxnDate": "2026-10-30", "TotalAmt": 1, "CustomerRef": {"value": "7"}, "MetaData": stamps},
    )
    fact = facts(everything(books), "payment")["3"]
    assert (fact.received_on, fact.entered_on) == (date(2026, 10, 30), date(2026, 11, 2))


def test_terms_give_the_discount_and_customer_types_the_group(books, ledger):
    ledger.add(
        "Term",
        {"Id": "3", "Name": "2/10 net 30", "Type": "STANDARD", "DueDays": 30, "DiscountDays": 10, "DiscountPercent": 2},
    )
    ledger.add("CustomerType", {"Id": "5", "Name": "Trade"})
    ledger.add("Customer", {"Id": "7", "DisplayName": "Oak Ltd", "CustomerTypeRef": {"value": "5"}})
    ledger.add("Invoice", ledger.invoice("1", SalesTermRef={"value": "3"}))
    pages = everything(books)
    discount = facts(pages, "invoice")["1"].discount
    assert discount is not None
    assert (discount.pct, discount.until) == (Decimal(2), date(2026, 10, 11))
    assert facts(pages, "customer")["7"].groups == ("Trade",)


def test_a_foreign_invoice_brings_its_currency_and_rate(books, ledger):
    ledger.preferences["CurrencyPrefs"] |= {"MultiCurrencyEnabled": True}
    ledger.add("Invoice", ledger.invoice("1", CurrencyRef={"value": "EUR"}, ExchangeRate=1.08))
    pages = everything(books)
    assert str(facts(pages, "invoice")["1"].balance) == "250.10 EUR"
    assert [(rate.source, rate.target, rate.rate) for page in pages for rate in page.rates] == [
        ("EUR", "USD", Decimal("1.08"))
    ]


def test_a_version_moves_with_what_a_record_says_not_with_its_sync_token(books, ledger):
    ledger.add("Invoice", ledger.invoice("1"))
    before = books.fetch(Ref("invoice", "1"))
    ledger.add("Invoice", ledger.invoice("1", Balance=100))
    paid = books.fetch(Ref("invoice", "1"))
    ledger.add("Invoice", ledger.invoice("1", SyncToken="9"))
    same = books.fetch(Ref("invoice", "1"))
    assert before.fact.version == same.fact.version != paid.fact.version


def test_a_fetch_of_what_does_not_exist_is_none(books):
    assert books.fetch(Ref("invoice", "77")) is None


def lines_of(*items):
    return [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"name": item}}} for item in items]


def test_an_invoice_is_ours_by_its_number_or_by_note_and_item_together_and_never_by_text_alone(books, ledger):
    key, ours = "finance_charges/1/2026-10", lines_of("Charges:Finance charge")
    note, number = f"[syncd:{key}] Finance charge", document_number("FC", key, REALM)
    ledger.add("Invoice", ledger.invoice("1", PrivateNote="Reminder sent [syncd:reminders/1/level-2]"))
    ledger.add("Invoice", ledger.invoice("2", PrivateNote=note, DocNumber=number))
    ledger.add("Invoice", ledger.invoice("3", PrivateNote=f"Voided - {note}", Line=ours))
    ledger.add("Invoice", ledger.invoice("4", PrivateNote=f"Moved by a person {note}", DocNumber=number))
    ledger.add("Invoice", ledger.invoice("5", PrivateNote=note, Line=lines_of("Oak table")))
    ledger.add("Invoice", ledger.invoice("6", PrivateNote=note, Line=lines_of("Finance charge", "Oak table")))
    ledger.add("Invoice", ledger.invoice("7", PrivateNote=f"[syncd:another/key] {number}", DocNumber=number))
    ledger.add("Invoice", ledger.invoice("8", PrivateNote="Of [syncd:finance_charges/1/2026-10]", Line=ours))
    found = facts(everything(books), "invoice")
    assert [ref for ref in "12345678" if found[ref].origin == "syncd:finance_charges"] == ["2", "3", "4"]
    assert [ref for ref in "12345678" if found[ref].claims_ours] == ["5", "6", "7"]
    assert [ref for ref in "12345678" if found[ref].origin not in (None, "syncd:finance_charges")] == []


def test_the_aged_receivables_report_is_read_by_customer_at_every_depth(books, ledger):
    report = {
        "Header": {"ReportName": "AgedReceivables", "Currency": "USD"},
        "Rows": {
            "Row": [
                {"ColData": [{"value": "Amy", "id": "1"}, {"value": "20.00"}, {"value": ""}, {"value": "120.00"}]},
                {
                    "Header": {
                        "ColData": [{"value": "Oak", "id": "7"}, {"value": ""}, {"value": ""}, {"value": "10.00"}]
                    },
                    "Rows": {
                        "Row": [
                            {
                                "ColData": [
                                    {"value": "Roof", "id": "8"},
                                    {"value": ""},
                                    {"value": ""},
                                    {"value": "-5.50"},
                                ]
                            }
                        ]
                    },
                    "Summary": {
                        "ColData": [{"value": "Total Oak", "id": "7"}, {"value": ""}, {"value": ""}, {"value": "4.50"}]
                    },
                },
                {
                    "group": "GrandTotal",
                    "type": "Section",
                    "Summary": {"ColData": [{"value": "TOTAL"}, {"value": "124.50"}]},
                },
            ]
        },
    }
    ledger.before = lambda request: ledger.reply(report) if request.path.endswith("/reports/AgedReceivables") else None
    found = books.aged_receivables(date(2026, 11, 25))
    assert [(line.customer, str(line.balance)) for line in found] == [
        ("1", "120.00 USD"),
        ("7", "10.00 USD"),
        ("8", "-5.50 USD"),
    ]


def test_a_page_that_shows_nothing_where_there_is_something_is_no_listing(books, ledger):
    ledger.add("Invoice", ledger.invoice("1"))
    empty = ledger.reply({"QueryResponse": {}, "time": ledger.time})
    ledger.before = lambda request: empty if "select * from Invoice" in request.query.get("query", "") else None
    with pytest.raises(Unavailable, match="shows none"):
        everything(books)


@pytest.mark.parametrize("path", ["/cdc", "/query"])
def test_an_answer_without_its_envelope_is_not_taken_for_nothing(books, ledger, path):
    cursor = everything(books)[-1].cursor
    ledger.before = lambda request: ledger.reply({"time": ledger.time}) if request.path.endswith(path) else None
    with pytest.raises(Unavailable):
        everything(books, cursor if path == "/cdc" else None)


def test_a_fault_inside_change_data_capture_lists_that_kind_instead(books, ledger):
    ledger.add("Invoice", ledger.invoice("1"))
    cursor = everything(books)[-1].cursor
    broken = {"CDCResponse": [{"QueryResponse": [{"Fault": {"Error": [{"code": "10000"}]}}]}], "time": ledger.time}

    def answer(request):
        asked = request.query.get("entities", "")
        return ledger.reply(broken) if "Invoice" in asked else None

    ledger.before = answer
    pages = everything(books, cursor)
    assert pages[-1].complete_for == ("invoice",)
    assert list(facts(pages, "invoice")) == ["1"]


def test_a_hold_that_a_person_wrote_is_seen_too(books, ledger):
    ledger.add(
        "Customer", {"Id": "7", "DisplayName": "Oak", "Notes": "x [AR-HOLD since=2026-01-01 reason=cheque bounced]"}
    )
    ledger.add("Customer", {"Id": "8", "DisplayName": "Elm", "Notes": "the AR-HOLD is over"})
    found = facts(everything(books), "customer")
    assert (found["7"].stop_sell, found["8"].stop_sell) == (True, False)


def test_a_voided_payment_is_reversed_on_the_day_it_was_voided(books, ledger):
    stamps = {"CreateTime": "2026-11-01T09:00:00-08:00", "LastUpdatedTime": "2026-11-20T22:00:00-08:00"}
    payment = {"Id": "3", "TxnDate": "2026-11-01", "TotalAmt": 0, "UnappliedAmt": 0, "CustomerRef": {"value": "7"}}
    ledger.add("Payment", {**payment, "PrivateNote": "Voided", "MetaData": stamps})
    assert facts(everything(books), "payment")["3"].reversed_on == date(2026, 11, 21)


def test_a_deposit_taken_on_the_form_was_never_owed(books, ledger):
    ledger.add("Invoice", ledger.invoice("1", TotalAmt=100, Deposit=30, Balance=70))
    bill = facts(everything(books), "invoice")["1"]
    assert (str(bill.total), str(bill.balance)) == ("70.00 USD", "70.00 USD")


def test_a_term_that_names_a_day_of_the_month_gives_its_discount_until_then(books, ledger):
    term = {"Id": "3", "Name": "2 by the 31st", "Type": "DateDriven", "DiscountPercent": 2.5, "DiscountDayOfMonth": 31}
    ledger.add("Term", term)
    ledger.add("Invoice", ledger.invoice("1", TxnDate="2026-02-10", DueDate="2026-03-31", SalesTermRef={"value": "3"}))
    discount = facts(everything(books), "invoice")["1"].discount
    assert (discount.pct, discount.until) == (Decimal("2.5"), date(2026, 2, 28))


def test_a_feature_the_plan_lacks_does_not_keep_the_books_from_being_read(books, ledger):
    def answer(request):
        lacks = "from CustomerType" in request.query.get("query", "")
        return ledger.fault("5030", "Feature not supported", 403) if lacks else None

    ledger.before = answer
    assert everything(books)[0].company is not None


def test_a_customer_is_reached_by_the_first_number_that_is_kept(books, ledger):
    ledger.add("Customer", {"Id": "7", "DisplayName": "Oak", "PrimaryPhone": {"FreeFormNumber": "(555) 0100"}})
    ledger.add("Customer", {"Id": "8", "DisplayName": "Elm", "PrimaryPhone": {}, "Mobile": {"FreeFormNumber": "0171"}})
    ledger.add("Customer", {"Id": "9", "DisplayName": "Ash"})
    found = facts(everything(books), "customer")
    assert {ref: fact.phone for ref, fact in found.items()} == {"7": "(555) 0100", "8": "0171", "9": None}


def test_a_state_is_taken_from_the_billing_address_where_it_is_written_as_its_code(books, ledger):
    ledger.add("Customer", {"Id": "7", "DisplayName": "Oak Ltd", "BillAddr": {"CountrySubDivisionCode": "ca"}})
    ledger.add("Customer", {"Id": "8", "DisplayName": "Elm Inc", "BillAddr": {"CountrySubDivisionCode": "New York"}})
    found = facts(everything(books), "customer")
    assert (found["7"].region, found["8"].region) == ("CA", None)
