"""/{resource}/{id}/History of any resource: read, and add notes that nobody can change or take away again."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.simulator.http import Response
from connectors.simulator.xero import ledger, replies, wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call, text_of
from connectors.simulator.xero.records import Contact, Credit, Invoice, Note, Payment
from connectors.simulator.xero.wire import Json

LONGEST_NOTE = 2500
_Keeper = Contact | Invoice | Credit | Payment


def read(books: Books, call: Call, resource: str, record_id: str) -> Response:
    """GET: newest first."""
    record = _found(books, resource, record_id)
    return replies.envelope(books, call.app.name, "HistoryRecords", [_shown(note) for note in record.history[::-1]])


def add(books: Books, call: Call, resource: str, record_id: str) -> Response:
    """PUT: notes of at most 2,500 characters."""
    record = _found(books, resource, record_id)
    texts = [text_of(element.get("Details"), "Details") for element in call.elements("HistoryRecords")]
    refused = [_refusal(text) for text in texts if _why_refused(text)]
    if refused:
        raise replies.validation_exception(books, refused)
    rows = [_added(books, record, text) for text in texts]
    return replies.envelope(books, call.app.name, "HistoryRecords", rows)


def _added(books: Books, record: _Keeper, text: str) -> Json:
    note = ledger.note(books, record.history, "Note", text, "api")
    books.write_down("api", "note", _customer(record), target=record.id, text=text)
    return {
        "DateUTCString": wire.naive_string(note.at),
        "DateUTC": wire.server_time(note.at),
        "Details": note.details,
        "ValidationErrors": [],
    }


def _shown(note: Note) -> Json:
    return {
        "Changes": note.changes,
        "DateUTCString": wire.naive_string(note.at),
        "DateUTC": wire.instant(note.at),
        "User": note.user,
        "Details": note.details,
    }


def _why_refused(text: str) -> str:
    if not text:
        return "The Details of a history record must be specified."
    if len(text) > LONGEST_NOTE:
        return f"The field Details must be a string with a maximum length of {LONGEST_NOTE}."
    return ""


def _refusal(text: str) -> Json:
    return {"Details": text[:100], "ValidationErrors": [{"Message": _why_refused(text)}]}


def _customer(record: _Keeper) -> str:
    if isinstance(record, Contact):
        return record.id
    return record.document.contact.id if isinstance(record, Payment) else record.contact.id


def _found(books: Books, resource: str, record_id: str) -> _Keeper:
    tables: Mapping[str, _Keeper | None] = {
        "invoices": books.invoices.get(record_id),
        "contacts": books.contacts.get(record_id),
        "creditnotes": books.credits["credit_note"].get(record_id),
        "overpayments": books.credits["overpayment"].get(record_id),
        "prepayments": books.credits["prepayment"].get(record_id),
        "payments": books.payments.get(record_id),
    }
    record = tables.get(resource.lower())
    if record is None:
        raise replies.Refused(replies.NOT_FOUND)
    return record
