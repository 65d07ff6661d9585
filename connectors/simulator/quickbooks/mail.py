"""QuickBooks mails a document itself, in its own words. Every call is another e-mail; the audit log counts them."""

from __future__ import annotations

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, business
from connectors.simulator.quickbooks.limits import Limits
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.validate import email_address


def send(books: Books, row: Row, to: str | None, limits: Limits) -> None:
    """Mail the document to `to`, else to its own BillEmail. The SyncToken stays, the last-updated time moves.

    Raises:
        Refused: 6420 without an address, 2210 for a bad one, 6000 past a sandbox's daily number.
    """
    address = to or row.body.get("BillEmail", {}).get("Address")
    if not address:
        raise Refused("6420", "Email Address is missing. Set BillEmail or send with sendTo.", element="BillEmail")
    address = email_address(address, "sendTo")
    if limits.mails_per_day is not None and _sent_today(books) >= limits.mails_per_day:
        raise business(f"The daily limit of {limits.mails_per_day} e-mails of this company is reached.")
    before = row.body
    row.body = {**before, "BillEmail": {"Address": address}, "EmailStatus": "EmailSent"}
    row.mailed_at = books.now()
    books.touch(row, new_version=False)
    books.log("send", row, before)


def _sent_today(books: Books) -> int:
    day = books.now().date()
    sent = 0
    for entry in reversed(books.audit):
        if entry.at.date() != day:
            break
        sent += entry.action == "send"
    return sent
