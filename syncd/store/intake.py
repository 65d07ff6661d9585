"""Takes a page into the mirror within one transaction: who changed, what vanished, what could not be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from connectors import NO_RECORD, FactKind, Gone, Page, Record, Ref, Unreadable
from rules.domain.facts import CreditNote, Customer, Fact, Invoice, Payment, Rate
from syncd.store import codec, schema
from syncd.store.crossings import note_crossings
from syncd.store.moves import follow_invoices, merged
from syncd.store.sql import chunks, fitted, upsert
from syncd.store.words import keepable

_fact, _dirty = schema.fact, schema.dirty


@dataclass(frozen=True, slots=True)
class Applied:
    """What a page did: records that differ from what was held, open invoices gone or voided, records unreadable.

    `opened` is by how many the open invoices became more (or, below zero, fewer).
    """

    changed: int = 0
    vanished: int = 0
    quarantined: int = 0
    opened: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.changed + other.changed,
            self.vanished + other.vanished,
            self.quarantined + other.quarantined,
            self.opened + other.opened,
        )


@dataclass(slots=True)
class _News:
    """What the records of a page come to: the rows to write, whom to look at again, and the counts."""

    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    applied: Applied = field(default_factory=Applied)

    def keep(self, record: Record, row: dict[str, Any], old: Any) -> None:
        """A record as it is now. It is news only where it differs from the `old` row, or where there is none."""
        self.rows[record.ref.kind, record.ref.id] = row
        if old is not None and old.doc == row["doc"]:
            return
        self.changed |= {row["customer"]} | ({old.customer} if old is not None else set())
        was_open, is_open = _was_open_invoice(old), record.ref.kind == "invoice" and row["open"]
        vanished = int(was_open and _is_voided(record))
        self.applied += Applied(changed=1, vanished=vanished, opened=int(is_open) - int(was_open))

    def lose(self, old: Any, changed: set[str]) -> None:
        """A record is gone, which concerns these customers."""
        self.changed |= changed
        vanished = int(_was_open_invoice(old))
        self.applied += Applied(changed=int(old is not None), vanished=vanished, opened=-vanished)


class Intake:
    """The taking in of one page of one connection."""

    def __init__(self, tx: Connection, connection: str, now: datetime) -> None:
        self._tx = tx
        self._name = connection
        self._now = now
        self._seen_at = now.astimezone(UTC).isoformat()

    def take(self, page: Page) -> Applied:
        """Store its records, rates, progress and cursor."""
        listings = self._listings()
        for kind in page.replaces:
            listings[kind] = listings.get(kind, 0) + 1
            self._tx.execute(delete(schema.quarantine).where(self._hidden(kind)))
        self._seen_at = (page.server_time or self._now).astimezone(UTC).isoformat()
        records = [keepable(record) for record in page.records]
        applied = self._store_records(records, listings, self._held([record.ref for record in records]))
        for kind in page.complete_for:
            if self._tx.execute(select(schema.quarantine.c.id).where(self._hidden(kind)).limit(1)).first():
                continue  # a row showed no record: whichever it was must not count as gone
            dropped = self._drop_unlisted(kind, listings.get(kind, 0))
            applied += Applied(vanished=dropped, opened=-dropped)
        self._store_rates(page.rates)
        self._store_progress(page, listings)
        return applied

    def _note_departed(self, refs: Sequence[Ref]) -> None:
        """Remember for a day what is gone."""
        if not refs:
            return
        table, a_day_ago = schema.departed, (self._now - timedelta(days=1)).astimezone(UTC).isoformat()
        self._tx.execute(delete(table).where(table.c.connection == self._name, table.c.at < a_day_ago))
        rows = [{"connection": self._name, "kind": ref.kind, "id": ref.id, "at": self._seen_at} for ref in refs]
        upsert(self._tx, table, rows)

    def _store_records(
        self,
        records: Sequence[Record | Gone | Unreadable],
        listings: dict[str, int],
        held: Mapping[tuple[str, str], Any],
    ) -> Applied:
        news = _News()
        for record in records:
            old = held.get((record.ref.kind, record.ref.id))
            match record:
                case Unreadable():
                    self._quarantine(record)
                    self._mark_listed(record.ref, listings)
                    news.applied += Applied(quarantined=1)
                case Gone():
                    news.lose(old, self._forget(record, old))
                case Record():
                    news.keep(record, self._row(record, listings), old)
        for kind in {kind for kind, _ in news.rows}:
            upsert(self._tx, _fact, [row for (of, _), row in news.rows.items() if of == kind])
        given = _given(news.rows, held)
        follow_invoices(self._tx, self._name, given)
        for loser, winner in merged(records, given):
            self._move(loser, winner)
            news.changed.add(winner)
        self._note_crossings([record.fact for record in records if isinstance(record, Record)])
        self._note_departed([record.ref for record in records if isinstance(record, Gone)])
        self._unquarantine(list(news.rows))
        mark_dirty(self._tx, self._name, news.changed)
        return news.applied

    def _note_crossings(self, facts: Sequence[Fact]) -> None:
        """Which payments and credits are on invoices of others."""
        note_crossings(self._tx, self._name, "payment", [fact for fact in facts if isinstance(fact, Payment)])
        note_crossings(self._tx, self._name, "credit_note", [fact for fact in facts if isinstance(fact, CreditNote)])

    def _row(self, record: Record, listings: dict[str, int]) -> dict[str, Any]:
        fact = record.fact
        return {
            "connection": self._name,
            "kind": record.ref.kind,
            "id": record.ref.id,
            "customer": fact.ref if isinstance(fact, Customer) else fact.customer,
            "parent": fact.parent if isinstance(fact, Customer) else None,
            "number": fitted(_fact.c.number, _number(fact) or "") or None,
            "open": _is_open(fact),
            "listing": listings.get(record.ref.kind, 0),
            "stamp": record.stamp,
            "seen_at": self._seen_at,
            "doc": codec.dump(fact),
        }

    def _held(self, refs: Sequence[Ref]) -> dict[tuple[str, str], Any]:
        held: dict[tuple[str, str], Any] = {}
        for kind in {ref.kind for ref in refs}:
            for some in chunks([ref.id for ref in refs if ref.kind == kind]):
                rows = self._tx.execute(
                    select(
                        _fact.c.kind,
                        _fact.c.id,
                        _fact.c.customer,
                        _fact.c.open,
                        _fact.c.stamp,
                        _fact.c.seen_at,
                        _fact.c.doc,
                    ).where(_fact.c.connection == self._name, _fact.c.kind == kind, _fact.c.id.in_(some))
                )
                held.update({(row.kind, row.id): row for row in rows})
        return held

    def _forget(self, gone: Gone, old: Any) -> set[str]:
        """Drop a record; where it was merged, what hung on it moves to the survivor. Returns who changed."""
        self._tx.execute(delete(_fact).where(self._is(gone.ref.kind, gone.ref.id)))
        changed = {old.customer} if old is not None else set()
        if gone.ref.kind == "customer" and gone.merged_into:
            changed |= {gone.merged_into}
            self._move(gone.ref.id, gone.merged_into)
        return changed

    def _move(self, loser: str, winner: str) -> None:
        rows = self._tx.execute(
            select(_fact.c.kind, _fact.c.id, _fact.c.doc).where(
                _fact.c.connection == self._name, _fact.c.customer == loser
            )
        ).all()
        for row in rows:
            moved = replace(codec.load_fact(row.kind, row.doc), customer=winner)
            self._tx.execute(
                update(_fact)
                .where(self._is(row.kind, row.id))
                .values(customer=winner, doc=codec.dump(moved), seen_at=self._seen_at)
            )
        for table in (schema.record, schema.action, schema.audit):
            self._tx.execute(
                update(table).where(table.c.connection == self._name, table.c.customer == loser).values(customer=winner)
            )

    def _drop_unlisted(self, kind: FactKind, listing: int) -> int:
        """Forget open records that the full listing just ended did not show. Returns how many invoices that were."""
        unlisted = and_(_fact.c.connection == self._name, _fact.c.kind == kind, _fact.c.open, _fact.c.listing < listing)
        rows = self._tx.execute(select(_fact.c.id, _fact.c.customer).where(unlisted)).all()
        self._tx.execute(delete(_fact).where(unlisted))
        self._note_departed([Ref(kind, row.id) for row in rows])
        mark_dirty(self._tx, self._name, [row.customer for row in rows])
        return len(rows) if kind == "invoice" else 0

    def _store_rates(self, rates: Sequence[Rate]) -> None:
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
        upsert(self._tx, schema.rate, list(rows.values()))

    def _store_progress(self, page: Page, listings: dict[str, int]) -> None:
        values: dict[str, Any] = {"cursor": page.cursor, "listings": json.dumps(listings, sort_keys=True)}
        if page.company is not None:
            values["company"] = codec.dump(page.company)
        self._tx.execute(update(schema.connection).where(schema.connection.c.name == self._name).values(**values))

    def _listings(self) -> dict[str, int]:
        text = self._tx.execute(
            select(schema.connection.c.listings).where(schema.connection.c.name == self._name)
        ).scalar_one()
        listings: dict[str, int] = json.loads(text) if text else {}
        return listings

    def _quarantine(self, record: Unreadable) -> None:
        upsert(
            self._tx,
            schema.quarantine,
            [
                {
                    "connection": self._name,
                    "kind": record.ref.kind,
                    "id": record.ref.id,
                    "problem": record.problem,
                    "at": self._now.isoformat(),
                }
            ],
        )

    def _mark_listed(self, ref: Ref, listings: dict[str, int]) -> None:
        """A listing that shows a record we cannot read shows it all the same: what we hold of it stays."""
        self._tx.execute(update(_fact).where(self._is(ref.kind, ref.id)).values(listing=listings.get(ref.kind, 0)))

    def _unquarantine(self, understood: Sequence[tuple[str, str]]) -> None:
        table = schema.quarantine
        columns = (table.c.kind, table.c.id, table.c.at)
        waiting = self._tx.execute(select(*columns).where(table.c.connection == self._name)).all()
        a_day_ago = (self._now - timedelta(days=1)).isoformat()
        for row in waiting:
            # What no row shows is told again as long as it is so; which record it was, nobody can know.
            if (row.kind, row.id) in understood or (row.id.startswith(NO_RECORD) and row.at < a_day_ago):
                self._tx.execute(
                    delete(table).where(
                        table.c.connection == self._name, table.c.kind == row.kind, table.c.id == row.id
                    )
                )

    def _hidden(self, kind: FactKind) -> Any:
        """The quarantined rows of a kind that show no record."""
        table = schema.quarantine
        return and_(table.c.connection == self._name, table.c.kind == kind, table.c.id.startswith(NO_RECORD))

    def _is(self, kind: str, ref: str) -> Any:
        return and_(_fact.c.connection == self._name, _fact.c.kind == kind, _fact.c.id == ref)


def _given(rows: Mapping[tuple[str, str], dict[str, Any]], held: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """The invoices that are another customer's by now: whose they were, whose they are."""
    return {
        ref: (held["invoice", ref].customer, row["customer"])
        for (kind, ref), row in rows.items()
        if kind == "invoice" and ("invoice", ref) in held and held["invoice", ref].customer != row["customer"]
    }


def mark_dirty(tx: Connection, connection: str, customers: Iterable[str]) -> None:
    """Look at these customers in the next pass."""
    upsert(tx, _dirty, [{"connection": connection, "customer": customer} for customer in sorted(set(customers))])


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
