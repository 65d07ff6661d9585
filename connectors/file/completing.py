"""Makes a book that came from a provider add up, so that what is exported can be read again and gives the same answers.

A provider takes things off invoices that never reach us as payments (a journal entry, a record from before we looked),
and names records we do not hold. Balances are the provider's word and never changed; what explains them is completed.
A book that adds up comes back as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TypeVar

from rules.domain.facts import (
    Application,
    Book,
    CreditNote,
    Customer,
    HistoryEntry,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
    Silence,
    TaskDone,
)
from rules.domain.hindsight import Effects, applied_by, discount_earned, effects_of, known_on
from rules.domain.money import total

Paper = TypeVar("Paper", Payment, CreditNote)
Named = TypeVar("Named", Promise, InstallmentPlan)


def completed(book: Book) -> Book:
    """The book with every reference resolved and every sum complete."""
    invoices = {invoice.ref: invoice for invoice in book.invoices}
    payments = tuple(_on_known(paper, invoices) for paper in book.payments)
    notes = tuple(_on_known(paper, invoices) for paper in book.credit_notes)
    effects = effects_of(payments, notes)
    payments = tuple(_counted(payment, book.as_of, invoices, effects) for payment in payments)
    effects = effects_of(payments, notes)
    bills = tuple(_whole(invoice, book, effects) for invoice in book.invoices)
    customers = tuple(_customers(book))
    known = {customer.ref for customer in customers}
    return replace(
        book,
        customers=customers,
        invoices=bills,
        payments=payments,
        credit_notes=(*notes, *_unexplained(bills, book, effects)),
        promises=tuple(_about_known(book.promises, invoices)),
        disputes=tuple(dispute for dispute in book.disputes if dispute.invoice in invoices),
        installment_plans=tuple(_about_known(book.installment_plans, invoices)),
        holds=tuple(hold for hold in book.holds if hold.customer in known),
        silences=tuple(one for one in book.silences if _has_subject(one, known, invoices)),
        history=tuple(_told(book.history, known, invoices)),
    )


def _customers(book: Book) -> Iterator[Customer]:
    """Everybody, and for each paper of a customer we do not hold somebody of that ref. Unknown parents are left out."""
    known = {customer.ref for customer in book.customers}
    refs = [invoice.customer for invoice in book.invoices]
    refs += [payment.customer for payment in book.payments] + [note.customer for note in book.credit_notes]
    missing = dict.fromkeys(ref for ref in refs if ref not in known)
    known |= set(missing)
    for customer in book.customers:
        yield customer if customer.parent is None or customer.parent in known else replace(customer, parent=None)
    yield from (Customer(ref, ref) for ref in missing)


def _on_known(paper: Paper, invoices: dict[str, Invoice]) -> Paper:
    """The paper without what it paid on invoices we do not hold or in another currency; that part of it is spent."""
    kept = tuple(part for part in paper.applied if _fits(part, paper.amount.currency, invoices))
    if kept == paper.applied:
        return paper
    spent = [
        part.amount for part in paper.applied if part not in kept and part.amount.currency == paper.amount.currency
    ]
    used = total([part.amount for part in kept], paper.amount.currency)
    left = paper.amount - total(spent, paper.amount.currency)
    return replace(paper, applied=kept, amount=max(left, used, key=lambda amount: amount.amount))


def _fits(part: Application, currency: str, invoices: dict[str, Invoice]) -> bool:
    invoice = invoices.get(part.invoice)
    return invoice is not None and part.amount.currency == currency == invoice.currency


def _counted(payment: Payment, as_of: date, invoices: dict[str, Invoice], effects: Effects) -> Payment:
    """A payment dated ahead that the balances have already: it is taken to be there on the book's day."""
    if known_on(payment) <= as_of or payment.reversed_on is not None or not payment.applied:
        return payment
    for part in payment.applied:
        invoice = invoices[part.invoice]
        off = total([effect.amount for effect in effects[part.invoice]], invoice.currency)
        if invoice.balance + off != invoice.total:
            return payment
    return replace(payment, received_on=min(payment.received_on, as_of), entered_on=as_of)


def _whole(invoice: Invoice, book: Book, effects: Effects) -> Invoice:
    """The invoice with a total of at least what is open and what came off, and without instalments that miss it."""
    if invoice.status == "voided":
        return invoice
    whole = invoice.balance + applied_by(effects.get(invoice.ref, ()), book.as_of, invoice.currency)
    if whole > invoice.total:
        invoice = replace(invoice, total=whole)
    rows = total([row.amount for row in invoice.installments], invoice.currency)
    return replace(invoice, installments=()) if invoice.installments and rows != invoice.total else invoice


def _unexplained(invoices: Iterable[Invoice], book: Book, effects: Effects) -> Iterator[CreditNote]:
    """What is gone from a balance and on no paper we hold: a credit on the invoice's own day, so it never bore."""
    for invoice in invoices:
        parts = effects.get(invoice.ref, ())
        gone = invoice.total - applied_by(parts, book.as_of, invoice.currency) - invoice.balance
        settled = discount_earned(invoice, parts) and not invoice.balance
        if gone.amount > 0 and invoice.status != "voided" and not settled:
            day = min(invoice.issued_on, book.as_of)
            part = Application(invoice.ref, gone, day)
            yield CreditNote(f"unexplained/{invoice.ref}", invoice.customer, day, gone, (part,))


def _about_known(records: Iterable[Named], invoices: dict[str, Invoice]) -> Iterator[Named]:
    for record in records:
        kept = tuple(ref for ref in record.invoices if ref in invoices)
        if kept:
            yield record if kept == record.invoices else replace(record, invoices=kept)


def _has_subject(silence: Silence, customers: set[str], invoices: dict[str, Invoice]) -> bool:
    if silence.customer is not None and silence.customer not in customers:
        return False
    return silence.invoice is None or silence.invoice in invoices


def _told(history: Iterable[HistoryEntry], customers: set[str], invoices: dict[str, Invoice]) -> Iterator[HistoryEntry]:
    for entry in history:
        if _is_about(entry, customers, invoices):
            if isinstance(entry, TaskDone):
                yield replace(entry, invoices=tuple(ref for ref in entry.invoices if ref in invoices))
            else:
                yield entry


def _is_about(entry: HistoryEntry, customers: set[str], invoices: dict[str, Invoice]) -> bool:
    if isinstance(entry, TaskDone) and entry.invoices:
        return entry.customer in customers and any(ref in invoices for ref in entry.invoices)
    about: str | None = getattr(entry, "invoice", None)
    return entry.customer in customers and (about is None or about in invoices)
