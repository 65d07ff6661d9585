"""The desk: what people record about their customers (promises, disputes, plans, holds, contacts, imported history)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, select

from syncd.store import codec, schema
from syncd.store.engine import Store
from syncd.store.sql import chunks

_record = schema.record


@dataclass(frozen=True, slots=True)
class Paper:
    """A value with the ref it is filed under and the customer it concerns."""

    value: object
    ref: str
    customer: str


class Desk:
    """The records of one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def put(self, value: object, *, ref: str, customer: str, who: str, now: datetime) -> None:
        """Record `value`, or replace what stands under its kind and `ref`."""
        row = self._row(Paper(value, ref, customer), who, now)
        with self._store.writing() as tx:
            tx.execute(delete(_record).where(self._is(row["kind"], ref)))
            tx.execute(_record.insert(), row)

    def replace_all(self, papers: Sequence[Paper], who: str, now: datetime) -> set[str]:
        """Make what `who` recorded exactly `papers`. Returns the customers whose records differ from before."""
        rows = {(row["kind"], row["ref"]): row for row in (self._row(paper, who, now) for paper in papers)}
        with self._store.writing() as tx:
            mine = and_(_record.c.connection == self._name, _record.c.who == who)
            held = {(row.kind, row.ref): row for row in tx.execute(select(_record).where(mine))}
            gone = {key: row for key, row in held.items() if key not in rows}
            news = {key: row for key, row in rows.items() if key not in held or held[key].doc != row["doc"]}
            for kind, ref in (*gone, *news):
                tx.execute(delete(_record).where(self._is(kind, ref)))
            if news:
                tx.execute(_record.insert(), list(news.values()))
        return {row.customer for row in gone.values()} | {row["customer"] for row in news.values()}

    def get(self, kind: str, ref: str) -> Any | None:
        """The value recorded under `kind` and `ref`, or None."""
        with self._store.reading() as tx:
            doc = tx.execute(select(_record.c.doc).where(self._is(kind, ref))).scalar()
        return codec.load_record(kind, doc) if doc else None

    def remove(self, kind: str, ref: str) -> bool:
        """Take a record away; False where there was none."""
        with self._store.writing() as tx:
            return tx.execute(delete(_record).where(self._is(kind, ref))).rowcount > 0

    def all(self, kind: str) -> list[Any]:
        """Every record of a kind, in order of its ref."""
        with self._store.reading() as tx:
            docs = (
                tx.execute(
                    select(_record.c.doc)
                    .where(_record.c.connection == self._name, _record.c.kind == kind)
                    .order_by(_record.c.ref)
                )
                .scalars()
                .all()
            )
        return [codec.load_record(kind, doc) for doc in docs]

    def customers(self, kind: str) -> list[str]:
        """Who has a record of this kind."""
        with self._store.reading() as tx:
            return list(
                tx.execute(
                    select(_record.c.customer)
                    .distinct()
                    .where(_record.c.connection == self._name, _record.c.kind == kind)
                    .order_by(_record.c.customer)
                ).scalars()
            )

    def of(self, customers: Sequence[str]) -> list[tuple[str, str, Any]]:
        """The records of these customers: kind, customer and value, oldest first."""
        found: list[tuple[str, str, Any]] = []
        with self._store.reading() as tx:
            for some in chunks(customers):
                rows = tx.execute(
                    select(_record.c.kind, _record.c.customer, _record.c.doc)
                    .where(_record.c.connection == self._name, _record.c.customer.in_(some))
                    .order_by(_record.c.id)
                )
                found.extend((row.kind, row.customer, codec.load_record(row.kind, row.doc)) for row in rows)
        return found

    def _row(self, paper: Paper, who: str, now: datetime) -> dict[str, Any]:
        return {
            "connection": self._name,
            "kind": codec.RECORD_KINDS[type(paper.value)],
            "ref": paper.ref,
            "customer": paper.customer,
            "who": who,
            "at": now.isoformat(),
            "doc": codec.dump(paper.value),
        }

    def _is(self, kind: str, ref: str) -> Any:
        return and_(_record.c.connection == self._name, _record.c.kind == kind, _record.c.ref == ref)
