"""Invoices, credits and payments as Xero shows them: listed, alone, in the answer to a write, inside one another."""

from __future__ import annotations

from datetime import date
from typing import Any

from connectors.simulator.xero import contact_view, wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.organisation import guid
from connectors.simulator.xero.records import Allocation, Credit, CreditKind, Document, Invoice, Line, Payment
from connectors.simulator.xero.wire import Json

ID_NAMES: dict[CreditKind, str] = {
    "credit_note": "CreditNoteID",
    "overpayment": "OverpaymentID",
    "prepayment": "PrepaymentID",
}
_TYPES_INSIDE_PAYMENTS: dict[CreditKind, str] = {
    "credit_note": "ACCRECCREDIT",
    "overpayment": "AROVERPAYMENT",
    "prepayment": "ARPREPAYMENT",
}
_LISTS: dict[CreditKind, str] = {
    "credit_note": "CreditNotes",
    "overpayment": "Overpayments",
    "prepayment": "Prepayments",
}


def listed_invoice(books: Books, invoice: Invoice) -> Json:
    """An invoice on a page of a list."""
    document = _invoice(books, invoice)
    document["Contact"] = contact_view.stub(invoice.contact)
    document["LineItems"] = _lines(books, invoice)
    document["Payments"] = [_nested_payment(books, payment) for payment in invoice.payments]
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
    document["LineItems"] = [{**line, "ValidationErrors": []} for line in _lines(books, invoice)]
    if invoice.payments:
        document["Payments"] = [_nested_payment(books, payment) for payment in invoice.payments]
    document["AmountCredited"] = wire.money(invoice.credited_cents)
    document["HasAttachments"] = False
    document["Attachments"] = []
    return document


def written_invoice(books: Books, invoice: Invoice) -> Json:
    """The answer to a write: without Payments, CreditNotes, AmountCredited and HasAttachments."""
    document = _invoice(books, invoice)
    del document["CreditNotes"]
    document["Contact"] = contact_view.written(books, invoice.contact)
    document["LineItems"] = [{**line, "ValidationErrors": []} for line in _lines(books, invoice)]
    return document


def listed_credit(books: Books, credit: Credit) -> Json:
    """A credit note, over- or prepayment on a page of a list or alone."""
    document = _credit(books, credit)
    document["LineItems"] = _lines(books, credit)
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


def payment(books: Books, payment_: Payment) -> Json:
    """A payment as a list, one GET or the answer to a write shows it."""
    account = books.organisation.account(payment_.account_code)
    document: Json = {
        "PaymentID": payment_.id,
        **_day(books, "Date", payment_.on, twin=False),
        "BankAmount": wire.money(payment_.cents),
        "Amount": wire.money(payment_.cents),
        "Reference": payment_.reference,
        "CurrencyRate": wire.number(payment_.document.rate, 6),
        "PaymentType": payment_.type,
        "Status": payment_.status,
        **_stamps(payment_.updated),
        "HasAccount": account is not None,
        "IsReconciled": payment_.reconciled,
        "Invoice": _paid_document(payment_.document),
        "HasValidationErrors": False,
    }
    if account is not None:
        document["Account"] = {"AccountID": account.id, "Code": account.code, "Name": account.name}
    if payment_.batch_id:
        document["BatchPaymentID"] = payment_.batch_id
    return document


def allocation(books: Books, allocation_: Allocation) -> Json:
    """An allocation inside its credit."""
    invoice = allocation_.invoice
    return {
        "AllocationID": allocation_.id,
        "Amount": wire.money(allocation_.cents),
        **_day(books, "Date", allocation_.on, twin=False),
        "Invoice": {"InvoiceID": invoice.id, "InvoiceNumber": invoice.number, **_EMPTY_INVOICE},
    }


_EMPTY_INVOICE: Json = {
    "Payments": [],
    "CreditNotes": [],
    "Prepayments": [],
    "Overpayments": [],
    "IsDiscounted": False,
    "InvoiceAddresses": [],
    "HasErrors": False,
    "InvoicePaymentServices": [],
    "LineItems": [],
}


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
        **_stamps(invoice.updated),
        **_day(books, "Date", invoice.on),
        "BrandingThemeID": invoice.branding or books.organisation.branding,
        "Status": invoice.status,
        "LineAmountTypes": invoice.line_amount_types,
        **_sums(invoice),
        "CurrencyCode": invoice.currency,
    }
    if invoice.due_on is not None:
        document.update(_day(books, "DueDate", invoice.due_on))
    if invoice.expected_on is not None:
        document.update(_day(books, "ExpectedPaymentDate", invoice.expected_on))
    if invoice.paid_in_full_on is not None:
        document.update(_day(books, "FullyPaidOnDate", invoice.paid_in_full_on, twin=False))
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


def _credit(books: Books, credit: Credit) -> Json:
    document: Json = {
        ID_NAMES[credit.kind]: credit.id,
        "ID": credit.id,
        "Type": credit.type_name,
        "Reference": credit.reference,
        "CurrencyRate": wire.number(credit.rate, 6),
        "RemainingCredit": wire.money(credit.remaining_cents),
        "Allocations": [allocation(books, found) for found in credit.allocations],
        "Payments": [_nested_payment(books, paid_back) for paid_back in credit.payments],
        "HasAttachments": False,
        **_stamps(credit.updated),
        "Contact": contact_view.stub(credit.contact),
        **_day(books, "Date", credit.on),
        "Status": credit.status,
        "LineAmountTypes": credit.line_amount_types,
        **_sums(credit),
        "CurrencyCode": credit.currency,
    }
    if credit.kind == "credit_note":
        document.update(_only_on_credit_notes(books, credit))
    if credit.paid_in_full_on is not None:
        document.update(_day(books, "FullyPaidOnDate", credit.paid_in_full_on, twin=False))
    return document


def _only_on_credit_notes(books: Books, credit: Credit) -> Json:
    return {
        "CreditNoteNumber": credit.number,
        "SentToContact": credit.sent,
        "HasErrors": False,
        "InvoiceAddresses": [],
        "BrandingThemeID": credit.branding or books.organisation.branding,
    }


def _lines(books: Books, document: Document) -> list[Json]:
    return [_line(books, line) for line in document.lines]


def _line(books: Books, line: Line) -> Json:
    document: Json = {"Description": line.description, "Tracking": [], "LineItemID": line.id}
    if line.unit is None:
        return document
    account = books.organisation.account(line.account_code)
    document.update(
        {
            "UnitAmount": wire.number(line.unit, 4),
            "TaxType": line.tax_type,
            "TaxAmount": wire.money(line.tax_cents),
            "LineAmount": wire.money(line.cents),
            "Quantity": wire.number(line.quantity if line.quantity is not None else line.unit, 4),
        }
    )
    if account is not None:
        document.update({"AccountCode": account.code, "AccountID": account.id})
    if line.item_code:
        document["ItemCode"] = line.item_code
    if line.discount_rate is not None:
        document["DiscountRate"] = wire.number(line.discount_rate, 2)
    return document


def _nested_payment(books: Books, payment_: Payment) -> Json:
    document: Json = {
        "PaymentID": payment_.id,
        **_day(books, "Date", payment_.on, twin=False),
        "Amount": wire.money(payment_.cents),
        "CurrencyRate": wire.number(payment_.document.rate, 6),
        "HasAccount": False,
        "HasValidationErrors": False,
    }
    if payment_.reference:
        document["Reference"] = payment_.reference
    if payment_.batch_id:
        document["BatchPaymentID"] = payment_.batch_id
    return document


def _nested_credit(books: Books, allocation_: Allocation) -> Json:
    credit = allocation_.credit
    document: Json = {
        ID_NAMES[credit.kind]: credit.id,
        "ID": credit.id,
        "AppliedAmount": wire.money(allocation_.cents),
        **_day(books, "Date", allocation_.on),
        "LineItems": [],
        "Total": wire.money(credit.total_cents),
    }
    if credit.kind == "credit_note":
        document.update({"CreditNoteNumber": credit.number, "HasErrors": False, "InvoiceAddresses": []})
    return document


def _paid_document(document: Invoice | Credit) -> Json:
    kind = document.type if isinstance(document, Invoice) else _TYPES_INSIDE_PAYMENTS[document.kind]
    return {
        "Type": kind,
        "InvoiceID": document.id,
        "InvoiceNumber": document.number,
        **_EMPTY_INVOICE,
        "Contact": contact_view.stub(document.contact),
        "CurrencyCode": document.currency,
    }


def _sums(document: Document) -> Json:
    return {
        "SubTotal": wire.money(document.net_cents),
        "TotalTax": wire.money(document.tax_cents),
        "Total": wire.money(document.total_cents),
    }


def _stamps(updated: int) -> Json:
    return {"UpdatedDateUTC": wire.instant(updated), "UpdatedDateUTCString": wire.instant_string(updated)}


def _day(books: Books, name: str, on: date, *, twin: bool = True) -> dict[str, Any]:
    text = wire.local_day(on, books.organisation.zone) if books.switches.local_dates else wire.day(on)
    return {name: text, f"{name}String": wire.day_string(on)} if twin else {name: text}


def online_invoice(books: Books, invoice: Invoice) -> Json:
    """Where a customer may look at the invoice and pay."""
    return {"OnlineInvoiceUrl": f"https://in.xero.com/{guid(books.organisation.tenant, invoice.id).replace('-', '')}"}
