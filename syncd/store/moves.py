"""What is known of an invoice goes with it when the books give it to another customer, and tells who was merged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, select, update

from connectors import Gone, Record, Unreadable
from syncd.store import schema

_fact, _record = schema.fact, schema.record


def follow_invoices(tx: Connection, connection: str, given: Mapping[str, tuple[str, str]]) -> None:
    """`given` says of each invoice whose it was and whose it is now.

    A record about several invoices goes only once all of them are the same customer's.
    """
    for old in sorted({was for was, _ in given.values()}):
        rows = tx.execute(
            select(_record.c.id, _record.c.doc).where(_record.c.connection == connection, _record.c.customer == old)
        ).all()
        for row in rows:
            invoices = _invoices_of(json.loads(row.doc))
            if invoices & given.keys() and len(owners := _owners(tx, connection, invoices)) == 1:
                tx.execute(update(_record).where(_record.c.id == row.id).values(customer=owners.pop()))


def merged(
    records: Sequence[Record | Gone | Unreadable], given: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Customers that went in this page while their invoices went to one other: (merged away, the survivor).

    QuickBooks tells of a merge by no more than that: it lets nobody delete a customer.
    """
    for gone in records:
        if isinstance(gone, Gone) and gone.ref.kind == "customer" and gone.merged_into is None:
            owners = {now for was, now in given.values() if was == gone.ref.id}
            if len(owners) == 1:
                yield gone.ref.id, owners.pop()


def _invoices_of(record: Mapping[str, Any]) -> set[str]:
    invoice = record.get("invoice")
    return {str(ref) for ref in record.get("invoices") or ((invoice,) if invoice else ())}


def _owners(tx: Connection, connection: str, invoices: set[str]) -> set[str]:
    theirs = and_(_fact.c.connection == connection, _fact.c.kind == "invoice", _fact.c.id.in_(sorted(invoices)))
    return set(tx.execute(select(_fact.c.customer).where(theirs)).scalars())
