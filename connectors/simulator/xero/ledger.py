"""What money does to documents: pay, unpay, allocate, void. Cents and the stamps they move; no validation."""

from __future__ import annotations

from datetime import date

from connectors.simulator.xero.books import Books
from connectors.simulator.xero.records import Actor, Allocation, Contact, Credit, Document, Invoice, Note, Payment

API_USER = "System Generated"
PERSON_USER = "Dana Clark"


def note(books: Books, history: list[Note], changes: str, details: str, actor: Actor) -> Note:
    """A line in a record's history."""
    line = Note(changes, details, books.now(), API_USER if actor == "api" else PERSON_USER)
    history.append(line)
    return line


def touch(books: Books, document: Document) -> None:
    """The document says that it changed."""
    if isinstance(document, Invoice):
        books.touch_invoice(document)
    elif isinstance(document, Credit):
        books.credits[document.kind].touch(document, books.now())


def pay(books: Books, document: Invoice | Credit, payment: Payment) -> Payment:
    """Money comes in on an invoice, or goes out on a credit."""
    document.payments.append(payment)
    if isinstance(document, Invoice):
        document.paid_cents += payment.cents
    else:
        document.remaining_cents -= payment.cents
    _settle(books, document)
    books.payments.add(payment)
    note(books, document.history, "Paid", f"Payment of {_figures(payment.cents)}.", payment.by)
    return payment


def delete_payment(books: Books, payment: Payment, actor: Actor) -> None:
    """A payment is taken back; what it had paid is open again."""
    payment.status = "DELETED"
    document = payment.document
    document.payments.remove(payment)
    if isinstance(document, Invoice):
        document.paid_cents -= payment.cents
    else:
        document.remaining_cents += payment.cents
    _settle(books, document)
    books.payments.touch(payment, books.now())
    note(books, document.history, "Payment Deleted", f"Payment of {_figures(payment.cents)} deleted.", actor)


def allocate(books: Books, credit: Credit, invoice: Invoice, cents: int, actor: Actor) -> Allocation:
    """Part of a credit is used on an invoice, dated with the later of the two documents."""
    allocation = Allocation(books.new_id("allocation"), credit, invoice, cents, max(credit.on, invoice.on))
    for document in (credit, invoice):
        document.allocations.append(allocation)
    credit.remaining_cents -= cents
    invoice.credited_cents += cents
    for document in (credit, invoice):
        _settle(books, document)
    note(books, invoice.history, "Credited", f"Amount credited for {_figures(cents)}.", actor)
    return allocation


def deallocate(books: Books, allocation: Allocation) -> None:
    """A credit is taken off an invoice again."""
    credit, invoice = allocation.credit, allocation.invoice
    for document in (credit, invoice):
        document.allocations.remove(allocation)
    credit.remaining_cents += allocation.cents
    invoice.credited_cents -= allocation.cents
    for document in (credit, invoice):
        _settle(books, document)


def void(books: Books, document: Document, actor: Actor) -> None:
    """The document no longer counts. What it shows as due stays as it was, as in Xero."""
    document.status = "VOIDED"
    touch(books, document)
    note(books, document.history, "Voided", "Voided.", actor)


def settle_if_approved(books: Books, document: Document) -> None:
    """The document changed and says so; an approved one without an amount is paid at once."""
    if document.status == "AUTHORISED":
        _settle(books, document)
    else:
        touch(books, document)


def merge(books: Books, loser: Contact, winner: Contact) -> None:
    """`loser` is archived and its documents move to `winner`, who does not say that anything changed."""
    loser.status = "ARCHIVED"
    loser.merged_to = winner.id
    books.contacts.touch(loser, books.now())
    for invoice_id in list(loser.invoices):
        invoice = books.invoices.get(invoice_id)
        if invoice is not None:
            move_invoice(books, invoice, winner)
            if books.switches.merge_bumps_invoices:
                touch(books, invoice)
    for table in books.credits.values():
        for credit in table:
            if credit.contact is loser:
                credit.contact = winner
        table.changed_silently()
    books.invoices.changed_silently()


def move_invoice(books: Books, invoice: Invoice, contact: Contact) -> None:
    """The invoice is another contact's now."""
    invoice.contact.invoices.pop(invoice.id, None)
    invoice.contact = contact
    contact.invoices[invoice.id] = invoice.type
    books.contacts.changed_silently()


def _settle(books: Books, document: Document) -> None:
    open_cents = document.due_cents if isinstance(document, Invoice) else _remaining(document)
    document.status = "AUTHORISED" if open_cents else "PAID"
    document.paid_in_full_on = None if open_cents else _last_day(document)
    touch(books, document)
    books.contacts.changed_silently()


def _remaining(document: Document) -> int:
    return document.remaining_cents if isinstance(document, Credit) else 0


def _last_day(document: Document) -> date:
    days = [payment.on for payment in document.payments] + [allocation.on for allocation in document.allocations]
    return max(days, default=document.on)


def _figures(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
