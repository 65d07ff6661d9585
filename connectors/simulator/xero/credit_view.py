"""Credit notes, overpayments, prepayments and their allocations as Xero shows them."""

from __future__ import annotations

from connectors.simulator.xero import contact_view, parts, wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.records import Allocation, Credit, CreditKind
from connectors.simulator.xero.wire import Json

ID_NAMES: dict[CreditKind, str] = {
    "credit_note": "CreditNoteID",
    "overpayment": "OverpaymentID",
    "prepayment": "PrepaymentID",
}


def listed_credit(books: Books, credit: Credit) -> Json:
    """A credit note, over- or prepayment on a page of a list or alone."""
    document = _credit(books, credit)
    document["LineItems"] = parts.lines(books, credit)
    return document


def unpaged_credit(books: Books, credit: Credit) -> Json:
    """The same in an unpaged list: no lines, hardly a contact."""
    return {**_credit(books, credit), "Contact": contact_view.bare_stub(credit.contact)}


def single_credit(books: Books, credit: Credit) -> Json:
    """The same by its id, with the whole contact."""
    return {**listed_credit(books, credit), "Contact": contact_view.full(books, credit.contact)}


def written_credit(books: Books, credit: Credit) -> Json:
    """The answer to a write."""
    document = single_credit(books, credit)
    for name in ("Payments", "Allocations", "HasAttachments"):
        del document[name]
    return {**document, "Contact": contact_view.written(books, credit.contact)}


def allocation(books: Books, allocation_: Allocation) -> Json:
    """An allocation inside its credit."""
    invoice = allocation_.invoice
    return {
        "AllocationID": allocation_.id,
        "Amount": wire.money(allocation_.cents),
        **parts.day(books, "Date", allocation_.on, twin=False),
        "Invoice": {"InvoiceID": invoice.id, "InvoiceNumber": invoice.number, **parts.EMPTY_INVOICE},
    }


def _credit(books: Books, credit: Credit) -> Json:
    document: Json = {
        ID_NAMES[credit.kind]: credit.id,
        "ID": credit.id,
        "Type": credit.type_name,
        "Reference": credit.reference,
        "CurrencyRate": wire.number(credit.rate, 6),
        "RemainingCredit": wire.money(credit.remaining_cents),
        "Allocations": [allocation(books, found) for found in credit.allocations],
        "Payments": [parts.nested_payment(books, paid_back) for paid_back in credit.payments],
        "HasAttachments": False,
        **parts.stamps(credit.updated),
        "Contact": contact_view.stub(credit.contact),
        **parts.day(books, "Date", credit.on),
        "Status": credit.status,
        "LineAmountTypes": credit.line_amount_types,
        **parts.sums(credit),
        "CurrencyCode": credit.currency,
    }
    if credit.kind == "credit_note":
        document.update(_only_on_credit_notes(books, credit))
    if credit.paid_in_full_on is not None:
        document.update(parts.day(books, "FullyPaidOnDate", credit.paid_in_full_on, twin=False))
    return document


def _only_on_credit_notes(books: Books, credit: Credit) -> Json:
    return {
        "CreditNoteNumber": credit.number,
        "SentToContact": credit.sent,
        "HasErrors": False,
        "InvoiceAddresses": [],
        "BrandingThemeID": credit.branding or books.organisation.branding,
    }
