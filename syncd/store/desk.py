"""The desk: what people record about their customers (promises, disputes, plans, holds, contacts, imported history)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from syncd.store import codec, journal, schema
from syncd.store.engine import Store
from syncd.store.intake import mark_dirty
from syncd.store.sql import chunks

_record = schema.record
BOOK_FILE = "book file"  # who recorded what came with a pull
ANYBODY = ""  # the customer of a record that concerns several of them


@dataclass(frozen=True, slots=True)
class Paper:
    """A value with the ref it is filed under and the customer it concerns."""

    value: object
    ref: str
    customer: str


@dataclass(frozen=True, slots=True)
class Filed:
    """A record as it lies on the desk: who made it and when."""

    value: Any
    kind: str
    ref: str
    customer: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says: who, when, what happened (`noun.past_verb`), and plain values for the journal."""

    who: str
    now: datetime
    event: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    concerns: tuple[str, ...] = ()  # customers to look at again besides the record's own


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

    def note(self, make: Callable[[str], object], name: str, customer: str, word: Word) -> Filed:
        """File what `make` makes of the next free ref (``promise-4`` for the name ``promise``), and say so.

        The record, its journal line and the mark that the customer is to be looked at again are stored together.
        """
        with self._store.writing() as tx:
            ref = self._free_ref(tx, name)
            return self._file(tx, Paper(make(ref), ref, customer), word)

    def amend(self, paper: Paper, word: Word) -> Filed:
        """File `paper`, instead of what stands under its kind and ref if anything does, and say so."""
        with self._store.writing() as tx:
            return self._file(tx, paper, word)

    def strike(self, filed: Filed, word: Word) -> None:
        """Take a record away as if it had never been made, and say so."""
        with self._store.writing() as tx:
            tx.execute(delete(_record).where(self._is(filed.kind, filed.ref)))
            self._say(tx, filed.ref, filed.customer, word)

    def filed(self, kind: str) -> list[Filed]:
        """Every record of a kind with who made it, oldest first."""
        with self._store.reading() as tx:
            rows = tx.execute(
                select(_record)
                .where(_record.c.connection == self._name, _record.c.kind == kind)
                .order_by(_record.c.at, _record.c.id)
            )
            return [_filed(row) for row in rows]

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
        """The records of these customers and those of no single one: kind, customer and value, oldest first."""
        found: list[tuple[str, str, Any]] = []
        with self._store.reading() as tx:
            for some in chunks([*customers, ANYBODY]):
                rows = tx.execute(
                    select(_record.c.kind, _record.c.customer, _record.c.doc)
                    .where(_record.c.connection == self._name, _record.c.customer.in_(some))
                    .order_by(_record.c.id)
                )
                found.extend((row.kind, row.customer, codec.load_record(row.kind, row.doc)) for row in rows)
        return found

    def _file(self, tx: Connection, paper: Paper, word: Word) -> Filed:
        row = self._row(paper, word.who, word.now)
        tx.execute(delete(_record).where(self._is(row["kind"], paper.ref)))
        tx.execute(_record.insert(), row)
        self._say(tx, paper.ref, paper.customer, word)
        return Filed(paper.value, row["kind"], paper.ref, paper.customer, word.who, word.now)

    def _say(self, tx: Connection, ref: str, customer: str, word: Word) -> None:
        mark_dirty(tx, self._name, [one for one in (customer, *word.concerns) if one != ANYBODY])
        journal.write(
            tx, journal.Entry(word.now, self._name, word.event, ref, customer, who=word.who, detail=word.detail)
        )

    def _free_ref(self, tx: Connection, name: str) -> str:
        mine = _record.c.connection == self._name
        refs = tx.execute(select(_record.c.ref).where(mine, _record.c.ref.startswith(f"{name}-"))).scalars()
        numbers = [int(match[1]) for ref in refs if (match := re.fullmatch(rf"{re.escape(name)}-(\d+)", ref))]
        return f"{name}-{max(numbers, default=0) + 1}"

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


def _filed(row: Any) -> Filed:
    return Filed(
        value=codec.load_record(row.kind, row.doc),
        kind=row.kind,
        ref=row.ref,
        customer=row.customer,
        who=row.who,
        at=datetime.fromisoformat(row.at),
    )
