"""Sales forms: invoices and credit memos, and the forms without receivable. Lines, totals, numbers, due dates.

Sparse updates change what is sent and replace `Line` as a whole; full updates clear whatever is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.simulator.quickbooks import lines
from connectors.simulator.quickbooks.addresses import placed
from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, business, missing
from connectors.simulator.quickbooks.money import Cents, cents_of
from connectors.simulator.quickbooks.references import active_customer, existing
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.seed import UNDEPOSITED_FUNDS
from connectors.simulator.quickbooks.terms import due_date
from connectors.simulator.quickbooks.validate import writable
from connectors.simulator.quickbooks.wire import Body

_SIGNS = {"Invoice": 1, "CreditMemo": -1}
_LONGEST_NUMBER = 21
_FILLED_IN: dict[str, Body] = {
    "SalesReceipt": {"DepositToAccountRef": {"value": UNDEPOSITED_FUNDS}},
    "Estimate": {"TxnStatus": "Pending"},
}
_LIFE_LONG = frozenset(("DocNumber", "CurrencyRef", "ExchangeRate"))  # a full update does not clear these


def create(books: Books, entity: str, sent: Body, params: Mapping[str, str]) -> Row:
    """A new form, with everything QuickBooks fills in. Raises Refused; then nothing was done."""
    body = placed(books, writable(sent))
    body.setdefault("TxnDate", books.today().isoformat())
    _check_customer(books, entity, body)
    _fill_in(books, entity, body)
    body, total, tax = lines.totalled(books, entity, body, known_ids=frozenset())
    check_open_period(books, body["TxnDate"])
    _number(books, entity, body, params, row_id="")
    row = books.add(entity, body, customer=body.get("CustomerRef", {}).get("value", ""))
    row.sign = _SIGNS.get(entity, 0)
    row.tax = tax
    _keep_number(books, row)
    books.owe(row, total=total, deposit=cents_of(body.get("Deposit", 0)))
    books.log("create", row)
    return row


def update(books: Books, row: Row, sent: Body, *, sparse: bool, params: Mapping[str, str]) -> None:
    """Edit a form. Raises Refused; then nothing was done."""
    body = placed(books, _edited(books, row, writable(sent), sparse=sparse))
    _check_customer(books, row.entity, body)
    body, total, tax = lines.totalled(books, row.entity, body, known_ids=lines.ids(row.body))
    for day in (row.body["TxnDate"], body["TxnDate"]):
        check_open_period(books, day)
    deposit = cents_of(body.get("Deposit", 0))
    if total - deposit < row.applied:
        raise business("The amount is less than what has already been applied to this transaction.")
    if body.get("DocNumber") != row.body.get("DocNumber"):
        _number(books, row.entity, body, params, row_id=row.id)
    _move_customer(books, row, body)
    _store(books, row, body, tax)
    books.owe(row, total=total, deposit=deposit)


def void(books: Books, row: Row) -> None:
    """Everything to zero, and "Voided" before the memo. Raises Refused 6000 where something is linked."""
    if row.linked:
        raise business("The transaction has linked transactions and cannot be voided. Unlink them first.")
    check_open_period(books, row.body["TxnDate"])
    note = row.body.get("PrivateNote")
    body = {**row.body, "PrivateNote": f"Voided - {note}" if note else "Voided", "Line": lines.zeroed(row.body)}
    body.pop("Deposit", None)
    body.pop("TxnTaxDetail", None)
    before = row.body
    row.body = body
    row.tax = 0
    books.touch(row)
    books.owe(row, total=0, deposit=0)
    books.log("void", row, before)


def delete(books: Books, row: Row) -> None:
    """Gone for good. Raises Refused 6000 where something is linked."""
    if row.linked:
        raise business("The transaction is linked to others. Unlink or delete the linked transactions first.")
    check_open_period(books, row.body["TxnDate"])
    books.log("delete", row, row.body)
    _drop_number(books, row)
    books.remove(row)


def check_open_period(books: Books, day: str) -> None:
    """Raises Refused 6210 for an API client in a closed period; people have the password."""
    closed = books.need_one("Preferences").body["AccountingInfoPrefs"].get("BookCloseDate")
    if closed and day <= closed and books.actor == "api":
        raise Refused(
            "6210", f"The account period has closed and the account books cannot be updated. Books closed on {closed}."
        )


def _edited(books: Books, row: Row, sent: Body, *, sparse: bool) -> Body:
    if sparse:
        body = {**row.body, **sent}
        if "SalesTermRef" in sent and "DueDate" not in sent and row.entity == "Invoice":
            body["DueDate"] = due_date(books, body)
    else:
        kept = {name: value for name, value in row.body.items() if name in _LIFE_LONG}
        if books.need_one("Preferences").body["SalesFormsPrefs"]["CustomTxnNumbers"]:
            kept.pop("DocNumber", None)
        body = {**_FILLED_IN.get(row.entity, {}), **kept, **sent}
        body.setdefault("TxnDate", books.today().isoformat())
        if row.entity == "Invoice":
            body.setdefault("DueDate", due_date(books, body))
    return {name: value for name, value in body.items() if value not in ("", [])}


def _check_customer(books: Books, entity: str, body: Body) -> None:
    reference = body.get("CustomerRef", {}).get("value")
    if not reference:
        if _SIGNS.get(entity):
            raise missing("CustomerRef")
        body.setdefault("CurrencyRef", {"value": books.currency})
        return
    customer = active_customer(books, reference)
    for name, kind in (("SalesTermRef", "Term"), ("PaymentMethodRef", "PaymentMethod"), ("ClassRef", "Class")):
        existing(books, kind, body.get(name))
    if body.get("EmailStatus") == "NeedToSend" and not body.get("BillEmail", {}).get("Address"):
        raise Refused("6420", "Email Address is missing. Set BillEmail to send the transaction.")
    check_currency(books, body, customer)


def check_currency(books: Books, body: Body, customer: Row) -> None:
    """Fill in the currency, or raise Refused: it is the customer's, and must be said where there are several."""
    wanted = customer.body["CurrencyRef"]["value"]
    said = body.get("CurrencyRef", {}).get("value")
    if said is None and books.multi_currency and books.actor == "api":
        raise missing("CurrencyRef")
    if said not in (None, wanted):
        raise business("The currency of the transaction is invalid for customer / vendor / account.")
    body["CurrencyRef"] = {"value": wanted}


def _fill_in(books: Books, entity: str, body: Body) -> None:
    customer = books.get("Customer", body.get("CustomerRef", {}).get("value", ""))
    if customer is not None:
        for name in ("BillAddr", "ShipAddr"):
            if name in customer.body:
                body.setdefault(name, customer.body[name])
        if entity == "Invoice" and "SalesTermRef" in customer.body:
            body.setdefault("SalesTermRef", customer.body["SalesTermRef"])
    for name, value in _FILLED_IN.get(entity, {}).items():
        body.setdefault(name, value)
    if entity == "Invoice":
        body.setdefault("DueDate", due_date(books, body))


def _number(books: Books, entity: str, body: Body, params: Mapping[str, str], row_id: str) -> None:
    number = body.get("DocNumber", "")
    if not number:
        if not row_id and not books.need_one("Preferences").body["SalesFormsPrefs"]["CustomTxnNumbers"]:
            body["DocNumber"] = _next_number(books, entity)
        return
    if len(number) > _LONGEST_NUMBER:
        raise business(f"Transaction number can have up to {_LONGEST_NUMBER} characters.")
    others = books.numbers[entity, number] - {row_id}
    if others and "allowduplicatedocnum" not in params.get("include", ""):
        raise Refused(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
            f"DocNumber={number} is assigned to TxnType={entity} with TxnId={min(others, key=int)}",
        )


def _next_number(books: Books, entity: str) -> str:
    books.last_number += 1
    while books.numbers[entity, str(books.last_number)]:
        books.last_number += 1
    return str(books.last_number)


def _keep_number(books: Books, row: Row) -> None:
    number = row.body.get("DocNumber")
    if not number:
        return
    books.numbers[row.entity, number].add(row.id)
    if books.actor == "person" and number.isdecimal():  # only what people type moves QuickBooks' own count on
        books.last_number = max(books.last_number, int(number))


def _drop_number(books: Books, row: Row) -> None:
    books.numbers[row.entity, row.body.get("DocNumber", "")].discard(row.id)


def _move_customer(books: Books, row: Row, body: Body) -> None:
    customer = body.get("CustomerRef", {}).get("value", "")
    if customer == row.customer:
        return
    if row.linked:
        raise business("The customer of a transaction with linked transactions cannot be changed.")
    books.reassign(row, customer)


def _store(books: Books, row: Row, body: Body, tax: Cents) -> None:
    before = row.body
    _drop_number(books, row)
    row.body = body
    row.tax = tax
    _keep_number(books, row)
    books.touch(row)
    books.log("update", row, before)
