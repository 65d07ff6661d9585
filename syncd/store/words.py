"""Text that others choose: of any length, and without what a database cannot keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from connectors import Gone, Record, Ref, Unreadable
from rules.domain.facts import CreditNote, Customer, Invoice, Payment

# Of a PostgreSQL index row, which holds 2,704 bytes at most, an id may take less than half: two stand in one.
_LONGEST_ID_BYTES = 1200
_SURELY_SHORT = _LONGEST_ID_BYTES // 4
_NUL = "\x00"


class Words(TypeDecorator[str]):
    """Text as it came. PostgreSQL takes no NUL in it: there stands the sign for what cannot be read."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The value as the database takes it."""
        del dialect
        return visible(value) if value else value

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], Any] | None:
        """None where there is nothing to do, which costs nothing: SQLite takes every text."""
        return None if dialect.name == "sqlite" else super().bind_processor(dialect)


def visible(text: str) -> str:
    """`text` without the characters that no database keeps everywhere."""
    return text.replace(_NUL, "\ufffd")


def keepable(record: Record | Gone | Unreadable) -> Record | Gone | Unreadable:
    """The record, unless an id in it is such as no provider has: then it is one nobody can read."""
    for each in _ids_of(record):
        if len(each) <= _SURELY_SHORT and _NUL not in each:
            continue
        size = len(each.encode(errors="replace"))
        if size > _LONGEST_ID_BYTES or _NUL in each:
            place = Ref(record.ref.kind, visible(record.ref.id[:_SURELY_SHORT]))
            most = f"no more than {_LONGEST_ID_BYTES}, none of them NUL, can be kept"
            return Unreadable(place, f"an id in it has {size} bytes; {most}")
    return record


def _ids_of(record: Record | Gone | Unreadable) -> list[str]:
    found = [record.ref.id]
    if isinstance(record, Record):
        match record.fact:
            case Customer(parent=str(parent)):
                found.append(parent)
            case Invoice(customer=customer):
                found.append(customer)
            case Payment() | CreditNote():
                found += [record.fact.customer, *(part.invoice for part in record.fact.applied)]
    return found
