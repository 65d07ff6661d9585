"""/Invoices: list, one, create, change, e-mail, the page a customer may look at."""

from __future__ import annotations

from connectors.simulator.http import Response
from connectors.simulator.xero import batch, fields, invoice_view, ledger, listing, replies
from connectors.simulator.xero.batch import Kind
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call
from connectors.simulator.xero.invoice_writes import InvoiceWriter
from connectors.simulator.xero.listing import Listing, Wanted
from connectors.simulator.xero.records import Invoice
from connectors.simulator.xero.where import Test

_KIND = Kind("Invoices", "InvoiceID", invoice_view.written_invoice)
_LISTING: Listing[Invoice] = Listing(
    "Invoices",
    "InvoiceID",
    fields.INVOICE,
    invoice_view.listed_invoice,
    invoice_view.unpaged_invoice,
    invoice_view.summary_invoice,
)
_SENDABLE = ("SUBMITTED", "AUTHORISED", "PAID")


def list_(books: Books, call: Call) -> Response:
    """GET /Invoices."""
    wanted = Wanted(_named(books, call), _narrow(books, call), paging=bool(call.names("Statuses")))
    return listing.serve(books, call, _LISTING, books.invoices, wanted)


def get(books: Books, call: Call, reference: str) -> Response:
    """GET /Invoices/{id or number}."""
    return replies.envelope(
        books, call.app.name, "Invoices", [invoice_view.single_invoice(books, found(books, reference))]
    )


def create(books: Books, call: Call) -> Response:
    """PUT /Invoices."""
    return batch.run(books, call, _KIND, InvoiceWriter(books, call).create)


def upsert(books: Books, call: Call) -> Response:
    """POST /Invoices."""
    return batch.run(books, call, _KIND, InvoiceWriter(books, call).upsert)


def update(books: Books, call: Call, reference: str) -> Response:
    """POST /Invoices/{id}."""
    invoice, writer = found(books, reference), InvoiceWriter(books, call)
    return batch.run(books, call, _KIND, lambda element: writer.update(invoice, element))


def email(books: Books, _call: Call, reference: str) -> Response:
    """POST /Invoices/{id}/Email: 204, to the primary address and whoever is included."""
    invoice, organisation, today = found(books, reference), books.organisation, books.today()
    refusal = _why_not_sent(books, invoice)
    if refusal:
        raise replies.validation_exception(
            books, [{"InvoiceID": invoice.id, "ValidationErrors": [{"Message": refusal}]}]
        )
    organisation.emails_by_day[today] = organisation.emails_by_day.get(today, 0) + 1
    invoice.sent = invoice.sent or books.switches.email_marks_sent
    if books.switches.email_bumps:
        ledger.touch(books, invoice)
    else:
        books.invoices.changed_silently()
    ledger.note(books, invoice.history, "Invoice sent", f"This invoice has been sent to {invoice.contact.email}", "api")
    books.write_down("api", "email", invoice.contact.id, target=invoice.id, text=invoice.contact.email)
    return replies.NO_CONTENT


def online(books: Books, call: Call, reference: str) -> Response:
    """GET /Invoices/{id}/OnlineInvoice."""
    invoice = found(books, reference)
    if invoice.type != "ACCREC" or invoice.status == "DRAFT":
        raise replies.exception(10, "ValidationException", "Online invoice is not available for this invoice.")
    return replies.envelope(books, call.app.name, "OnlineInvoices", [invoice_view.online_invoice(books, invoice)])


def found(books: Books, reference: str) -> Invoice:
    """The invoice of this id or number, else 404."""
    invoice = books.find_invoice(reference)
    if invoice is None:
        raise replies.Refused(replies.NOT_FOUND)
    return invoice


def _why_not_sent(books: Books, invoice: Invoice) -> str:
    organisation = books.organisation
    if organisation.edition == "PARTNER":
        return "E-mail cannot be sent from this edition of Xero."
    if invoice.type != "ACCREC" or invoice.status not in _SENDABLE:
        return "The invoice must be ACCREC and have a Status of SUBMITTED, AUTHORISED or PAID to be emailed."
    if not invoice.contact.email:
        return "The contact must have an email address for the invoice to be emailed."
    if organisation.emails_by_day.get(books.today(), 0) >= organisation.emails_per_day:
        return "You\u2019ve reached the daily email limit for this organisation."
    return ""


def _named(books: Books, call: Call) -> list[Invoice] | None:
    """The invoices that the query names by number or id; None where it names none."""
    numbers, ids = call.names("InvoiceNumbers"), call.names("IDs")
    if numbers:
        return [invoice for number in set(map(str.lower, numbers)) for invoice in books.invoices_numbered(number)]
    return [invoice for key in set(map(str.lower, ids)) if (invoice := books.invoices.get(key))] if ids else None


def _narrow(books: Books, call: Call) -> list[Test]:
    tests: list[Test] = []
    if statuses := {name.upper() for name in call.names("Statuses")}:
        tests.append(lambda row: row.status in statuses)
    if ids := {name.lower() for name in call.names("IDs")}:
        tests.append(lambda row: row.id in ids)
    if contacts := {name.lower() for name in call.names("ContactIDs")}:
        tests.append(lambda row: row.contact.id in contacts)
    if call.flag("createdByMyApp"):
        tests.append(lambda row: row.app == call.app.client_id)
    if term := (call.text("searchTerm") or "").lower():
        tests.append(lambda row: term in f"{row.number}\n{row.reference}\n{row.contact.name}".lower())
    if lag := books.switches.read_lag_s * 1000:
        seen_until = books.now() - lag
        tests.append(lambda row: not row.history or row.history[0].at <= seen_until)
    return tests
