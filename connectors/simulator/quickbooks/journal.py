"""Journal entries and deposits. A line on accounts receivable moves its customer's balance without any invoice."""

from __future__ import annotations

from datetime import date

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, business, missing
from connectors.simulator.quickbooks.money import Cents, cents_of
from connectors.simulator.quickbooks.references import existing
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.sales import check_open_period
from connectors.simulator.quickbooks.seed import BANK_ACCOUNT, RECEIVABLE_ACCOUNT
from connectors.simulator.quickbooks.validate import writable
from connectors.simulator.quickbooks.wire import Body


def create(books: Books, sent: Body) -> Row:
    """A balanced entry. Raises Refused; then nothing was done."""
    body = writable(sent)
    body.setdefault("TxnDate", books.today().isoformat())
    body["Line"] = [_line(line, position) for position, line in enumerate(body.get("Line", []), start=1)]
    if not body["Line"]:
        raise missing("Line")
    if sum(_signed(line) for line in body["Line"]):
        raise Refused("2300", "Debits and credits must be equal.")
    check_open_period(books, body["TxnDate"])
    customer, cents = _receivable(books, body)
    row = books.add("JournalEntry", body, customer=customer)
    row.sign = (cents > 0) - (cents < 0)
    books.owe(row, total=abs(cents))
    books.log("create", row)
    return row


def delete(books: Books, row: Row) -> None:
    """Gone for good. Raises Refused 6000 where a payment settles it."""
    if row.linked:
        raise business("The transaction is linked to others. Unlink or delete the linked transactions first.")
    check_open_period(books, row.body["TxnDate"])
    books.log("delete", row, row.body)
    books.remove(row)


def deposit(books: Books, customer: str, cents: int, on: date) -> Row:
    """A bank deposit with a line on accounts receivable, which settles what a customer owes like a payment."""
    books.need("Customer", customer)
    detail = {"AccountRef": {"value": RECEIVABLE_ACCOUNT}, "Entity": {"value": customer, "type": "CUSTOMER"}}
    line = {"Id": "1", "LineNum": 1, "Amount": Cents(cents), "DetailType": "DepositLineDetail"}
    body = {"TxnDate": on.isoformat(), "DepositToAccountRef": {"value": BANK_ACCOUNT}}
    row = books.add("Deposit", {**body, "Line": [{**line, "DepositLineDetail": detail}]}, customer=customer)
    row.sign = -1
    books.owe(row, total=cents)
    books.log("create", row)
    return row


def _line(line: Body, position: int) -> Body:
    if line.get("DetailType") != "JournalEntryLineDetail" or "JournalEntryLineDetail" not in line:
        raise missing("JournalEntryLineDetail")
    return {"Id": str(position - 1), **line, "Amount": cents_of(line.get("Amount", 0))}


def _signed(line: Body) -> int:
    cents: int = line["Amount"]
    return cents if line["JournalEntryLineDetail"].get("PostingType") == "Debit" else -cents


def _receivable(books: Books, body: Body) -> tuple[str, int]:
    """Whose receivable the entry moves, and by how much; no customer and zero where it touches none."""
    found: list[tuple[str, int]] = []
    for line in body["Line"]:
        detail = line["JournalEntryLineDetail"]
        account = existing(books, "Account", detail.get("AccountRef"))
        if account is None:
            raise missing("AccountRef")
        if account.body["AccountType"] == "Accounts Receivable":
            customer = existing(books, "Customer", detail.get("Entity", {}).get("EntityRef"))
            if customer is None:
                raise business("When you use Accounts Receivable, you must choose a customer in the Name field.")
            found.append((customer.id, _signed(line)))
    if len(found) > 1:
        raise business("You can only have one A/R or A/P account per transaction.")
    return found[0] if found else ("", 0)
