"""/Payments: list, one, create, delete. A payment is never changed."""

from __future__ import annotations

from connectors.simulator.http import Response
from connectors.simulator.xero import batch, fields, ledger, listing, payment_view, replies, rules
from connectors.simulator.xero.batch import Kind, Step
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call, cents_of, day_of, object_of, text_of
from connectors.simulator.xero.listing import Listing
from connectors.simulator.xero.records import Account, Credit, CreditKind, Invoice, Payment
from connectors.simulator.xero.replies import Invalid
from connectors.simulator.xero.wire import Json

EXCEEDS = "Payment amount exceeds the amount outstanding on this document"
_KIND = Kind("Payments", "PaymentID", payment_view.payment, "HasValidationErrors")
_LISTING: Listing[Payment] = Listing(
    "Payments", "PaymentID", fields.PAYMENT, payment_view.payment, payment_view.payment
)
_ON_CREDITS: tuple[tuple[str, CreditKind], ...] = (
    ("CreditNote", "credit_note"),
    ("Overpayment", "overpayment"),
    ("Prepayment", "prepayment"),
)


def list_(books: Books, call: Call) -> Response:
    """GET /Payments, deleted ones included."""
    return listing.serve(books, call, _LISTING, books.payments)


def get(books: Books, call: Call, payment_id: str) -> Response:
    """GET /Payments/{id}."""
    payment = _found(books, payment_id)
    return replies.envelope(books, call.app.name, "Payments", [payment_view.payment(books, payment)])


def create(books: Books, call: Call) -> Response:
    """PUT or POST /Payments."""
    planned: dict[str, int] = {}
    return batch.run(books, call, _KIND, lambda element: _create(books, element, planned))


def delete(books: Books, call: Call, payment_id: str) -> Response:
    """POST /Payments/{id} with Status DELETED."""
    payment = _found(books, payment_id)
    return batch.run(books, call, _KIND, lambda element: _delete(books, payment, element))


def _create(books: Books, element: Json, planned: dict[str, int]) -> Step:
    document = _document(books, element)
    account = _account(books, element)
    on = day_of(element["Date"], "Date") if element.get("Date") else books.today()
    cents = cents_of(element.get("Amount"), "Amount")
    rules.refuse_locked(books, on)
    if document.status != "AUTHORISED":
        raise Invalid("Payments can only be made against Authorised documents")
    open_cents = document.due_cents if isinstance(document, Invoice) else document.remaining_cents
    planned[document.id] = planned.get(document.id, 0) + cents
    if cents <= 0:
        raise Invalid("Payment amount must be greater than zero")
    if planned[document.id] > open_cents:
        raise Invalid(EXCEEDS)
    reference = rules.short_text(element, "Reference")

    def commit() -> Payment:
        payment = Payment(books.new_id("payment"), document, cents, on, books.now(), account.code, "api", reference)
        books.write_down("api", "payment", document.contact.id, target=document.id, cents=cents)
        return ledger.pay(books, document, payment)

    return Step(commit)


def _document(books: Books, element: Json) -> Invoice | Credit:
    sent = object_of(element.get("Invoice"), "Invoice")
    reference = text_of(sent.get("InvoiceID") or sent.get("InvoiceNumber"), "InvoiceID")
    if reference and (invoice := books.find_invoice(reference)):
        return invoice
    for name, kind in _ON_CREDITS:
        sent = object_of(element.get(name), name)
        credit = books.credits[kind].get(text_of(sent.get(f"{name}ID"), f"{name}ID"))
        if credit is not None:
            return credit
    raise Invalid("The document to pay could not be found.")


def _account(books: Books, element: Json) -> Account:
    sent = object_of(element.get("Account"), "Account")
    reference = text_of(sent.get("Code") or sent.get("AccountID"), "Account")
    account = books.organisation.account(reference)
    if account is None or not (account.type == "BANK" or account.takes_payments):
        raise Invalid("The account must be a bank account or enable payments to it.")
    return account


def _delete(books: Books, payment: Payment, element: Json) -> Step:
    if text_of(element.get("Status"), "Status") != "DELETED":
        raise Invalid("A payment can only be deleted.")
    if payment.status == "DELETED":
        raise Invalid("Payment is already deleted.")
    if payment.batch_id:
        raise Invalid("This payment cannot be deleted as it is part of a batch payment.")
    rules.refuse_locked(books, payment.on)

    def commit() -> Payment:
        ledger.delete_payment(books, payment, "api")
        return payment

    return Step(commit)


def _found(books: Books, payment_id: str) -> Payment:
    payment = books.payments.get(payment_id)
    if payment is None:
        raise replies.Refused(replies.NOT_FOUND)
    return payment
