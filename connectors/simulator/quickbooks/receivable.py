"""What is open, worked out anew from the documents alone: the reports' own arithmetic, apart from the ledger's.

It never looks at a running balance. An invoice is the sum of its lines, less its deposit, less what payments dated by
the report's day say they put on it; a payment or credit is what of it nobody has used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.money import cents_of, converted
from connectors.simulator.quickbooks.rates import rate_of
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.wire import Body


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """An open document in home-currency cents: positive is owed to the company."""

    customer: str
    dated_on: date
    due_on: date
    cents: int


def open_documents(books: Books, as_of: date) -> Iterator[OpenDocument]:
    """Everything open on `as_of` among documents dated by then."""
    settled, used = _applications(books, as_of)
    for entity, sign in (("Invoice", 1), ("CreditMemo", -1), ("Payment", -1)):
        spent = used if entity == "Payment" else settled
        for row in books.table(entity):
            if _dated(row) <= as_of:
                yield from _document(books, row, sign, _worth(row) - spent[row.id])
    yield from _journal(books, as_of, settled)
    yield from _deposits(books, as_of, settled)


def _applications(books: Books, as_of: date) -> tuple[dict[str, int], dict[str, int]]:
    """By target, what payments put on it; by payment, what it used up. Transactions share one sequence of ids."""
    settled: defaultdict[str, int] = defaultdict(int)
    used: defaultdict[str, int] = defaultdict(int)
    for payment in books.table("Payment"):
        if _dated(payment) > as_of:
            continue
        for line in payment.body.get("Line", []):
            link = line["LinkedTxn"][0]
            settled[link["TxnId"]] += line["Amount"]
            used[payment.id] += line["Amount"] if _is_debt(books, link) else -line["Amount"]
    return settled, used


def _is_debt(books: Books, link: Body) -> bool:
    if link["TxnType"] == "JournalEntry":
        entry = books.get("JournalEntry", link["TxnId"])
        return entry is not None and sum(cents for _, cents in _receivable_lines(books, entry)) > 0
    return bool(link["TxnType"] == "Invoice")


def _document(books: Books, row: Row, sign: int, cents: int) -> Iterator[OpenDocument]:
    if not cents:
        return
    due_on = date.fromisoformat(row.body.get("DueDate") or row.body["TxnDate"])
    at_home = converted(cents, rate_of(books, row)) if books.multi_currency else cents
    yield OpenDocument(row.body["CustomerRef"]["value"], _dated(row), due_on, sign * at_home)


def _worth(row: Row) -> int:
    body = row.body
    if row.entity == "Payment":
        return cents_of(body["TotalAmt"])
    lines = body.get("Line", [])
    discounted = sum(line.get("Amount", 0) for line in lines if line["DetailType"] == "DiscountLineDetail")
    sold = sum(line["Amount"] for line in lines if line["DetailType"] == "SalesItemLineDetail")
    return int(sold - discounted + row.tax - cents_of(body.get("Deposit", 0)))


def _journal(books: Books, as_of: date, settled: dict[str, int]) -> Iterator[OpenDocument]:
    for row in books.table("JournalEntry"):
        if _dated(row) > as_of:
            continue
        for customer, cents in _receivable_lines(books, row):
            sign = 1 if cents > 0 else -1
            rest = abs(cents) - settled[row.id]
            if rest:
                yield OpenDocument(customer, _dated(row), _dated(row), sign * rest)


def _deposits(books: Books, as_of: date, settled: dict[str, int]) -> Iterator[OpenDocument]:
    for row in books.table("Deposit"):
        rest = sum(line["Amount"] for line in row.body["Line"]) - settled[row.id]
        if rest and _dated(row) <= as_of:
            customer = row.body["Line"][0]["DepositLineDetail"]["Entity"]["value"]
            yield OpenDocument(customer, _dated(row), _dated(row), -rest)


def _receivable_lines(books: Books, row: Row) -> Iterator[tuple[str, int]]:
    for line in row.body["Line"]:
        detail = line["JournalEntryLineDetail"]
        account = books.get("Account", detail["AccountRef"]["value"])
        if account is not None and account.body["AccountType"] == "Accounts Receivable":
            sign = 1 if detail["PostingType"] == "Debit" else -1
            yield detail["Entity"]["EntityRef"]["value"], sign * line["Amount"]


def _dated(row: Row) -> date:
    return date.fromisoformat(row.body["TxnDate"])
