"""One pull, step by step: the organisation and full lists first, later a poll and what it hints at, once a night all.

Yields a page per request, with the cursor that stands for everything up to it. Decides only what to read, and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors import FactKind, Page
from connectors.xero.contacts import Contacts
from connectors.xero.cursor import Scan, State, encoded
from connectors.xero.listings import (
    CONTACTS,
    CREDIT_NOTES,
    DELETED_PAYMENTS,
    INVOICES,
    OPEN_INVOICES,
    OVERLAP,
    OVERPAYMENTS,
    PREPAYMENTS,
    Listing,
    Sheet,
    sheets,
)
from connectors.xero.mapping import Books, Entry, rates_of
from connectors.xero.organisation import company_of, locked_through, organisation_in
from connectors.xero.own import Own
from connectors.xero.values import Row, instant, rows, text
from connectors.xero.wire import Calls

FIRST_LOAD = (CONTACTS, INVOICES, CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)
HOURLY = (CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS, CONTACTS)
HINTED = (DELETED_PAYMENTS, CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)
# Payments on invoices come with these, so a full listing of payments spans three lists.
_BEGINS: dict[str, tuple[FactKind, ...]] = {
    CONTACTS.name: ("customer",),
    INVOICES.name: ("invoice", "payment"),
    CREDIT_NOTES.name: ("credit_note",),
}
_ENDS: dict[str, tuple[FactKind, ...]] = {
    CONTACTS.name: ("customer",),
    INVOICES.name: ("invoice",),
    CREDIT_NOTES.name: ("credit_note",),
    PREPAYMENTS.name: ("payment",),
}
_HOUR = timedelta(hours=1)
_NIGHT_BEGINS = timedelta(hours=2)
_NIGHT = "night"
_STEADY_TRIES = 2
_RECENT_LIMIT = 200
# A payment can only have been deleted from an invoice that now is one of these.
_MAY_HAVE_LOST_A_PAYMENT = frozenset(("AUTHORISED", "VOIDED", "DELETED"))
_NESTED = (("CreditNotes", CREDIT_NOTES), ("Overpayments", OVERPAYMENTS), ("Prepayments", PREPAYMENTS))


@dataclass(frozen=True, slots=True)
class Place:
    """What a pull is told of its company: time zone, stop-sell group, calls to leave for writing, what ours bear."""

    timezone: str
    stop_sell_group: str
    reserve: int
    own: Own


class Pull:
    """One run of `changes`. `state` is what its next page's cursor says."""

    def __init__(self, calls: Calls, state: State, contacts: Contacts, place: Place) -> None:
        self.state = state
        self._calls = calls
        self._contacts = contacts
        self._place = place

    def pages(self) -> Iterator[Page]:
        """The pages, oldest need first."""
        missing = [listing for listing in FIRST_LOAD if listing.name not in self.state.read]
        if not self.state.currency:
            yield self._organisation()
        for listing in missing:
            yield from self._full(listing)
        if not missing:
            yield from self._poll()

    # First load: resumable page by page.

    def _organisation(self) -> Page:
        answer = self._calls.read("get_organisations")
        found = organisation_in(answer.document)
        company = company_of(found, self._place.timezone)
        self.state = replace(self.state, currency=company.currency, locked_through=locked_through(found))
        return Page(encoded(self.state), company=company, server_time=answer.server_time)

    def _full(self, listing: Listing) -> Iterator[Page]:
        scan = self.state.scan
        first, started = (scan.page, scan.started) if scan and scan.listing == listing.name else (1, None)
        for sheet in sheets(self._calls, listing, first=first):
            started = started or sheet.server_time
            if sheet.is_last:
                self._finish_full(listing, started)
            else:
                self.state = replace(self.state, scan=Scan(listing.name, sheet.number + 1, started))
            begins = _BEGINS.get(listing.name, ()) if sheet.number == 1 else ()
            ends = _ENDS.get(listing.name, ()) if sheet.is_last else ()
            yield self._page(listing, sheet, replaces=begins, complete_for=ends)

    def _finish_full(self, listing: Listing, started: datetime) -> None:
        self.state = self.state.finished(listing.name, started)
        if listing is INVOICES:
            self.state = self.state.finished(DELETED_PAYMENTS.name, started).finished(_NIGHT, started)

    # Later: one poll, and what it asks for.

    def _poll(self) -> Iterator[Page]:
        before = self.state
        started: datetime | None = None
        recent: dict[str, str] = {}
        for sheet in sheets(self._calls, INVOICES, before.read[INVOICES.name] - OVERLAP):
            started = started or sheet.server_time
            recent.update(_still_recent(sheet.rows, started))
            fresh = tuple(row for row in sheet.rows if before.recent.get(text(row, "InvoiceID")) != _mark(row))
            contacts = self._contacts.behind(fresh, self._books())
            self.state = replace(self.state, due=self.state.due | _hints(fresh))
            if contacts:
                self.state = self.state.charged(started)
            if sheet.is_last:
                kept = recent if len(recent) <= _RECENT_LIMIT else {}
                self.state = replace(self.state.finished(INVOICES.name, started), recent=kept)
            cursor = self.state if sheet.is_last else before
            yield self._page(INVOICES, replace(sheet, rows=fresh), first=contacts, state=cursor)
        if started is not None:
            yield from self._extras(started)

    def _extras(self, now: datetime) -> Iterator[Page]:
        for listing in self._wanted(now):
            if self.state.affords(now) and not self._is_short():
                self.state = self.state.charged(now)
                yield from self._incremental(listing)
        if self._night_of(now) > self._night_of(self.state.read[_NIGHT]):
            yield from self._night(now)

    def _is_short(self) -> bool:
        """Whether so little of the day's calls is left that it is kept for writes and plain polls."""
        left = self._calls.day_left
        return left is not None and left < self._place.reserve

    def _wanted(self, now: datetime) -> list[Listing]:
        """What was hinted at, then what is over an hour old: the oldest first, the others in the polls that follow."""
        hinted = [listing for listing in HINTED if listing.name in self.state.due]
        by_age = sorted(HOURLY, key=lambda listing: self.state.read[listing.name])
        overdue = [listing for listing in by_age if now - self.state.read[listing.name] >= _HOUR]
        late = [listing for listing in overdue if now - self.state.read[listing.name] >= 2 * _HOUR]
        return list({listing.name: listing for listing in (*hinted, *overdue[:1], *late)}.values())

    def _incremental(self, listing: Listing) -> Iterator[Page]:
        before, started = self.state, None
        for sheet in sheets(self._calls, listing, before.read[listing.name] - OVERLAP):
            started = started or sheet.server_time
            if sheet.is_last:
                self.state = self.state.finished(listing.name, started)
            yield self._page(listing, sheet, state=self.state if sheet.is_last else before, follow_merges=True)

    # Once a night: what no stamp shows.

    def _night_of(self, moment: datetime) -> date:
        return (moment.astimezone(ZoneInfo(self._place.timezone)) - _NIGHT_BEGINS).date()

    def _night(self, now: datetime) -> Iterator[Page]:
        yield self._organisation()
        yield from self._incremental(DELETED_PAYMENTS)
        contacts_from: datetime | None = None
        for sheet in sheets(self._calls, CONTACTS):
            contacts_from = contacts_from or sheet.server_time
            yield self._page(CONTACTS, sheet)
        yield from self._open_invoices()
        self.state = self.state.finished(CONTACTS.name, contacts_from or now).finished(_NIGHT, now)
        yield Page(encoded(self.state), server_time=now)

    def _open_invoices(self) -> Iterator[Page]:
        """All open invoices. An invoice paid while we read shifts another off the next page: then read them again."""
        for _ in range(_STEADY_TRIES):
            started: datetime | None = None
            for sheet in sheets(self._calls, OPEN_INVOICES):
                started = started or sheet.server_time
                alone = sheet.is_last and sheet.number == 1
                yield self._page(
                    OPEN_INVOICES,
                    sheet,
                    replaces=("invoice",) if sheet.number == 1 else (),
                    complete_for=("invoice",) if alone else (),
                )
                if alone:
                    return
            moved, page = self._moved_since(started)
            yield page
            if not moved:
                return

    def _moved_since(self, started: datetime | None) -> tuple[bool, Page]:
        """What changed while the open invoices were read; a page that closes the listing where nothing did."""
        sheet = next(sheets(self._calls, INVOICES, started))
        changed = tuple(row for row in sheet.rows if started is None or (instant(_stamp(row)) or started) >= started)
        moved = bool(changed) or not sheet.is_last
        contacts = self._contacts.behind(changed, self._books())
        page = self._page(
            INVOICES, replace(sheet, rows=changed), first=contacts, complete_for=() if moved else ("invoice",)
        )
        return moved, page

    # Pages.

    def _books(self) -> Books:
        return Books(self.state.currency, self._place.stop_sell_group, self._place.own)

    def _entries(self, listing: Listing, found: Iterable[Row], *, follow_merges: bool) -> list[Entry]:
        if listing is not CONTACTS:
            return [entry for row in found for entry in listing.entries(row, self._books())]
        entries = self._contacts.understood(found, self._books())
        return self._contacts.with_survivors(entries, self._books()) if follow_merges else entries

    def _page(
        self,
        listing: Listing,
        sheet: Sheet,
        *,
        first: Iterable[Entry] = (),
        state: State | None = None,
        replaces: tuple[FactKind, ...] = (),
        complete_for: tuple[FactKind, ...] = (),
        follow_merges: bool = False,
    ) -> Page:
        return Page(
            cursor=encoded(state or self.state),
            records=(*first, *self._entries(listing, sheet.rows, follow_merges=follow_merges), *sheet.hidden),
            rates=rates_of(sheet.rows, self._books()) if listing.kind == "invoice" else (),
            replaces=replaces,
            complete_for=complete_for,
            server_time=sheet.server_time,
        )


def _stamp(row: Row) -> str:
    return text(row, "UpdatedDateUTC")


def _mark(row: Row) -> str:
    """What tells a row from an earlier one: its stamp may be of whole seconds, in which much can happen."""
    return f"{_stamp(row)} {text(row, 'Status')} {row.get('AmountDue')}"


def _still_recent(found: Iterable[Row], started: datetime) -> dict[str, str]:
    """What the next poll's overlap will bring again."""
    return {
        text(row, "InvoiceID"): _mark(row)
        for row in found
        if (updated := instant(_stamp(row))) is not None and updated >= started - OVERLAP - timedelta(seconds=1)
    }


def _hints(changed: Iterable[Row]) -> frozenset[str]:
    """The lists in which a changed invoice's other half may stand."""
    hints: set[str] = set()
    for row in changed:
        if text(row, "Status") in _MAY_HAVE_LOST_A_PAYMENT:
            hints.add(DELETED_PAYMENTS.name)
        hints.update(listing.name for name, listing in _NESTED if rows(row, name))
    return frozenset(hints)
