"""What a connector promises about reading: all of it in pages, then what changed, for one request when nothing did."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors import Gone, Ref
from connectors.errors import ConsentNeeded, Throttled, Unavailable
from connectors.simulator.http import Response
from rules.domain.facts import Invoice, Payment
from rules.domain.money import Money
from tests.conformance.house import TODAY, facts_of


@pytest.fixture
def busy(house):
    """A company with something of every kind."""
    oak, elm = house.add_customer("Oak Ltd", "ap@oak.example"), house.add_customer("Elm Ltd", "ap@elm.example")
    bills = [
        house.add_invoice(customer, f"10{number}", 100_00 + number) for number, customer in enumerate((oak, elm, oak))
    ]
    house.pay(bills[0], 40_00)
    house.pay_on_account(elm, 25_00)
    house.credit(oak, 10_00, bills[2])
    house.credit(elm, 5_00)
    return house


def open_in(facts):
    return {
        ref.id: int(fact.balance.amount * 100)
        for ref, fact in facts.items()
        if isinstance(fact, Invoice) and fact.status == "open"
    }


def test_a_first_load_brings_the_company_first_and_everything_that_is_open(busy):
    pages = busy.pull()
    assert pages[0].company is not None
    assert pages[0].company.currency == busy.currency
    assert {ref.kind for ref in facts_of(pages)} == {"customer", "invoice", "payment", "credit_note"}
    assert open_in(facts_of(pages)) == busy.open_cents()


def test_what_some_customers_owe_now_is_shown_without_a_pull(busy):
    busy.pull()
    oak, elm = sorted({bill.customer for bill in busy.mirror().values() if isinstance(bill, Invoice)})
    paid = next(ref for ref, bill in busy.mirror().items() if isinstance(bill, Invoice) and bill.customer == oak).id
    busy.pay(paid, busy.open_cents()[paid])
    found = {record.ref.id: record.fact for record in busy.connector.open_invoices([oak, elm])}
    assert {ref: int(bill.balance.amount * 100) for ref, bill in found.items()} == busy.open_cents()
    assert paid not in found
    assert {bill.customer for bill in (one.fact for one in busy.connector.open_invoices([elm]))} == {elm}
    assert busy.connector.open_invoices(["nobody"]) == ()


def test_a_company_says_who_it_is_the_same_way_every_time(busy):
    busy.clock.sleep(60)
    assert busy.open().identity() == busy.connector.identity()


def test_a_full_listing_says_where_each_kind_begins_and_ends(busy):
    pages = busy.pull()
    begun = [kind for page in pages for kind in page.replaces]
    ended = [kind for page in pages for kind in page.complete_for]
    assert set(begun) == set(ended)
    assert "invoice" in begun


def test_what_was_paid_and_credited_adds_up_with_what_is_open(busy):
    facts = busy.mirror()
    for ref, bill in facts.items():
        if isinstance(bill, Invoice):
            used = [
                part.amount
                for fact in facts.values()
                for part in getattr(fact, "applied", ())
                if part.invoice == ref.id
            ]
            assert bill.total - bill.balance == sum(used, Money.zero(busy.currency))


def test_a_load_taken_up_again_after_every_page_brings_the_same(busy):
    whole, pieces, cursor = busy.mirror(), {}, None
    for _ in range(50):
        connector = busy.open()
        pages = connector.changes(cursor)
        page = next(pages)
        rest = next(pages, None)
        connector.close()
        pieces |= facts_of([page])
        if rest is None:
            break
        if page.cursor == (cursor or ""):  # a source may begin again instead; then it must be let finish
            pieces |= facts_of([rest, *pages])
            break
        cursor = page.cursor
    assert pieces == whole


def test_an_idle_poll_costs_one_request_and_brings_nothing_new(busy):
    before = facts_of(busy.pull())
    busy.clock.advance(timedelta(minutes=10))
    busy.pull()
    for _ in range(3):
        busy.clock.advance(timedelta(minutes=5))
        busy.connector.usage.take()
        asked = busy.requests()
        pages = busy.pull()
        assert busy.requests() - asked == busy.idle_requests
        assert sum(busy.connector.usage.take().values()) == 1
        assert facts_of(pages).items() <= before.items()


def test_the_cursor_moves_on_and_can_be_used_by_another_process(busy):
    busy.pull()
    busy.clock.advance(timedelta(minutes=10))
    bill = busy.add_invoice(busy.add_customer("Ash Ltd", "ap@ash.example"), "2001", 77_00)
    busy.connector.close()
    busy.connector = busy.open()
    assert facts_of(busy.pull())[Ref("invoice", bill)].balance.amount == 77


def test_what_people_do_between_two_polls_arrives(house):
    oak = house.add_customer("Oak Ltd", "ap@oak.example")
    paid, voided, unpaid = (house.add_invoice(oak, f"10{number}", 100_00) for number in range(3))
    payment = house.pay(unpaid, 60_00)
    mirror = facts_of(house.pull())
    house.clock.advance(timedelta(minutes=10))
    house.pay(paid, 100_00)
    house.void(voided)
    house.unpay(payment)
    pages = house.pull()
    mirror |= facts_of(pages)
    gone = {each.ref for page in pages for each in page.records if isinstance(each, Gone)}
    assert open_in(mirror) == house.open_cents() == {unpaid: 100_00}
    assert (mirror[Ref("invoice", paid)].status, mirror[Ref("invoice", voided)].status) == ("paid", "voided")
    left = mirror[Ref("payment", payment)]
    listed = any("payment" in page.complete_for for page in pages) and Ref("payment", payment) not in facts_of(pages)
    assert isinstance(left, Payment)
    assert Ref("payment", payment) in gone or left.reversed_on is not None or listed


def test_a_record_read_by_itself_is_the_record_that_was_listed(busy):
    for ref, fact in busy.mirror().items():
        assert busy.fact(ref.kind, ref.id) == fact


def test_a_version_moves_when_what_is_open_moves(busy):
    bill = next(iter(busy.open_cents()))
    before = busy.fact("invoice", bill)
    assert before.version
    assert busy.fact("invoice", bill).version == before.version
    busy.clock.advance(timedelta(minutes=1))
    busy.pay(bill, 1_00)
    assert busy.fact("invoice", bill).version != before.version


@pytest.mark.parametrize("kind", ["customer", "invoice", "payment", "credit_note"])
@pytest.mark.parametrize("ref", ["999999", "00000000-0000-0000-0000-000000000001"])
def test_a_record_that_does_not_exist_is_none(house, kind, ref):
    assert house.connector.fetch(Ref(kind, ref)) is None


def test_the_sources_own_report_agrees_with_its_records(busy):
    owed = {}
    for fact in busy.mirror().values():
        if isinstance(fact, Invoice):
            owed[fact.customer] = owed.get(fact.customer, 0) + fact.balance.amount
        elif hasattr(fact, "unapplied"):
            owed[fact.customer] = owed.get(fact.customer, 0) - fact.unapplied.amount
    report = {line.customer: line.balance.amount for line in busy.connector.aged_receivables(TODAY)}
    assert report == {customer: amount for customer, amount in owed.items() if amount}


def test_a_source_that_is_not_there_is_unavailable(house):
    with pytest.raises(Unavailable):
        list(house.unreachable().changes(None))


def test_a_token_that_ran_out_is_replaced_once_and_reading_goes_on(busy):
    busy.pull()
    busy.expire_tokens()
    busy.clock.advance(timedelta(minutes=10))
    busy.pull()
    assert open_in(busy.mirror()) == busy.open_cents()
    assert getattr(busy, "vault", busy.connector.usage) is not None


def test_a_consent_that_is_gone_is_said_and_not_tried_for_ever(remote):
    remote.company.revoke_consent()
    remote.expire_tokens()
    asked = remote.requests()
    with pytest.raises(ConsentNeeded):
        remote.pull()
    assert remote.requests() - asked < 8


def test_a_read_waits_out_a_short_throttle(remote):
    remote.refuse_next(Response(429, b"", {"Retry-After": "7", "X-Rate-Limit-Problem": "minute"}))
    before = remote.clock.monotonic()
    assert remote.pull()
    assert remote.clock.monotonic() - before >= 7


def test_a_read_survives_a_line_that_drops(remote):
    remote.add_customer("Oak Ltd", "ap@oak.example")
    remote.lose_reads()
    assert remote.pull()


def test_a_provider_that_stays_out_of_order_is_unavailable(remote):
    for _ in range(20):
        remote.refuse_next(Response(503))
    with pytest.raises((Unavailable, Throttled)):
        remote.pull()


def test_closing_twice_is_fine(house):
    house.connector.close()
    house.connector.close()


def test_the_address_to_pay_at_is_an_https_page_or_nothing(busy):
    (bill, *_) = [ref for ref, fact in busy.mirror().items() if isinstance(fact, Invoice)]
    link = busy.connector.pay_link(bill.id)
    assert link is None or link.startswith("https://")
    assert (link is not None) == (busy.kind != "file"), "a provider has such a page, a folder has none"
