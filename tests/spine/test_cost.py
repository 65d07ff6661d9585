"""Cost follows change: what a pass asks of the database and of the rules, counted; never how long it took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bench.counting import Counts, counted
from bench.passes import START, a_pass, opened
from bench.ready_books import ReadyBooks
from connectors.simulator.clock import SimulatedClock
from syncd.ledger import Ledger
from syncd.office import Office
from syncd.pass_report import PassReport
from syncd.store.exported_rows import ExportedRows

SMALL, LARGE, EACH = 30, 600, 5


class Firm:
    """A company of some size whose first pass is behind it."""

    def __init__(self, office: Office, ledger: Ledger, books: ReadyBooks, clock: SimulatedClock) -> None:
        self.office, self.ledger, self.books, self.clock = office, ledger, books, clock
        for _ in range(2):
            a_pass(office, ledger)

    def pass_(self) -> tuple[PassReport, Counts]:
        with counted(self.ledger.store) as counts:
            report = a_pass(self.office, self.ledger)
        return report, counts

    def held(self) -> int:
        return self.ledger.intents.waiting().held


@pytest.fixture(scope="module")
def firm_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Firm]]:
    with ExitStack() as stack:
        made: dict[int, Firm] = {}

        def firm(customers: int) -> Firm:
            if customers not in made:
                clock = SimulatedClock(START)
                books = ReadyBooks(customers, EACH, START.date())
                folder: Path = tmp_path_factory.mktemp(f"firm{customers}")
                made[customers] = Firm(*stack.enter_context(opened(folder, books, clock)), books, clock)
            return made[customers]

        yield firm


@pytest.fixture
def small(firm_of: Callable[[int], Firm]) -> Firm:
    return firm_of(SMALL)


@pytest.fixture
def large(firm_of: Callable[[int], Firm]) -> Firm:
    return firm_of(LARGE)


def test_an_idle_pass_asks_the_same_of_twenty_times_the_books(small: Firm, large: Firm) -> None:
    (little, less), (much, more) = small.pass_(), large.pass_()
    assert little.accounts == much.accounts == 0
    assert more.statements == less.statements
    assert more.rows == less.rows
    assert more.steps - less.steps <= 500  # a tree of twenty times the rows is a step or two deeper


@pytest.mark.parametrize("changes", [1, 8, 25])
def test_a_pass_looks_at_the_accounts_that_changed_and_at_no_other(small: Firm, large: Firm, changes: int) -> None:
    found = []
    for firm in (small, large):
        firm.pass_()
        firm.books.touch(changes)
        found.append(firm.pass_())
    (little, less), (much, more) = found
    assert little.accounts == much.accounts <= changes
    assert more.rows <= less.rows + 20
    assert abs(more.statements - less.statements) <= 5
    assert more.steps <= less.steps + 5 * (large.held() - small.held()) + 2000


def test_what_a_pass_costs_grows_with_the_changes_and_no_faster(large: Firm) -> None:
    costs = {}
    for changes in (10, 40, 160):
        large.pass_()
        large.books.touch(changes)
        costs[changes] = large.pass_()[1]
    idle = large.pass_()[1]
    for few, many in ((10, 40), (40, 160)):
        assert costs[many].steps - idle.steps <= 4.5 * (costs[few].steps - idle.steps) + 2000
        assert costs[many].rows - idle.rows <= 4.5 * (costs[few].rows - idle.rows) + 50


def test_the_first_pass_of_a_day_grows_with_the_open_book_and_no_faster(small: Firm, large: Firm) -> None:
    found = []
    for firm in (small, large):
        firm.clock.advance(timedelta(days=1))
        found.append(firm.pass_())
    (little, less), (much, more) = found
    assert (little.accounts, much.accounts) == (SMALL, LARGE)
    times = LARGE / SMALL
    assert more.rows <= less.rows * times * 1.1
    assert more.steps <= less.steps * times * 1.6  # a tree of twenty times the rows is a step or two deeper
    assert more.statements <= less.statements * times / 4  # many accounts share a statement


def test_a_second_look_on_the_same_day_finds_nothing_to_do(large: Firm) -> None:
    large.clock.advance(timedelta(days=1))
    large.pass_()
    report, _ = large.pass_()
    assert (report.accounts, report.planned) == (0, 0)


def test_when_the_first_plan_was_made_is_found_without_reading_all_that_was_planned(small: Firm, large: Firm) -> None:
    steps = []
    for firm in (small, large):
        with counted(firm.ledger.store) as counts:
            assert firm.ledger.tries.first_planned_at() is not None
        steps.append(counts.steps)
    assert steps[1] <= steps[0] + 200


def test_whether_exported_invoices_give_way_is_not_asked_of_every_record(small: Firm, large: Firm) -> None:
    steps = []
    for firm in (small, large):
        with counted(firm.ledger.store) as counts:
            assert ExportedRows(firm.ledger.store, firm.ledger.name).give_way(firm.clock.now()) == 0
        steps.append(counts.steps)
    assert steps[1] <= steps[0] + 200
