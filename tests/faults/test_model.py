"""Whatever happens in whatever order, the promise holds: a machine that plays people, faults, crashes and restarts.

The books are in memory and the clock is told; the office is the real one over a real database file.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from connectors import Page, Receipt, Record, Ref
from connectors.errors import Conflict, ConnectorError, ConsentNeeded, Rejected, Throttled, Unavailable
from connectors.simulator.clock import SimulatedClock
from rules.domain.actions import EmailInvoice, Operation
from rules.domain.facts import Dispute
from syncd.attempt import attempt_pass
from syncd.config import load_config
from syncd.cycle import pull_changes
from syncd.errors import TryAgain
from syncd.office import open_office
from syncd.pass_report import Ground
from syncd.recover import recover
from syncd.store import journal, schema
from syncd.store.intent_rows import Step
from tests.databases import SqliteFile
from tests.spine.conftest import CONFIG, RULES, START, MemoryBooks

INVOICES = ("I-1", "I-2", "I-3")
POINTS = ("before", "after")
MOMENTS = ("pull", "look", "settle", *POINTS)  # when a process may die: whatever it is asking, or has just been told


class Killed(BaseException):
    """The process is gone: nothing after this line happens in it."""


class WatchedBooks(MemoryBooks):
    """Books that note what was open when each mail was asked for, and may kill whoever asks or writes."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__(clock)
        self.mailed_when_open: list[bool] = []
        self.kill: str | None = None

    def dies(self, moment: str) -> None:
        if self.kill == moment:
            self.kill = None
            raise Killed

    def changes(self, cursor: str | None) -> Iterator[Page]:
        self.dies("pull")
        return super().changes(cursor)

    def fetch(self, ref: Ref) -> Record | None:
        self.dies("look")
        return super().fetch(ref)

    def was_applied(self, operation: Operation, key: str, since: datetime) -> Receipt | None:
        self.dies("settle")
        return super().was_applied(operation, key, since)

    def write(self, operation: Operation, key: str) -> Receipt:
        self.dies("before")
        if isinstance(operation, EmailInvoice):
            self.mailed_when_open.append(bool(self.facts[Ref("invoice", operation.invoice)].balance))
        receipt = super().write(operation, key)
        self.dies("after")
        return receipt


class Office(RuleBasedStateMachine):
    """Rules are what may happen; invariants are what must hold after each."""

    @initialize()
    def opens(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="syncd-model-"))
        for below in ("rules.d", "books"):
            (self.folder / below).mkdir()
        (self.folder / "rules.d" / "10.toml").write_text(RULES)
        self.database = SqliteFile(self.folder / "syncd.db")
        text = CONFIG.replace("# database", f'database = "{self.database.url}"')
        (self.folder / "config.toml").write_text(text.replace("[limits]\n", '[limits]\nmax_vanished_share = "1"\n'))
        self.clock = SimulatedClock(START)
        self.books = WatchedBooks(self.clock)
        self.books.customer("C-1")
        self.books.customer("C-2")
        self.recovered: set[str] = set()  # done before a set-back: known by then from the books, or not at all
        self.doors = ExitStack()
        self.come_in()

    def come_in(self) -> None:
        config = load_config(self.folder / "config.toml")
        self.office = self.doors.enter_context(open_office(config, self.clock, exclusive=True))
        self.ledger = self.office.ledgers[0]
        self.ledger.connector = self.books

    def ground(self) -> Ground:
        return Ground(self.office.policies, self.office.config.limits, "auto")

    @rule(ref=st.sampled_from(INVOICES), customer=st.sampled_from(["C-1", "C-2"]), days=st.integers(-5, 60))
    def bills(self, ref: str, customer: str, days: int) -> None:
        if Ref("invoice", ref) not in self.books.facts:
            self.books.invoice(ref, customer, self.ledger.today() - timedelta(days=days))

    @rule(ref=st.sampled_from(INVOICES), part=st.booleans())
    def pays(self, ref: str, part: bool) -> None:
        held = self.books.facts.get(Ref("invoice", ref))
        if held is not None and held.balance and held.status == "open":
            self.books.pay(ref, "1.00" if part and held.balance.amount > 1 else None)

    @rule(ref=st.sampled_from(INVOICES))
    def voids(self, ref: str) -> None:
        held = self.books.facts.get(Ref("invoice", ref))
        if held is not None and held.status == "open":
            self.books.put(replace(held, status="voided", balance=held.balance - held.balance))

    @rule(ref=st.sampled_from(INVOICES), days=st.integers(0, 30))
    def gives_time(self, ref: str, days: int) -> None:
        held = self.books.facts.get(Ref("invoice", ref))
        if held is not None and held.status == "open":
            self.books.put(replace(held, due_on=held.due_on + timedelta(days=days)))

    @rule(ref=st.sampled_from(INVOICES), ended=st.booleans())
    def disputes(self, ref: str, ended: bool) -> None:
        held = self.books.facts.get(Ref("invoice", ref))
        if held is None:
            return
        today: date = self.ledger.today()
        dispute = Dispute(f"D-{ref}", ref, min(today, held.issued_on), None, "", today if ended else None)
        self.ledger.desk.put(dispute, ref=dispute.ref, customer=held.customer, who="dana", now=self.clock.now())
        self.ledger.mirror.touch([held.customer])

    @rule(
        error=st.sampled_from(
            [None, Unavailable("x"), Rejected("1", "x"), Conflict("x"), Throttled("x", 30.0), ConsentNeeded("x")]
        ),
        lost=st.lists(st.sampled_from(POINTS), max_size=3),
    )
    def goes_wrong(self, error: Exception | None, lost: list[str]) -> None:
        self.books.fail_writes, self.books.lose = error, list(lost)

    @rule()
    def pulls(self) -> None:
        with suppress(ConnectorError):
            pull_changes(self.ledger, self.office.config.limits)

    @rule()
    def passes(self) -> None:
        attempt_pass(self.ledger, self.ground())

    @rule(when=st.sampled_from(MOMENTS))
    def is_killed(self, when: str) -> None:
        self.books.kill = when
        with suppress(Killed):
            attempt_pass(self.ledger, self.ground())
        self.books.kill = None
        self.restarts()

    @rule()
    def restarts(self) -> None:
        self.doors.close()
        self.come_in()

    @rule()
    def is_set_back_to_last_nights_copy(self) -> None:
        """The machine is restored from its backup: nothing goes out until the books were asked what was done since."""
        self.database.keep_copy()
        attempt_pass(self.ledger, self.ground())
        knows = self.ledger.lineage.current().writes
        self.doors.close()
        self.database.set_back()
        self.come_in()
        sent = len(self.books.sent)
        if self.ledger.lineage.current().writes < knows:
            assert "syncd recover" in (attempt_pass(self.ledger, self.ground()).brake or "")
            assert len(self.books.sent) == sent
            recover(self.office)
            self.recovered |= set(self.books.times())
        self.ledger.connections.release()

    @rule(hours=st.integers(1, 24 * 20))
    def time_goes_by(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))

    @rule(pct=st.sampled_from(["18", "12"]))
    def rules_change(self, pct: str) -> None:
        (self.folder / "rules.d" / "10.toml").write_text(RULES.replace('annual_pct = "18"', f'annual_pct = "{pct}"'))
        assert self.office.rulebook.reload() == ()

    @rule()
    def a_second_office_is_turned_away(self) -> None:
        config = load_config(self.folder / "config.toml")
        with suppress(TryAgain), open_office(config, self.clock, exclusive=True):
            raise AssertionError("two of us at once")

    @rule()
    def an_office_on_another_machine_passes_if_nobody_holds_the_connection(self) -> None:
        config = load_config(self.folder / "config.toml")
        key = config.state_dir / "syncd.key"
        away = replace(config, state_dir=self.folder / "elsewhere", secrets_key_file=key if key.exists() else None)
        held = self.ledger.lease.epoch is not None and self.holds()
        with open_office(away, self.clock, exclusive=True) as office:
            ledger = office.ledgers[0]
            ledger.connector = self.books
            report = attempt_pass(ledger, Ground(office.policies, office.config.limits, "auto"))
        assert not held or report.exit_code == 75

    def holds(self) -> bool:
        """Whether the lease of this office has not run out."""
        with self.ledger.store.reading() as tx:
            until = tx.execute(select(schema.connection.c.lease_until)).scalar_one()
        return until is not None and datetime.fromisoformat(until) > self.clock.now()

    @precondition(lambda self: hasattr(self, "books"))
    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert set(self.books.times().values()) <= {1}, self.books.times()

    @precondition(lambda self: hasattr(self, "books"))
    @invariant()
    def nobody_who_has_paid_is_written_to(self) -> None:
        assert all(self.books.mailed_when_open)

    @precondition(lambda self: hasattr(self, "books"))
    @invariant()
    def each_end_is_written_down_once(self) -> None:
        ends = Counter(entry.key for entry in journal.read(self.ledger.store) if entry.event == "operation.confirmed")
        assert set(ends.values()) <= {1}, ends

    @precondition(lambda self: hasattr(self, "books"))
    @invariant()
    def nothing_is_sent_that_was_not_written_down_before(self) -> None:
        tried = {step.key for step in self.steps() if step.attempts}
        assert set(self.books.times()) <= tried | self.recovered, set(self.books.times()) - tried

    @precondition(lambda self: hasattr(self, "books"))
    @invariant()
    def what_is_recorded_as_done_is_in_the_books(self) -> None:
        confirmed = {step.key for step in self.steps() if step.state == "confirmed"}
        assert confirmed <= set(self.books.times()), confirmed

    def steps(self) -> list[Step]:
        return [step for one in self.ledger.intents.actions() for step in self.ledger.intents.steps(one.id)]

    def teardown(self) -> None:
        """Once nothing goes wrong any more, everything that is not mail ends well, and nothing is done twice."""
        if not hasattr(self, "books"):
            return
        self.books.fail_writes, self.books.lose, self.books.kill = None, [], None
        for _ in range(6):
            self.ledger.connections.release()
            attempt_pass(self.ledger, self.ground())
            self.clock.advance(timedelta(minutes=5))
        self.nothing_is_done_twice()
        self.nobody_who_has_paid_is_written_to()
        self.each_end_is_written_down_once()
        self.what_is_recorded_as_done_is_in_the_books()
        done = self.books.times()
        for step in self.steps():
            if step.state == "confirmed":
                assert done[step.key] == 1, step.key
            assert step.state != "sending", step.key
            if step.state == "unknown":
                assert isinstance(step.operation, EmailInvoice), step.key
        self.doors.close()
        shutil.rmtree(self.folder)


Office.TestCase.settings = settings(max_examples=8, stateful_step_count=20, suppress_health_check=list(HealthCheck))
TestWhateverHappens = Office.TestCase
