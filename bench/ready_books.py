"""Books of any size behind the Connector contract that answer at once: for measuring what stands on top of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from connectors import Identity, OwnDunning, Page, Receipt, Record, Ref
from connectors.transport import Usage
from rules.domain.actions import Operation
from rules.domain.facts import Company, Customer, Invoice
from rules.domain.money import Money

_PAGE = 1000
_COMPANY = Company("Bench", "USD", "America/New_York")


@dataclass
class ReadyBooks:
    """`customers` with so many open invoices each, as of `today`; late ones among them, none paid."""

    customers: int
    each: int
    today: date
    changed: list[Record] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    touched: int = 0

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Everything at first, later what was touched."""
        self.usage.count("read")
        if cursor is not None:
            records, self.changed = tuple(self.changed), []
            yield Page("later", records)
            return
        yield Page("customers", company=_COMPANY)
        page: list[Record] = []
        for record in self._records():
            page.append(record)
            if len(page) == _PAGE:
                yield Page("first", tuple(page))
                page = []
        yield Page("later", tuple(page))

    def _records(self) -> Iterator[Record]:
        for number in range(self.customers):
            ref = f"C{number:06}"
            yield Record(Ref("customer", ref), Customer(ref, f"Customer {number}", email=f"{ref}@example.test"))
        for number in range(self.customers * self.each):
            yield Record(Ref("invoice", f"I{number:07}"), self.invoice(number))

    def invoice(self, number: int) -> Invoice:
        """The number-th invoice. Ages run from not yet due to three months late."""
        issued_on = self.today - timedelta(days=1 + number * 7919 % 120)
        total = Money(Decimal(1000 + number * 104729 % 499000) / 100, "USD").rounded()
        return Invoice(
            f"I{number:07}", f"N{number}", f"C{number // self.each:06}", issued_on, issued_on + timedelta(days=30),
            total, total, version="1",
        )  # fmt: skip

    def touch(self, accounts: int) -> None:
        """Something small changes with so many customers."""
        self.touched += 1
        paid = Money(Decimal(self.touched) / 100, "USD")
        for number in range(accounts):
            invoice = self.invoice(number * self.each)
            changed = replace(invoice, balance=invoice.balance - paid, version=f"{self.touched + 1}")
            self.changed.append(Record(Ref("invoice", invoice.ref), changed))

    def fetch(self, ref: Ref) -> Record | None:
        """Nothing is written here, so nothing is looked at again."""
        del ref
        return None

    def open_invoices(self, customers: Sequence[str]) -> tuple[()]:
        """Nothing is written here."""
        del customers
        return ()

    def mark_on(self, ref: Ref, *, mails: bool = False) -> None:
        """Nobody worked on these books before."""
        del ref, mails

    def pay_link(self, invoice: str) -> None:
        """Nobody pays here."""
        del invoice

    def unsupported(self, operation: Operation) -> None:
        """Everything can be planned."""
        del operation

    def write(self, operation: Operation, key: str) -> Receipt:
        """Nothing can be done: the pass is to be made in review mode."""
        raise NotImplementedError(f"{operation.verb} {key}")

    def was_applied(self, operation: Operation, key: str, since: datetime) -> None:
        """Nothing was."""
        del operation, key, since

    def aged_receivables(self, as_of: date) -> tuple[()]:
        """Not asked for."""
        del as_of
        return ()

    def beyond_documents(self, customers: frozenset[str], as_of: date) -> tuple[()]:
        """Not asked for."""
        del customers, as_of
        return ()

    def identity(self) -> Identity:
        """Nobody's."""
        return Identity()

    def own_dunning(self) -> OwnDunning:
        """Nothing is sent by the books themselves."""
        return OwnDunning()

    def close(self) -> None:
        """Nothing to give back."""
