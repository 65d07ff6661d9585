"""A folder of book files or CSV exports as a connection: reads the newest, asks for changes in an outbox file.

A file that is half-written or does not hold together is not read at all: the pull fails as Unavailable with every
problem, what was read before stays, and the next pull looks again. It holds the one book it read last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from connectors import (
    AgedReceivables,
    ConnectionSettings,
    FactKind,
    Identity,
    OpenBalance,
    OwnDunning,
    Page,
    Receipt,
    Record,
    Ref,
    Unreadable,
)
from connectors.errors import BookRefused, Rejected, Unavailable
from connectors.file.folder import Edition, newest
from connectors.file.outbox import Outbox
from connectors.tokens import TokenSource
from connectors.transport import Timing, Usage
from rules.domain.actions import EmailInvoice, Operation, SendMessage
from rules.domain.facts import Book, Company, CreditNote, Customer, Fact, Invoice, Payment
from rules.domain.hindsight import as_of as looking_back
from rules.domain.money import Money

KINDS: tuple[FactKind, ...] = ("customer", "invoice", "payment", "credit_note")
PAGE_SIZE = 500
_NOBODY_MAILS = "a folder of files cannot send mail; use a channel of our own (email, letter)"


def connect(settings: ConnectionSettings, tokens: TokenSource, timing: Timing) -> FileConnector:
    """Open the folder that ``path`` names. It needs no tokens and makes no request."""
    del tokens
    return FileConnector(settings, timing)


class FileConnector:
    """One folder, one company. The cursor is the digest of the file that was read last."""

    def __init__(self, settings: ConnectionSettings, timing: Timing) -> None:
        self.usage = Usage()
        self._settings = settings
        self._timing = timing
        self._path = Path(settings.extra["path"])
        self._outbox = Outbox(self._path.parent if self._path.is_file() else self._path, settings.name)
        self._known: tuple[str, Book, Mapping[Ref, Fact]] | None = None

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """All of the newest file in pages, and an empty page where it is the one read last.

        Until its last page the cursor stays the old one, so that an interrupted pull begins again.

        Raises:
            Unavailable: there is no such file, or it is half-written or does not hold together; with every problem.
        """
        edition = self._edition()
        if edition.digest == cursor:
            yield Page(cursor=cursor, server_time=self._timing.now())
            return
        book, facts = self._read(edition)
        records = [Record(ref, fact) for ref, fact in facts.items()]
        parts = [tuple(records[start : start + PAGE_SIZE]) for start in range(0, len(records), PAGE_SIZE)] or [()]
        for position, part in enumerate(parts):
            first, last = position == 0, position == len(parts) - 1
            yield Page(
                cursor=edition.digest if last else cursor or "",
                records=part,
                company=self._company(book) if first else None,
                rates=book.rates if first else (),
                replaces=KINDS if first else (),
                complete_for=KINDS if last else (),
                server_time=self._timing.now(),
                people=book if last else None,
            )

    def fetch(self, ref: Ref) -> Record | None:
        """The record as the newest file has it now. Raises Unavailable."""
        fact = self._read(self._edition())[1].get(ref)
        return Record(ref, fact) if fact is not None else None

    def open_invoices(self, customers: Sequence[str]) -> tuple[Record | Unreadable, ...]:
        """What is open of these customers' invoices by the newest file. Raises Unavailable."""
        facts = self._read(self._edition())[1].items()
        bills = ((ref, fact) for ref, fact in facts if isinstance(fact, Invoice) and fact.customer in customers)
        return tuple(Record(ref, bill) for ref, bill in bills if bill.status == "open" and bill.balance)

    def mark_on(self, ref: Ref, *, mails: bool = False) -> str | None:
        """What the outbox, or one set aside, asks for about the record. Raises Unavailable."""
        del mails
        self.usage.count("read")
        return "stands in the outbox" if self._outbox.mentions(ref) else None

    def pay_link(self, invoice: str) -> str | None:
        """A folder knows no address beyond what the book says itself."""
        found = self.fetch(Ref("invoice", invoice))
        return found.fact.pay_link if found is not None and isinstance(found.fact, Invoice) else None

    def unsupported(self, operation: Operation) -> str | None:
        """Mail is all that a folder cannot do."""
        return _NOBODY_MAILS if isinstance(operation, EmailInvoice | SendMessage) else None

    def write(self, operation: Operation, key: str) -> Receipt:
        """Ask for it in the outbox file, once for a key.

        Raises:
            Rejected: it is mail, or the key stands there with another operation.
            Unavailable, OutcomeUnknown: the outbox cannot be written.
        """
        refused = self.unsupported(operation)
        if refused is not None:
            raise Rejected("unsupported", refused)
        self.usage.count("write")
        return self._outbox.write(operation, key, self._timing.now())

    def was_applied(self, operation: Operation, key: str, since: datetime) -> Receipt | None:
        """The receipt, where the outbox or one set aside has the key. Raises Unavailable."""
        del operation, since
        self.usage.count("read")
        return self._outbox.receipt(key)

    def aged_receivables(self, as_of: date) -> AgedReceivables:
        """What each customer owes by the file: open balances less what is on no invoice yet. Raises Unavailable."""
        book = looking_back(self._read(self._edition())[0], as_of)
        owed: dict[tuple[str, str], Money] = {}
        for customer, amount in _amounts(book):
            key = (customer, amount.currency)
            owed[key] = owed.get(key, Money.zero(amount.currency)) + amount
        return tuple(OpenBalance(customer, money) for (customer, _), money in sorted(owed.items()) if money)

    def beyond_documents(self, customers: frozenset[str], as_of: date) -> AgedReceivables:
        """Nothing: a book file has documents only."""
        del customers, as_of
        return ()

    def identity(self) -> Identity:
        """A folder says nothing about whose it is that could not be edited."""
        return Identity()

    def own_dunning(self) -> OwnDunning:
        """A folder does nothing by itself."""
        return OwnDunning()

    def close(self) -> None:
        """There is nothing to give back."""

    def _edition(self) -> Edition:
        self.usage.count("read")
        try:
            return newest(self._path)
        except BookRefused as refused:
            raise Unavailable(str(refused)) from refused

    def _read(self, edition: Edition) -> tuple[Book, Mapping[Ref, Fact]]:
        """The book of the edition; it is understood once for all reads of the same content."""
        if self._known is None or self._known[0] != edition.digest:
            try:
                book = edition.book()
            except BookRefused as refused:
                raise Unavailable(str(refused)) from refused
            self._known = edition.digest, book, _facts_of(book)
        return self._known[1], self._known[2]

    def _company(self, book: Book) -> Company:
        """Whose books they are; a CSV export does not say, so the connection's own name and time zone stand in."""
        company = book.company
        zone = self._settings.timezone if company.timezone == "UTC" else company.timezone
        return replace(company, name=company.name or self._settings.name, timezone=zone)


def _amounts(book: Book) -> Iterator[tuple[str, Money]]:
    """Who owes what on each paper; money and credits on no invoice yet are owed the other way."""
    yield from ((bill.customer, bill.balance) for bill in book.invoices if bill.status in ("open", "paid"))
    yield from ((payment.customer, -payment.unapplied) for payment in book.payments)
    yield from ((note.customer, -note.unapplied) for note in book.credit_notes)


def _facts_of(book: Book) -> dict[Ref, Fact]:
    """Every fact by its reference, each with a mark of its state."""
    lists: dict[FactKind, tuple[Customer, ...] | tuple[Invoice, ...] | tuple[Payment, ...] | tuple[CreditNote, ...]] = {
        "customer": book.customers,
        "invoice": book.invoices,
        "payment": book.payments,
        "credit_note": book.credit_notes,
    }
    return {Ref(kind, fact.ref): _marked(fact) for kind, facts in lists.items() for fact in facts}


def _marked(fact: Fact) -> Fact:
    """The fact with a version: the file's own, else a digest of all it says."""
    return fact if fact.version else replace(fact, version=hashlib.sha256(repr(fact).encode()).hexdigest()[:16])
