"""Payments: money in, and the links by which money and credits settle invoices.

A payment's lines are all it is applied to: an update replaces them. Debts (invoices, journal debits) use the payment,
credits (credit memos, journal credits) add to it; the rest stays as unapplied credit of the customer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, business, missing
from connectors.simulator.quickbooks.money import Cents, cents_of
from connectors.simulator.quickbooks.references import active_customer, existing
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.sales import check_currency, check_open_period
from connectors.simulator.quickbooks.validate import writable
from connectors.simulator.quickbooks.wire import Body

_LINKABLE = frozenset(("Invoice", "CreditMemo", "JournalEntry", "Deposit"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a payment is to settle: each target with its cents, and what of the payment that uses."""

    parts: tuple[tuple[Row, int], ...]
    total: Cents

    @property
    def used(self) -> int:
        """Debts less credits."""
        return sum(target.sign * cents for target, cents in self.parts)


def create(books: Books, sent: Body) -> Row:
    """Record a payment and apply it. Raises Refused; then nothing was done."""
    body = writable(sent)
    body.setdefault("TxnDate", books.today().isoformat())
    body, plan = _planned(books, body, row=None)
    check_open_period(books, body["TxnDate"])
    row = books.add("Payment", body, customer=body["CustomerRef"]["value"])
    row.sign = -1
    _apply(books, row, plan)
    books.log("create", row)
    return row


def update(books: Books, row: Row, sent: Body, *, sparse: bool) -> None:
    """Edit a payment; its lines, if sent, replace the old ones. Raises Refused; then nothing was done."""
    changed = writable(sent)
    body = {**row.body, **changed} if sparse else changed
    body.setdefault("TxnDate", books.today().isoformat())
    body = {name: value for name, value in body.items() if value not in ("", [])}
    body, plan = _planned(books, body, row)
    for day in (row.body["TxnDate"], body["TxnDate"]):
        check_open_period(books, day)
    before = row.body
    _unapply(books, row)
    books.reassign(row, body["CustomerRef"]["value"])
    row.body = body
    books.touch(row)
    _apply(books, row, plan)
    books.log("update", row, before)


def void(books: Books, row: Row) -> None:
    """All to zero, nothing applied any more."""
    check_open_period(books, row.body["TxnDate"])
    before = row.body
    _unapply(books, row)
    note = before.get("PrivateNote")
    row.body = {**before, "TotalAmt": Cents(0), "PrivateNote": f"Voided - {note}" if note else "Voided"}
    row.body.pop("Line", None)
    books.touch(row)
    books.owe(row, total=0)
    books.log("void", row, before)


def delete(books: Books, row: Row) -> None:
    """Gone; what it had paid is open again."""
    check_open_period(books, row.body["TxnDate"])
    books.log("delete", row, row.body)
    _unapply(books, row)
    books.remove(row)


def use_credit(books: Books, memo: Row) -> None:
    """What the preference AutoApplyCredit does: a new credit goes to the customer's oldest open invoices at once."""
    if not books.need_one("Preferences").body["SalesFormsPrefs"].get("AutoApplyCredit"):
        return
    invoices = [row for row in books.of_customer(memo.customer) if row.entity == "Invoice" and row.open > 0]
    lines, left = [], memo.open
    for invoice in sorted(invoices, key=lambda row: (row.body["TxnDate"], row.number)):
        part = min(left, invoice.open)
        left -= part
        if part:
            lines.append(line(part, invoice))
    if lines:
        body = {"CustomerRef": memo.body["CustomerRef"], "CurrencyRef": memo.body["CurrencyRef"], "TotalAmt": 0}
        create(books, {**body, "Line": [*lines, line(memo.open - left, memo)]})


def line(cents: int, target: Row) -> Body:
    """A payment's line that settles this much of `target`."""
    return {"Amount": Cents(cents), "LinkedTxn": [{"TxnId": target.id, "TxnType": target.entity}]}


def unlink(books: Books, target: Row) -> None:
    """Take a transaction off every payment that settles it, as a person does before deleting it."""
    for payment_id in list(target.linked):
        payment = books.need("Payment", payment_id)
        kept = [each for each in payment.body.get("Line", []) if _link(each)["TxnId"] != target.id]
        update(books, payment, {**payment.body, "Line": kept}, sparse=True)


def _planned(books: Books, body: Body, row: Row | None) -> tuple[Body, Plan]:
    reference = body.get("CustomerRef", {}).get("value")
    if not reference:
        raise missing("CustomerRef")
    if "TotalAmt" not in body:
        raise missing("TotalAmt")
    customer = active_customer(books, reference)
    check_currency(books, body, customer)
    existing(books, "PaymentMethod", body.get("PaymentMethodRef"))
    existing(books, "Account", body.get("DepositToAccountRef"))
    lines = [{**line, "Amount": cents_of(line.get("Amount", 0))} for line in body.get("Line", [])]
    plan = Plan(_targets(books, customer, lines, row), cents_of(body["TotalAmt"]))
    if not 0 <= plan.used <= plan.total:
        raise business("The amount applied to transactions does not match the amount of the payment.")
    body = {**body, "TotalAmt": plan.total}
    return {**body, "Line": lines} if lines else body, plan


def _targets(books: Books, customer: Row, lines: list[Body], row: Row | None) -> tuple[tuple[Row, int], ...]:
    wanted: defaultdict[Row, int] = defaultdict(int)
    for line in lines:
        wanted[_target(books, customer, _link(line))] += line["Amount"]
    for target, cents in wanted.items():
        already = target.linked.get(row.id, 0) if row else 0
        if cents > target.open + already:
            raise business(
                f"You cannot apply more than the open balance of the transaction. "
                f"TxnType={target.entity} TxnId={target.id}"
            )
    return tuple(wanted.items())


def _link(line: Body) -> Body:
    links: list[Body] = line.get("LinkedTxn", [])
    if len(links) != 1 or not links[0].get("TxnId") or not links[0].get("TxnType"):
        raise missing("LinkedTxn")
    return links[0]


def _target(books: Books, customer: Row, link: Body) -> Row:
    if link["TxnType"] not in _LINKABLE:
        raise Refused("2170", f"Invalid Enumeration : {link['TxnType']}", element="TxnType")
    target = books.get(link["TxnType"], link["TxnId"])
    if target is None:
        raise Refused("2500", f"Invalid Reference Id : {link['TxnType']} id {link['TxnId']} not found", element="TxnId")
    if customer not in books.chain(target.customer) or not target.sign:
        raise Refused("620", "Transaction can't be linked : the transaction belongs to another customer.")
    return target


def _apply(books: Books, row: Row, plan: Plan) -> None:
    for target, cents in plan.parts:
        target.linked[row.id] = cents
        _settle(books, target, cents)
    books.owe(row, total=plan.total, applied=plan.used)


def _unapply(books: Books, row: Row) -> None:
    for line in row.body.get("Line", []):
        link = _link(line)
        target = books.get(link["TxnType"], link["TxnId"])
        cents = target.linked.pop(row.id, 0) if target else 0
        if target is not None and cents:
            _settle(books, target, -cents)
    books.owe(row, applied=0)


def _settle(books: Books, target: Row, cents: int) -> None:
    books.owe(target, applied=target.applied + cents)
    books.touch(target, new_version=False)
