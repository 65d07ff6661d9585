"""Lists: customers and vendors, items, accounts, terms. Unique names, families, inactivity."""

from __future__ import annotations

from typing import Any

from connectors.simulator.quickbooks.addresses import placed
from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, business, missing
from connectors.simulator.quickbooks.references import existing
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.validate import writable
from connectors.simulator.quickbooks.wire import Body

_SHARED_NAMES = ("Customer", "Vendor", "Employee")
_PEOPLE = frozenset(_SHARED_NAMES)
CREATABLE = frozenset(("Customer", "Vendor", "Item", "Account", "Term", "Class", "Department", "PaymentMethod"))
_ACCOUNT_TYPES = frozenset(
    (
        *("Accounts Receivable", "Accounts Payable", "Bank", "Other Current Asset", "Fixed Asset", "Other Asset"),
        *("Income", "Other Income", "Expense", "Other Expense", "Cost of Goods Sold", "Credit Card", "Equity"),
        *("Other Current Liability", "Long Term Liability"),
    )
)
_DEFAULTS: dict[str, Body] = {
    "Customer": {"Taxable": True, "BillWithParent": False, "PreferredDeliveryMethod": "Print", "Active": True},
    "Vendor": {"Vendor1099": False, "Active": True},
}


def create(books: Books, entity: str, sent: Body) -> Row:
    """A new list entry. Raises Refused; then nothing was done."""
    if entity not in CREATABLE:
        raise Refused("500", f"Operation create on {entity} is not supported.")
    body = _completed(books, entity, writable(sent))
    _check(books, entity, body, row=None)
    row = books.add(entity, body)
    books.rename(row)
    books.log("create", row)
    return row


def update(books: Books, row: Row, sent: Body, *, sparse: bool) -> None:
    """Edit a list entry. A full update clears what is not sent. Raises Refused; then nothing was done."""
    if row.entity not in CREATABLE:
        raise Refused("500", f"Operation update on {row.entity} is not supported.")
    changed = writable(sent)
    if row.entity == "Account" and "Name" not in changed:
        raise missing("Name")
    merged = {**row.body, **changed} if sparse else changed
    if row.entity in _PEOPLE and "DisplayName" in changed and "PrintOnCheckName" not in changed:
        merged.pop("PrintOnCheckName", None)
    body = _completed(books, row.entity, {name: value for name, value in merged.items() if value != ""})
    _check(books, row.entity, body, row)
    if body == row.body:
        return  # nothing changed: the version stays
    before, former = row.body, row.name
    _take_place(books, row, body)
    books.touch(row)
    if row.name != former:
        books.rename(row, former)
        _show_new_name(books, row)
    books.log("update", row, before)


def _take_place(books: Books, row: Row, body: Body) -> None:
    moves = row.body.get("ParentRef") != body.get("ParentRef")
    if moves:
        books.rebase(row, -row.balance_with_jobs)
    row.body = body
    if moves:
        books.rebase(row, row.balance_with_jobs)


def merge(books: Books, loser: Row, winner: Row) -> None:
    """Documents and jobs of one customer become another's; the first is gone."""
    for document in books.of_customer(loser.id):
        books.reassign(document, winner.id)
        document.body = _readdressed(document.body, loser.id, winner.id)
        books.touch(document)
    for job in list(books.table("Customer")):
        if job.body.get("ParentRef", {}).get("value") == loser.id:
            update(books, job, {"ParentRef": {"value": winner.id}}, sparse=True)
    books.log("merge", loser, loser.body)
    books.remove(loser)


def _readdressed(value: Any, loser: str, winner: str) -> Any:
    """`value` with every reference to a customer replaced: on the document, or on a line to receivables."""
    if isinstance(value, dict):
        if value.get("CustomerRef", {}).get("value") == loser:
            value = {**value, "CustomerRef": {"value": winner}}
        if "Entity" in value:
            return {**value, "Entity": _pointed(value["Entity"], loser, winner)}
        return {name: _readdressed(part, loser, winner) for name, part in value.items()}
    return [_readdressed(part, loser, winner) for part in value] if isinstance(value, list) else value


def _pointed(entity: Body, loser: str, winner: str) -> Body:
    if "EntityRef" in entity:
        return {**entity, "EntityRef": _pointed(entity["EntityRef"], loser, winner)}
    return {**entity, "value": winner} if entity.get("value") == loser else entity


def full_name(books: Books, row: Row) -> str:
    """The name with its parents', joined by colons."""
    return ":".join(each.name for each in reversed(books.chain(row.id))) if row.entity == "Customer" else row.name


def _completed(books: Books, entity: str, body: Body) -> Body:
    body = {**_DEFAULTS.get(entity, {"Active": True}), **body}
    if entity in _PEOPLE:
        parts = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
        body.setdefault("DisplayName", " ".join(body[part] for part in parts if body.get(part)))
        body.setdefault("PrintOnCheckName", body.get("CompanyName") or body["DisplayName"])
        body.setdefault("CurrencyRef", {"value": books.currency})
    if entity == "Customer" and "ParentRef" not in body:
        body["BillWithParent"] = False
    return placed(books, body)


def _check(books: Books, entity: str, body: Body, row: Row | None) -> None:
    label = "DisplayName" if entity in _PEOPLE else "Name"
    if not body.get(label):
        raise missing(label)
    if any(sign in body[label] for sign in ":\t\n"):
        raise Refused("2040", f"Invalid String : {label} must not contain a colon, tab or new line", element=label)
    _check_unique(books, entity, body[label], row)
    if entity == "Customer":
        _check_customer(books, body, row)
    elif entity == "Item":
        _check_item(books, body)
    elif entity == "Account" and body.get("AccountType") not in _ACCOUNT_TYPES:
        raise (
            missing("AccountType")
            if "AccountType" not in body
            else Refused("2170", f"Invalid Enumeration : {body['AccountType']}", element="AccountType")
        )


def _check_unique(books: Books, entity: str, name: str, row: Row | None) -> None:
    wanted = name.casefold()
    for kind in _SHARED_NAMES if entity in _PEOPLE else (entity,):
        other = books.named(kind, wanted)
        if other is not None and other is not row:
            raise Refused("6240", "The name supplied already exists. : null")


def _check_customer(books: Books, body: Body, row: Row | None) -> None:
    parent = existing(books, "Customer", body.get("ParentRef"))
    if parent is not None and row is not None and row in books.chain(parent.id):
        raise business("A customer cannot be its own parent.")
    for name, kind in (("SalesTermRef", "Term"), ("CustomerTypeRef", "CustomerType")):
        existing(books, kind, body.get(name))
    if row is None:
        return
    if not body["Active"] and row.active and (row.balance or row.balance_with_jobs):
        raise Refused("6220", "You can't make a customer with a balance inactive.")
    if body["CurrencyRef"]["value"] != row.body["CurrencyRef"]["value"] and books.of_customer(row.id):
        raise business("The currency of a customer with transactions cannot be changed.")


def _check_item(books: Books, body: Body) -> None:
    body.setdefault("Type", "Service")
    if body["Type"] in ("Service", "NonInventory") and not body.get("IncomeAccountRef"):
        raise missing("IncomeAccountRef")
    account = existing(books, "Account", body.get("IncomeAccountRef"))
    if account is not None and account.body["AccountType"] not in ("Income", "Other Income"):
        raise Refused("6430", "Invalid account type used : the income account must be of type Income or Other Income.")


def _show_new_name(books: Books, row: Row) -> None:
    """Documents show the names of customers and items as they are now."""
    if row.entity == "Customer":
        books.forget_views(books.of_customer(row.id))
        books.forget_views(list(books.table("Customer")))
    else:
        for entity in ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"):
            books.forget_views(list(books.table(entity)))
