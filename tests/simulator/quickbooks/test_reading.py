"""What the API shows: envelopes, rendering, queries, change data capture."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest


def test_a_read_is_wrapped_with_intuits_own_pacific_time_and_a_trace_id(client, invoice):
    body = client.get(f"invoice/{invoice}")
    assert body["Invoice"]["Id"] == invoice
    assert body["time"] == "2025-03-03T07:00:00.000-08:00"
    assert client.headers["intuit_tid"]
    assert client.headers["Content-Type"].startswith("application/json")


def test_the_offset_follows_daylight_saving(client, clock, invoice):
    clock.advance(timedelta(days=30))
    client.token = client.company.issue_tokens()["access_token"]
    assert client.get(f"invoice/{invoice}")["time"].endswith("-07:00")


def test_money_is_raw_decimal_text_and_zero_is_bare(client, company, oak):
    company.add_invoice(oak, "7", date(2025, 1, 1), None, 10_000)
    text = client.send("GET", "invoice/1").body.decode()
    assert '"TotalAmt":100.00' in text
    assert '"Balance":100.00' in text
    assert '"TotalTax":0}' in text


def test_properties_without_a_value_are_absent_not_null(client, invoice):
    text = client.send("GET", f"invoice/{invoice}").body.decode()
    assert "null" not in text
    assert "PrivateNote" not in text


def test_ids_and_versions_are_strings(client, invoice):
    shown = client.get(f"invoice/{invoice}")["Invoice"]
    assert shown["Id"] == "1"
    assert shown["SyncToken"] == "0"
    assert shown["CustomerRef"] == {"value": "1", "name": "Oak Ltd"}


def test_the_subtotal_line_is_computed_and_has_no_id(client, invoice):
    last = client.get(f"invoice/{invoice}")["Invoice"]["Line"][-1]
    assert last == {"Amount": 1250.00, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}


def test_without_asking_for_json_xml_comes(client, invoice):
    response = client.send("GET", f"invoice/{invoice}", accept="*/*")
    assert response.headers["Content-Type"].startswith("application/xml")
    assert b"<IntuitResponse" in response.body
    assert b"<TotalAmt>1250.0" in response.body


def test_a_query_without_rows_has_an_empty_response(client):
    assert client.query("select * from Invoice")["QueryResponse"] == {}


def test_a_query_tells_how_many_rows_came_and_from_where(client, company, oak):
    for n in range(3):
        company.add_invoice(oak, f"N-{n}", date(2025, 1, 1), None, 100)
    answer = client.query("select * from Invoice orderby Id startposition 2 maxresults 5")["QueryResponse"]
    assert (answer["startPosition"], answer["maxResults"], len(answer["Invoice"])) == (2, 2, 2)


@pytest.mark.usefixtures("invoice")
def test_counting_gives_only_the_count(client):
    assert client.query("SELECT COUNT(*) FROM Invoice")["QueryResponse"] == {"totalCount": 1}


def test_a_query_may_also_come_by_get(client, invoice):
    found = client.get("query", query="select * from Invoice where DocNumber = '1001'")["QueryResponse"]["Invoice"]
    assert [row["Id"] for row in found] == [invoice]


def test_open_invoices_are_those_with_a_balance(client, company, oak, invoice):
    company.pay(invoice, 125_000, date(2025, 2, 1))
    other = company.add_invoice(oak, "1002", date(2025, 1, 1), None, 500)
    statement = "select * from Invoice where Balance > '0' ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
    assert client.ids(statement) == [other]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("DocNumber = 'A-1'", ["1"]),
        ("DocNumber IN ('A-1', 'A-3')", ["1", "3"]),
        ("DocNumber LIKE 'a%' AND Balance >= 200", ["2"]),
        ("DueDate < '2025-02-15'", ["1", "2"]),
        ("TxnDate <= '2025-01-02' and Balance <= '200.00'", ["1", "2"]),
        ("CustomerRef = '1' AND Id > '1'", ["2", "3"]),
        ("CustomerRef IN ('1') AND Balance < 200", ["1", "3"]),
        ("MetaData.LastUpdatedTime >= '2025-03-03T15:00:00Z'", ["1", "2", "3"]),
        ("MetaData.LastUpdatedTime > '2025-03-03T10:00:00-05:00'", []),
        ("MetaData.CreateTime < '2025-03-03T07:00:01-08:00'", ["1", "2", "3"]),
    ],
)
def test_conditions_narrow_a_query(client, company, oak, where, found):
    company.add_invoice(oak, "A-1", date(2025, 1, 1), date(2025, 2, 1), 10_000)
    company.add_invoice(oak, "A-2", date(2025, 1, 2), date(2025, 2, 2), 20_000)
    company.add_invoice(oak, "A-3", date(2025, 1, 3), date(2025, 3, 3), 1_000)
    assert client.ids(f"select * from Invoice where {where} order by Id") == found  # noqa: S608 - not SQL


def test_an_apostrophe_is_escaped_with_a_backslash(client, company):
    amy = company.add_customer("Amy's Bird Sanctuary")
    assert client.ids(r"select * from Customer where DisplayName = 'Amy\'s Bird Sanctuary'") == [amy]


def test_start_and_number_may_be_swapped(client, invoice):
    assert client.ids("SELECT * FROM Invoice MAXRESULTS 1000 STARTPOSITION 1") == [invoice]


def test_rows_come_a_hundred_at_a_time_unless_asked(client, company, oak):
    for n in range(120):
        company.add_invoice(oak, f"N-{n}", date(2025, 1, 1), None, 100)
    assert len(client.rows("select * from Invoice")) == 100
    assert len(client.rows("select * from Invoice maxresults 1000")) == 120


def test_order_may_descend_and_name_several_fields(client, company, oak):
    for due, cents in ((3, 100), (1, 200), (1, 300)):
        company.add_invoice(oak, "", date(2025, 1, 1), date(2025, 2, due), cents)
    assert client.ids("select * from Invoice ORDERBY DueDate DESC") == ["1", "2", "3"]
    assert client.ids("select * from Invoice ORDERBY DueDate, Balance DESC") == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select * from Invoice where Balance > 0 or Balance = 0", "4000"),
        ("select * from Invoice where Balance != 0", "4000"),
        ("select * from Invoice where not Balance = 0", "4000"),
        ("select * from Invoice group by CustomerRef", "4000"),
        ("select from Invoice", "4000"),
        ("delete from Invoice", "4000"),
        ("select * from Invoice where DocNumber = Balance", "4000"),
        ("select * from Nonsense", "4001"),
        ("select * from Invoice where balance > 0", "4001"),
        ("select * from Invoice where PrivateNote = 'x'", "4001"),
        ("select * from Invoice where EmailStatus = 'EmailSent'", "4001"),
        ("select * from Payment where UnappliedAmt > '0'", "4001"),
        ("select * from CreditMemo where RemainingCredit > '0'", "4001"),
        ("select * from Customer where Notes = 'x'", "4001"),
        ("select * from Invoice where Balance > 'much'", "4001"),
        ("select * from Invoice where MetaData.LastUpdatedTime > 'yesterday'", "4001"),
        ("select Wrong from Invoice", "4001"),
        ("select * from Invoice startposition 0", "4001"),
        ("select * from Invoice maxresults 1001", "4001"),
    ],
)
@pytest.mark.usefixtures("invoice")
def test_queries_outside_the_language_are_refused(client, statement, code):
    fault = client.query(statement)["Fault"]
    assert (client.status, fault["Error"][0]["code"]) == (400, code)


@pytest.mark.usefixtures("invoice")
def test_a_plus_sign_that_was_not_escaped_is_lost_and_the_query_refused(client):
    statement = "select * from Invoice where MetaData.LastUpdatedTime > '2025-03-03T15:00:00 00:00'"
    assert client.query(statement)["Fault"]["Error"][0]["code"] == "4001"


def test_a_projection_gives_only_what_it_names(client, invoice):
    assert client.rows("select Id, Balance from Invoice") == [
        {"domain": "QBO", "sparse": True, "Id": invoice, "Balance": 1250.00}
    ]


def test_inactive_list_entries_are_hidden_unless_asked_for(client, company, oak):
    company.edit_customer(oak, Active=False)
    assert client.ids("select * from Customer") == []
    assert client.ids("select * from Customer where Active IN (true, false)") == [oak]
    assert client.ids("select * from Customer where Active = false") == [oak]


def test_a_pay_link_comes_only_when_asked_for(client, invoice):
    assert "InvoiceLink" not in client.get(f"invoice/{invoice}")["Invoice"]
    assert client.get(f"invoice/{invoice}", include="invoiceLink")["Invoice"]["InvoiceLink"].startswith("https://")
    shown = client.query("select * from Invoice", include="invoiceLink")["QueryResponse"]["Invoice"]
    assert "InvoiceLink" in shown[0]


def test_changes_come_per_entity_in_the_order_asked(client, invoice):
    answers = client.changes("Payment,Invoice,customer", "2025-03-03T06:00:00-08:00")
    assert answers[0] == {}
    assert [row["Id"] for row in answers[1]["Invoice"]] == [invoice]
    assert (answers[1]["startPosition"], answers[1]["maxResults"]) == (1, 1)
    assert "Customer" in answers[2]


def test_a_deleted_record_leaves_a_bare_tombstone_and_no_row(client, company, clock, invoice):
    clock.advance(timedelta(minutes=5))
    company.delete_invoice(invoice)
    answers = client.changes("Invoice", "2025-03-03T07:01:00-08:00")
    assert answers[0]["Invoice"] == [
        {
            "domain": "QBO",
            "status": "Deleted",
            "Id": invoice,
            "MetaData": {"LastUpdatedTime": "2025-03-03T07:05:00-08:00"},
        }
    ]
    assert client.rows("select * from Invoice") == []
    assert client.get(f"invoice/{invoice}")["Fault"]["Error"][0]["code"] == "610"


def test_a_void_is_an_update(client, company, clock, invoice):
    clock.advance(timedelta(minutes=5))
    company.void(invoice)
    (shown,) = client.changes("Invoice", "2025-03-03T07:01:00-08:00")[0]["Invoice"]
    assert (shown["TotalAmt"], shown["Balance"], shown["PrivateNote"]) == (0, 0, "Voided")


@pytest.mark.parametrize("since", ["2025-01-31T00:00:00-08:00", "yesterday"])
def test_changes_reach_back_thirty_days_and_no_further(client, since):
    fault = client.get("cdc", entities="Invoice", changedSince=since)["Fault"]["Error"][0]
    assert client.status == 400
    assert "older than fixed days is not supported" in fault["Detail"]


def test_changes_are_cut_at_the_limit_without_a_word(client, company, oak):
    company.limits.cdc_rows = 3
    for n in range(5):
        company.add_invoice(oak, f"N-{n}", date(2025, 1, 1), None, 100)
    answers = client.changes("Invoice,Customer", "2025-03-03T06:00:00-08:00")
    assert [row["Id"] for row in answers[0]["Invoice"]] == ["1", "2", "3"]
    assert answers[1] == {}


@pytest.mark.usefixtures("invoice")
def test_the_aged_report_splits_by_age_and_adds_up(client, company, oak):
    company.add_invoice(oak, "1002", date(2025, 2, 20), date(2025, 3, 22), 1_000)
    company.credit(oak, 2_000, date(2025, 2, 25))
    report = client.get("reports/AgedReceivables", report_date="2025-03-03")
    titles = [column["ColTitle"] for column in report["Columns"]["Column"]]
    assert titles == ["", "Current", "1 - 30", "31 - 60", "61 - 90", "91 and over", "Total"]
    row = [cell["value"] for cell in report["Rows"]["Row"][0]["ColData"]]
    assert row == ["Oak Ltd", "10.00", "1230.00", "", "", "", "1240.00"]
    assert report["Rows"]["Row"][-1]["group"] == "GrandTotal"


def test_the_aged_report_of_an_earlier_day_leaves_later_payments_out(client, company, invoice):
    company.pay(invoice, 100_000, date(2025, 2, 20))
    report = client.get("reports/AgedReceivables", report_date="2025-02-19")
    assert report["Rows"]["Row"][0]["ColData"][-1]["value"] == "1250.00"
    assert client.get("reports/AgedReceivables")["Rows"]["Row"][0]["ColData"][-1]["value"] == "250.00"


def test_the_aged_report_nests_jobs_below_their_parent(client, company, oak):
    job = company.add_customer("Oak barn", parent=oak)
    company.add_invoice(oak, "1", date(2025, 1, 1), None, 1_000)
    company.add_invoice(job, "2", date(2025, 1, 1), None, 2_000)
    section = client.get("reports/AgedReceivables")["Rows"]["Row"][0]
    assert section["Header"]["ColData"][0] == {"value": "Oak Ltd", "id": oak}
    assert section["Rows"]["Row"][0]["ColData"][0] == {"value": "Oak barn", "id": job}
    assert section["Summary"]["ColData"][-1]["value"] == "30.00"


def test_reports_say_so_when_nobody_owes(client):
    report = client.get("reports/AgedReceivables")
    assert {"Name": "NoReportData", "Value": "true"} in report["Header"]["Option"]
    assert report["Rows"] == {}


def test_the_report_agrees_with_the_ledger_after_everything_that_can_happen(client, company, oak, invoice):
    other = company.add_invoice(oak, "1002", date(2025, 1, 5), None, 30_000, tax_cents=2_000)
    payment = company.pay(invoice, 5_000, date(2025, 2, 1))
    company.pay_on_account(oak, 700, date(2025, 2, 1))
    company.credit(oak, 1_000, date(2025, 2, 2), invoice=other)
    company.credit(oak, 300, date(2025, 2, 3))
    company.journal_entry(oak, 4_000, date(2025, 2, 3))
    company.journal_entry(oak, -150, date(2025, 2, 3))
    company.unpay(payment)
    company.late_fee(other, 2_500)
    company.edit_due_date(other, date(2025, 6, 1))
    report = client.get("reports/CustomerBalance")["Rows"]["Row"][0]["ColData"]
    shown = client.get(f"customer/{oak}")["Customer"]
    assert report[1]["value"] == f"{shown['Balance']:.2f}"
    assert company.balance_of(oak) == 125_000 + 30_000 - 700 - 1_000 - 300 + 4_000 - 150 + 2_500


@pytest.mark.parametrize("path", ["nonsense/1", "invoice/1/nonsense", "reports/Nonsense", "invoice"])
@pytest.mark.usefixtures("invoice")
def test_what_does_not_exist_is_an_unsupported_operation(client, path):
    assert client.get(path)["Fault"]["Error"][0]["code"] == "500"
    assert client.status == 400


def test_an_id_must_be_a_number(client):
    assert client.get("customer/1.5")["Fault"]["Error"][0]["code"] == "2030"


def test_a_document_comes_as_pdf(client, invoice):
    response = client.send("GET", f"invoice/{invoice}/pdf", accept="application/pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.body.startswith(b"%PDF")


def test_a_malformed_record_is_shown_as_malformed_as_it_was_made(client, company, invoice):
    company.malform("Invoice", invoice, Balance=None, DueDate="soon")
    shown = client.get(f"invoice/{invoice}")["Invoice"]
    assert "Balance" not in shown
    assert shown["DueDate"] == "soon"


def test_one_poisoned_record_fails_the_whole_page(client, company, oak, invoice):
    other = company.add_invoice(oak, "1002", date(2025, 1, 1), None, 100)
    company.poison("Invoice", invoice)
    assert client.query("select * from Invoice")["Fault"]["Error"][0]["code"] == "10000"
    assert client.status == 500
    assert client.ids(f"select * from Invoice where Id = '{other}'") == [other]  # noqa: S608 - not SQL


def test_company_and_preferences_can_be_read(client, company):
    assert client.get(f"companyinfo/{company.account}")["CompanyInfo"]["CompanyName"] == company.name
    assert client.rows("select * from CompanyInfo")[0]["Id"] == "1"
    preferences = client.get("preferences")["Preferences"]
    assert preferences["CurrencyPrefs"]["HomeCurrency"] == {"value": "USD"}
    assert client.rows("select * from Preferences")[0]["SalesFormsPrefs"]["CustomTxnNumbers"] is False


def test_the_whole_reply_is_valid_json(client, company):
    company.add_customer('Quote " and \\ and ü')
    assert json.loads(client.send("POST", "query", b"select * from Customer").body)["QueryResponse"]["maxResults"] == 1
