"""A company's books in memory behind the Connector contract, and a ledger over a real database file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors import Gone, Identity, OwnDunning, Page, Receipt, Record, Ref, Unreadable
from connectors.errors import ConnectorError, OutcomeUnknown, Unprovable
from connectors.simulator.clock import SimulatedClock
from connectors.transport import Usage
from rules.domain.actions import CreateInvoice, EmailInvoice, Operation, SetStopSell
from rules.domain.facts import Company, Customer, Invoice, Payment
from rules.domain.money import Money
from syncd.config import Config, load_config
from syncd.ledger import Ledger
from syncd.office import Office, open_office
from syncd.pass_report import Ground
from tests.databases import Database

START = datetime(2025, 3, 3, 14, 0, tzinfo=UTC)

CONFIG = """
state_dir = "state"
# database
mode = "auto"
[limits]
first_plan = "go"
[connections.acme]
kind = "file"
path = "books"
timezone = "America/New_York"
policy = "standard"
"""

RULES = """
[select]
default = "standard"
[policies.standard.overdue]
[policies.standard.reminders]
levels = [
  { at_days = 1, template = "friendly", channel = "provider" },
  { at_days = 14, template = "firm", channel = "provider" },
]
[policies.standard.credit_hold]
hold = { any = { days_past_due = 30 } }
stop_sell_from = "hold"
[policies.standard.finance_charges]
kind = "interest"
annual_pct = "18"
requires_terms = false
"""


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


@dataclass
class MemoryBooks:
    """Books that answer at once. `lose` makes the next writes vanish before or after they were done."""

    clock: SimulatedClock
    facts: dict[Ref, object] = field(default_factory=dict)
    changed: list[Record | Gone | Unreadable] = field(default_factory=list)
    done: list[tuple[str, Operation]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    lose: list[str] = field(default_factory=list)  # "before", "after"
    fail_reads: ConnectorError | None = None
    fail_writes: ConnectorError | None = None
    usage: Usage = field(default_factory=Usage)
    fetched: list[Ref] = field(default_factory=list)
    hidden: tuple[Unreadable, ...] = ()  # rows of what is open that show nothing
    unseen: ConnectorError | None = None  # why it cannot be told whether something was done
    on_fetch: Callable[[Ref], None] | None = None
    on_write: Callable[[int], ConnectorError | None] | None = None

    def customer(self, ref: str, **more: object) -> None:
        self.put(Customer(ref=ref, name=f"Customer {ref}", email=f"{ref}@example.test", **more))

    def invoice(self, ref: str, customer: str, due_on: date, amount: str = "100.00") -> None:
        self.put(
            Invoice(
                ref, f"N{ref}", customer, due_on - timedelta(days=30), due_on, usd(amount), usd(amount), version="1"
            )
        )

    def put(self, fact: object) -> None:
        kind = {Customer: "customer", Invoice: "invoice", Payment: "payment"}[type(fact)]
        ref = Ref(kind, fact.ref)
        self.facts[ref] = fact
        self.changed.append(Record(ref, fact))

    def pay(self, ref: str, amount: str | None = None) -> None:
        invoice = self.facts[Ref("invoice", ref)]
        rest = invoice.balance - usd(amount) if amount else usd("0.00")
        self.put(replace(invoice, balance=rest, status="open" if rest else "paid"))

    def remove(self, ref: str) -> None:
        self.changed.append(Gone(Ref("invoice", ref)))
        del self.facts[Ref("invoice", ref)]

    def changes(self, cursor: str | None) -> Iterator[Page]:
        self.usage.count("read")
        if self.fail_reads:
            raise self.fail_reads
        records, self.changed = tuple(self.changed), []
        if cursor is None:
            records = tuple(Record(ref, fact) for ref, fact in self.facts.items())
        yield Page(cursor=str(int(cursor or 0) + 1), records=records, company=Company("Acme", "USD"))

    def fetch(self, ref: Ref) -> Record | None:
        self.fetched.append(ref)
        if self.on_fetch:
            self.on_fetch(ref)
        fact = self.facts.get(ref)
        return Record(ref, fact) if fact else None

    def open_invoices(self, customers: Sequence[str]) -> tuple[Record | Unreadable, ...]:
        self.fetched.append(Ref("invoice", "all that is open"))
        bills = [fact for fact in self.facts.values() if isinstance(fact, Invoice) and fact.customer in customers]
        return (*self.hidden, *(Record(Ref("invoice", bill.ref), bill) for bill in bills if bill.balance))

    def mark_on(self, ref: Ref, *, mails: bool = False) -> str | None:
        flags = [step.customer for _, step in self.done if isinstance(step, SetStopSell)]
        bills = [getattr(step, "invoice", "") for _, step in self.done]
        return "carries a marker of ours" if ref.id in (flags if ref.kind == "customer" else bills) else None

    def pay_link(self, invoice: str) -> str | None:
        return f"https://pay.example/{invoice}"

    def unsupported(self, operation: Operation) -> str | None:
        return None

    def write(self, operation: Operation, key: str) -> Receipt:
        self.sent.append(key)
        if self.on_write and (error := self.on_write(len(self.sent))):
            raise error
        if self.fail_writes:
            raise self.fail_writes
        lost = self.lose.pop(0) if self.lose else ""
        if lost != "before":
            self._do(operation, key)
        if lost:
            raise OutcomeUnknown("the line went dead")
        return Receipt(remote_id=f"R-{len(self.done)}")  # what was made bears this id too

    def was_applied(self, operation: Operation, key: str, since: datetime) -> Receipt | None:
        if isinstance(operation, EmailInvoice):
            raise Unprovable("the provider keeps no record of its mail")
        if self.unseen:
            raise self.unseen
        return next((Receipt(f"R-{place}") for place, (done, _) in enumerate(self.done, 1) if done == key), None)

    def aged_receivables(self, as_of: date) -> tuple[()]:
        return ()

    def beyond_documents(self, customers: frozenset[str], as_of: date) -> tuple[()]:
        return ()

    def identity(self) -> Identity:
        return Identity()

    def own_dunning(self) -> OwnDunning:
        return OwnDunning()

    def close(self) -> None:
        """Nothing to give back."""

    def times(self) -> Counter[str]:
        return Counter(key for key, _ in self.done)

    def _do(self, operation: Operation, key: str) -> None:
        self.done.append((key, operation))
        if isinstance(operation, SetStopSell):
            customer = self.facts[Ref("customer", operation.customer)]
            self.put(replace(customer, stop_sell=operation.on))
        if isinstance(operation, CreateInvoice):
            amount = operation.lines[0].amount
            for line in operation.lines[1:]:
                amount += line.amount
            self.put(
                Invoice(
                    f"R-{len(self.done)}", f"FC{len(self.done)}", operation.customer, operation.issued_on,
                    operation.due_on, amount, amount, origin="syncd:finance_charges",
                )
            )  # fmt: skip


@dataclass
class Desk:
    """What a spine test works with."""

    office: Office
    ledger: Ledger
    books: MemoryBooks
    clock: SimulatedClock
    config: Config

    @property
    def ground(self) -> Ground:
        return Ground(self.office.policies, self.config.limits, self.config.mode)

    def states(self) -> dict[str, str]:
        """The state of every action; whenever a test looks, what is counted of them without looking must agree."""
        states = {intent.key: intent.state for intent in self.ledger.intents.actions()}
        counted, each = self.ledger.intents.waiting(), Counter(states.values())
        assert (counted.held, counted.unclear) == (each["held"], each["unknown"])
        return states


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> Path:
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "books").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "config.toml").write_text(CONFIG.replace("# database", f'database = "{database.url}"'))
    return tmp_path


@pytest.fixture
def open_desk(folder: Path) -> Iterator[Callable[..., Desk]]:
    """Opens the office over the folder; calling it again is a restart over the same state and the same books."""
    opened = []

    def opener(books: MemoryBooks | None = None, **changes: object) -> Desk:
        while opened:
            opened.pop().__exit__(None, None, None)
        config = replace(load_config(folder / "config.toml"), **changes)
        clock = books.clock if books else SimulatedClock(START)
        door = open_office(config, clock, exclusive=True)
        office = door.__enter__()
        opened.append(door)
        ledger = office.ledger("acme")
        ledger.connector = books or MemoryBooks(clock)
        return Desk(office, ledger, ledger.connector, clock, config)

    yield opener
    while opened:
        opened.pop().__exit__(None, None, None)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()
