"""The mirror: the provider's facts as last pulled. Only `apply` writes it, one page and its cursor in one transaction.

It also keeps which customers changed, so that a pass costs what changed, and what one pull made vanish, for the brake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select, true

from connectors import Page, Ref
from rules.domain.facts import OURS, CreditNote, Customer, Fact, Payment, Rate
from syncd.store import codec, schema
from syncd.store.crossings import crossing_into
from syncd.store.engine import Store
from syncd.store.intake import Applied, Intake, mark_dirty
from syncd.store.sql import chunks

_fact, _dirty = schema.fact, schema.dirty
_CLAIMED = '"claims_ours":true'
_BY_US = f'"origin":"{OURS}'


@dataclass(frozen=True, slots=True)
class Called:
    """A customer or invoice that a text names; `by_id` where only its id is what was written."""

    ref: Ref
    customer: str
    by_id: bool


class Mirror:
    """The facts of one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def apply(self, page: Page, now: datetime) -> Applied:
        """Store a page, its cursor, and who changed by it: all or nothing."""
        with self._store.writing() as tx:
            return Intake(tx, self._name, now).take(page)

    def fact(self, ref: Ref) -> Fact | None:
        """The record as we hold it, or None."""
        with self._store.reading() as tx:
            doc = tx.execute(select(_fact.c.doc).where(self._is(ref.kind, ref.id))).scalar()
        fact: Fact | None = codec.load_fact(ref.kind, doc) if doc else None
        return fact

    def find(self, text: str) -> tuple[Ref, str] | None:
        """Which customer or invoice a person means by `text`, with its customer; None if none.

        Names before ids, as they are written before any other case.
        """
        found = self.called(text) or self.called(text, exactly=False)
        return (found[0].ref, found[0].customer) if found else None

    def called(self, text: str, *, exactly: bool = True) -> list[Called]:
        """The customers and invoices that `text` names by number or name, then those it names by id.

        Not `exactly`: in whatever case it is written.
        """
        same = _fact.c.number == text if exactly else func.lower(_fact.c.number) == text.lower()
        with self._store.reading() as tx:
            rows = tx.execute(
                select(_fact.c.kind, _fact.c.id, _fact.c.customer, _fact.c.number)
                .where(_fact.c.connection == self._name, _fact.c.kind.in_(("customer", "invoice")))
                .where((_fact.c.id == text) | same)
                .order_by(_fact.c.kind, _fact.c.id)
            ).all()
        found = [Called(Ref(row.kind, row.id), row.customer, by_id=row.number != text == row.id) for row in rows]
        return sorted(found, key=lambda one: one.by_id)

    def names(self) -> list[str]:
        """What customers and invoices are called, each once."""
        with self._store.reading() as tx:
            rows = tx.execute(
                select(_fact.c.number)
                .distinct()
                .where(_fact.c.connection == self._name, _fact.c.kind.in_(("customer", "invoice")))
                .where(_fact.c.number.is_not(None))
            )
            return sorted(rows.scalars())

    def in_group(self, group: str) -> list[str]:
        """The refs of the customers in a group, in order."""
        return sorted(customer.ref for customer in self._customers() if group in customer.groups)

    def groups(self) -> list[str]:
        """What groups of customers there are, each once."""
        return sorted({group for customer in self._customers() for group in customer.groups})

    def _customers(self) -> Iterator[Customer]:
        kept = select(_fact.c.doc).where(_fact.c.connection == self._name, _fact.c.kind == "customer")
        with self._store.reading() as tx:
            yield from (codec.load_fact("customer", doc) for doc in tx.execute(kept).scalars())

    def open_invoices(self) -> int:
        """How many invoices have something open."""
        with self._store.reading() as tx:
            return tx.execute(
                select(func.count())
                .select_from(_fact)
                .where(_fact.c.connection == self._name, _fact.c.kind == "invoice", _fact.c.open)
            ).scalar_one()

    def has_charges_of_ours(self) -> bool:
        """Whether the books hold invoices that we, or another database of ours, made."""
        ours = and_(_fact.c.connection == self._name, _fact.c.kind == "invoice", _fact.c.doc.contains(_BY_US))
        with self._store.reading() as tx:
            return tx.execute(select(_fact.c.id).where(ours).limit(1)).scalar() is not None

    def has_claims(self, customer: str) -> bool:
        """Whether an invoice of the customer says that we made it, and nothing proves it."""
        theirs = and_(_fact.c.connection == self._name, _fact.c.customer == customer, _fact.c.doc.contains(_CLAIMED))
        with self._store.reading() as tx:
            return tx.execute(select(_fact.c.id).where(theirs).limit(1)).scalar() is not None

    def has_notes_of_ours(self) -> bool:
        """Whether the notes that come with invoices carry a marker of ours, forged documents apart."""
        invoices = and_(_fact.c.connection == self._name, _fact.c.kind == "invoice")
        marked = _fact.c.doc.contains(f"[{OURS}") & ~_fact.c.doc.contains(_CLAIMED)
        with self._store.reading() as tx:
            return tx.execute(select(_fact.c.id).where(invoices, marked).limit(1)).scalar() is not None

    def flagged(self, most: int) -> list[str]:
        """Customers whose stop-sell flag is up in the books, no more than so many."""
        customers = and_(_fact.c.connection == self._name, _fact.c.kind == "customer")
        raised = select(_fact.c.id).where(customers, _fact.c.doc.contains('"stop_sell":true')).limit(most)
        with self._store.reading() as tx:
            return sorted(tx.execute(raised).scalars())

    def heads(self, customers: Iterable[str]) -> list[str]:
        """The billing heads of these customers' families, sorted, each once."""
        wanted = set(customers)
        parents = self._above(wanted)
        return sorted({_head(customer, parents) for customer in wanted})

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
        below = self._below(heads)
        parents = self._above(below)
        families: dict[str, list[str]] = {head: [head] for head in heads}
        for child in sorted(below):
            head = _head(child, parents)
            if head in families and child != head:
                families[head].append(child)
        return families

    def facts_of(self, customers: Sequence[str]) -> list[Fact]:
        """Every fact of these customers, in order of kind and id; then what others paid or were credited for them."""
        facts: list[Fact] = []
        theirs = set(customers)
        with self._store.reading() as tx:
            for some in chunks(customers):
                own = and_(_fact.c.connection == self._name, _fact.c.customer.in_(some))
                rows = tx.execute(select(_fact.c.kind, _fact.c.id, _fact.c.doc).where(own)).all()
                # Ordered here: asked to order, SQLite walks every fact there is rather than these customers'.
                facts.extend(codec.load_fact(row.kind, row.doc) for row in sorted(rows, key=lambda row: row[:2]))
            others: dict[tuple[str, str], Payment | CreditNote] = {}
            for some in chunks(customers):
                for row in crossing_into(tx, self._name, some):
                    others[row.kind, row.id] = codec.load_fact(row.kind, row.doc)
            facts.extend(others[key] for key in sorted(others) if others[key].customer not in theirs)
        return facts

    def digests(self) -> dict[Ref, str]:
        """A digest of every record we hold: two of these tell what a reading changed."""
        with self._store.reading() as tx:
            rows = tx.execute(select(_fact.c.kind, _fact.c.id, _fact.c.doc).where(_fact.c.connection == self._name))
            return {Ref(row.kind, row.id): hashlib.sha256(row.doc.encode()).hexdigest() for row in rows}

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
            mark_dirty(tx, self._name, customers)

    def is_touched(self, customer: str) -> bool:
        """Whether something about this customer waits to be looked at."""
        where = (_dirty.c.connection == self._name, _dirty.c.customer == customer)
        with self._store.reading() as tx:
            return tx.execute(select(_dirty.c.customer).where(*where)).scalar() is not None

    def quarantined(self) -> list[tuple[Ref, str, str]]:
        """Records we could not understand: which, what is wrong, since when."""
        table = schema.quarantine
        with self._store.reading() as tx:
            rows = tx.execute(select(table).where(table.c.connection == self._name).order_by(table.c.kind, table.c.id))
            return [(Ref(row.kind, row.id), row.problem, row.at) for row in rows]

    def _above(self, customers: Iterable[str]) -> dict[str, str]:
        """The billing parent of each of these customers that has one, and of those parents, all the way up."""
        found: dict[str, str] = {}
        asked: set[str] = set()
        wanted = set(customers)
        while wanted:
            asked |= wanted
            rows = self._links((_fact.c.kind == "customer") & _fact.c.parent.is_not(None), _fact.c.id, wanted)
            found.update(rows)
            wanted = {parent for _, parent in rows} - asked
        return found

    def _below(self, heads: Iterable[str]) -> set[str]:
        """Everyone billed through these heads, at any distance."""
        found: set[str] = set()
        wanted = set(heads)
        while wanted:
            children = {child for child, _ in self._links(true(), _fact.c.parent, wanted)}
            wanted = children - found
            found |= children
        return found

    def _links(self, condition: Any, column: Any, values: Iterable[str]) -> list[tuple[str, str]]:
        """Customers with their parents, by one or the other."""
        found: list[tuple[str, str]] = []
        own = and_(_fact.c.connection == self._name, condition)
        with self._store.reading() as tx:
            for some in chunks(sorted(values)):
                rows = tx.execute(select(_fact.c.id, _fact.c.parent).where(own, column.in_(some)))
                found.extend((row.id, row.parent) for row in rows)
        return found

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
