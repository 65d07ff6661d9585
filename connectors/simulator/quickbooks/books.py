"""The ledger: tables, ids, time, customers' balances, and an audit log of who did what. Checks nothing by itself.

All money is integer cents. A derived change (a balance moved by another document) moves a record's last-updated time
but never its SyncToken, as in QuickBooks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from connectors.simulator.quickbooks.faults import Refused, not_found
from connectors.simulator.quickbooks.rows import Actor, Row, Table
from connectors.simulator.quickbooks.schema import ENTITIES
from connectors.simulator.quickbooks.wire import Body

Action = Literal["create", "update", "delete", "void", "send", "merge"]

_SEQUENCES = {"Customer": "name", "Vendor": "name", "Employee": "name"}
_OWN_SEQUENCE = frozenset(
    ("Item", "Account", "Term", "CustomerType", "PaymentMethod", "Class", "Department", "TaxCode")
)


class Ticker(Protocol):
    """Anything that can tell the time."""

    def now(self) -> datetime:
        """This instant, aware."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log: the record before and after, and what it was worth in cents after."""

    at: datetime
    actor: Actor
    action: Action
    entity: str
    id: str
    customer: str
    before: Body = field(default_factory=dict)
    after: Body = field(default_factory=dict)
    cents: int = 0


class Books:
    """One company's books. `actor` is who is at work; the API sets it while it handles a request."""

    def __init__(self, clock: Ticker, timezone: str, currency: str, *, multi_currency: bool = False) -> None:
        self.skew = timedelta(0)
        self.currency = currency
        self.multi_currency = multi_currency
        self.timezone = ZoneInfo(timezone)
        self.actor: Actor = "person"
        self.audit: list[Entry] = []
        self.rates: dict[str, dict[date, Decimal]] = {}
        self.numbers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.last_number = 1000
        self.custom_fields: tuple[str, ...] = ("Crew #",)
        self._clock = clock
        self._tables = {entity: Table() for entity in ENTITIES}
        self._last_id: defaultdict[str, int] = defaultdict(int)
        self._by_customer: defaultdict[str, dict[str, Row]] = defaultdict(dict)
        self._named: dict[tuple[str, str], Row] = {}
        self._latest = clock.now()

    # -- time

    def now(self) -> datetime:
        """The provider's own time: the clock's, skewed, never going back."""
        self._latest = max(self._latest, self._clock.now() + self.skew)
        return self._latest

    def today(self) -> date:
        """The company's local day."""
        return self.now().astimezone(self.timezone).date()

    # -- records

    def table(self, entity: str) -> Table:
        """All records of an entity."""
        return self._tables[entity]

    def get(self, entity: str, row_id: str) -> Row | None:
        """A record, None where there is none."""
        return self._tables[entity].get(row_id)

    def need(self, entity: str, row_id: str) -> Row:
        """A record. Raises Refused 610."""
        row = self.get(entity, row_id)
        if row is None:
            raise not_found()
        return row

    def named(self, entity: str, folded: str) -> Row | None:
        """The list entry of that name, compared without case."""
        return self._named.get((entity, folded))

    def rename(self, row: Row, former: str = "") -> None:
        """A list entry got its name, or another one."""
        self._named.pop((row.entity, former.casefold()), None)
        self._named[row.entity, row.name.casefold()] = row

    def need_one(self, entity: str) -> Row:
        """The record of an entity of which there is one (Preferences, CompanyInfo)."""
        return next(iter(self._tables[entity]))

    def next_id(self, entity: str) -> str:
        """The next id of the sequence the entity draws from."""
        sequence = _SEQUENCES.get(entity) or (entity if entity in _OWN_SEQUENCE else "transaction")
        if entity in ("Preferences", "CompanyInfo", "Address"):
            sequence = entity
        self._last_id[sequence] += 1
        return str(self._last_id[sequence])

    def skip_to(self, entity: str, number: int) -> None:
        """Make `number` the next id of an entity with a sequence of its own."""
        self._last_id[entity] = number - 1

    def add(self, entity: str, body: Body, *, customer: str = "") -> Row:
        """A new record with nothing on it yet."""
        moment = self.now().replace(microsecond=0)
        row = Row(entity, self.next_id(entity), body, moment, moment, self.actor, customer)
        self._tables[entity].put(row)
        if customer:
            self._by_customer[customer][row.id] = row
        return row

    def touch(self, row: Row, *, new_version: bool = True) -> None:
        """The record changed; only what somebody edited gets a new SyncToken."""
        row.changed_at = self.now().replace(microsecond=0)
        row.sync += new_version
        row.forget_views()
        self._tables[row.entity].moved(row)

    def remove(self, row: Row) -> None:
        """Delete for good; a tombstone stays for change data capture."""
        self.owe(row, total=0, applied=0)
        row.changed_at = self.now().replace(microsecond=0)
        self._tables[row.entity].drop(row)
        self._by_customer[row.customer].pop(row.id, None)
        self._named.pop((row.entity, row.name.casefold()), None)

    def reassign(self, row: Row, customer: str) -> None:
        """Move a transaction, and what is open of it, to another customer."""
        if row.customer == customer:
            return
        self._shift(row.customer, -row.sign * row.open)
        self._by_customer[row.customer].pop(row.id, None)
        row.customer = customer
        self._by_customer[customer][row.id] = row
        self._shift(customer, row.sign * row.open)

    def of_customer(self, customer: str) -> list[Row]:
        """The transactions of a customer."""
        return list(self._by_customer[customer].values())

    def forget_views(self, rows: Iterator[Row] | list[Row]) -> None:
        """What these records show of others has changed."""
        for row in rows:
            row.forget_views()

    # -- balances

    def owe(self, row: Row, *, total: int | None = None, applied: int | None = None, deposit: int = -1) -> None:
        """Set what a transaction is worth or how much of it is settled; its customer's balance follows."""
        before = row.open
        row.total = row.total if total is None else total
        row.applied = row.applied if applied is None else applied
        row.deposit = row.deposit if deposit < 0 else deposit
        row.forget_views()
        self._shift(row.customer, row.sign * (row.open - before))

    def _shift(self, customer: str, cents: int) -> None:
        if not cents or not customer:
            return
        owner = self.need("Customer", customer)
        owner.balance += cents
        for row in self.chain(customer):
            row.balance_with_jobs += cents
            self.touch(row, new_version=False)

    def chain(self, customer: str) -> list[Row]:
        """A customer, its parent, the parent's parent."""
        found: list[Row] = []
        row = self.get("Customer", customer)
        while row is not None:
            found.append(row)
            row = self.get("Customer", row.body.get("ParentRef", {}).get("value", ""))
        return found

    def rebase(self, customer: Row, cents: int) -> None:
        """A family member came (or, negative, went) with so much open: its ancestors' totals follow."""
        for row in self.chain(customer.id)[1:]:
            row.balance_with_jobs += cents
            self.touch(row, new_version=False)

    # -- the log

    def log(self, action: Action, row: Row, before: Body | None = None) -> None:
        """Write down what was just done to a record."""
        moment = self.now()
        entry = Entry(moment, self.actor, action, row.entity, row.id, row.customer, before or {}, row.body, row.total)
        self.audit.append(entry)

    def check_version(self, row: Row, sync_token: str) -> None:
        """Raises Refused 5010 unless the client saw the latest version."""
        if sync_token != str(row.sync):
            other = "another user"
            raise Refused(
                "5010",
                f"Stale Object Error : You and {other} were working on this at the same time. "
                f"{other} finished before you did, so your work was not saved.",
            )
