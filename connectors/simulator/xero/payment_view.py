"""Payments as Xero shows them."""

from __future__ import annotations

from connectors.simulator.xero import contact_view, parts, wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.records import Credit, CreditKind, Invoice, Payment
from connectors.simulator.xero.wire import Json

_TYPES_INSIDE_PAYMENTS: dict[CreditKind, str] = {
    "credit_note": "ACCRECCREDIT",
    "overpayment": "AROVERPAYMENT",
    "prepayment": "ARPREPAYMENT",
}


def payment(books: Books, payment_: Payment) -> Json:
    """A payment as a list, one GET or the answer to a write shows it."""
    account = books.organisation.account(payment_.account_code)
    document: Json = {
        "PaymentID": payment_.id,
        **parts.day(books, "Date", payment_.on, twin=False),
        "BankAmount": wire.money(payment_.cents),
        "Amount": wire.money(payment_.cents),
        "Reference": payment_.reference,
        "CurrencyRate": wire.number(payment_.document.rate, 6),
        "PaymentType": payment_.type,
        "Status": payment_.status,
        **parts.stamps(payment_.updated),
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


def _paid_document(document: Invoice | Credit) -> Json:
    kind = document.type if isinstance(document, Invoice) else _TYPES_INSIDE_PAYMENTS[document.kind]
    return {
        "Type": kind,
        "InvoiceID": document.id,
        "InvoiceNumber": document.number,
        **parts.EMPTY_INVOICE,
        "Contact": contact_view.stub(document.contact),
        "CurrencyCode": document.currency,
    }
