"""A load of history: all of it once, whatever interrupts it, beside the daemon, checked by the provider's counts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import delete, insert, select

from connectors.errors import ConsentNeeded, Unavailable
from connectors.quickbooks.wire import AT_ONCE, PER_MINUTE
from connectors.simulator.http import Fault
from connectors.transport import Usage
from connectors.xero.wire import IN_FLIGHT
from connectors.xero.wire import PER_MINUTE as XERO_MINUTE
from rules.policy import load_policies
from syncd.backfill.budget import LOAD_SHARE
from syncd.backfill.load import opened_load
from syncd.backfill.windows import cut_up, wanted
from syncd.config import Limits
from syncd.cycle import Ground, pull_changes, run_pass
from syncd.errors import TryAgain
from syncd.errors import Usage as Refused
from syncd.ledger import PASS_SHARE
from syncd.store import schema
from syncd.store.past import Cut, Load, Past
from tests.history.conftest import RULES, fill


class TestAWholeLoad:
    def test_everything_is_here_and_agrees_month_by_month(self, years):
        done = years.backfill()
        assert years.facts()["invoice"] == 48
        assert {month.agrees for month in done.months} == {True}
        assert len({month.month for month in done.months if month.month}) >= 24
        assert done.documents >= 48

    def test_it_holds_exactly_what_the_daemons_own_first_pull_holds(self, years, years_of):
        years.backfill()
        loaded = everything(years)
        pull_changes(years.ledger, limits())
        assert everything(years) == loaded

    def test_the_daemons_cursor_does_not_move(self, years):
        years.backfill()
        assert years.ledger.connections.standing().cursor is None
        pull_changes(years.ledger, limits())
        cursor = years.ledger.connections.standing().cursor
        years.backfill(years.ask(again=True))
        assert years.ledger.connections.standing().cursor == cursor

    def test_nothing_is_written_to_the_provider(self, years):
        years.backfill()
        assert {request.method for request in years.server.seen if "/token" not in request.path} == {"GET"}
        assert years.company.effects() == []

    def test_a_second_run_asks_for_no_page_again(self, years):
        years.backfill()
        asked = len(years.pages_asked_for())
        done = years.backfill()
        assert len(years.pages_asked_for()) == asked
        assert done.changed == 0
        assert not done.disagreements

    def test_only_the_days_asked_for_are_loaded(self, years):
        done = years.backfill(years.ask(since=date(2025, 1, 1), until=date(2025, 3, 31)))
        days = [day for day, _, _ in years.past.held("invoice")]
        assert len(days) == 6
        assert min(days) >= "2025-01-01"
        assert max(days) <= "2025-03-31"
        assert not done.disagreements

    def test_calls_are_counted_apart_from_the_daemons(self, years):
        done = years.backfill()
        made = years.ledger.connections.calls_by_day()[years.ledger.today()]
        assert made["backfill"] == done.calls > 0
        assert "read" not in made


class TestInterrupted:
    def test_after_any_page_it_goes_on_with_the_next(self, years_of):
        years = years_of("quickbooks")
        fill(years.company, months=26, a_month=50)
        for stop_after in (1, 1, 2):
            years.told.clear()
            with pytest.raises(KeyboardInterrupt):
                years.backfill(stop_after=stop_after)
            years.ledger = years.reopen()
        done = years.backfill()
        assert years.facts()["invoice"] == 26 * 50
        assert not done.disagreements

    def test_no_page_that_was_stored_is_asked_for_again(self, years):
        with pytest.raises(KeyboardInterrupt):
            years.backfill(stop_after=2)
        stored = [cut for cut in years.past.cuts() if cut.is_done]
        assert len(stored) == 2
        years.server.seen.clear()
        years.backfill()
        again = " ".join(years.pages_asked_for())
        for cut in stored:
            assert named(years, cut) not in again

    def test_a_provider_that_fails_stops_it_and_the_next_run_goes_on(self, years):
        years.server.faults.append(Fault("reset_before", "GET", skip=6, times=40))
        with pytest.raises(Unavailable):
            years.backfill()
        years.server.faults.clear()
        assert not years.backfill().disagreements
        assert years.facts()["invoice"] == 48

    def test_a_consent_that_is_gone_is_said_before_any_call(self, years):
        years.ledger.vault.forget()
        with pytest.raises(ConsentNeeded):
            years.backfill()
        assert years.server.seen == []


class TestBesideTheDaemon:
    def test_what_the_daemon_learned_later_stays(self, years):
        """A page of history is read, an invoice in it paid and the payment pulled, and only then the page is stored."""
        pull_changes(years.ledger, limits())
        history = years.ledger.connector
        history.history_start()
        invoices = next(each for each in history.history_lists() if each.kind == "invoice")
        open_one = years.company.open_items()[0]
        piece = next(iter_pieces(years, invoices.name))
        page = history.history_page(piece, 1)
        years.clock.advance(timedelta(minutes=2))
        years.company.pay(open_one.invoice, open_one.balance_cents, date(2026, 6, 1))
        years.clock.advance(timedelta(minutes=2))
        pull_changes(years.ledger, limits())
        paid = everything(years)["invoice", open_one.invoice]
        assert not paid.balance
        store_by_hand(years, invoices.kind, piece, page)
        assert everything(years)["invoice", open_one.invoice] == paid

    def test_what_is_gone_since_does_not_come_back(self, years):
        pull_changes(years.ledger, limits())
        history = years.ledger.connector
        history.history_start()
        kind = "payment"
        payment = next(ref for (of, ref) in everything(years) if of == kind)
        lists = [each for each in history.history_lists() if each.kind in ("invoice", "payment")]
        pages = [
            (each, piece := next(iter_pieces(years, each.name), None), piece and history.history_page(piece, 1))
            for each in lists
        ]
        years.clock.advance(timedelta(minutes=2))
        years.company.unpay(payment)
        years.clock.advance(timedelta(minutes=2))
        pull_changes(years.ledger, limits())
        assert (kind, payment) not in everything(years)
        for each, piece, page in pages:
            if page is not None:
                store_by_hand(years, each.kind, piece, page)
        assert (kind, payment) not in everything(years)

    def test_two_loads_of_one_connection_do_not_run_at_once(self, years):
        years.told.clear()

        with (
            opened_load(years.ledger, years.ask()),
            pytest.raises(TryAgain, match="another backfill"),
        ):
            years.backfill()

    def test_rows_that_change_while_they_are_read_are_read_again(self, years):
        count_one_too_many(years)
        done = years.backfill()
        [again] = [cut for cut in years.past.cuts() if cut.tries]
        assert (again.tries, again.shown) == (1, again.total)
        assert done.disagreements == ()


class TestTheLimitsAreShared:
    """Of what the provider allows in a second and a minute, a load leaves a pass beside it a quarter."""

    def test_a_load_beside_a_daemon_leaves_it_a_part_of_each_minute(self, years):
        years.ledger.lease.take()
        begun = years.clock.monotonic()
        calls = sum(years.backfill(years.ask(again=True)).calls for _ in range(10))
        allowed = years.ledger.connector.calls_a_minute * 3 // 4
        assert years.clock.monotonic() - begun >= (calls - 1) // allowed * 60
        assert years.ledger.connector.usage.share == Fraction(3, 4)

    def test_it_takes_all_again_once_the_daemon_is_gone(self, years):
        years.ledger.lease.take()
        years.ledger.lease.give_back()
        years.backfill()
        assert years.ledger.connector.usage.share == 1

    def test_a_pass_beside_a_load_keeps_to_its_part(self, years):
        ground = Ground(load_policies([("r.toml", RULES)]), limits(), "review")
        with opened_load(years.ledger, years.ask()):
            run_pass(years.ledger, ground)
            assert years.ledger.connector.usage.share == Fraction(1, 4)
        run_pass(years.ledger, ground)
        assert years.ledger.connector.usage.share == 1

    def test_a_pass_that_may_not_look_whether_a_load_runs_takes_it_for_one(self, years):
        """A load that the administrator ran leaves a lock that only the administrator may read."""
        years.ledger.load_lock.symlink_to(years.ledger.load_lock)  # whoever runs this test may read any file but this
        run_pass(years.ledger, Ground(load_policies([("r.toml", RULES)]), limits(), "review"))
        assert years.ledger.connector.usage.share == Fraction(1, 4)

    def test_both_together_stay_within_what_a_provider_allows(self):
        for at_once, a_minute, allowed in ((AT_ONCE, PER_MINUTE, (10, 500)), (IN_FLIGHT, XERO_MINUTE, (5, 60))):
            parts = [Usage(share=share) for share in (LOAD_SHARE, PASS_SHARE)]
            assert sum(part.part_of(at_once) for part in parts) <= allowed[0]
            assert sum(part.part_of(a_minute) for part in parts) <= allowed[1]


class TestWhatDisagrees:
    def test_a_document_that_got_lost_here_is_read_again(self, years):
        years.backfill()
        lost = next(ref for kind, ref in everything(years) if kind == "invoice")
        in_the_mirror(years, delete(schema.fact).where(schema.fact.c.kind == "invoice", schema.fact.c.id == lost))
        done = years.backfill()
        assert ("invoice", lost) in everything(years)
        assert (done.changed, done.dropped, done.disagreements) == (1, 0, ())

    def test_a_settled_document_the_provider_no_longer_shows_is_dropped(self, years):
        years.backfill()
        paid = next(fact for (kind, _), fact in everything(years).items() if kind == "invoice" and not fact.balance)
        ghost(years, paid.ref)
        years.clock.advance(timedelta(minutes=1))
        done = years.backfill()
        assert ("invoice", "ghost") not in everything(years)
        assert (done.dropped, done.disagreements) == (1, ())

    def test_an_open_one_stays_for_the_daemon_to_miss(self, years):
        years.backfill()
        ghost(years, years.company.open_items()[0].invoice)
        done = years.backfill()
        assert ("invoice", "ghost") in everything(years)
        assert (done.dropped, len(done.disagreements)) == (0, 1)

    @pytest.mark.parametrize("is_oldest", [True, False])
    def test_a_settled_one_whose_row_shows_no_record_is_not_taken_for_gone(self, years, is_oldest):
        years.backfill()
        hide_a_paid_invoice(years, is_oldest=is_oldest)
        years.clock.advance(timedelta(minutes=1))
        held = years.facts()
        done = years.backfill(years.ask(again=True))
        assert (done.dropped, years.facts()) == (0, held)
        assert done.documents > held["invoice"], "also where the row is the oldest, by which a list is cut"

    def test_what_came_while_it_was_compared_stays(self, years):
        years.backfill()
        paid = next(fact for (kind, _), fact in everything(years).items() if kind == "invoice" and not fact.balance)
        ghost(years, paid.ref, seen_at=years.clock.now() + timedelta(days=1))
        assert years.backfill().dropped == 0


class TestBadInput:
    def test_days_that_make_no_sense_are_refused_before_the_first_call(self, years):
        tomorrow = years.ledger.today() + timedelta(days=1)
        for ask in (
            years.ask(since=tomorrow),
            years.ask(until=tomorrow),
            years.ask(since=date(2025, 2, 1), until=date(2025, 1, 1)),
            years.ask(since=date(1066, 10, 14)),
        ):
            with pytest.raises(Refused):
                years.backfill(ask)
        assert years.server.seen == []


class TestTheDaysCalls:
    @pytest.fixture
    def starter(self, years_of):
        years = years_of("xero")
        fill(years.company, months=20, a_month=60)
        years.company.limits.per_day = 209
        return years

    def test_a_reserve_is_left_to_the_daemon_and_the_next_day_goes_on_by_itself(self, starter):
        begun = starter.clock.now()
        done = starter.backfill()
        assert not done.disagreements
        assert starter.clock.now() - begun >= timedelta(hours=3)
        waits = [progress for progress in starter.told if progress.waiting_until]
        assert waits
        assert "kept for the daemon" in waits[0].why
        assert not waits[0].is_sure
        by_day = starter.company.calls_by_day()
        assert min(progress.calls_left_today for progress in starter.told) >= 0
        assert sum(calls["read"] for calls in by_day.values()) == done.calls

    def test_without_waiting_it_leaves_and_says_when_to_come_again(self, starter):
        with pytest.raises(TryAgain, match="what was loaded is stored, run the same again after"):
            starter.backfill(starter.ask(wait=False))
        starter.clock.advance(timedelta(days=1))
        starter.company.limits.per_day = 5000
        assert not starter.backfill(starter.ask(wait=False)).disagreements

    def test_a_day_that_is_used_up_already_is_said_before_the_first_call(self, starter):
        pull_changes(starter.ledger, limits())
        starter.ledger.connections.count({}, starter.ledger.today(), 150)
        starter.ledger = starter.reopen()
        starter.server.seen.clear()
        with pytest.raises(TryAgain, match="150 calls are left today and 200 of them are kept for the daemon"):
            starter.backfill(starter.ask(wait=False))
        assert starter.server.seen == []

    def test_a_number_a_person_set_holds_over_several_runs_of_a_day(self, years):
        with pytest.raises(TryAgain, match="the 8 calls a day that --calls allows are made"):
            years.backfill(years.ask(wait=False), calls=8)
        made = Counter(sum(day.values()) for day in years.company.calls_by_day().values())
        with pytest.raises(TryAgain):
            years.backfill(years.ask(wait=False), calls=8)
        assert Counter(sum(day.values()) for day in years.company.calls_by_day().values()) == made

    def test_what_was_counted_is_not_counted_again_however_few_calls_a_day_has(self, years):
        days = 0
        while True:
            days += 1
            try:
                done = years.backfill(years.ask(wait=False), calls=5)
                break
            except TryAgain:
                years.clock.advance(timedelta(days=1))
        assert days > 3
        assert not done.disagreements
        asked = Counter(
            (request.path, str(sorted(request.query.items()))) for request in years.server.seen if counts(request)
        )
        assert not [one for one, times in asked.items() if times > 1]

    def test_while_it_counts_it_says_so_and_guesses_no_end(self, years):
        years.backfill()
        counting = [progress for progress in years.told if progress.is_counting]
        assert counting
        assert counting == years.told[: len(counting)]
        assert {progress.seconds_left for progress in counting} == {None}
        assert counting[-1].expected == years.told[-1].expected == years.told[-1].documents

    def test_the_end_is_guessed_by_pages_and_not_by_how_full_they_are(self, starter):
        starter.company.limits.per_day = 5000
        starter.company.limits.per_minute = 60
        starter.backfill()
        ends = [progress.seconds_left for progress in starter.told if not progress.is_counting]
        assert ends[-1] == 0
        assert all(end is None or end <= 60 for end in ends)

    def test_calls_that_will_not_do_for_today_are_said_instead_of_an_end(self, years):
        with pytest.raises(TryAgain):
            years.backfill(years.ask(wait=False), calls=12)
        last = years.told[-1]
        assert last.calls_short > 0
        assert last.seconds_left is None


class TestThePaceOfTheProvider:
    def test_xeros_minute_alone_decides_how_long_it_takes(self, years_of):
        years = years_of("xero")
        fill(years.company, months=24, a_month=10)
        years.company.limits.per_minute = 60
        calls = sum(years.backfill(years.ask(again=True)).calls for _ in range(8))
        assert calls > 90
        assert years.clock.monotonic() <= (calls - 1) // 60 * 60 * 1.05

    def test_quickbooks_minute_alone_decides_how_long_it_takes_and_its_second_is_never_full(self, years_of):
        years = years_of("quickbooks")
        fill(years.company, months=24, a_month=10)
        years.company.throttle.on = True
        calls = sum(years.backfill(years.ask(again=True)).calls for _ in range(8))
        assert calls > 100
        assert years.clock.monotonic() <= calls * 60 / 500 * 1.05


def counts(request):
    """Whether a load is planned by a request; QuickBooks counts a window again with its first page."""
    statement = request.query.get("query", "")
    return request.query.get("pageSize") in ("1", "10") or " ORDERBY TxnDate " in statement


def in_the_mirror(years, statement):
    with years.ledger.store.writing() as tx:
        return tx.execute(statement)


def ghost(years, ref, seen_at=None):
    """Another invoice like that one, which the provider knows nothing of."""
    with years.ledger.store.reading() as tx:
        row = tx.execute(select(schema.fact).where(schema.fact.c.id == ref, schema.fact.c.kind == "invoice")).one()
    values = {**row._mapping, "id": "ghost", "doc": row.doc.replace(f'"{ref}"', '"ghost"')}
    values |= {"seen_at": seen_at.isoformat()} if seen_at else {}
    in_the_mirror(years, insert(schema.fact).values(**values))


def hide_a_paid_invoice(years, *, is_oldest):
    """The provider shows nothing in one row of its invoices, as a broken index does; it still counts that row."""
    invoices = [fact for (kind, _), fact in everything(years).items() if kind == "invoice" and not fact.balance]
    paid = sorted(invoices, key=lambda one: one.issued_on, reverse=not is_oldest)[0].ref

    def spoil(_request, answer):
        document = json.loads(answer.body, parse_float=str)
        lists = document.get("QueryResponse", document)
        for row in (rows := lists.get("Invoice") or lists.get("Invoices") or []):
            if paid in (row.get("Id"), row.get("InvoiceID")):
                rows[rows.index(row)] = None
        return replace(answer, body=json.dumps(document).encode())

    years.spoils.append(spoil)


def count_one_too_many(years):
    """The provider counts an invoice with the first page that is gone before it shows the page."""
    counted = []

    def spoil(request, answer):
        document = json.loads(answer.body, parse_float=str)
        if request.query.get("query", "").startswith("select count(*) from Invoice where"):
            place, key, which = document["QueryResponse"], "totalCount", 1  # the first is asked for to plan the load
        elif request.path.endswith("/Invoices") and request.query.get("pageSize") == "1000":
            place, key, which = document["pagination"], "itemCount", 0
        else:
            return answer
        place[key] += len(counted) == which
        counted.append(place[key])
        return replace(answer, body=json.dumps(document).encode())

    years.spoils.append(spoil)


def limits():
    return Limits(50, 2000, 1, 3600)


def everything(years):
    """Every fact held, by kind and id."""
    ledger = years.ledger
    heads = ledger.mirror.all_heads()
    members = [member for family in ledger.mirror.family(heads).values() for member in family]
    names = {"Customer": "customer", "Invoice": "invoice", "Payment": "payment", "CreditNote": "credit_note"}
    return {(names[type(fact).__name__], fact.ref): fact for fact in ledger.mirror.facts_of(members)}


def iter_pieces(years, name):
    """The windows a list is read in."""
    history = years.ledger.connector
    pieces = wanted(history.history_lists(), None, years.ledger.today())
    while any(piece.expected is None for piece in pieces):
        pieces = [part for piece in pieces for part in (cut_up(history, piece) if piece.expected is None else [piece])]
    return (piece.window for piece in pieces if piece.window.name == name)


def store_by_hand(years, kind, window, page):
    past = Past(years.ledger.store, "acme")
    cut = Cut(1, window, page.total)
    past.begin(Load(None, years.ledger.today(), years.clock.now(), None), [cut])
    past.apply(cut, kind, page, years.clock.now())


def named(years, cut):
    """How a request for a page of the window can be recognised."""
    if years.kind == "xero":
        return f"'{cut.window.name}'"
    entity = {"customer": "Customer", "invoice": "Invoice", "payment": "Payment", "credit_note": "CreditMemo"}
    return (
        f"from {entity[cut.window.name]} where TxnDate"
        if cut.window.first
        else f"from {entity[cut.window.name]} where Active"
    )
