"""What later pulls ask for, when, and what it costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors import Gone, Ref
from connectors.simulator.http import Request, Response
from tests.links.xero.operations import STOP
from tests.links.xero.tiny import (
    contact,
    credit_note,
    entries,
    facts,
    guid,
    invoice,
    last,
    ms,
)


@pytest.fixture
def cursor(connector, xero, clock):
    """Where a first load ended, five minutes ago."""
    xero.replies["GET", "Contacts"] = [contact()]
    cursor = last(connector.changes(None)).cursor
    xero.server.seen.clear()
    clock.advance(timedelta(minutes=5))
    return cursor


def test_a_day_of_polls_every_five_minutes_stays_under_450_calls_with_5000_open_invoices(connector, xero, clock):
    everything = [invoice(number) for number in range(1, 5001)]

    def unless_modified(request) -> Response:
        return xero.listed("Invoices", [] if "if-modified-since" in request.headers else everything, request)

    xero.replies["GET", "Invoices"] = unless_modified
    cursor = last(connector.changes(None)).cursor
    xero.server.seen.clear()
    most = 0
    for _ in range(288):
        clock.advance(timedelta(minutes=5))
        before = len(xero.server.seen)
        cursor = last(connector.changes(cursor)).cursor
        made = len(xero.server.seen) - before
        most = max(most, made)
    calls = Counter(xero.asked_paths())
    assert sum(calls.values()) < 450
    assert calls["Contacts"] >= 20
    assert calls["CreditNotes"] >= 20
    assert most < 20


def test_a_day_in_which_every_poll_brings_a_new_invoice_stays_under_450_calls_too(connector, xero, clock):
    numbers = iter(range(1, 1000))

    def one_new(request) -> Response:
        fresh = "if-modified-since" in request.headers
        new = [invoice(next(numbers), UpdatedDateUTC=ms(clock.now()))] if fresh else []
        return xero.listed("Invoices", new, request)

    xero.replies["GET", "Invoices"] = one_new
    xero.replies["GET", "Contacts"] = [contact()]
    cursor = last(connector.changes(None)).cursor
    xero.server.seen.clear()
    for _ in range(288):
        clock.advance(timedelta(minutes=5))
        cursor = last(connector.changes(cursor)).cursor
    assert len(xero.server.seen) < 450


def test_polls_an_hour_later_read_the_quiet_lists_one_at_a_time(connector, xero, clock, cursor):
    asked = []
    for _ in range(20):
        xero.server.seen.clear()
        cursor = last(connector.changes(cursor)).cursor
        asked.append(xero.asked_paths()[1:])
        clock.advance(timedelta(minutes=5))
    first_hour, after = asked[:11], asked[11:]
    assert not any(first_hour)
    assert [paths[0] for paths in after if paths] == ["CreditNotes", "Overpayments", "Prepayments", "Contacts"]


def test_a_poll_after_a_long_silence_reads_every_list(connector, xero, clock, cursor):
    clock.advance(timedelta(hours=3))
    list(connector.changes(cursor))
    assert sorted(xero.asked_paths()) == ["Contacts", "CreditNotes", "Invoices", "Overpayments", "Prepayments"]


def test_a_deleted_payment_is_gone_in_the_poll_that_sees_its_invoice_change(connector, xero, clock, cursor):
    xero.replies["GET", "Invoices"] = [invoice(UpdatedDateUTC=ms(clock.now()))]
    deleted = {"PaymentID": guid(50), "Status": "DELETED", "PaymentType": "ACCRECPAYMENT", "Invoice": {}}
    xero.replies["GET", "Payments"] = [deleted]
    assert Gone(Ref("payment", guid(50))) in entries(connector.changes(cursor))
    asked = xero.asked()[-1]
    assert asked.query["where"] == 'PaymentType=="ACCRECPAYMENT" AND Status=="DELETED"'
    assert asked.headers["if-modified-since"] == "2026-03-02T08:57:00Z"


def test_a_paid_invoice_asks_for_no_deleted_payments(connector, xero, clock, cursor):
    xero.replies["GET", "Invoices"] = [invoice(Status="PAID", AmountDue=0.0, UpdatedDateUTC=ms(clock.now()))]
    list(connector.changes(cursor))
    assert xero.asked_paths() == ["Invoices"]


def test_an_invoice_that_shows_a_credit_note_brings_the_credit_notes_along(connector, xero, clock, cursor):
    used = [{"CreditNoteID": guid(70), "AppliedAmount": 10.0}]
    changed = invoice(Status="PAID", AmountDue=0.0, CreditNotes=used, UpdatedDateUTC=ms(clock.now()))
    xero.replies["GET", "Invoices"] = [changed]
    xero.replies["GET", "CreditNotes"] = [credit_note()]
    assert len(facts(connector.changes(cursor), "credit_note")) == 1


def test_the_customer_of_a_new_invoice_comes_before_it(connector, xero, clock, cursor):
    new = invoice(Contact={"ContactID": guid(901)}, UpdatedDateUTC=ms(clock.now()))
    xero.replies["GET", "Invoices"] = [new]
    xero.replies["GET", "Contacts"] = [contact(901)]
    found = entries(connector.changes(cursor))
    assert [(entry.ref.kind, entry.ref.id) for entry in found] == [("customer", guid(901)), ("invoice", guid(1))]
    by_id = next(request for request in xero.asked() if request.path.endswith("/Contacts"))
    assert by_id.query["IDs"] == guid(901)


def test_many_new_customers_are_asked_for_forty_at_a_time(connector, xero, clock, cursor):
    new = [invoice(n, Contact={"ContactID": guid(1000 + n)}, UpdatedDateUTC=ms(clock.now())) for n in range(85)]
    xero.replies["GET", "Invoices"] = new
    list(connector.changes(cursor))
    asked = [request.query["IDs"].split(",") for request in xero.asked() if "IDs" in request.query]
    assert [len(ids) for ids in asked] == [40, 40, 5]
    assert {request.query["page"] for request in xero.asked() if "IDs" in request.query} == {"1"}


def test_a_merge_brings_its_survivor_whose_stamp_does_not_move(connector, xero, clock, cursor):
    clock.advance(timedelta(hours=3))

    def contacts(request) -> Response:
        by_id = "IDs" in request.query
        row = contact(902) if by_id else contact(MergedToContactID=guid(902), ContactStatus="ARCHIVED")
        return xero.listed("Contacts", [row], request)

    xero.replies["GET", "Contacts"] = contacts
    found = [entry for entry in entries(connector.changes(cursor)) if entry.ref.kind == "customer"]
    assert found[0] == Gone(Ref("customer", guid(900)), guid(902))
    assert found[1].ref.id == guid(902)


def test_once_a_night_all_open_invoices_are_read_and_the_listing_is_closed(connector, xero, clock, cursor):
    clock.advance(timedelta(hours=5))  # past two in the morning in Auckland
    xero.replies["GET", "Invoices"] = lambda request: xero.listed(
        "Invoices", [invoice()] if request.query.get("Statuses") else [], request
    )
    pages = list(connector.changes(cursor))
    (listing,) = [page for page in pages if page.replaces]
    assert (listing.replaces, listing.complete_for) == (("invoice",), ("invoice",))
    assert "Organisation" in xero.asked_paths()
    statuses = [request.query["Statuses"] for request in xero.asked() if "Statuses" in request.query]
    assert statuses == ["AUTHORISED"]
    xero.server.seen.clear()
    clock.advance(timedelta(minutes=5))
    list(connector.changes(pages[-1].cursor))
    assert xero.asked_paths() == ["Invoices"]


def test_a_listing_during_which_an_invoice_moved_is_read_again_before_it_is_closed(connector, xero, clock, cursor):
    clock.advance(timedelta(hours=5))
    many = [invoice(number) for number in range(1, 1500)]
    passes = []

    def reply(request) -> Response:
        if request.query.get("Statuses"):
            passes.append(request.query["page"])
            clock.advance(timedelta(seconds=1))
            return xero.listed("Invoices", many, request)
        moved = [invoice(1, Status="PAID", UpdatedDateUTC=ms(clock.now()))] if len(passes) == 2 else []
        return xero.listed("Invoices", moved, request)

    xero.replies["GET", "Invoices"] = reply
    pages = list(connector.changes(cursor))
    assert passes == ["1", "2", "1", "2"]
    marks = [(page.replaces, page.complete_for) for page in pages if page.replaces or page.complete_for]
    assert marks == [(("invoice",), ()), (("invoice",), ()), ((), ("invoice",))]


def test_a_group_we_changed_ourselves_is_read_back_with_the_next_pull(connector, xero, cursor):
    xero.replies["GET", "ContactGroups"] = [{"ContactGroupID": guid(5), "Name": "Stop sell", "Status": "ACTIVE"}]
    xero.replies["PUT", f"ContactGroups/{guid(5)}/Contacts"] = [{"ContactID": guid(900)}]
    xero.replies["PUT", f"Contacts/{guid(900)}/History"] = [{"Details": "…"}]
    connector.write(STOP, "credit_hold/C/hold/1")
    xero.replies["GET", "Contacts"] = [contact(ContactGroups=[{"Name": "Stop sell"}])]
    (customer,) = facts(connector.changes(cursor), "customer")
    assert customer.stop_sell is True


def test_a_cursor_this_version_cannot_read_costs_a_full_load(connector, xero):
    list(connector.changes('{"v": 99}'))
    list(connector.changes("torn"))
    assert xero.asked_paths().count("Organisation") == 2


def test_when_few_calls_are_left_of_the_day_only_invoices_are_polled(connector, xero, clock, cursor):
    clock.advance(timedelta(hours=3))
    plain = xero.listed("Invoices", [], Request("GET", "/", {}, {}, b""))
    xero.replies["GET", "Invoices"] = replace(plain, headers={"X-DayLimit-Remaining": "199"})
    cursor = last(connector.changes(cursor)).cursor
    assert xero.asked_paths() == ["Invoices"]
    xero.replies["GET", "Invoices"] = replace(plain, headers={"X-DayLimit-Remaining": "900"})
    list(connector.changes(cursor))
    assert "Contacts" in xero.asked_paths()
