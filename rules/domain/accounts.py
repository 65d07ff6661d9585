"""Splitting a book into accounts: each billed customer with everyone billed through it.

What concerns invoices of two accounts (a payment for somebody else, a reminder sent before a family changed) stands in
both.

Linear in the size of the book. Everything is sorted, so that the order of the book's lists never shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import TypeVar

from rules.domain.facts import (
    Account,
    Book,
    ChargeBilled,
    CreditNote,
    Customer,
    Dispute,
    HistoryEntry,
    Hold,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
    Rate,
    Silence,
    StandingChanged,
    TaskDone,
)

T = TypeVar("T")


def accounts_of(book: Book) -> Iterator[Account]:
    """Every account of the book, by the ref of its head. A customer nobody listed but a document names stands alone."""
    customers = _with_unlisted(book)
    heads = {ref: _head(ref, customers) for ref in customers}
    families: dict[str, list[Customer]] = defaultdict(list)
    for ref in sorted(customers):
        families[heads[ref]].append(customers[ref])
    shelves = _shelves(book, heads, _heads_by_group(customers, heads) if book.silences else {})
    for head in sorted(families):
        yield shelves.account(book, customers[head], families[head])


@dataclass(frozen=True, slots=True)
class _Shelves:
    """The book's lists by the head they concern, each in its own fixed order."""

    rates: tuple[Rate, ...]
    invoices: Mapping[str, list[Invoice]]
    payments: Mapping[str, list[Payment]]
    credit_notes: Mapping[str, list[CreditNote]]
    promises: Mapping[str, list[Promise]]
    disputes: Mapping[str, list[Dispute]]
    installment_plans: Mapping[str, list[InstallmentPlan]]
    holds: Mapping[str, list[Hold]]
    silences: Mapping[str, list[Silence]]
    history: Mapping[str, list[HistoryEntry]]

    def account(self, book: Book, head: Customer, members: list[Customer]) -> Account:
        ref = head.ref
        return Account(
            company=book.company,
            customer=head,
            family=(head, *(member for member in members if member.ref != ref)),
            rates=self.rates,
            invoices=tuple(self.invoices.get(ref, ())),
            payments=tuple(self.payments.get(ref, ())),
            credit_notes=tuple(self.credit_notes.get(ref, ())),
            promises=tuple(self.promises.get(ref, ())),
            disputes=tuple(self.disputes.get(ref, ())),
            installment_plans=tuple(self.installment_plans.get(ref, ())),
            holds=tuple(self.holds.get(ref, ())),
            silences=tuple(self.silences.get(ref, ())),
            history=tuple(self.history.get(ref, ())),
        )


def _shelves(book: Book, heads: Mapping[str, str], by_group: Mapping[str, set[str]]) -> _Shelves:
    owner = {invoice.ref: heads[invoice.customer] for invoice in book.invoices}

    def own(item: Invoice | Hold) -> Iterable[str]:
        return (heads[item.customer],) if item.customer in heads else ()

    def own_and_meant(item: Promise | InstallmentPlan) -> Iterable[str]:
        return {owner[ref] for ref in item.invoices if ref in owner}.union(_head_of(item.customer, heads))

    def own_and_told(item: HistoryEntry) -> Iterable[str]:
        return {owner[ref] for ref in _told_of(item) if ref in owner}.union(_head_of(item.customer, heads))

    def own_and_paid(item: Payment | CreditNote) -> Iterable[str]:
        paid = {owner[part.invoice] for part in item.applied if part.invoice in owner}
        return paid | {heads[item.customer]}

    def disputed(item: Dispute) -> Iterable[str]:
        return (owner[item.invoice],) if item.invoice in owner else ()

    def silenced(item: Silence) -> Iterable[str]:
        if item.group is not None:
            return by_group.get(item.group, ())
        if item.invoice is not None:
            return (owner[item.invoice],) if item.invoice in owner else ()
        return _head_of(item.customer or "", heads)

    return _Shelves(
        rates=tuple(sorted(book.rates, key=lambda rate: (rate.source, rate.target, rate.on, rate.rate))),
        invoices=_grouped(sorted(book.invoices, key=lambda item: item.ref), own),
        payments=_grouped(sorted(book.payments, key=lambda item: item.ref), own_and_paid),
        credit_notes=_grouped(sorted(book.credit_notes, key=lambda item: item.ref), own_and_paid),
        promises=_grouped(sorted(book.promises, key=lambda item: item.ref), own_and_meant),
        disputes=_grouped(sorted(book.disputes, key=lambda item: item.ref), disputed),
        installment_plans=_grouped(sorted(book.installment_plans, key=lambda item: item.ref), own_and_meant),
        holds=_grouped(sorted(book.holds, key=_spelled), own),
        silences=_grouped(sorted(book.silences, key=lambda item: item.ref), silenced),
        history=_grouped(sorted(book.history, key=lambda item: (day_of(item), _spelled(item))), own_and_told),
    )


def _heads_by_group(customers: Mapping[str, Customer], heads: Mapping[str, str]) -> Mapping[str, set[str]]:
    """Which families have a member in each group."""
    found: dict[str, set[str]] = defaultdict(set)
    for ref, customer in customers.items():
        for group in customer.groups:
            found[group].add(heads[ref])
    return found


def _told_of(item: HistoryEntry) -> tuple[str, ...]:
    """The invoices an entry of history is about."""
    if isinstance(item, StandingChanged):
        return ()
    if isinstance(item, TaskDone):
        return item.invoices
    return (item.invoice,) if item.invoice is not None else ()


def _head_of(customer: str, heads: Mapping[str, str]) -> tuple[str, ...]:
    return (heads[customer],) if customer in heads else ()


def _grouped(items: Iterable[T], heads_of: Callable[[T], Iterable[str]]) -> dict[str, list[T]]:
    shelf: dict[str, list[T]] = defaultdict(list)
    for item in items:
        for head in heads_of(item):
            shelf[head].append(item)
    return shelf


def _with_unlisted(book: Book) -> dict[str, Customer]:
    customers = {customer.ref: customer for customer in book.customers}
    for documents in (book.invoices, book.payments, book.credit_notes):
        for document in documents:
            if document.customer not in customers:
                customers[document.customer] = Customer(document.customer, document.customer)
    return customers


def _head(ref: str, customers: Mapping[str, Customer]) -> str:
    """Up the billing parents. A parent nobody knows is no parent; in a circle the smallest ref is the head."""
    path = [ref]
    while (parent := customers[path[-1]].parent) is not None and parent in customers:
        if parent in path:
            return min(path[path.index(parent) :])
        path.append(parent)
    return path[-1]


def day_of(entry: HistoryEntry) -> date:
    """The day the entry happened; a charge's is the last day it charged for."""
    return entry.last_on if isinstance(entry, ChargeBilled) else entry.on


def _spelled(item: HistoryEntry | Hold) -> tuple[str, ...]:
    """A total order among entries of one day: their kind, then their fields as text."""
    return (type(item).__name__, *(str(getattr(item, part.name)) for part in fields(item)))
