"""Limits, counters, request ids and batches."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from connectors.simulator.quickbooks import QuickBooksCompany, faults


@pytest.fixture
def limited(clock) -> QuickBooksCompany:
    return QuickBooksCompany(clock)


@pytest.fixture
def hasty(limited, client):
    client.company, client.token = limited, limited.issue_tokens()["access_token"]
    return client


def test_the_eleventh_request_of_a_second_is_throttled(hasty, clock):
    for _ in range(10):
        hasty.get("preferences")
        assert hasty.status == 200
    reply = hasty.get("preferences")
    assert hasty.status == 429
    assert reply["Fault"]["Error"][0]["code"] == "3001"
    assert reply["Fault"]["type"] == "SERVICE"
    clock.advance(timedelta(seconds=1))
    hasty.get("preferences")
    assert hasty.status == 200


def test_five_hundred_requests_a_minute_are_the_most(hasty, clock):
    sent = 0
    while hasty.status in (0, 200):
        hasty.get("preferences")
        clock.advance(timedelta(milliseconds=100))
        sent += 1
    assert sent == 501


def test_batches_have_a_budget_of_their_own(hasty, clock, limited):
    limited.limits.batches_per_minute = 2
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]}
    for expected in (200, 200, 429):
        hasty.post("batch", body)
        assert hasty.status == expected
        clock.advance(timedelta(seconds=1))


def test_throttling_may_come_as_xml_although_json_was_asked(hasty, limited):
    limited.limits.per_second = 0
    limited.api.throttles_in_xml = True
    response = hasty.send("GET", "preferences")
    assert (response.status, response.headers["Content-Type"]) == (429, "application/xml")
    assert b'<Error code="3001">' in response.body


def test_the_budget_can_be_switched_off(client):
    for _ in range(600):
        client.send("GET", "preferences")
    assert client.status == 200


def test_calls_are_counted_by_day_and_purpose_also_refused_ones(client, company, clock, draft):
    client.get("preferences")
    client.query("select * from Invoice")
    client.post("invoice", draft())
    client.post("invoice", {"BadJson": 1})
    client.post("batch", {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]})
    clock.advance(timedelta(days=1))
    client.get("preferences")
    assert company.calls_by_day() == {
        date(2025, 3, 3): {"read": 3, "write": 2},
        date(2025, 3, 4): {"read": 1},
    }


def test_a_repeated_request_id_replays_the_first_reply_and_writes_nothing(client, company, draft):
    first = client.send("POST", "invoice", draft(), requestid="r-1").body
    again = client.send("POST", "invoice", draft(), requestid="r-1").body
    assert first == again
    assert len(company.open_items()) == 1


def test_a_refused_request_leaves_its_id_free(client, company, draft):
    client.post("invoice", {"BadJson": 1}, requestid="r-1")
    client.post("invoice", draft(), requestid="r-1")
    assert len(company.open_items()) == 1


def test_the_same_id_for_something_else_is_refused(client, oak, draft):
    client.post("invoice", draft(), requestid="r-1")
    assert client.refused("customer", {"DisplayName": "Elm"}, requestid="r-1") == "600"
    body = {"Id": oak, "SyncToken": "0"}
    assert client.refused("invoice", body, requestid="r-1", operation="delete") == "600"


def test_a_request_id_is_short(client, draft):
    assert client.refused("invoice", draft(), requestid="x" * 51) == "2130"
    assert client.refused("batch", {"BatchItemRequest": []}, requestid="x" * 37) == "2130"


def test_request_ids_may_be_forgotten_after_a_while(client, company, clock, draft):
    company.api.remembers_for = timedelta(minutes=5)
    client.post("invoice", draft(), requestid="r-1")
    clock.advance(timedelta(minutes=6))
    client.post("invoice", draft(), requestid="r-1")
    assert len(company.open_items()) == 2


def test_a_mail_is_replayed_too(client, company, invoice):
    for _ in range(3):
        client.post(f"invoice/{invoice}/send", requestid="mail-1")
    assert [effect.kind for effect in company.effects()] == ["provider_email"]


def test_a_batch_is_replayed_too(client, company, draft):
    body = {"BatchItemRequest": [{"bId": "1", "operation": "create", "Invoice": draft()}]}
    for _ in range(2):
        client.post("batch", body, requestid="b-1")
    assert len(company.open_items()) == 1


def test_a_batch_runs_item_by_item_and_a_refusal_stops_nothing(client, company, invoice, draft):
    stale = {"Id": invoice, "SyncToken": "7", "sparse": True, "PrivateNote": "x"}
    items = [
        {"bId": "a", "operation": "create", "Invoice": draft()},
        {"bId": "b", "operation": "update", "Invoice": stale},
        {"bId": "c", "Query": "select count(*) from Invoice"},
        {"bId": "d", "operation": "delete", "Invoice": {"Id": "99", "SyncToken": "0"}},
        {"bId": "e", "operation": "update", "optionsData": "void", "Invoice": {"Id": invoice, "SyncToken": "0"}},
        {"bId": "f", "Nonsense": {}},
    ]
    replies = {item["bId"]: item for item in client.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]}
    assert client.status == 200
    assert replies["a"]["Invoice"]["Id"] == "2"
    assert replies["b"]["Fault"]["Error"][0]["code"] == "5010"
    assert replies["c"]["QueryResponse"] == {"totalCount": 2}
    assert replies["d"]["Fault"]["Error"][0]["code"] == "610"
    assert replies["e"]["Invoice"]["TotalAmt"] == 0
    assert replies["f"]["Fault"]["Error"][0]["code"] == "2020"
    assert [item.invoice for item in company.open_items()] == ["2"]


def test_a_batch_holds_thirty_items_with_names_of_their_own(client):
    item = {"Query": "select * from Term"}
    many = [{**item, "bId": str(n)} for n in range(31)]
    assert client.refused("batch", {"BatchItemRequest": many}) == "1040"
    assert client.refused("batch", {"BatchItemRequest": [item]}) == "2020"
    assert client.refused("batch", {"BatchItemRequest": [{**item, "bId": "1"}] * 2}) == "2020"
    assert client.refused("batch", {"BatchItemRequest": [{**item, "bId": "x" * 11}]}, requestid="r") == "2130"
    assert client.refused("batch", {}) == "2020"


def test_ready_made_faults_are_what_gateways_really_answer():
    assert faults.throttled_json().status == 429
    assert b"ThrottleExceeded" in faults.throttled_xml().body
    assert faults.bad_gateway().headers["Content-Type"] == "text/html"
    assert faults.silent_gateway().body == b""
    reply = faults.fault_reply("6000", "not today", status=200)
    assert reply.status == 200
    assert json.loads(reply.body)["Fault"]["Error"][0]["Detail"] == "not today"
