"""Answers queries from the books: filter, order, window, projection. Changes nothing."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused
from connectors.simulator.quickbooks.fields import field_of, literal
from connectors.simulator.quickbooks.query import Condition, Statement
from connectors.simulator.quickbooks.render import document, text_of
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.schema import ENTITIES, LISTS, SALES_FORMS, TRANSACTIONS, entity_named
from connectors.simulator.quickbooks.wire import Body, Raw, json_text

Predicate = Callable[[Row], bool]

_BY_ID = (("Id", False),)

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def answer(books: Books, statement: Statement, *, link: bool = False) -> Body:
    """The value of `QueryResponse`. Raises Refused 4001, and 10000 where a record breaks the page."""
    entity = entity_named(statement.entity)
    if entity is None:
        raise Refused("4001", f"QueryValidationError: Entity {statement.entity} not found")
    matching = _matching(books, entity, statement)
    if statement.count:
        return {"totalCount": len(matching)}
    first = statement.start - 1
    page = _ordered(entity, matching, statement.order)[first : first + statement.rows]
    if not page:
        return {}
    return {
        entity: _shown(books, entity, page, statement.fields, link=link),
        "startPosition": statement.start,
        "maxResults": len(page),
    }


def refuse_poisoned(rows: Iterable[Row]) -> None:
    """One bad record fails the whole answer, as it does at Intuit. Raises Refused 10000."""
    if any(row.poisoned for row in rows):
        raise Refused("10000", "An unexpected error occurred while accessing or saving your data.", status=500)


def _shown(books: Books, entity: str, page: list[Row], fields: tuple[str, ...], *, link: bool) -> list[Raw]:
    refuse_poisoned(page)
    if not fields:
        return [text_of(books, row, link=link) for row in page]
    for name in fields:
        if name.split(".")[0] not in ENTITIES[entity]:
            raise Refused("4001", f"QueryValidationError: Property {name} not found for Entity {entity}")
    return [Raw(json_text(_projected(document(books, row), fields))) for row in page]


def _projected(shown: Body, fields: tuple[str, ...]) -> Body:
    wanted = {name.split(".")[0] for name in fields}
    return {"domain": "QBO", "sparse": True} | {name: value for name, value in shown.items() if name in wanted}


def _matching(books: Books, entity: str, statement: Statement) -> list[Row]:
    """The rows that meet every condition, in order of id."""
    tests = [_predicate(entity, condition) for condition in statement.conditions]
    if entity in LISTS and not any(condition.field == "Active" for condition in statement.conditions):
        tests.append(lambda row: row.active)
    rows: Iterable[Row] = _candidates(books, entity, statement.conditions)
    for test in tests:
        rows = filter(test, rows)
    return list(rows)


def _candidates(books: Books, entity: str, conditions: tuple[Condition, ...]) -> Iterable[Row]:
    """The rows worth testing, in order of id: all of them unless an index narrows them."""
    for condition in conditions:
        found = _indexed(books, entity, condition)
        if found is not None:
            return sorted(found, key=lambda row: row.number)
    return books.table(entity)


def _indexed(books: Books, entity: str, condition: Condition) -> list[Row] | None:
    name, values = condition.field, condition.values
    if name == "Id" and condition.sign in ("=", "IN"):
        return [row for row in (books.get(entity, value) for value in dict.fromkeys(values)) if row is not None]
    if name == "CustomerRef" and condition.sign in ("=", "IN"):
        return [row for value in dict.fromkeys(values) for row in books.of_customer(value) if row.entity == entity]
    if name == "DocNumber" and condition.sign == "=" and entity in SALES_FORMS:
        return [books.need(entity, row_id) for row_id in books.numbers[entity, values[0]]]
    if name == "MetaData.LastUpdatedTime" and condition.sign in (">", ">="):
        since = literal(field_of(entity, name), name, values[0])
        return [row for row in books.table(entity).since(since) if not row.deleted]
    return None


def _predicate(entity: str, condition: Condition) -> Predicate:
    field = field_of(entity, condition.field)
    read = field.read
    if condition.sign == "LIKE":
        parts = [re.escape(part) for part in condition.values[0].split("%")]
        pattern = re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)
        return lambda row: bool(pattern.fullmatch(str(read(row) or "")))
    values = [literal(field, condition.field, value) for value in condition.values]
    if condition.sign == "IN":
        return lambda row: read(row) in values
    compare, wanted = _COMPARE[condition.sign], values[0]

    def holds(row: Row) -> bool:
        value = read(row)
        return value is not None and compare(value, wanted)

    return holds


def _ordered(entity: str, rows: list[Row], order: tuple[tuple[str, bool], ...]) -> list[Row]:
    """`rows` come in order of id. Unordered, documents come newest first and lists by name."""
    if not order:
        if entity in TRANSACTIONS:
            return sorted(rows, key=lambda row: (row.body.get("TxnDate", ""), row.number), reverse=True)
        return sorted(rows, key=lambda row: (row.name.casefold(), row.number))
    if order == _BY_ID:
        return rows
    for name, descending in reversed(order):
        rows = sorted(rows, key=_sort_key(field_of(entity, name).read), reverse=descending)
    return rows


def _sort_key(read: Callable[[Row], Any]) -> Callable[[Row], tuple[bool, Any]]:
    """Records without a value come first."""

    def key(row: Row) -> tuple[bool, Any]:
        value = read(row)
        return value is not None, value

    return key
