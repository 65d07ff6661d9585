"""Contacts beyond their list: those an invoice names and we have not read, and the survivors of merges.

Kept for a connector's life to save calls; losing it costs a call or two, never a fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from connectors import Gone, Record
from connectors.xero.listings import CONTACTS, IDS_PER_CALL, PAGE_SIZE
from connectors.xero.mapping import Books, Entry
from connectors.xero.values import Row, part, rows, text
from connectors.xero.wire import Calls

_LONGEST_CHAIN = 5


@dataclass(slots=True)
class Contacts:
    """`known` were read by this process, `touched` changed by it; `merged` leads from losers to survivors."""

    calls: Calls
    known: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)

    def behind(self, invoices: Iterable[Row], books: Books) -> list[Entry]:
        """The customers of these invoices that were not read yet, and those whose groups we changed."""
        named = {text(part(row, "Contact"), "ContactID") for row in invoices} - {""} - self.known
        wanted = sorted(named | self.touched)
        found = self.by_id(wanted, books)
        self.touched.difference_update(wanted)
        return found

    def understood(self, found: Iterable[Row], books: Books) -> list[Entry]:
        """The rows as entries, remembered; a merged contact points at the last survivor known."""
        entries = [entry for row in found for entry in CONTACTS.entries(row, books)]
        self.known.update(entry.ref.id for entry in entries if isinstance(entry, Record))
        self.merged.update({gone.ref.id: gone.merged_into for gone in _merges(entries) if gone.merged_into})
        return [self._resolved(entry) for entry in entries]

    def with_survivors(self, entries: list[Entry], books: Books) -> list[Entry]:
        """The entries, and after them the survivors of merges among them: a merge does not move their stamp."""
        added: list[Entry] = []
        for _ in range(_LONGEST_CHAIN):
            present = {entry.ref.id for entry in (*entries, *added)}
            survivors = {gone.merged_into for gone in _merges((*entries, *added)) if gone.merged_into} - present
            if not survivors:
                break
            added += self._read(sorted(survivors), books)
        return [self._resolved(entry) for entry in (*entries, *added)]

    def by_id(self, wanted: list[str], books: Books) -> list[Entry]:
        """These contacts; where one was merged away, its survivor too."""
        return self.with_survivors(self._read(wanted, books), books)

    def _read(self, wanted: list[str], books: Books) -> list[Entry]:
        entries: list[Entry] = []
        for start in range(0, len(wanted), IDS_PER_CALL):
            chunk = wanted[start : start + IDS_PER_CALL]
            answer = self.calls.read(CONTACTS.call, page=1, page_size=PAGE_SIZE, i_ds=chunk, **CONTACTS.arguments)
            entries += self.understood(rows(answer.document, CONTACTS.key), books)
        return entries

    def _resolved(self, entry: Entry) -> Entry:
        if not isinstance(entry, Gone):
            return entry
        end, seen = entry.merged_into, {entry.ref.id}
        while end is not None and end in self.merged and end not in seen:
            seen.add(end)
            end = self.merged[end]
        return replace(entry, merged_into=end)


def _merges(entries: Iterable[Entry]) -> list[Gone]:
    return [entry for entry in entries if isinstance(entry, Gone)]
