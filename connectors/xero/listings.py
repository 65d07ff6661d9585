"""The lists we read and how: in id order, a thousand a page, to the page count Xero states, all statuses.

Id order, because a row changed while we read would otherwise jump to the end and push an unread one onto a page
already read. Nothing here interprets a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors import FactKind, Unreadable
from connectors.errors import Unavailable
from connectors.xero.mapping import (
    Books,
    Entry,
    credit_note_entries,
    customer_entries,
    invoice_entries,
    on_account_entries,
    payment_entries,
)
from connectors.xero.values import Row, part, rows
from connectors.xero.wire import Calls

PAGE_SIZE = 1000
IDS_PER_CALL = 40  # more overflows the address
# If-Modified-Since is accurate to the second, its edge is undocumented, and reads may lag writes a little.
OVERLAP = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: the SDK's call, the envelope's key, the fixed arguments, how a row is read, which kind it fills."""

    name: str
    call: str
    key: str
    entries: Callable[[Row, Books], Iterator[Entry]]
    kind: FactKind
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a list as Xero sent it, and the server's time when it did. `hidden`: rows that show no record."""

    rows: tuple[Row, ...]
    hidden: tuple[Unreadable, ...]
    number: int
    is_last: bool
    server_time: datetime


CONTACTS = Listing(
    "contacts",
    "get_contacts",
    "Contacts",
    customer_entries,
    "customer",
    # As a word: the SDK would send Python's True.
    {"order": "ContactID", "include_archived": "true"},
)
INVOICES = Listing(
    "invoices",
    "get_invoices",
    "Invoices",
    invoice_entries,
    "invoice",
    {"order": "InvoiceID", "where": 'Type=="ACCREC"'},
)
OPEN_INVOICES = Listing(
    "open_invoices",
    "get_invoices",
    "Invoices",
    invoice_entries,
    "invoice",
    {"order": "InvoiceID", "where": 'Type=="ACCREC"', "statuses": ["AUTHORISED"]},
)
CREDIT_NOTES = Listing(
    "credit_notes",
    "get_credit_notes",
    "CreditNotes",
    credit_note_entries,
    "credit_note",
    {"order": "CreditNoteID", "where": 'Type=="ACCRECCREDIT"'},
)
OVERPAYMENTS = Listing(
    "overpayments", "get_overpayments", "Overpayments", on_account_entries, "payment", {"order": "OverpaymentID"}
)
PREPAYMENTS = Listing(
    "prepayments", "get_prepayments", "Prepayments", on_account_entries, "payment", {"order": "PrepaymentID"}
)
DELETED_PAYMENTS = Listing(
    "deleted_payments",
    "get_payments",
    "Payments",
    payment_entries,
    "payment",
    {"order": "PaymentID", "where": 'PaymentType=="ACCRECPAYMENT" AND Status=="DELETED"'},
)


def sheets(calls: Calls, listing: Listing, since: datetime | None = None, first: int = 1) -> Iterator[Sheet]:
    """The pages of `listing` from page `first` on, only what changed from `since` on where it is given."""
    arguments = dict(listing.arguments)
    if since is not None:
        arguments["if_modified_since"] = f"{since:%Y-%m-%dT%H:%M:%S}Z"
    number, is_last = first, False
    while not is_last:
        answer = calls.read(listing.call, page=number, page_size=PAGE_SIZE, **arguments)
        found, missing = rows(answer.document, listing.key), hidden(answer.document, listing, number)
        count = len(found) + len(missing)
        _require_whole(answer.document, listing, number, count)
        is_last = _is_last(answer.document, number, count)
        yield Sheet(found, missing, number, is_last, answer.server_time)
        number += 1


def hidden(document: Row, listing: Listing, number: int) -> tuple[Unreadable, ...]:
    """The rows of page `number` that show no record: they keep none of the others back."""
    shown = document.get(listing.key)
    listed = enumerate(shown, start=(number - 1) * PAGE_SIZE + 1) if isinstance(shown, list) else ()
    problem = f"Xero shows nothing in this row of the {listing.name.replace('_', ' ')}"
    return tuple(Unreadable.in_row(listing.kind, at, problem) for at, row in listed if not isinstance(row, Mapping))


def _require_whole(document: Row, listing: Listing, number: int, count: int) -> None:
    """A page must show as many rows as it says it has.

    Raises:
        Unavailable: it shows fewer: what is missing would be taken for gone.
    """
    said = part(document, "pagination")
    size, total = said.get("pageSize"), said.get("itemCount")
    if not (isinstance(size, int) and isinstance(total, int)):
        return
    due = min(size, total - (number - 1) * size)
    if count < due:
        raise Unavailable(f"Xero says that page {number} of the {listing.name} has {due} rows, and shows {count}")


def _is_last(document: Row, number: int, count: int) -> bool:
    """By the stated page count; only an answer without one is judged by its size."""
    stated = part(document, "pagination").get("pageCount")
    return number >= stated if isinstance(stated, int) else count < PAGE_SIZE
