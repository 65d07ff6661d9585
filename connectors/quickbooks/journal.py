"""What moves a customer's balance without being a sales document: journal lines and deposits on accounts receivable.

Read only to explain a difference; the mirror does not keep them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors import AgedReceivables, OpenBalance
from connectors.quickbooks.wire import Api
from rules.domain.money import Money

Row = Mapping[str, Any]
_RECEIVABLE = "AccountType = 'Accounts Receivable'"


def beyond_documents(api: Api, customers: frozenset[str], as_of: date, home: str) -> AgedReceivables:
    """What is open of such lines for these customers on `as_of`, in the home currency; debts positive."""
    accounts = {str(row["Id"]) for row in api.every("Account", _RECEIVABLE) if row.get("Id")}
    dated = f"TxnDate <= '{as_of.isoformat()}'"
    entries = {
        str(row.get("Id")): dict(_lines(row, accounts))
        for entity in ("JournalEntry", "Deposit")
        for row in api.every(entity, dated)
    }
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for lines in entries.values():
        for customer, amount in lines.items():
            owed[customer] += amount
    for customer in sorted(customers & owed.keys()):
        for row in api.every("Payment", f"CustomerRef = '{customer}' and {dated}"):
            owed[customer] -= sum(
                (_settled(link, amount, entries, customer) for link, amount in _links(row)), Decimal()
            )
    return tuple(
        OpenBalance(customer, Money(owed[customer], home).rounded())
        for customer in sorted(customers)
        if owed.get(customer)
    )


def _lines(row: Row, accounts: set[str]) -> Iterator[tuple[str, Decimal]]:
    """Per customer, by how much the entry moved what is owed."""
    moved: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in row.get("Line") or ():
        detail = line.get("JournalEntryLineDetail") or line.get("DepositLineDetail") or {}
        if str((detail.get("AccountRef") or {}).get("value")) not in accounts:
            continue
        customer = _entity(detail.get("Entity") or {})
        is_debit = detail.get("PostingType") == "Debit"
        moved[customer] += Decimal(str(line.get("Amount") or 0)) * (1 if is_debit else -1)
    yield from moved.items()


def _entity(entity: Row) -> str:
    """A journal line names its customer one level deeper than a deposit's line does."""
    return str((entity.get("EntityRef") or entity).get("value") or "")


def _links(payment: Row) -> Iterator[tuple[str, Decimal]]:
    for line in payment.get("Line") or ():
        for link in line.get("LinkedTxn") or ():
            if link.get("TxnType") in ("JournalEntry", "Deposit"):
                yield str(link.get("TxnId")), Decimal(str(line.get("Amount") or 0))


def _settled(entry: str, amount: Decimal, entries: Mapping[str, Mapping[str, Decimal]], customer: str) -> Decimal:
    """What a payment took off an entry's rest, with the entry's own sign."""
    whole = entries.get(entry, {}).get(customer, Decimal(0))
    return amount if whole > 0 else -amount
