"""The mirror: the provider's facts as last pulled. Only `apply` writes it, one page and its cursor in one transaction.

It also keeps which customers changed, so that a pass costs what changed, and what one pull made vanish, for the brake.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update

from connectors import FactKind, Gone, Page, Record, Ref, Unreadable
from rules.domain.facts import Company, CreditNote, Customer, Fact, Invoice, Payment, Rate
from syncd.store import codec, schema
from syncd.store.engine import Store
from syncd.store.sql import chunks, upsert

_fact, _dirty = schema.fact, schema.dirty


@dataclass(frozen=True, slots=True)
class Applied:
    """What a page did: records that differ from what was held, open invoices gone or voided, records unreadable."""

    changed: int = 0
    vanished: int = 0
    quarantined: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.changed + other.changed, self.vanished + other.vanished, self.quarantined + other.quarantined
        )


class Mirror:
    """The facts of one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def apply(self, page: Page, now: datetime) -> Applied:
        """Store a page, its cursor, and who changed by it: all or nothing."""
        with self._store.writing() as tx:
            listings = self._listings(tx)
            for kind in page.replaces:
                listings[kind] = listings.get(kind, 0) + 1
            applied = self._store_records(tx, page.records, listings, now)
            for kind in page.complete_for:
                applied += Applied(vanished=self._drop_unlisted(tx, kind, listings.get(kind, 0)))
            self._store_rates(tx, page.rates)
            self._store_progress(tx, page, listings)
        return applied

    def fact(self, ref: Ref) -> Fact | None:
        """The record as we hold it, or None."""
        with self._store.reading() as tx:
            doc = tx.execute(select(_fact.c.doc).where(self._is(ref.kind, ref.id))).scalar()
        fact: Fact | None = codec.load_fact(ref.kind, doc) if doc else None
        return fact

    def find(self, text: str) -> tuple[Ref, str] | None:
        """Which customer or invoice a person means by `text` (id, number or name), with its customer; None if none."""
        with self._store.reading() as tx:
            rows = tx.execute(
                select(_fact.c.kind, _fact.c.id, _fact.c.customer)
                .where(_fact.c.connection == self._name, (_fact.c.id == text) | (_fact.c.number == text))
                .where(_fact.c.kind.in_(("customer", "invoice")))
                .order_by(_fact.c.kind, _fact.c.id)
            ).all()
        return (Ref(rows[0].kind, rows[0].id), rows[0].customer) if rows else None

    def open_invoices(self) -> int:
        """How many invoices have something open."""
        with self._store.reading() as tx:
            return tx.execute(
                select(func.count())
                .select_from(_fact)
                .where(_fact.c.connection == self._name, _fact.c.kind == "invoice", _fact.c.open)
            ).scalar_one()

    def heads(self, customers: Iterable[str]) -> list[str]:
        """The billing heads of these customers' families, sorted, each once."""
        parents = self._parents()
        return sorted({_head(customer, parents) for customer in customers})

    def changed_heads(self) -> list[str]:
        """Heads of the families in which something changed since they were last decided on."""
        with self._store.reading() as tx:
            found = tx.execute(select(_dirty.c.customer).where(_dirty.c.connection == self._name)).scalars().all()
        return self.heads(found)

    def open_heads(self) -> list[str]:
        """Heads of the families with anything open: what a new local day can change."""
        with self._store.reading() as tx:
            found = (
                tx.execute(select(_fact.c.customer).distinct().where(_fact.c.connection == self._name, _fact.c.open))
                .scalars()
                .all()
            )
        return self.heads(found)

    def all_heads(self) -> list[str]:
        """Every family's head."""
        with self._store.reading() as tx:
            found = (
                tx.execute(select(_fact.c.customer).distinct().where(_fact.c.connection == self._name)).scalars().all()
            )
        return self.heads(found)

    def family(self, heads: Sequence[str]) -> dict[str, list[str]]:
        """The members of each head's family, the head first."""
        parents = self._parents()
        families: dict[str, list[str]] = {head: [head] for head in heads}
        for child in sorted(parents):
            head = _head(child, parents)
            if head in families and child != head:
                families[head].append(child)
        return families

    def facts_of(self, customers: Sequence[str]) -> list[Fact]:
        """Every fact of these customers, in order of kind and id."""
        facts: list[Fact] = []
        with self._store.reading() as tx:
            for some in chunks(customers):
                rows = tx.execute(
                    select(_fact.c.kind, _fact.c.doc)
                    .where(_fact.c.connection == self._name, _fact.c.customer.in_(some))
                    .order_by(_fact.c.kind, _fact.c.id)
                )
                facts.extend(codec.load_fact(kind, doc) for kind, doc in rows)
        return facts

    def rates(self) -> tuple[Rate, ...]:
        """Every exchange rate seen."""
        with self._store.reading() as tx:
            docs = tx.execute(select(schema.rate.c.doc).where(schema.rate.c.connection == self._name)).scalars().all()
        return tuple(
            sorted((codec.load_rate(doc) for doc in docs), key=lambda rate: (rate.source, rate.target, rate.on))
        )

    def settled(self, heads: Sequence[str]) -> None:
        """These families were decided on: nothing of theirs waits to be looked at."""
        members = [member for family in self.family(heads).values() for member in family]
        with self._store.writing() as tx:
            for some in chunks(members):
                tx.execute(delete(_dirty).where(_dirty.c.connection == self._name, _dirty.c.customer.in_(some)))

    def touch(self, customers: Iterable[str]) -> None:
        """Look at these customers again in the next pass."""
        with self._store.writing() as tx:
            self._mark_dirty(tx, customers)

    def quarantined(self) -> list[tuple[Ref, str, str]]:
        """Records we could not understand: which, what is wrong, since when."""
        table = schema.quarantine
        with self._store.reading() as tx:
            rows = tx.execute(select(table).where(table.c.connection == self._name).order_by(table.c.kind, table.c.id))
            return [(Ref(row.kind, row.id), row.problem, row.at) for row in rows]

    def _store_records(
        self,
        tx: Connection,
        records: Sequence[Record | Gone | Unreadable],
        listings: dict[str, int],
        now: datetime,
    ) -> Applied:
        held = self._held(tx, [record.ref for record in records])
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        changed: set[str] = set()
        applied = Applied()
        for record in records:
            old = held.get((record.ref.kind, record.ref.id))
            if isinstance(record, Unreadable):
                self._quarantine(tx, record, now)
                applied += Applied(quarantined=1)
                continue
            if isinstance(record, Gone):
                changed |= self._forget(tx, record, old)
                applied += Applied(changed=int(old is not None), vanished=int(_was_open_invoice(old)))
                continue
            row = self._row(record, listings)
            rows[record.ref.kind, record.ref.id] = row
            if old is None or old.doc != row["doc"]:
                changed |= {row["customer"]} | ({old.customer} if old is not None else set())
                applied += Applied(changed=1, vanished=int(_was_open_invoice(old) and _is_voided(record)))
        for kind in {kind for kind, _ in rows}:
            upsert(tx, _fact, [row for (of, _), row in rows.items() if of == kind])
        self._unquarantine(tx, list(rows))
        self._mark_dirty(tx, changed)
        return applied

    def _row(self, record: Record, listings: dict[str, int]) -> dict[str, Any]:
        fact = record.fact
        return {
            "connection": self._name,
            "kind": record.ref.kind,
            "id": record.ref.id,
            "customer": fact.ref if isinstance(fact, Customer) else fact.customer,
            "parent": fact.parent if isinstance(fact, Customer) else None,
            "number": _number(fact),
            "open": _is_open(fact),
            "listing": listings.get(record.ref.kind, 0),
            "doc": codec.dump(fact),
        }

    def _held(self, tx: Connection, refs: Sequence[Ref]) -> dict[tuple[str, str], Any]:
        held: dict[tuple[str, str], Any] = {}
        for kind in {ref.kind for ref in refs}:
            for some in chunks([ref.id for ref in refs if ref.kind == kind]):
                rows = tx.execute(
                    select(_fact.c.kind, _fact.c.id, _fact.c.customer, _fact.c.open, _fact.c.doc).where(
                        _fact.c.connection == self._name, _fact.c.kind == kind, _fact.c.id.in_(some)
                    )
                )
                held.update({(row.kind, row.id): row for row in rows})
        return held

    def _forget(self, tx: Connection, gone: Gone, old: Any) -> set[str]:
        """Drop a record; where it was merged, what hung on it moves to the survivor. Returns who changed."""
        tx.execute(delete(_fact).where(self._is(gone.ref.kind, gone.ref.id)))
        changed = {old.customer} if old is not None else set()
        if gone.ref.kind == "customer" and gone.merged_into:
            changed |= {gone.merged_into}
            self._move(tx, gone.ref.id, gone.merged_into)
        return changed

    def _move(self, tx: Connection, loser: str, winner: str) -> None:
        rows = tx.execute(
            select(_fact.c.kind, _fact.c.id, _fact.c.doc).where(
                _fact.c.connection == self._name, _fact.c.customer == loser
            )
        ).all()
        for row in rows:
            moved = replace(codec.load_fact(row.kind, row.doc), customer=winner)
            tx.execute(update(_fact).where(self._is(row.kind, row.id)).values(customer=winner, doc=codec.dump(moved)))
        for table in (schema.record, schema.action, schema.audit):
            tx.execute(
                update(table).where(table.c.connection == self._name, table.c.customer == loser).values(customer=winner)
            )

    def _drop_unlisted(self, tx: Connection, kind: FactKind, listing: int) -> int:
        """Forget open records that the full listing just ended did not show. Returns how many invoices that were."""
        unlisted = and_(_fact.c.connection == self._name, _fact.c.kind == kind, _fact.c.open, _fact.c.listing < listing)
        customers = tx.execute(select(_fact.c.customer).where(unlisted)).scalars().all()
        tx.execute(delete(_fact).where(unlisted))
        self._mark_dirty(tx, customers)
        return len(customers) if kind == "invoice" else 0

    def _store_rates(self, tx: Connection, rates: Sequence[Rate]) -> None:
        rows = {
            (rate.source, rate.target, rate.on): {
                "connection": self._name,
                "source": rate.source,
                "target": rate.target,
                "on": rate.on.isoformat(),
                "doc": codec.dump(rate),
            }
            for rate in rates
        }
        upsert(tx, schema.rate, list(rows.values()))

    def _store_progress(self, tx: Connection, page: Page, listings: dict[str, int]) -> None:
        values: dict[str, Any] = {"cursor": page.cursor, "listings": json.dumps(listings, sort_keys=True)}
        if page.company is not None:
            values["company"] = codec.dump(page.company)
        tx.execute(update(schema.connection).where(schema.connection.c.name == self._name).values(**values))

    def _listings(self, tx: Connection) -> dict[str, int]:
        text = tx.execute(
            select(schema.connection.c.listings).where(schema.connection.c.name == self._name)
        ).scalar_one()
        listings: dict[str, int] = json.loads(text) if text else {}
        return listings

    def _quarantine(self, tx: Connection, record: Unreadable, now: datetime) -> None:
        upsert(
            tx,
            schema.quarantine,
            [
                {
                    "connection": self._name,
                    "kind": record.ref.kind,
                    "id": record.ref.id,
                    "problem": record.problem,
                    "at": now.isoformat(),
                }
            ],
        )

    def _unquarantine(self, tx: Connection, understood: Sequence[tuple[str, str]]) -> None:
        table = schema.quarantine
        waiting = tx.execute(select(table.c.kind, table.c.id).where(table.c.connection == self._name)).all()
        for row in waiting:
            if (row.kind, row.id) in understood:
                tx.execute(
                    delete(table).where(
                        table.c.connection == self._name, table.c.kind == row.kind, table.c.id == row.id
                    )
                )

    def _mark_dirty(self, tx: Connection, customers: Iterable[str]) -> None:
        upsert(tx, _dirty, [{"connection": self._name, "customer": customer} for customer in sorted(set(customers))])

    def _parents(self) -> dict[str, str]:
        with self._store.reading() as tx:
            rows = tx.execute(
                select(_fact.c.id, _fact.c.parent).where(
                    _fact.c.connection == self._name, _fact.c.kind == "customer", _fact.c.parent.is_not(None)
                )
            )
            return {row.id: row.parent for row in rows}

    def _is(self, kind: str, ref: str) -> Any:
        return and_(_fact.c.connection == self._name, _fact.c.kind == kind, _fact.c.id == ref)


def _head(customer: str, parents: dict[str, str]) -> str:
    """Up the billing chain; a circle in the books ends at its smallest id instead of never."""
    seen = {customer}
    while (parent := parents.get(customer)) is not None:
        if parent in seen:
            return min(seen)
        seen.add(parent)
        customer = parent
    return customer


def _number(fact: Fact) -> str | None:
    match fact:
        case Customer():
            return fact.name
        case Invoice() | CreditNote():
            return fact.number
        case Payment():
            return None


def _is_open(fact: Fact) -> bool:
    match fact:
        case Customer():
            return False
        case Invoice():
            return fact.status == "open" and bool(fact.balance)
        case Payment() | CreditNote():
            return bool(fact.unapplied)


def _was_open_invoice(held: Any) -> bool:
    return held is not None and held.kind == "invoice" and bool(held.open)


def _is_voided(record: Record) -> bool:
    return isinstance(record.fact, Invoice) and record.fact.status == "voided"


def company_of(text: str | None) -> Company | None:
    """The company as stored, or None before the first pull."""
    return codec.load_company(text) if text else None
