"""Payments and credits used on invoices of somebody else: a parent may pay for whoever it is not billed for.

Kept beside the facts, so that the account of the invoice finds them though they are another customer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select

from rules.domain.facts import CreditNote, Payment
from syncd.store import schema
from syncd.store.sql import chunks

_fact, _crossing = schema.fact, schema.crossing
Document = Payment | CreditNote


def note_crossings(tx: Connection, connection: str, kind: str, documents: Sequence[Document]) -> None:
    """Write down which of these documents, all of one kind, are used on whose invoices besides their own customer's."""
    for some in chunks([document.ref for document in documents]):
        tx.execute(
            delete(_crossing).where(
                _crossing.c.connection == connection, _crossing.c.kind == kind, _crossing.c.id.in_(some)
            )
        )
    owners = _owners(tx, connection, {part.invoice for document in documents for part in document.applied})
    rows = [
        {"connection": connection, "invoice": invoice, "kind": kind, "id": document.ref}
        for document in documents
        for invoice in sorted({part.invoice for part in document.applied})
        if owners.get(invoice) != document.customer
    ]
    if rows:
        tx.execute(insert(_crossing), rows)


def crossing_into(tx: Connection, connection: str, customers: Sequence[str]) -> Sequence[Any]:
    """Kind, id and text of others' documents that are used on an invoice of these customers."""
    invoice = _fact.alias("invoice")
    of_invoice = and_(invoice.c.connection == connection, invoice.c.kind == "invoice")
    of_document = and_(_fact.c.connection == connection, _fact.c.kind == _crossing.c.kind, _fact.c.id == _crossing.c.id)
    return tx.execute(
        select(_fact.c.kind, _fact.c.id, _fact.c.doc)
        .distinct()
        .select_from(
            _crossing.join(invoice, and_(of_invoice, invoice.c.id == _crossing.c.invoice)).join(_fact, of_document)
        )
        .where(_crossing.c.connection == connection, invoice.c.customer.in_(customers))
    ).all()


def _owners(tx: Connection, connection: str, invoices: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in chunks(sorted(invoices)):
        theirs = and_(_fact.c.connection == connection, _fact.c.kind == "invoice", _fact.c.id.in_(some))
        found.update({row.id: row.customer for row in tx.execute(select(_fact.c.id, _fact.c.customer).where(theirs))})
    return found
