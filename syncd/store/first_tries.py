"""Since when this database works on a company's books, and on which records it did: by the journal, which only grows.

An action that is decided again forgets what it asked of the books before; what went out from here is not forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from rules.domain.actions import AddNote, Operation, SetStopSell
from syncd.store import codec, schema
from syncd.store.engine import Store
from syncd.store.sql import chunks

_action, _operation, _about, _audit = schema.action, schema.operation, schema.action_invoice, schema.audit


class FirstTries:
    """What one connection's journal tells of the first work here."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def first_planned_at(self) -> datetime | None:
        """When anything was planned here for the first time."""
        # The connection is compared as an expression: by its index SQLite would sort all that was ever written down.
        mine = _audit.c.connection.concat("") == self._name
        planned = _audit.c.event.in_(("action.planned", "action.held"))
        with self._store.reading() as tx:
            at = tx.execute(select(_audit.c.at).where(mine, planned).order_by(_audit.c.id).limit(1)).scalar()
        return datetime.fromisoformat(at) if at else None

    def of_invoice(self, invoice: str) -> bool:
        """Whether a request about the invoice ever left from here."""
        about = select(_about.c.action).where(_about.c.connection == self._name, _about.c.invoice == invoice)
        with self._store.reading() as tx:
            return self._left(tx, select(_operation.c.key).where(_operation.c.action.in_(about)))

    def of_customer(self, customer: str, family: Sequence[str]) -> bool:
        """Whether a request about the customer itself ever left, whoever of its family it was decided for."""
        theirs = select(_action.c.id).where(_action.c.connection == self._name, _action.c.customer.in_(family))
        on_customers = (_operation.c.verb == "set_stop_sell") | _operation.c.payload.contains('"target":"customer"')
        asked = select(_operation.c.key, _operation.c.payload).where(_operation.c.action.in_(theirs), on_customers)
        with self._store.reading() as tx:
            rows = tx.execute(asked).all()
            keys = [row.key for row in rows if _is_about(codec.load_operation(row.payload), customer)]
            return any(self._left(tx, some) for some in chunks(keys))

    def _left(self, tx: Connection, keys: Any) -> bool:
        sent = (_audit.c.connection == self._name, _audit.c.key.in_(keys), _audit.c.event == "operation.sent")
        return tx.execute(select(_audit.c.id).where(*sent).limit(1)).scalar() is not None


def _is_about(operation: Operation, customer: str) -> bool:
    """Whether it is about the customer's own record: a note on an invoice of theirs is not."""
    match operation:
        case SetStopSell():
            return operation.customer == customer
        case AddNote():
            return operation.target == "customer" and operation.ref == customer
        case _:
            return False
