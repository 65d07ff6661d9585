"""One pull, step by step: the organisation and full lists first, later a poll and what it hints at, once a night all.

Yields a page per request, with the cursor that stands for everything up to it. Decides only what to read, and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors import FactKind, Gone, Page, Record
from connectors.errors import Unavailable
from connectors.xero.cursor import Scan, State, encoded
from connectors.xero.listings import (
    CONTACTS,
    CREDIT_NOTES,
    DELETED_PAYMENTS,
    IDS_PER_CALL,
    INVOICES,
    OPEN_INVOICES,
    OVERLAP,
    OVERPAYMENTS,
    PAGE_SIZE,
    PREPAYMENTS,
    Listing,
    Sheet,
    sheets,
)
from connectors.xero.mapping import Books, Entry, company_of, customer_entries, locked_through, rates_of
from connectors.xero.values import Row, instant, part, rows, text
from connectors.xero.wire import Calls

FIRST_LOAD = (CONTACTS, INVOICES, CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)
HOURLY = (CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS, CONTACTS)
HINTED = (DELETED_PAYMENTS, CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)
_HOUR = timedelta(hours=1)
_NIGHT_BEGINS = timedelta(hours=2)
_NIGHT = "night"
_PAYMENT_LISTINGS = {INVOICES.name, OVERPAYMENTS.name, PREPAYMENTS.name}
_STEADY_TRIES = 2
_MERGE_DEPTH = 5
_RECENT_LIMIT = 200
# A payment can only have been deleted from an invoice that now is one of these.
_MAY_HAVE_LOST_A_PAYMENT = frozenset(("AUTHORISED", "VOIDED", "DELETED"))
_NESTED = (("CreditNotes", CREDIT_NOTES), ("Overpayments", OVERPAYMENTS), ("Prepayments", PREPAYMENTS))


@dataclass(slots=True)
class Memory:
    """What one process remembers to save calls: the organisation, contacts it has read, contacts it wrote to."""

    currency: str = ""
    locked_through: date | None = None
    known: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)


class Pull:
    """One run of `changes`."""

    def __init__(self, calls: Calls, state: State, memory: Memory, timezone: str, group: str) -> None:
        self._calls = calls
        self._state = state
        self._memory = memory
        self._timezone = timezone
        self._group = group
        self._whole: set[str] = set()  # lists this run has read from their first page
        self._merged: dict[str, str] = {}  # contacts merged away, to their survivors
        self._remember_organisation()

    def pages(self) -> Iterator[Page]:
        """The pages, oldest need first."""
        missing = [listing for listing in FIRST_LOAD if listing.name not in self._state.read]
        if not self._state.currency:
            yield self._organisation()
        for listing in missing:
            yield from self._full(listing)
        if not missing:
            yield from self._poll()

    # First load: resumable page by page.

    def _organisation(self) -> Page:
        answer = self._calls.read("get_organisations")
        found = rows(answer.document, "Organisations")
        if len(found) != 1:
            raise Unavailable(f"Xero named {len(found)} organisations where one was expected")
        company = company_of(found[0], self._timezone)
        self._state = replace(self._state, currency=company.currency, locked_through=locked_through(found[0]))
        self._remember_organisation()
        return Page(encoded(self._state), company=company, server_time=answer.server_time)

    def _full(self, listing: Listing) -> Iterator[Page]:
        scan = self._state.scan
        resumed = scan is not None and scan.listing == listing.name
        first, started = (scan.page, scan.started) if scan is not None and resumed else (1, None)
        for sheet in sheets(self._calls, listing, first=first):
            started = started or sheet.server_time
            if sheet.is_last:
                self._finish_full(listing, started, whole=not resumed)
            else:
                self._state = replace(self._state, scan=Scan(listing.name, sheet.number + 1, started))
            yield self._page(
                sheet,
                self._settled(self._entries(listing, sheet.rows)),
                replaces=self._begun(listing) if sheet.number == 1 else (),
                complete_for=self._ended(listing) if sheet.is_last else (),
                invoices=listing is INVOICES,
            )

    def _finish_full(self, listing: Listing, started: datetime, *, whole: bool) -> None:
        self._state = self._state.finished(listing.name, started)
        if listing is INVOICES:
            self._state = self._state.finished(DELETED_PAYMENTS.name, started).finished(_NIGHT, started)
        if whole:
            self._whole.add(listing.name)

    @staticmethod
    def _begun(listing: Listing) -> tuple[FactKind, ...]:
        """Payments on invoices come with them, so their full listing begins there."""
        if listing is INVOICES:
            return ("invoice", "payment")
        return () if listing.kind == "payment" else (listing.kind,)

    def _ended(self, listing: Listing) -> tuple[FactKind, ...]:
        """A kind is complete only where this run read all of it: one that was resumed cannot say what is missing."""
        if listing.name not in self._whole:
            return ()
        if listing.kind == "payment":
            return ("payment",) if self._whole >= _PAYMENT_LISTINGS else ()
        return (listing.kind,)

    # Later: one poll, and what it asks for.

    def _poll(self) -> Iterator[Page]:
        before = self._state
        started: datetime | None = None
        recent: dict[str, str] = {}
        for sheet in sheets(self._calls, INVOICES, before.read[INVOICES.name] - OVERLAP):
            started = started or sheet.server_time
            recent.update(_still_recent(sheet.rows, started))
            fresh = tuple(row for row in sheet.rows if before.recent.get(text(row, "InvoiceID")) != _stamp(row))
            contacts = self._contacts_behind(fresh)
            self._state = replace(self._state, due=self._state.due | _hints(fresh))
            if sheet.is_last:
                self._state = replace(self._state, recent=recent if len(recent) <= _RECENT_LIMIT else {})
                self._state = self._state.finished(INVOICES.name, started)
            cursor = self._state if sheet.is_last else before
            yield self._page(
                replace(sheet, rows=fresh), [*contacts, *self._entries(INVOICES, fresh)], state=cursor, invoices=True
            )
        if started is not None:
            yield from self._extras(started)

    def _extras(self, now: datetime) -> Iterator[Page]:
        for listing in self._wanted(now):
            if self._state.affords(now):
                self._state = self._state.charged(now)
                yield from self._incremental(listing)
        if self._night_of(now) > self._night_of(self._state.read[_NIGHT]):
            yield from self._night(now)

    def _wanted(self, now: datetime) -> list[Listing]:
        """What was hinted at, then what is over an hour old: the oldest first, the others in the polls that follow."""
        hinted = [listing for listing in HINTED if listing.name in self._state.due]
        by_age = sorted(HOURLY, key=lambda listing: self._state.read[listing.name])
        overdue = [listing for listing in by_age if now - self._state.read[listing.name] >= _HOUR]
        late = [listing for listing in overdue if now - self._state.read[listing.name] >= 2 * _HOUR]
        return list({listing.name: listing for listing in (*hinted, *overdue[:1], *late)}.values())

    def _incremental(self, listing: Listing) -> Iterator[Page]:
        before, started = self._state, None
        for sheet in sheets(self._calls, listing, before.read[listing.name] - OVERLAP):
            started = started or sheet.server_time
            entries = self._entries(listing, sheet.rows)
            if listing is CONTACTS:
                entries = [*entries, *self._contacts(self._survivors(entries))]
            if sheet.is_last:
                self._state = self._state.finished(listing.name, started)
            yield self._page(sheet, self._settled(entries), state=self._state if sheet.is_last else before)

    # Once a night: what no stamp shows.

    def _night_of(self, moment: datetime) -> date:
        return (moment.astimezone(ZoneInfo(self._timezone)) - _NIGHT_BEGINS).date()

    def _night(self, now: datetime) -> Iterator[Page]:
        yield self._organisation()
        yield from self._incremental(DELETED_PAYMENTS)
        contacts_from: datetime | None = None
        for sheet in sheets(self._calls, CONTACTS):
            contacts_from = contacts_from or sheet.server_time
            yield self._page(sheet, self._settled(self._entries(CONTACTS, sheet.rows)))
        yield from self._open_invoices()
        self._state = self._state.finished(CONTACTS.name, contacts_from or now).finished(_NIGHT, now)
        yield Page(encoded(self._state), server_time=now)

    def _open_invoices(self) -> Iterator[Page]:
        """All open invoices. An invoice paid while we read shifts another off the next page: then read them again."""
        for _ in range(_STEADY_TRIES):
            started: datetime | None = None
            for sheet in sheets(self._calls, OPEN_INVOICES):
                started = started or sheet.server_time
                alone = sheet.is_last and sheet.number == 1
                yield self._page(
                    sheet,
                    self._entries(OPEN_INVOICES, sheet.rows),
                    replaces=("invoice",) if sheet.number == 1 else (),
                    complete_for=("invoice",) if alone else (),
                    invoices=True,
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
        entries = [*self._contacts_behind(changed), *self._entries(INVOICES, changed)]
        return moved, self._page(sheet, entries, complete_for=() if moved else ("invoice",))

    # Contacts.

    def _contacts_behind(self, invoices: Iterable[Row]) -> list[Entry]:
        """The customers of these invoices this process has not read yet, and those it wrote to itself."""
        named = {text(part(row, "Contact"), "ContactID") for row in invoices} - {""} - self._memory.known
        wanted = sorted(named | self._memory.touched)
        entries = self._settled(self._contacts(wanted))
        self._memory.touched.difference_update(wanted)
        return entries

    def _contacts(self, wanted: Iterable[str], depth: int = _MERGE_DEPTH) -> list[Entry]:
        """These contacts by id; where one was merged away, its survivor too, to the end of the chain."""
        ids, entries = list(wanted), list[Entry]()
        for start in range(0, len(ids), IDS_PER_CALL):
            chunk = ids[start : start + IDS_PER_CALL]
            answer = self._calls.read(
                CONTACTS.call, page=1, page_size=PAGE_SIZE, i_ds=chunk, include_archived="true", order="ContactID"
            )
            self._state = self._state.charged(answer.server_time)
            entries += self._entries(CONTACTS, rows(answer.document, CONTACTS.key))
        survivors = self._survivors(entries)
        return entries + (self._contacts(survivors, depth - 1) if survivors and depth else [])

    @staticmethod
    def _survivors(entries: Iterable[Entry]) -> list[str]:
        present = {entry.ref.id for entry in entries}
        merged = {entry.merged_into for entry in entries if isinstance(entry, Gone) and entry.merged_into}
        return sorted(merged - present)

    def _settled(self, entries: Iterable[Entry]) -> list[Entry]:
        """Merged contacts pointing at the last survivor of their chain."""
        return [self._end_of_chain(entry) if isinstance(entry, Gone) else entry for entry in entries]

    def _end_of_chain(self, gone: Gone) -> Gone:
        end, seen = gone.merged_into, {gone.ref.id}
        while end is not None and end in self._merged and end not in seen:
            seen.add(end)
            end = self._merged[end]
        return replace(gone, merged_into=end)

    # Pages.

    def _entries(self, listing: Listing, found: Iterable[Row]) -> list[Entry]:
        books = Books(self._state.currency, self._group)
        entries = [entry for row in found for entry in listing.entries(row, books)]
        if listing.entries is customer_entries:
            self._memory.known.update(entry.ref.id for entry in entries if isinstance(entry, Record))
            self._merged.update({e.ref.id: e.merged_into for e in entries if isinstance(e, Gone) and e.merged_into})
        return entries

    def _page(
        self,
        sheet: Sheet,
        entries: Iterable[Entry],
        *,
        state: State | None = None,
        replaces: tuple[FactKind, ...] = (),
        complete_for: tuple[FactKind, ...] = (),
        invoices: bool = False,
    ) -> Page:
        return Page(
            cursor=encoded(state or self._state),
            records=tuple(entries),
            rates=rates_of(sheet.rows, Books(self._state.currency, self._group)) if invoices else (),
            replaces=replaces,
            complete_for=complete_for,
            server_time=sheet.server_time,
        )

    def _remember_organisation(self) -> None:
        if self._state.currency:
            self._memory.currency = self._state.currency
            self._memory.locked_through = self._state.locked_through


def _stamp(row: Row) -> str:
    return text(row, "UpdatedDateUTC")


def _still_recent(found: Iterable[Row], started: datetime) -> dict[str, str]:
    """What the next poll's overlap will bring again."""
    return {
        text(row, "InvoiceID"): _stamp(row)
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
