"""Invoices as Xero shows them: listed, alone, and in the answer to a write."""

from __future__ import annotations

from connectors.simulator.xero import contact_view, parts, wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.credit_view import ID_NAMES
from connectors.simulator.xero.organisation import guid
from connectors.simulator.xero.records import Allocation, CreditKind, Invoice
from connectors.simulator.xero.wire import Json

_LISTS: dict[CreditKind, str] = {
    "credit_note": "CreditNotes",
    "overpayment": "Overpayments",
    "prepayment": "Prepayments",
}


def listed_invoice(books: Books, invoice: Invoice) -> Json:
    """An invoice on a page of a list."""
    document = _invoice(books, invoice)
    document["Contact"] = contact_view.stub(invoice.contact)
    document["LineItems"] = parts.lines(books, invoice)
    document["Payments"] = [parts.nested_payment(books, payment) for payment in invoice.payments]
    document["AmountCredited"] = wire.money(invoice.credited_cents)
    document["HasAttachments"] = False
    document["InvoiceAddresses"] = []
    return document


def unpaged_invoice(books: Books, invoice: Invoice) -> Json:
    """An invoice in an unpaged list: no lines, hardly a contact."""
    document = listed_invoice(books, invoice)
    del document["LineItems"]
    document["Contact"] = contact_view.bare_stub(invoice.contact)
    return document


def summary_invoice(books: Books, invoice: Invoice) -> Json:
    """An invoice with `summaryOnly=true`."""
    document = _invoice(books, invoice)
    document["Contact"] = contact_view.stub(invoice.contact)
    document["AmountCredited"] = wire.money(invoice.credited_cents)
    document["InvoiceAddresses"] = []
    return document


def single_invoice(books: Books, invoice: Invoice) -> Json:
    """One invoice by id: the whole contact, and Payments only where there are any."""
    document = _invoice(books, invoice)
    document["Contact"] = contact_view.full(books, invoice.contact)
    document["LineItems"] = [{**line, "ValidationErrors": []} for line in parts.lines(books, invoice)]
    if invoice.payments:
        document["Payments"] = [parts.nested_payment(books, payment) for payment in invoice.payments]
    document["AmountCredited"] = wire.money(invoice.credited_cents)
    document["HasAttachments"] = False
    document["Attachments"] = []
    return document


def written_invoice(books: Books, invoice: Invoice) -> Json:
    """The answer to a write: without Payments, CreditNotes, AmountCredited and HasAttachments."""
    document = _invoice(books, invoice)
    del document["CreditNotes"]
    document["Contact"] = contact_view.written(books, invoice.contact)
    document["LineItems"] = [{**line, "ValidationErrors": []} for line in parts.lines(books, invoice)]
    return document


def online_invoice(books: Books, invoice: Invoice) -> Json:
    """Where a customer may look at the invoice and pay."""
    return {"OnlineInvoiceUrl": f"https://in.xero.com/{guid(books.organisation.tenant, invoice.id).replace('-', '')}"}


def _invoice(books: Books, invoice: Invoice) -> Json:
    document: Json = {
        "Type": invoice.type,
        "InvoiceID": invoice.id,
        "InvoiceNumber": invoice.number,
        "Reference": invoice.reference,
        "Prepayments": [],
        "Overpayments": [],
        "CreditNotes": [],
        "AmountDue": wire.money(invoice.due_cents),
        "AmountPaid": wire.money(invoice.paid_cents),
        "SentToContact": invoice.sent,
        "CurrencyRate": wire.number(invoice.rate, 6),
        "IsDiscounted": False,
        "HasErrors": False,
        "InvoicePaymentServices": [],
        **parts.stamps(invoice.updated),
        **parts.day(books, "Date", invoice.on),
        "BrandingThemeID": invoice.branding or books.organisation.branding,
        "Status": invoice.status,
        "LineAmountTypes": invoice.line_amount_types,
        **parts.sums(invoice),
        "CurrencyCode": invoice.currency,
    }
    if invoice.due_on is not None:
        document.update(parts.day(books, "DueDate", invoice.due_on))
    if invoice.expected_on is not None:
        document.update(parts.day(books, "ExpectedPaymentDate", invoice.expected_on))
    if invoice.paid_in_full_on is not None:
        document.update(parts.day(books, "FullyPaidOnDate", invoice.paid_in_full_on, twin=False))
    if invoice.url:
        document["Url"] = invoice.url
    for allocation_ in invoice.allocations:
        document[_LISTS[allocation_.credit.kind]].append(_nested_credit(books, allocation_))
    _misbehave(books, invoice, document)
    return document


def _misbehave(books: Books, invoice: Invoice, document: Json) -> None:
    if invoice.id in books.switches.unknown_status_on:
        document["Status"] = "PENDINGREVIEW"
    if invoice.id in books.switches.null_dates_on:
        document.update({"Date": None, "DueDate": None, "DateString": None, "DueDateString": None})


def _nested_credit(books: Books, allocation_: Allocation) -> Json:
    credit = allocation_.credit
    document: Json = {
        ID_NAMES[credit.kind]: credit.id,
        "ID": credit.id,
        "AppliedAmount": wire.money(allocation_.cents),
        **parts.day(books, "Date", allocation_.on),
        "LineItems": [],
        "Total": wire.money(credit.total_cents),
    }
    if credit.kind == "credit_note":
        document.update({"CreditNoteNumber": credit.number, "HasErrors": False, "InvoiceAddresses": []})
    return document
