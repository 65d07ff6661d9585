"""The door behind the counter: what the company's people and customers do, and what an honest bystander sees.

People are bound by the books (no over-payment, no void of a paid invoice: `Refused`), not by the API's rules about
closed periods and duplicate numbers. Amounts are integer cents, ids the provider's own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from connectors.simulator import Effect, OpenItem
from connectors.simulator.quickbooks import journal, names, payments, sales
from connectors.simulator.quickbooks.books import Books, Entry
from connectors.simulator.quickbooks.effects import effects_of
from connectors.simulator.quickbooks.faults import Refused
from connectors.simulator.quickbooks.money import Cents
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.seed import RECEIVABLE_ACCOUNT
from connectors.simulator.quickbooks.wire import Body

_FREE: dict[str, str] = {"include": "allowduplicatedocnum"}


class Door:
    """What is done to, and seen of, one company's books without the API."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._lock = threading.RLock()
        self._effects: list[Effect] = []
        self._audited = 0  # how many lines of the audit log `_effects` tells of

    # -- customers

    def add_customer(
        self,
        name: str,
        email: str | None = None,
        *,
        terms_days: int = 30,
        parent: str | None = None,
        currency: str | None = None,
    ) -> str:
        """A new customer, or a job billed with its `parent`; returns its id."""
        with self._lock:
            body: Body = {"DisplayName": name, "SalesTermRef": {"value": self._term(terms_days)}}
            if email:
                body["PrimaryEmailAddr"] = {"Address": email}
            if currency:
                body["CurrencyRef"] = {"value": currency}
            if parent:
                body |= {"ParentRef": {"value": parent}, "Job": True, "BillWithParent": True}
            return names.create(self.books, "Customer", body).id

    def edit_customer(self, customer: str, **changes: Any) -> None:
        """Change properties as QuickBooks names them: ``edit_customer(c, Notes="…", Active=False)``."""
        with self._lock:
            names.update(self.books, self.books.need("Customer", customer), changes, sparse=True)

    def add_customer_type(self, name: str) -> str:
        """A customer type, which only people can make; returns its id."""
        with self._lock:
            row = self.books.add("CustomerType", {"Name": name, "Active": True})
            self.books.rename(row)
            return row.id

    def set_customer_type(self, customer: str, customer_type: str) -> None:
        """Put a customer into a type."""
        self.edit_customer(customer, CustomerTypeRef={"value": customer_type})

    def merge_customers(self, loser: str, winner: str) -> None:
        """All of one customer's documents become another's; the first is gone, its id answers 610."""
        with self._lock:
            names.merge(self.books, self.books.need("Customer", loser), self.books.need("Customer", winner))

    # -- documents

    def add_invoice(
        self,
        customer: str,
        number: str,
        issued_on: date,
        due_on: date | None,
        cents: int,
        *,
        tax_cents: int = 0,
        text: str = "",
    ) -> str:
        """A new invoice of one line; `cents` is the total, tax included. Without a due day the terms say it."""
        with self._lock:
            line: Body = {"Amount": Cents(cents - tax_cents), "DetailType": "SalesItemLineDetail"}
            line |= {"SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
            if text:
                line["Description"] = text
            body: Body = {"CustomerRef": {"value": customer}, "TxnDate": issued_on.isoformat(), "Line": [line]}
            if number:
                body["DocNumber"] = number
            if due_on:
                body["DueDate"] = due_on.isoformat()
            if tax_cents:
                body["TxnTaxDetail"] = {"TotalTax": Cents(tax_cents)}
            owner = self.books.need("Customer", customer)
            if "PrimaryEmailAddr" in owner.body:
                body["BillEmail"] = owner.body["PrimaryEmailAddr"]
            return sales.create(self.books, "Invoice", body, _FREE).id

    def edit_invoice(self, invoice: str, **changes: Any) -> None:
        """Change properties as QuickBooks names them."""
        with self._lock:
            sales.update(self.books, self.books.need("Invoice", invoice), changes, sparse=True, params=_FREE)

    def edit_due_date(self, invoice: str, due_on: date) -> None:
        """Give more, or less, time."""
        self.edit_invoice(invoice, DueDate=due_on.isoformat())

    def late_fee(self, invoice: str, cents: int) -> None:
        """QuickBooks' own late fee: one more line on the invoice, booked to an account of that name."""
        with self._lock:
            item = {"value": self._late_fee_item()}
            line = {"Amount": Cents(cents), "Description": "Late fee", "DetailType": "SalesItemLineDetail"}
            lines = [
                *self.books.need("Invoice", invoice).body["Line"],
                {**line, "SalesItemLineDetail": {"ItemRef": item}},
            ]
            self.edit_invoice(invoice, Line=lines)

    def void(self, invoice: str) -> None:
        """A person voids an invoice nothing was paid on."""
        with self._lock:
            sales.void(self.books, self.books.need("Invoice", invoice))

    def delete_invoice(self, invoice: str, *, unnoticed: bool = False) -> None:
        """A person deletes an invoice; what was paid on it becomes unapplied.

        `unnoticed`: change data capture never tells of it.
        """
        with self._lock:
            row = self.books.need("Invoice", invoice)
            payments.unlink(self.books, row)
            sales.delete(self.books, row)
            if unnoticed:
                self.books.table("Invoice").forget(invoice)

    def pay(self, invoice: str, cents: int, on: date) -> str:
        """The customer pays this much of an invoice; returns the payment's id."""
        with self._lock:
            bill = self.books.need("Invoice", invoice)
            return self._payment(bill.customer, cents, on, [payments.line(cents, bill)])

    def pay_on_account(self, customer: str, cents: int, on: date) -> str:
        """Money that is on no invoice yet; returns its id."""
        with self._lock:
            return self._payment(customer, cents, on, [])

    def apply_payment(self, payment: str, invoice: str, cents: int) -> None:
        """Use money on account for an invoice."""
        with self._lock:
            row = self.books.need("Payment", payment)
            lines = [*row.body.get("Line", []), payments.line(cents, self.books.need("Invoice", invoice))]
            payments.update(self.books, row, {"Line": lines}, sparse=True)

    def unpay(self, payment: str) -> None:
        """A person deletes a payment; what it had paid is open again."""
        with self._lock:
            payments.delete(self.books, self.books.need("Payment", payment))

    def credit(self, customer: str, cents: int, on: date, *, invoice: str | None = None) -> str:
        """A credit memo, used on `invoice` if named by a payment of nothing; returns its id."""
        with self._lock:
            bill = self.books.need("Invoice", invoice) if invoice is not None else None
            line = {"Amount": Cents(cents), "DetailType": "SalesItemLineDetail"}
            line |= {"SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
            body = {"CustomerRef": {"value": customer}, "TxnDate": on.isoformat(), "Line": [line]}
            memo = sales.create(self.books, "CreditMemo", body, _FREE)
            if bill is None:
                payments.use_credit(self.books, memo)
            else:
                self._use_on(memo, bill, cents, on)
            return memo.id

    def journal_entry(self, customer: str, cents: int, on: date) -> str:
        """Move a customer's balance by a journal entry, up by positive cents; returns its id."""
        with self._lock:
            sides = ("Debit", "Credit") if cents > 0 else ("Credit", "Debit")
            entity = {"Type": "Customer", "EntityRef": {"value": customer}}
            details: list[Body] = [
                {"PostingType": sides[0], "AccountRef": {"value": RECEIVABLE_ACCOUNT}, "Entity": entity},
                {"PostingType": sides[1], "AccountRef": {"value": "1"}},
            ]
            head = {"Amount": Cents(abs(cents)), "DetailType": "JournalEntryLineDetail"}
            lines = [{**head, "JournalEntryLineDetail": detail} for detail in details]
            return journal.create(self.books, {"TxnDate": on.isoformat(), "Line": lines}).id

    def deposit(self, customer: str, cents: int, on: date) -> str:
        """A bank deposit booked straight to receivables: money in without any payment; returns its id."""
        with self._lock:
            return journal.deposit(self.books, customer, cents, on).id

    # -- the company

    def close_books(self, on: date) -> None:
        """Nothing dated on or before this day can be changed by the API any more."""
        self.set_preferences("AccountingInfoPrefs", BookCloseDate=on.isoformat())

    def set_preferences(self, group: str, **changes: Any) -> None:
        """Change preferences: ``set_preferences("SalesFormsPrefs", CustomTxnNumbers=True)``."""
        with self._lock:
            row = self.books.need_one("Preferences")
            row.body = {**row.body, group: {**row.body[group], **changes}}
            self.books.touch(row)

    def set_rate(self, currency: str, on: date, rate: Decimal) -> None:
        """One unit of `currency` is worth `rate` of the home currency from that day on."""
        with self._lock:
            self.books.rates.setdefault(currency, {})[on] = rate

    def malform(self, entity: str, row_id: str, **oddities: Any) -> None:
        """From now on a record is shown wrongly: ``malform("Invoice", i, Balance=None)`` leaves the key out."""
        with self._lock:
            row = self.books.need(entity, row_id)
            row.oddity = oddities or None
            self.books.touch(row, new_version=False)

    def poison(self, entity: str, row_id: str, *, on: bool = True) -> None:
        """From now on every answer that would hold this record fails as a whole."""
        with self._lock:
            self.books.need(entity, row_id).poisoned = on

    # -- what is to be seen

    def open_items(self) -> list[OpenItem]:
        """Every invoice with something open."""
        with self._lock:
            return [row.item or _open_item(row) for row in self.books.table("Invoice") if row.open]

    def effects(self) -> list[Effect]:
        """What API clients did to these books, oldest first, read from the books' audit log."""
        with self._lock:
            self._effects += effects_of(islice(self.books.audit, self._audited, None))
            self._audited = len(self.books.audit)
            return list(self._effects)

    def audit_log(self) -> list[Entry]:
        """Everything that was done, by whomever, oldest first."""
        with self._lock:
            return list(self.books.audit)

    def balance_of(self, customer: str, *, with_jobs: bool = False) -> int:
        """What a customer owes, in cents."""
        with self._lock:
            row = self.books.need("Customer", customer)
            return row.balance_with_jobs if with_jobs else row.balance

    # -- inside

    def _use_on(self, memo: Row, invoice: Row, cents: int, on: date) -> None:
        try:
            self._payment(memo.customer, 0, on, [payments.line(cents, invoice), payments.line(cents, memo)])
        except Refused:
            sales.delete(self.books, memo)  # a credit that does not fit is not left lying about
            raise

    def _payment(self, customer: str, cents: int, on: date, lines: Iterable[Body]) -> str:
        body: Body = {"CustomerRef": {"value": customer}, "TxnDate": on.isoformat(), "TotalAmt": Cents(cents)}
        return payments.create(self.books, {**body, "Line": list(lines)}).id

    def _term(self, days: int) -> str:
        label = f"Net {days}" if days else "Due on receipt"
        known = self.books.named("Term", label.casefold())
        return (known or names.create(self.books, "Term", {"Name": label, "Type": "STANDARD", "DueDays": days})).id

    def _late_fee_item(self) -> str:
        known = self.books.named("Item", "late fee")
        if known is not None:
            return known.id
        account = {
            "Name": "Late fee income",
            "AccountType": "Other Income",
            "AccountSubType": "OtherMiscellaneousIncome",
        }
        income = {"value": names.create(self.books, "Account", account).id}
        return names.create(self.books, "Item", {"Name": "Late fee", "IncomeAccountRef": income}).id


def _open_item(row: Row) -> OpenItem:
    body = row.body
    row.item = OpenItem(
        invoice=row.id,
        number=body.get("DocNumber", ""),
        customer=row.customer,
        issued_on=date.fromisoformat(body["TxnDate"]),
        due_on=date.fromisoformat(body.get("DueDate") or body["TxnDate"]),
        total_cents=row.total,
        balance_cents=row.open,
        currency=body["CurrencyRef"]["value"],
    )
    return row.item
