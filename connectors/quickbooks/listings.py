"""Listing all rows of a kind by pages of 1,000, so that none is lost while people go on working.

Pages go by id with one row of overlap: where the row that must come again does not, rows shifted, and the listing
starts over. A page shorter than asked ends a listing only if the count agrees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors import FactKind, Page
from connectors.errors import Rejected, Unavailable
from connectors.quickbooks.cursor import Cursor
from connectors.quickbooks.faults import BrokenAnswer
from connectors.quickbooks.records import ENTITIES, Records, Row, hidden
from connectors.quickbooks.wire import PAGE_ROWS, Api

_RESTARTS = 3
_BAD_ROWS = 5  # of one page


@dataclass(frozen=True, slots=True)
class Listing:
    """One full listing: of which kind, and which of its rows."""

    kind: FactKind
    where: str = ""
    is_part: bool = False  # not all of the kind

    @property
    def source(self) -> str:
        """``from Entity where …``."""
        return f"from {ENTITIES[self.kind]}{f' where {self.where}' if self.where else ''}"


EVERYTHING = ("customer", "invoice", "payment", "credit_note")
LISTINGS: Mapping[str, Listing] = {
    "customer": Listing("customer", "Active IN (true, false)"),  # inactive ones are hidden unless asked for
    "invoice": Listing("invoice"),
    "payment": Listing("payment"),  # what is unapplied cannot be asked for
    "credit_note": Listing("credit_note"),
    "open_invoice": Listing("invoice", "Balance > '0'", is_part=True),
}


class Lister:
    """Reads listings of one company."""

    def __init__(self, api: Api, records: Records) -> None:
        self._api = api
        self._records = records

    def pages(self, state: Cursor, *, fresh: bool = False) -> Iterator[Page]:
        """The listings still to do; the first page of a fresh start brings the company too."""
        while state.todo:
            listing = LISTINGS[state.todo[0]]
            rows = self._rows(listing, state.start, PAGE_ROWS, [])
            if _shifted(state, rows):
                state = replace(state, start=1, last="", restarts=state.restarts + 1)
                continue
            page, state = self._listed(listing, state, rows)
            yield replace(page, company=state.profile.company) if fresh else page
            fresh = False

    def rows_from(self, listing: Listing, start: int) -> list[dict[str, Any]]:
        """The rows of one page, from the `start`-th on."""
        return self._rows(listing, start, PAGE_ROWS, [])

    def _rows(self, listing: Listing, start: int, most: int, bad: list[int]) -> list[dict[str, Any]]:
        """Rows from `start`; where QuickBooks fails over a page, halves of it, down to the record that spoils it."""
        statement = f"select * {listing.source} ORDERBY Id STARTPOSITION {start} MAXRESULTS {most}"
        try:
            found = self._api.page(ENTITIES[listing.kind], statement)
            return [row or hidden(at) for at, row in enumerate(found, start)]
        except BrokenAnswer as broken:
            if most == 1:
                return [_bad_row(start, bad, broken)]
        half = most // 2
        first = self._rows(listing, start, half, bad)
        return [*first, *self._rows(listing, start + half, most - half, bad)]

    def _listed(self, listing: Listing, state: Cursor, rows: list[dict[str, Any]]) -> tuple[Page, Cursor]:
        """One page, and where reading stands after it."""
        new = rows[1:] if state.last and rows and str(rows[0].get("Id")) == state.last else rows
        ended = self._ended(listing, state, rows, new)
        kind = (listing.kind,)
        following = (
            replace(state, todo=state.todo[1:], start=1, last="", restarts=0)
            if ended
            else replace(state, start=state.start + len(rows) - 1, last=str(rows[-1].get("Id")))
        )
        page = self._records.page({listing.kind: new}, following)
        replaces, complete = (kind if state.start == 1 else ()), (kind if ended else ())
        return replace(page, replaces=replaces, complete_for=complete), following

    def _ended(self, listing: Listing, state: Cursor, rows: Sequence[Row], new: Sequence[Row]) -> bool:
        """A short page ends a listing only if the count agrees: a server may give fewer rows than were asked for.

        Raises:
            Unavailable: there are rows, and none is shown; taken for the truth, it would empty our copy of the books.
        """
        if len(rows) >= PAGE_ROWS:
            return False
        if not new and state.start > 1:
            return True
        count = self._count(listing)
        if not rows and count and not listing.is_part:
            raise Unavailable(f"QuickBooks counts {count} of {ENTITIES[listing.kind]} and shows none")
        return not new or count is None or count <= state.start - 1 + len(rows)

    def _count(self, listing: Listing) -> int | None:
        """How many rows there are by QuickBooks' own count; None where it does not say."""
        try:
            reply = self._api.query(f"select count(*) {listing.source}").get("QueryResponse")
        except Rejected:
            return None
        count = reply.get("totalCount") if isinstance(reply, Mapping) else None
        return count if isinstance(count, int) else None


def _shifted(state: Cursor, rows: Sequence[Row]) -> bool:
    """Whether the row that must come again did not: something before it went, and a row may have slipped by."""
    overlap_held = not state.last or (bool(rows) and str(rows[0].get("Id")) == state.last)
    return not overlap_held and state.restarts < _RESTARTS


def _bad_row(start: int, bad: list[int], broken: BrokenAnswer) -> dict[str, Any]:
    """A stand-in for a record QuickBooks cannot show; too many of them are an outage.

    Raises:
        Unavailable: it is one.
    """
    bad.append(start)
    if len(bad) > _BAD_ROWS:
        raise Unavailable(f"over many records at once: {broken}") from broken
    return hidden(start)
