"""Invoices that are known from exported files alone: kept beside the provider's, never over them.

Their ids begin with `csv:`, which no provider's do. What the provider shows by itself later takes their place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from connectors import FactKind, Gone, Page, Record, Ref
from rules.domain.facts import CreditNote, Customer, Fact, Invoice
from syncd.store import schema
from syncd.store.engine import Store
from syncd.store.past import PastIntake

_fact = schema.fact
PREFIX = "csv:"


@dataclass(frozen=True, slots=True)
class Known:
    """What the provider gave: customers by their name as names compare, and invoices by customer and number."""

    customers: dict[str, str]
    invoices: set[tuple[str, str]]


class ExportedRows:
    """The exported invoices of one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def known(self) -> Known:
        """What the provider gave, to compare with."""
        rows = [row for row in self._rows() if not row.id.startswith(PREFIX)]
        customers = {folded(row.number or row.id): row.id for row in rows if row.kind == "customer"}
        return Known(customers, {(row.customer, row.number or "") for row in rows if row.kind == "invoice"})

    def put(self, facts: Iterable[Fact], now: datetime) -> int:
        """Store these; what stands under the same id is replaced. Returns how many were news."""
        return self._apply([Record(Ref(_kind(fact), fact.ref), fact) for fact in facts], now)

    def give_way(self, now: datetime) -> int:
        """Drop what the provider shows by itself by now, customers into their namesakes. Returns how many records."""
        own = self._rows(self._is_exported())
        if not own:
            return 0
        known = self.known()
        customers = {row.id: known.customers.get(folded(row.number or "")) for row in own if row.kind == "customer"}
        gone = [Gone(Ref("customer", ref), survivor) for ref, survivor in customers.items() if survivor]
        for row in own:
            owner = customers.get(row.customer) or row.customer
            if row.kind == "invoice" and (owner, row.number or "") in known.invoices:
                gone += [Gone(Ref("invoice", row.id)), Gone(Ref("payment", row.id))]
        self._apply(gone, now)
        return len(gone)

    def _apply(self, records: list[Any], now: datetime) -> int:
        with self._store.writing() as tx:
            return _ExportedIntake(tx, self._name, now).take_past(Page("", tuple(records))).changed

    def _is_exported(self) -> ColumnElement[bool]:
        """Found by the index of ids: of SQLite's two ways to ask for a beginning, LIKE reads every record there is."""
        if self._store.dialect == "sqlite":
            return _fact.c.id.op("GLOB", is_comparison=True)(f"{PREFIX}*")
        return _fact.c.id.startswith(PREFIX)

    def _rows(self, *which: ColumnElement[bool]) -> list[Any]:
        of_kind = and_(_fact.c.connection == self._name, _fact.c.kind.in_(("customer", "invoice")), *which)
        with self._store.reading() as tx:
            return list(tx.execute(select(_fact.c.kind, _fact.c.id, _fact.c.customer, _fact.c.number).where(of_kind)))


class _ExportedIntake(PastIntake):
    """Nobody but us says anything of these records, so the latest word counts, whatever clock it was said by."""

    def _is_news(self, *_: Any) -> bool:
        return True


def folded(name: str) -> str:
    """A name as names are compared: without case and odd spacing."""
    return " ".join(name.split()).casefold()


def _kind(fact: Fact) -> FactKind:
    match fact:
        case Customer():
            return "customer"
        case Invoice():
            return "invoice"
        case CreditNote():
            return "credit_note"
        case _:
            return "payment"
