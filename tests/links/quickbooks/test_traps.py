"""The traps of python-quickbooks and of the wire, each closed in one place."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors import Ref
from connectors.errors import (
    Conflict,
    ConsentNeeded,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    WrongCompany,
)
from connectors.quickbooks.client import connect
from connectors.quickbooks.faults import error_of
from connectors.quickbooks.wire import written
from connectors.simulator.http import Fault, Response
from connectors.transport import Timing
from rules.domain.actions import AddNote

XML_THROTTLE = (
    b'<?xml version="1.0"?><IntuitResponse><Fault type="SERVICE"><Error code="3001">'
    b"<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message></Error></Fault></IntuitResponse>"
)
NOTE = AddNote("7", "invoice", "1", "Reminder sent")


@pytest.fixture(autouse=True)
def oak(ledger):
    return ledger.add("Invoice", ledger.invoice("1"))


def answered(books, ledger, status, body):
    """What a write meets when the provider answers so."""
    ledger.before = lambda request: Response(status, body) if request.method == "POST" else None
    with pytest.raises(Exception, match=r".") as caught:
        books.write(NOTE, "k/1")
    return caught.value


def test_a_throttle_in_xml_is_told_from_a_server_error(books, ledger):
    error = answered(books, ledger, 429, XML_THROTTLE)
    assert isinstance(error, Throttled)
    assert error.retry_after_s == 60


def test_an_old_throttle_with_403_is_still_a_throttle(books, ledger):
    assert isinstance(answered(books, ledger, 403, XML_THROTTLE), Throttled)


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b'{"Fault":{"Error":[]}}'])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_that_met_a_server_error_has_an_unknown_outcome(books, ledger, status, body):
    assert isinstance(answered(books, ledger, status, body), OutcomeUnknown)


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"", b"null", b"[]", b'{"Invoice":', b'{"time":"x"}'])
def test_a_write_answered_200_without_its_object_has_an_unknown_outcome(books, ledger, body):
    assert isinstance(answered(books, ledger, 200, body), OutcomeUnknown)


def test_a_fault_inside_a_200_is_a_fault(books, ledger):
    body = b'{"Fault":{"Error":[{"Message":"m","Detail":"d","code":"5010","element":""}],"type":"ValidationFault"}}'
    assert isinstance(answered(books, ledger, 200, body), Conflict)


def test_an_error_without_code_or_message_is_no_crash(books, ledger):
    assert isinstance(answered(books, ledger, 400, b'{"Fault":{"Error":[{"Detail":"odd"}]}}'), Rejected)
    assert isinstance(answered(books, ledger, 200, b'{"Fault":{"Error":[{}]}}'), OutcomeUnknown)


def test_a_redirect_is_not_followed_with_our_credential(books, ledger, server):
    moved = Response(307, b"", {"Location": f"{server.url}/elsewhere"})
    ledger.before = lambda request: moved if request.method == "POST" else None
    with pytest.raises(Unavailable):
        books.write(NOTE, "k/1")
    assert not any(request.path == "/elsewhere" for request in server.seen)


@pytest.mark.parametrize("kind", ["reset_after", "cut_short", "reset_before"])
def test_a_line_that_fails_under_a_write_is_unknown_and_nothing_is_sent_twice(books, server, kind):
    server.faults += [Fault(kind, method="POST", times=9)]
    with pytest.raises(OutcomeUnknown):
        books.write(NOTE, "k/1")
    assert len([request for request in server.seen if request.method == "POST"]) == 1


def test_a_server_that_refuses_to_connect_was_never_written_to(open_books):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        books = open_books(f"http://127.0.0.1:{reserved.getsockname()[1]}")
        with pytest.raises(Unavailable, match="cannot be reached"):
            books._writer._api.post("Invoice", {"Id": "1"}, "r")


def test_reads_are_asked_again_and_throttled_reads_wait_a_minute(books, server, clock):
    server.faults += [Fault("reset_before", method="GET"), Fault("refuse", response=Response(429, XML_THROTTLE))]
    before = clock.monotonic()
    assert books.fetch(Ref("invoice", "1")) is not None
    assert clock.monotonic() - before > 60


def test_a_refused_token_is_replaced_once(open_books, server, purse):
    purse.token = "stale"
    books = open_books(server.url, purse)
    assert books.write(NOTE, "k/1").remote_id == "1"
    assert purse.replaced == ["stale"]


def test_a_token_refused_again_needs_consent(books, ledger, purse):
    ledger.token = "another"
    with pytest.raises(ConsentNeeded):
        books.fetch(Ref("invoice", "1"))
    assert len(purse.replaced) == 1


def test_a_consent_for_another_company_is_named_as_that(books, ledger):
    body = b'{"fault":{"error":[{"message":"message=ApplicationAuthorizationFailed; errorCode=003100","code":"3100"}]}}'
    assert isinstance(answered(books, ledger, 403, body), WrongCompany)


def test_numbers_are_decimals_both_ways(books, ledger):
    amounts = b'"TotalAmt":9007199254740993.01,"Balance":0.10'
    exact = b'{"Invoice":{"Id":"1","TxnDate":"2026-10-01","CustomerRef":{"value":"7"},' + amounts + b"}}"
    ledger.before = lambda request: Response(200, exact) if request.path.endswith("/invoice/1") else None
    record = books.fetch(Ref("invoice", "1"))
    assert (record.fact.total.amount, record.fact.balance.amount) == (Decimal("9007199254740993.01"), Decimal("0.10"))
    assert written({"a": Decimal("0.10"), "b": [True, None, "é"]}) == '{"a":0.10,"b":[true,null,"\\u00e9"]}'
    with pytest.raises(TypeError):
        written({"a": 0.1})


def test_text_in_utf8_without_a_charset_is_read_right(books, ledger):
    body = json.dumps({"Invoice": ledger.invoice("1", PrivateNote="Müller naïve")}, ensure_ascii=False).encode()
    ledger.before = lambda request: Response(200, body) if request.path.endswith("/invoice/1") else None
    assert books.fetch(Ref("invoice", "1")).fact.note == "Müller naïve"


def test_an_apostrophe_in_a_query_is_escaped(open_books, server, ledger):
    ledger.add("Account", {"Id": "30", "Name": "Sales", "AccountType": "Income"})
    books = open_books(server.url, finance_charge_item="Dana's late fee")
    books._writer._documents._item_by_name()
    assert server.seen[-1].query["query"] == r"select * from Item where Name = 'Dana\'s late fee'"


def test_no_full_update_is_ever_sent(books, server):
    books.write(NOTE, "k/1")
    updates = [request.json() for request in server.seen if request.method == "POST" and b'"Id"' in request.body]
    assert all(body["sparse"] is True and len(body) == 4 for body in updates)


def test_plain_http_beyond_this_machine_is_refused_before_anything_is_sent(open_books):
    with pytest.raises(ConsentNeeded, match="plain http"):
        open_books("http://books.example").fetch(Ref("invoice", "1"))


def test_a_bearer_is_not_replaced_by_a_netrc_entry(open_books, server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert open_books(server.url).fetch(Ref("invoice", "1")) is not None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "2050", Rejected),
        (400, "6210", Rejected),
        (400, "5010", Conflict),
        (400, "600", OutcomeUnknown),
        (400, "6190", ConsentNeeded),
        (403, "3201", ConsentNeeded),
        (400, "3001", Throttled),
        (400, "130", Unavailable),
        (408, "", OutcomeUnknown),
        (500, "10000", OutcomeUnknown),
        (400, "10000", OutcomeUnknown),
    ],
)
def test_each_code_has_its_meaning_for_a_write(status, code, kind):
    body = json.dumps({"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": code}], "type": "x"}})
    assert type(error_of(status, body, "tid", writing=True)) is kind


def test_a_message_names_the_intuit_tid_and_no_persons_name():
    body = '{"Fault":{"Error":[{"Message":"Stale","Detail":"You and Ann Lee were working on this","code":"5010"}]}}'
    text = str(error_of(400, body, "1-abc", writing=True))
    assert "1-abc" in text
    assert "Ann" not in text


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("recording", "code"), [("error-400_json", "2010"), ("error-500", "500"), ("error-validation", None)]
)
def test_recorded_faults_are_understood(shared_data, recording, code):
    exchanges = json.loads((shared_data / "quickbooks-recordings" / f"{recording}.json").read_text())
    for exchange in exchanges:
        answer = exchange["response"]
        if answer["status"] < 400:
            continue
        error = error_of(answer["status"], json.dumps(answer["body"]), "", writing=True)
        assert isinstance(error, Rejected)
        assert code in (None, error.code, "500" if error.code == "2030" else None)


@pytest.mark.shared_data
def test_a_recorded_refusal_of_a_token_is_consent_and_quotes_no_token(shared_data):
    answer = json.loads((shared_data / "quickbooks-recordings" / "error-401.json").read_text())[0]["response"]
    error = error_of(answer["status"], json.dumps(answer["body"]), "", writing=False)
    assert isinstance(error, ConsentNeeded)
    assert "AB01" not in str(error)


@pytest.mark.shared_data
def test_recorded_customers_and_invoices_are_read(shared_data, books, ledger):
    for name in ("all-customers", "void-invoice", "create-invoice"):
        for exchange in json.loads((shared_data / "quickbooks-recordings" / f"{name}.json").read_text()):
            body = exchange["response"]["body"]
            for row in body.get("QueryResponse", {}).get("Customer", []):
                ledger.add("Customer", row)
            if "Invoice" in body:
                ledger.add("Invoice", body["Invoice"])
    records = [record for page in books.changes(None) for record in page.records]
    assert len(records) > 25
    assert all(hasattr(record, "fact") for record in records)
    voided = next(record.fact for record in records if record.ref == Ref("invoice", "264"))
    assert (voided.status, voided.issued_on) == ("voided", date(2020, 9, 29))


def test_no_proxy_stands_between_us_and_this_machine(open_books, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert open_books(server.url).fetch(Ref("invoice", "1")) is not None


def test_opening_a_connection_makes_no_request_and_asks_for_no_token(open_books, server):
    class Untouchable:
        def access_token(self):
            raise AssertionError("not yet")

    open_books(server.url, Untouchable())
    assert server.seen == []


def test_a_write_that_hangs_ends_by_itself_and_is_not_sent_again(settings, server, purse, clock):
    timing = Timing(clock.now, clock.monotonic, clock.sleep, read_timeout_s=0.2)
    books = connect(settings, purse, timing)
    server.faults += [Fault("hang_after", method="POST", delay_s=1.0, times=9)]
    with pytest.raises(OutcomeUnknown):
        books.write(NOTE, "k/1")
    assert len([request for request in server.seen if request.method == "POST"]) == 1


def test_two_connections_share_nothing(open_books, server, purse):
    purse.token = "stale"
    first, second = open_books(server.url, purse), open_books(server.url)
    assert first.fetch(Ref("invoice", "1")) == second.fetch(Ref("invoice", "1"))
    assert (first.usage.calls["read"], second.usage.calls["read"]) == (6, 5), "one more for the refused token"


def test_null_where_an_object_or_a_list_should_be_is_no_crash(books, ledger):
    nothing = dict.fromkeys(
        ("Line", "LinkedTxn", "TxnTaxDetail", "SalesTermRef", "BillEmail", "MetaData", "CurrencyRef")
    )
    ledger.add("Invoice", ledger.invoice("2", **nothing))
    ledger.add("Customer", {"Id": "9", "DisplayName": "Ash", "PrimaryEmailAddr": None, "BillAddr": None, "Notes": None})
    assert str(books.fetch(Ref("invoice", "2")).fact.balance) == "250.10 USD"
    assert books.fetch(Ref("customer", "9")).fact.email is None


@pytest.mark.parametrize(("environment", "host"), [("production", "quickbooks"), ("sandbox", "sandbox-quickbooks")])
def test_each_environment_has_its_own_host(settings, purse, clock, environment, host):
    timing = Timing(clock.now, clock.monotonic, clock.sleep)
    opened = connect(replace(settings, api_url=None, environment=environment), purse, timing)
    assert opened._reader._api._url("invoice").startswith(f"https://{host}.api.intuit.com/v3/company/")
