"""Whether two reckonings of what customers owe agree, and what explains where they do not. Pure.

OURS      open invoices less money and credits on no invoice, as our copy of the books has them.
THEIRS    the provider's own report.
BEYOND    what their balance holds that is no document: journal lines, deposits.
A difference nothing explains is drift: our copy is not the books, so nothing should be decided on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from connectors import AgedReceivables
from rules.domain.exchange import converted
from rules.domain.facts import Book, CreditNote, Invoice, Payment, Rate
from rules.domain.money import Money

Why = Literal["timing", "journal", "unapplied", "basis", "foreign"]
_RATE_SHARE = Decimal("0.02")  # how far a report's own rates may be from those of the documents
Key = tuple[str, str]  # customer, currency


@dataclass(slots=True)
class Reckoned:
    """One customer's parts in one currency by our copy. `later` is dated after the day that was asked for.

    `settled_later` is what payments and credits dated after it took off earlier documents: our balances lack it.
    """

    invoiced: Decimal = Decimal(0)
    on_account: Decimal = Decimal(0)
    later: Decimal = Decimal(0)
    settled_later: Decimal = Decimal(0)
    at_home: Decimal | None = Decimal(0)  # in the company's currency, each document at its own day's rate

    @property
    def owed(self) -> Decimal:
        """What is owed on the day."""
        return self.invoiced - self.on_account


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two reckonings part. `why` and `words` say what explains it; without them it is drift."""

    customer: str
    ours: Money
    theirs: Money
    why: Why | None = None
    words: str = ""

    @property
    def is_drift(self) -> bool:
        """Whether nothing explains it."""
        return self.why is None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two reckonings of one day, by customer and currency."""

    ours: Mapping[Key, Reckoned]
    theirs: Mapping[Key, Decimal]
    home: str

    def customers_apart(self) -> frozenset[str]:
        """Whose balances differ, explained or not."""
        return frozenset(customer for customer, currency in self._keys() if self._rest(customer, currency))

    def differences(self, beyond: AgedReceivables) -> tuple[Difference, ...]:
        """Every difference, explained where it can be, in order of customer."""
        extra: defaultdict[Key, Decimal] = defaultdict(Decimal)
        for line in beyond:
            extra[line.customer, line.balance.currency] += line.balance.amount
        return tuple(found for customer in sorted(self.customers_apart()) for found in self._of(customer, extra))

    def _of(self, customer: str, extra: Mapping[Key, Decimal]) -> Iterator[Difference]:
        foreign = self._foreign(customer, extra)
        if foreign is not None:
            yield foreign
            return
        for currency in sorted(currency for of, currency in self._keys() if of == customer):
            if self._rest(customer, currency):
                yield self._explained(customer, currency, extra.get((customer, currency), Decimal(0)))

    def _explained(self, customer: str, currency: str, extra: Decimal) -> Difference:
        ours = self.ours.get((customer, currency), Reckoned())
        theirs = self.theirs.get((customer, currency), Decimal(0))
        rest = theirs - ours.owed
        both = (customer, Money(ours.owed, currency), Money(theirs, currency))
        if extra and rest == extra:
            return Difference(*both, "journal", f"journal lines or deposits of {Money(extra, currency)}")
        if ours.on_account and rest == ours.on_account:
            return Difference(*both, "unapplied", f"the report leaves out {Money(rest, currency)} on no invoice yet")
        if ours.later and rest == ours.later:
            return Difference(*both, "basis", f"the report counts {Money(rest, currency)} dated after the day")
        if ours.settled_later and rest == ours.settled_later:
            return Difference(*both, "basis", f"{Money(rest, currency)} was settled by what is dated after the day")
        return Difference(*both)

    def _foreign(self, customer: str, extra: Mapping[Key, Decimal]) -> Difference | None:
        """All of a customer's currencies in one figure, where the report knows only the company's own currency."""
        mine = {currency: part for (of, currency), part in self.ours.items() if of == customer}
        reported = {currency for of, currency in self.theirs if of == customer}
        if not set(mine) - {self.home} or reported - {self.home}:
            return None
        theirs = self.theirs.get((customer, self.home), Decimal(0)) - extra.get((customer, self.home), Decimal(0))
        parts = [part.at_home for part in mine.values()]
        shown = Money(theirs, self.home)
        if None in parts:
            words = f"the report is in {self.home}, and no rate is known to compare it by"
            return Difference(customer, Money.zero(self.home), shown, "foreign", words)
        ours = sum((part for part in parts if part is not None), Decimal(0))
        volume = sum((abs(part) for part in parts if part is not None), Decimal(0))
        both = (customer, Money(ours, self.home).rounded(), shown)
        if abs(theirs - ours) > volume * _RATE_SHARE + 1:
            return Difference(*both)
        return Difference(*both, "foreign", f"the report is in {self.home} at rates of its own")

    def _rest(self, customer: str, currency: str) -> Decimal:
        ours = self.ours.get((customer, currency), Reckoned())
        return self.theirs.get((customer, currency), Decimal(0)) - ours.owed

    def _keys(self) -> set[Key]:
        return {*self.ours, *self.theirs}


@dataclass(slots=True)
class _Reckoning:
    """Sums documents up."""

    as_of: date
    home: str
    rates: tuple[Rate, ...]
    parts: dict[Key, Reckoned] = field(default_factory=dict)

    def add(self, customer: str, dated: date, amount: Money, *, is_credit: bool) -> None:
        """Count one document's rest."""
        if not amount:
            return
        part = self.parts.setdefault((customer, amount.currency), Reckoned())
        signed = -amount if is_credit else amount
        if dated > self.as_of:
            part.later += signed.amount
            return
        if is_credit:
            part.on_account += amount.amount
        else:
            part.invoiced += amount.amount
        at_home = converted(signed, self.home, self.rates, dated)
        part.at_home = None if at_home is None or part.at_home is None else part.at_home + at_home.amount

    def settle(self, invoice: Invoice | None, dated: date, amount: Money) -> None:
        """Count what settles an invoice of before the day only after it."""
        if invoice is not None and dated > self.as_of >= invoice.issued_on:
            part = self.parts.setdefault((invoice.customer, amount.currency), Reckoned())
            part.settled_later += amount.amount


def reckoned(book: Book, as_of: date) -> dict[Key, Reckoned]:
    """What each customer owes by our copy."""
    sums = _Reckoning(as_of, book.company.currency, book.rates)
    invoices = {invoice.ref: invoice for invoice in book.invoices}
    documents: Iterable[Invoice | Payment | CreditNote] = (*book.invoices, *book.payments, *book.credit_notes)
    for document in documents:
        match document:
            case Invoice():
                if document.status == "open":
                    sums.add(document.customer, document.issued_on, document.balance, is_credit=False)
            case Payment():
                sums.add(document.customer, document.received_on, document.unapplied, is_credit=True)
                for use in document.applied if document.reversed_on is None else ():
                    sums.settle(invoices.get(use.invoice), document.received_on, use.amount)
            case CreditNote():
                sums.add(document.customer, document.issued_on, document.unapplied, is_credit=True)
                for use in document.applied:
                    sums.settle(invoices.get(use.invoice), use.on or document.issued_on, use.amount)
    return sums.parts


def comparison(book: Book, report: AgedReceivables, as_of: date) -> Comparison:
    """Our copy beside the provider's report of the same day."""
    theirs: defaultdict[Key, Decimal] = defaultdict(Decimal)
    for line in report:
        theirs[line.customer, line.balance.currency] += line.balance.amount
    return Comparison(reckoned(book, as_of), dict(theirs), book.company.currency)
