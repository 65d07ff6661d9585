"""One write of the API: which entity, which operation, and what QuickBooks answers. Batches use it item by item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.simulator.quickbooks import journal, names, payments, sales
from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, missing
from connectors.simulator.quickbooks.render import text_of
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.schema import LISTS, SALES_FORMS, TRANSACTIONS
from connectors.simulator.quickbooks.validate import checked
from connectors.simulator.quickbooks.wire import Body


def post(books: Books, entity: str, sent: Any, params: Mapping[str, str]) -> Body:
    """Create, update, delete or void, as the body and the `operation` parameter say. Raises Refused."""
    body = checked(entity, sent)
    operation = params.get("operation", "")
    voids = operation == "void" or (operation == "update" and params.get("include") == "void")
    if operation not in ("", "create", "update", "delete", "void"):
        raise Refused("500", f"Operation {operation} is not supported.")
    if operation in ("delete", "void") or voids:
        row = _current(books, entity, body)
        return _delete(books, row) if operation == "delete" else _void(books, row)
    if entity == "Preferences":
        return _set_preferences(books, body)
    if not body.get("Id"):
        return _reply(books, _create(books, entity, body, params))
    row = _current(books, entity, body)
    _update(books, row, body, params)
    return _reply(books, row)


def _reply(books: Books, row: Row) -> Body:
    return {row.entity: text_of(books, row)}


def _current(books: Books, entity: str, body: Body) -> Row:
    if not body.get("Id"):
        raise missing("Id")
    if "SyncToken" not in body:
        raise missing("SyncToken")
    if not body["Id"].isdecimal():
        raise Refused("2030", f"Id should be a valid number. Supplied value:{body['Id']}", element="Id")
    row = books.need(entity, body["Id"])
    books.check_version(row, body["SyncToken"])
    return row


def _create(books: Books, entity: str, body: Body, params: Mapping[str, str]) -> Row:
    if entity in SALES_FORMS:
        row = sales.create(books, entity, body, params)
        if entity == "CreditMemo":
            payments.use_credit(books, row)
        return row
    if entity == "Payment":
        return payments.create(books, body)
    if entity == "JournalEntry":
        return journal.create(books, body)
    return names.create(books, entity, body)


def _update(books: Books, row: Row, body: Body, params: Mapping[str, str]) -> None:
    sparse = bool(body.get("sparse"))
    if row.entity in SALES_FORMS:
        sales.update(books, row, body, sparse=sparse, params=params)
    elif row.entity == "Payment":
        payments.update(books, row, body, sparse=sparse)
    elif row.entity in LISTS:
        names.update(books, row, body, sparse=sparse)
    else:
        raise Refused("500", f"Operation update on {row.entity} is not supported.")


def _delete(books: Books, row: Row) -> Body:
    if row.entity not in TRANSACTIONS:
        raise Refused("500", f"Operation delete on {row.entity} is not supported.")
    if row.entity == "Payment":
        payments.delete(books, row)
    elif row.entity in SALES_FORMS:
        sales.delete(books, row)
    else:
        journal.delete(books, row)
    return {row.entity: {"domain": "QBO", "status": "Deleted", "Id": row.id}}


def _void(books: Books, row: Row) -> Body:
    if row.entity == "Payment":
        payments.void(books, row)
    elif row.entity in ("Invoice", "SalesReceipt"):
        sales.void(books, row)
    else:
        raise Refused("500", f"Operation void on {row.entity} is not supported.")
    return _reply(books, row)


def _set_preferences(books: Books, body: Body) -> Body:
    row = books.need_one("Preferences")
    books.check_version(row, body.get("SyncToken", ""))
    before = row.body
    changed = {name: {**before.get(name, {}), **value} for name, value in body.items() if name.endswith("Prefs")}
    row.body = {**before, **changed}
    books.touch(row)
    books.log("update", row, before)
    return _reply(books, row)
