"""References between records: what a `…Ref` must point at."""

from __future__ import annotations

from typing import Any

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, not_found
from connectors.simulator.quickbooks.rows import Row


def existing(books: Books, entity: str, reference: dict[str, Any] | None) -> Row | None:
    """The record a reference names, None for no reference. Raises Refused 2500, or 610 where it is inactive."""
    value = (reference or {}).get("value")
    if not value:
        return None
    row = books.get(entity, value)
    if row is None:
        raise Refused("2500", f"Invalid Reference Id : {entity} element id {value} not found", element=f"{entity}Ref")
    if not row.active:
        raise not_found()
    return row


def active_customer(books: Books, value: str) -> Row:
    """The customer of a transaction. Raises Refused 2500 for none, 610 for an inactive one."""
    row = books.get("Customer", value)
    if row is None:
        raise Refused("2500", f"Invalid Reference Id : Names element id {value} not found", element="CustomerRef")
    if not row.active and books.actor == "api":
        raise not_found()
    return row
