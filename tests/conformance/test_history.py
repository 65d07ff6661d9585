"""What a connector promises where its source can show the past: whole windows, true counts, several pages at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from connectors import Gone, Record
from connectors.errors import Unavailable
from connectors.history import History, Window
from rules.domain.facts import CreditNote, Customer, Invoice, Payment

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)


@pytest.fixture
def past(house):
    """A company with two years of its own, as its connector shows them."""
    oak, elm = house.add_customer("Oak Ltd", "ap@oak.example"), house.add_customer("Elm Ltd", "ap@elm.example")
    for month in range(24):
        issued_on = date(2024 + month // 12, 1 + month % 12, 15)
        customer = (oak, elm)[month % 2]
        bill = house.company.add_invoice(customer, f"A{month}", issued_on, issued_on + timedelta(30), 10_000 + month)
        if month % 3:
            house.company.pay(bill, 10_000 + month, issued_on + timedelta(35))
    house.pay_on_account(elm, 25_00)
    house.credit(oak, 10_00)
    house.connector.history_start()
    return house


def everything(connector):
    """Every page of every list, each list in one window."""
    pages = []
    for each in connector.history_lists():
        window = Window(each.name, FIRST, LAST) if each.dated else Window(each.name)
        first = connector.history_page(window, 1)
        pages += [first, *(connector.history_page(window, number) for number in range(2, first.pages + 1))]
    return pages


def facts_in(pages):
    return {each.ref: each.fact for found in pages for each in found.page.records if isinstance(each, Record)}


@pytest.mark.parametrize("house", ["quickbooks", "xero"], indirect=True)
class TestWhereThereIsAPast:
    def test_it_says_so(self, house):
        assert isinstance(house.connector, History)
        assert house.connector.in_flight >= 1
        assert house.connector.calls_a_minute > 0

    def test_the_lists_bring_the_very_facts_a_first_load_brings(self, past):
        loaded, shown = past.mirror(), facts_in(everything(past.connector))
        assert shown == loaded
        assert {type(fact) for fact in shown.values()} == {Customer, Invoice, Payment, CreditNote}

    def test_a_window_holds_its_days_and_no_others(self, past):
        for each in past.connector.history_lists():
            if each.dated and each.kind == "invoice":
                found = past.connector.history_page(Window(each.name, date(2024, 3, 15), date(2024, 5, 15)), 1)
                days = {fact.issued_on for fact in facts_in([found]).values() if isinstance(fact, Invoice)}
                assert days == {date(2024, 3, 15), date(2024, 4, 15), date(2024, 5, 15)}
                assert found.total == found.shown == 3

    def test_months_next_to_each_other_bring_every_document_once(self, past):
        refs = []
        for month in range(24):
            first = date(2024 + month // 12, 1 + month % 12, 1)
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            found = past.connector.history_page(Window(invoices_of(past.connector), first, last), 1)
            refs += [each.ref.id for each in found.page.records if each.ref.kind == "invoice"]
        assert len(refs) == len(set(refs)) == 24

    def test_the_count_is_the_sources_own(self, past):
        window = Window(invoices_of(past.connector), FIRST, LAST)
        assert past.connector.history_count(window) == past.connector.history_page(window, 1).total == 24
        assert past.connector.history_count(Window(window.name, date(2019, 1, 1), date(2019, 12, 31))) == 0

    def test_the_first_day_is_that_of_the_oldest_document(self, past):
        assert past.connector.history_first_day(invoices_of(past.connector)) == date(2024, 1, 15)

    def test_an_empty_list_has_no_first_day(self, house):
        house.connector.history_start()
        assert house.connector.history_first_day(invoices_of(house.connector)) is None

    def test_records_say_when_they_last_changed_in_a_form_that_sorts(self, past):
        records = [each for found in everything(past.connector) for each in found.page.records]
        assert all(each.stamp.endswith("+00:00") for each in records if not isinstance(each, Gone))
        assert all(found.page.server_time is not None for found in everything(past.connector))

    def test_several_threads_may_ask_at_once(self, past):
        window = Window(invoices_of(past.connector), FIRST, LAST)
        with ThreadPoolExecutor(past.connector.in_flight) as pool:
            found = list(pool.map(lambda _: past.connector.history_page(window, 1), range(12)))
        assert all(each.page.records == found[0].page.records for each in found)
        assert sum(past.connector.usage.take().values()) >= 12

    def test_nobody_there_is_said_so(self, house):
        connector = house.unreachable()
        with pytest.raises(Unavailable):
            connector.history_start()
        connector.close()


def invoices_of(connector):
    return next(each.name for each in connector.history_lists() if each.kind == "invoice")


@pytest.mark.parametrize("house", ["file"], indirect=True)
def test_a_folder_of_files_claims_no_past(house):
    assert not isinstance(house.connector, History)
