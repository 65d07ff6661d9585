"""What the books say about a write whose answer was lost: done, proven absent, or beyond proof. Only reads.

Reads may lag writes by moments. That does no harm: what is sent again so soon carries the same idempotency key, and
Xero replays its first answer to it for six minutes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from connectors import Receipt
from connectors.errors import Unprovable
from connectors.xero.groups import StopSellGroup
from connectors.xero.history import History, keys_of
from connectors.xero.listings import CREDIT_NOTES, INVOICES, Listing, sheets
from connectors.xero.own import Own, made_under
from connectors.xero.values import Row, day, instant, rows, text
from connectors.xero.wire import Calls
from connectors.xero.write import charge_by_number, credit_by_number, usable
from rules.domain.actions import (
    AddNote,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    Operation,
    SendMessage,
    SetPromiseDate,
    SetStopSell,
)

_ROUNDED = timedelta(seconds=1)  # some of Xero's times carry no milliseconds
_MAIL_LEAVES_WITHIN = timedelta(hours=1)


class Proof:
    """Looks for the traces that `write` leaves."""

    def __init__(self, calls: Calls, group: StopSellGroup, own: Own) -> None:
        self._calls = calls
        self._group = group
        self._own = own

    def of(self, operation: Operation, key: str) -> Receipt | None:
        """The receipt of a write of `key`; None: it, or its last step, was not done.

        Raises:
            Unprovable: nothing in the books can tell.
        """
        match operation:
            case AddNote():
                done = History(self._calls, operation.target, operation.ref).has(key)
                return Receipt(operation.ref) if done else None
            case SetStopSell():
                return self._stop_sell(operation, key)
            case CreateInvoice():
                found = charge_by_number(self._calls, self._own.charge_number(key))
                found = found or self._renumbered(INVOICES, operation.customer, key)
                return None if found is None else Receipt(text(found, "InvoiceID"))
            case CreateCreditNote():
                return self._credit(operation, key)
            case EmailInvoice():
                return self._email(operation, key)
            case SetPromiseDate():
                return self._promise(operation, key)
            case SendMessage():
                raise Unprovable("Xero does not send our messages")
            case _:
                assert_never(operation)

    def _stop_sell(self, operation: SetStopSell, key: str) -> Receipt | None:
        if self._group.holds(operation.customer) != operation.on:
            return None
        noted = History(self._calls, "customer", operation.customer).has(key)
        return Receipt(operation.customer) if noted else None

    def _credit(self, operation: CreateCreditNote, key: str) -> Receipt | None:
        """Done when the note exists and is used on the charge as far as it can be."""
        note = credit_by_number(self._calls, self._own.credit_number(key))
        note = note or self._renumbered(CREDIT_NOTES, operation.customer, key)
        if note is None:
            return None
        charge = self._invoice(operation.charge)
        unfinished = charge is not None and usable(note, charge)
        return None if unfinished else Receipt(text(note, "CreditNoteID"))

    def _renumbered(self, listing: Listing, customer: str, key: str) -> Row | None:
        """The document of `key` among all of the customer's: people may have given it another number."""
        where = f'{listing.arguments["where"]} AND Contact.ContactID==Guid("{customer}")'
        theirs = replace(listing, arguments={**listing.arguments, "where": where})
        return made_under(key, (row for sheet in sheets(self._calls, theirs) for row in sheet.rows), self._own)

    def _email(self, operation: EmailInvoice, key: str) -> Receipt | None:
        """The note comes before the mail: without it nothing was asked for; with it, Xero's own entry must follow."""
        entries = History(self._calls, "invoice", operation.invoice).records()
        asked_at = min(filter(None, (_moment(entry) for entry in entries if key in keys_of(entry))), default=None)
        if asked_at is None:
            return None
        if any(_says_sent(entry) and _is_soon_after(_moment(entry), asked_at) for entry in entries):
            return Receipt(operation.invoice)
        raise Unprovable(f"Xero was asked to mail invoice {operation.invoice} and does not show whether it did")

    def _promise(self, operation: SetPromiseDate, key: str) -> Receipt | None:
        invoice = self._invoice(operation.invoice)
        if invoice is not None and day(invoice, "ExpectedPaymentDate") == operation.promised_on:
            return Receipt(operation.invoice)
        noted = History(self._calls, "invoice", operation.invoice).has(key)
        return Receipt(operation.invoice) if noted else None

    def _invoice(self, ref: str) -> Row | None:
        answer = self._calls.read_one("get_invoice", invoice_id=ref)
        return next(iter(rows(answer.document, "Invoices")), None) if answer else None


def _moment(entry: Row) -> datetime | None:
    return instant(text(entry, "DateUTC")) or instant(text(entry, "DateUTCString"))


def _says_sent(entry: Row) -> bool:
    words = f"{text(entry, 'Changes')} {text(entry, 'Details')}".casefold()
    return "has been sent" in words or "invoice sent" in words


def _is_soon_after(moment: datetime | None, asked_at: datetime) -> bool:
    return moment is not None and -_ROUNDED <= moment - asked_at <= _MAIL_LEAVES_WITHIN
