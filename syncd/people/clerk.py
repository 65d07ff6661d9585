"""Who is at the desk, and how customers and invoices are called there: by number or name, else by id.

Finds and refuses; files nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from connectors import FactKind
from rules import evaluate
from rules.domain.eligibility import is_open
from rules.domain.facts import Account, Customer, Fact, Invoice
from rules.domain.money import Money
from rules.domain.near_miss import near_miss
from rules.domain.wording import spoken
from syncd.errors import NeverRead, TryAgain, Usage
from syncd.ledger import Ledger
from syncd.store.desk import Filed, Word
from syncd.store.mirror import Called

if TYPE_CHECKING:
    from rules.domain.evaluation import Evaluation
    from rules.policy import Policies

_BY_ID = "id:"


@dataclass(frozen=True, slots=True)
class Noted:
    """A record as filed, its connection, what it says in one sentence, and what the person should know besides."""

    ledger: Ledger
    filed: Filed
    sentence: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Clerk:
    """The person who records (`who`), before these ledgers, under the rules in force."""

    ledgers: Sequence[Ledger]
    policies: Policies
    who: str

    def word(self, ledger: Ledger, event: str, **detail: Any) -> Word:
        """What this person says now."""
        return Word(self.who, ledger.clock.now(), event, {key: str(value) for key, value in detail.items() if value})

    def customer(self, text: str) -> tuple[Ledger, Customer]:
        """The customer that `text` names.

        Raises:
            Usage: nobody, or more than one.
        """
        ledger, fact = self._named(text, ("customer",))
        if not isinstance(fact, Customer):
            raise TypeError(f"{text} is a {type(fact).__name__} filed as a customer")
        return ledger, fact

    def invoice(self, text: str) -> tuple[Ledger, Invoice]:
        """The invoice that `text` names.

        Raises:
            Usage: none, or more than one.
        """
        ledger, fact = self._named(text, ("invoice",))
        if not isinstance(fact, Invoice):
            raise TypeError(f"{text} is a {type(fact).__name__} filed as an invoice")
        return ledger, fact

    def customer_or_invoice(self, text: str) -> tuple[Ledger, Customer | Invoice]:
        """The one customer or invoice that `text` names.

        Raises:
            Usage: none, or more than one.
        """
        ledger, fact = self._named(text, ("customer", "invoice"))
        if not isinstance(fact, Customer | Invoice):
            raise TypeError(f"{text} is a {type(fact).__name__} filed as a customer or invoice")
        return ledger, fact

    def invoices(self, texts: Sequence[str]) -> tuple[Ledger, list[Invoice]]:
        """Open invoices of one family: those named, or what is overdue of the one customer named.

        Raises:
            Usage: one is not open, or they belong to several families or connections.
        """
        if len(texts) == 1:
            ledger, fact = self._named(texts[0], ("customer", "invoice"))
            if isinstance(fact, Customer):
                return ledger, self._overdue(ledger, fact)
        found = [self.invoice(text) for text in texts]
        ledger = found[0][0]
        invoices = list({invoice.ref: invoice for _, invoice in found}.values())
        heads = {tuple(other.mirror.heads([invoice.customer])) for other, invoice in found}
        if len({other.name for other, _ in found}) > 1 or len(heads) > 1:
            raise Usage("these invoices belong to several customers; record them one customer at a time")
        for invoice in invoices:
            must_be_open(invoice)
        return ledger, invoices

    def account(self, ledger: Ledger, customer: str) -> Account:
        """The whole file of the customer's family.

        Raises:
            NeverRead: the connection was never pulled.
        """
        if ledger.company is None:
            raise NeverRead(ledger.name)
        return next(ledger.accounts(ledger.mirror.heads([customer])))

    def evaluated(self, ledger: Ledger, account: Account) -> Evaluation:
        """What the rules say of it today."""
        return evaluate(account, self.policies, ledger.today())

    def policy_of(self, ledger: Ledger, customer: Customer) -> str | None:
        """The policy that governs the customer as a whole, by name; None where none does, or none of that name is."""
        name = self.policies.select(customer, connection=ledger.name)
        return name if name is not None and self.policies.knows(name) else None

    def _overdue(self, ledger: Ledger, customer: Customer) -> list[Invoice]:
        today = ledger.today()
        found = [
            fact
            for fact in ledger.mirror.facts_of([customer.ref])
            if isinstance(fact, Invoice) and is_open(fact) and fact.due_on is not None and fact.due_on < today
        ]
        if not found:
            raise Usage(f"nothing of {customer.name} is overdue; name the invoices that are meant")
        return found

    def _named(self, text: str, kinds: Sequence[FactKind]) -> tuple[Ledger, Fact]:
        hits = self._hits(text, kinds, exactly=True) or self._hits(text, kinds, exactly=False)
        if len(hits) != 1:
            raise Usage(self._not_one(text, kinds, hits))
        ledger, called = hits[0]
        fact = ledger.mirror.fact(called.ref)
        if fact is None:
            raise TryAgain(f'"{text}" was taken out of the books just now; look again')
        return ledger, fact

    def _hits(self, text: str, kinds: Sequence[FactKind], *, exactly: bool) -> list[tuple[Ledger, Called]]:
        wanted = text.removeprefix(_BY_ID)
        found = [
            (ledger, called)
            for ledger in self.ledgers
            for called in ledger.mirror.called(wanted, exactly=exactly)
            if called.ref.kind in kinds
        ]
        return [hit for hit in found if hit[1].ref.id == wanted] if text.startswith(_BY_ID) else found

    def _not_one(self, text: str, kinds: Sequence[FactKind], hits: Sequence[tuple[Ledger, Called]]) -> str:
        unread = [ledger for ledger in self.ledgers if ledger.company is None]
        if len(unread) == len(self.ledgers):
            raise NeverRead(unread[0].name)
        if hits:
            return _several(text, hits)
        known = [name for ledger in self.ledgers for name in ledger.mirror.names()]
        where = ", ".join(ledger.name for ledger in self.ledgers)
        return f'no {" or ".join(kinds)} is called "{text}" in what was read from {where}{near_miss(text, known)}'


def must_be_open(invoice: Invoice) -> None:
    """Refuse an invoice on which nothing is owed.

    Raises:
        Usage: it is a draft, voided or paid.
    """
    if not is_open(invoice):
        state = invoice.status if invoice.status != "open" else "paid"
        raise Usage(f"invoice {invoice.number} is {state}: nothing is open on it")


def amount_of(text: str | None, currency: str, most: Money | None = None, of: str = "") -> Money | None:
    """The amount a person wrote, bare or in `currency`; None where none was.

    Raises:
        Usage: not an amount, in another currency, not above zero, or more than `most`, which is open on `of`.
    """
    if text is None:
        return None
    try:
        amount = Money.parse(text, currency)
    except ValueError as error:
        raise Usage(f"{error}") from None
    if amount.currency != currency:
        raise Usage(f"{spoken(amount)} is in another currency: {of or 'it'} is in {currency}")
    if amount.amount <= 0:
        raise Usage(f"an amount must be above zero, not {spoken(amount)}")
    if most is not None and amount > most:
        raise Usage(f"{spoken(amount)} is more than {of}: {spoken(most)}")
    return amount


def day_of(day: date | None, today: date, what: str) -> date:
    """The day something happened: `day`, else today.

    Raises:
        Usage: it lies ahead.
    """
    if day is not None and day > today:
        raise Usage(f"{what} on {day} lies ahead: today is {today}")
    return day or today


def one_currency(invoices: Sequence[Invoice]) -> str:
    """The currency of all of these.

    Raises:
        Usage: they are in several.
    """
    currencies = sorted({invoice.currency for invoice in invoices})
    if len(currencies) > 1:
        raise Usage(f"these invoices are in {' and '.join(currencies)}; record one currency at a time")
    return currencies[0]


def numbers(invoices: Sequence[Invoice]) -> str:
    """The invoices as people call them."""
    return ", ".join(invoice.number or invoice.ref for invoice in invoices)


def _several(text: str, hits: Sequence[tuple[Ledger, Called]]) -> str:
    names = sorted({ledger.name for ledger, _ in hits})
    if len(names) > 1:
        return f'"{text}" is in {" and in ".join(names)}; say which with --connection'
    ids = " or ".join(f"{_BY_ID}{called.ref.id} ({called.ref.kind})" for _, called in hits)
    return f'"{text}" names more than one; write {ids}'
