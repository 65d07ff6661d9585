"""Xero's past by pages of 1,000 in id order, up to four at once. Reads only; keeps no place, knows no store.

Payments come nested in the invoices they are on; money beyond any invoice comes by lists of its own. An answer names
the count of its list, so no call is spent on counting what is read anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from connectors import Gone, Page
from connectors.errors import Unavailable
from connectors.history import OLDEST_ROWS, PAGE_ROWS, HistoryList, HistoryPage, Window
from connectors.xero.listings import CONTACTS, CREDIT_NOTES, INVOICES, OVERPAYMENTS, PREPAYMENTS, Listing, hidden
from connectors.xero.mapping import Books, Entry, rates_of
from connectors.xero.organisation import company_of, organisation_in
from connectors.xero.own import Own
from connectors.xero.values import Row, day, part, rows
from connectors.xero.wire import Answer, Calls

LISTS = (
    HistoryList(CONTACTS.name, "customer", dated=False),
    HistoryList(INVOICES.name, "invoice"),
    HistoryList(CREDIT_NOTES.name, "credit_note"),
    HistoryList(OVERPAYMENTS.name, "payment", is_whole=False),
    HistoryList(PREPAYMENTS.name, "payment", is_whole=False),
)
_LISTINGS = {listing.name: listing for listing in (CONTACTS, INVOICES, CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)}


class Past:
    """Reads the past of one organisation. Safe to use from several threads."""

    def __init__(self, calls: Calls, own: Own, timezone: str, stop_sell_group: str) -> None:
        self._calls = calls
        self._own = own
        self._timezone = timezone
        self._stop_sell_group = stop_sell_group
        self._currency = ""
        self._merged: dict[str, str] = {}
        self._lock = threading.Lock()

    def start(self) -> Page:
        """The organisation, with its base currency, which later pages need.

        Raises:
            Unavailable: Xero names another number of them than one.
        """
        answer = self._calls.read("get_organisations")
        company = company_of(organisation_in(answer.document), self._timezone)
        self._currency = company.currency
        return Page("", company=company, server_time=answer.server_time)

    def first_day(self, name: str) -> date | None:
        """The day of the oldest document of a list that is shown.

        Raises:
            Unavailable: there are some, and none is shown.
        """
        listing = _LISTINGS[name]
        arguments = {**listing.arguments, "order": "Date"}
        answer = self._calls.read(listing.call, page=1, page_size=OLDEST_ROWS, **arguments)
        found = rows(answer.document, listing.key)
        if not found and hidden(answer.document, listing, 1):
            raise Unavailable(f"Xero shows nothing in the oldest rows of the {name.replace('_', ' ')}")
        return day(found[0], "Date") if found else None

    def count(self, window: Window) -> int:
        """Xero's own count."""
        listing = _LISTINGS[window.name]
        return _total(self._calls.read(listing.call, page=1, page_size=1, **_arguments(listing, window)), window)

    def page(self, window: Window, number: int) -> HistoryPage:
        """One page, with the count its answer names."""
        listing = _LISTINGS[window.name]
        answer = self._calls.read(listing.call, page=number, page_size=PAGE_ROWS, **_arguments(listing, window))
        found, total = rows(answer.document, listing.key), _total(answer, window)
        missing = hidden(answer.document, listing, number)
        page = self._page(listing, found, answer.server_time)
        page = replace(page, records=(*page.records, *missing))
        return HistoryPage(page, number, -(-total // PAGE_ROWS), total, len(found) + len(missing))

    def _page(self, listing: Listing, found: tuple[Row, ...], at: datetime) -> Page:
        books = Books(self._currency, self._stop_sell_group, self._own)
        entries = self._resolved(entry for row in found for entry in listing.entries(row, books))
        rates = rates_of(found, books) if listing is INVOICES else ()
        return Page("", tuple(entries), rates=rates, server_time=at)

    def _resolved(self, entries: Iterable[Entry]) -> list[Entry]:
        """Contacts merged into one that was merged itself lead to the last survivor seen so far."""
        kept = list(entries)
        with self._lock:
            merges = [one for one in kept if isinstance(one, Gone) and one.merged_into]
            self._merged.update({gone.ref.id: gone.merged_into for gone in merges if gone.merged_into})
            return [self._at_the_end(entry) for entry in kept]

    def _at_the_end(self, entry: Entry) -> Entry:
        if not isinstance(entry, Gone):
            return entry
        end, seen = entry.merged_into, {entry.ref.id}
        while end is not None and end in self._merged and end not in seen:
            seen.add(end)
            end = self._merged[end]
        return replace(entry, merged_into=end)


def _arguments(listing: Listing, window: Window) -> dict[str, object]:
    if window.first is None or window.last is None:
        return dict(listing.arguments)
    between = f"Date>={_day(window.first)} AND Date<={_day(window.last)}"
    where = listing.arguments.get("where")
    return {**listing.arguments, "where": f"{where} AND {between}" if where else between}


def _day(on: date) -> str:
    return f"DateTime({on.year},{on.month:02},{on.day:02})"


def _total(answer: Answer, window: Window) -> int:
    """The count an answer names.

    Raises:
        Unavailable: it names none.
    """
    total = part(answer.document, "pagination").get("itemCount")
    if not isinstance(total, int):
        raise Unavailable(f"Xero does not say how many {window.name} there are")
    return total
