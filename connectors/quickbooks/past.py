"""QuickBooks' past by pages of 1,000 in id order, several at once. Reads only; keeps no place, knows no store.

Each thread has a session of its own (one is not for two threads); all share one pace and one count of calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from connectors import Page
from connectors.errors import Unavailable
from connectors.history import OLDEST_ROWS, PAGE_ROWS, HistoryList, HistoryPage, Window
from connectors.quickbooks import mapping
from connectors.quickbooks.cursor import Cursor
from connectors.quickbooks.listings import LISTINGS, Lister, Listing
from connectors.quickbooks.own import Own
from connectors.quickbooks.profile import Profile
from connectors.quickbooks.records import ENTITIES, Records

if TYPE_CHECKING:
    from connectors.quickbooks.wire import Api

IN_FLIGHT = 8  # as many as the line bears; QuickBooks refuses the eleventh
LISTS = (
    HistoryList("customer", "customer", dated=False),
    HistoryList("invoice", "invoice"),
    HistoryList("payment", "payment"),
    HistoryList("credit_note", "credit_note"),
)


class Past:
    """Reads the past of one company. Safe to use from several threads."""

    def __init__(self, open_api: Callable[[], Api], own: Own, profile: Callable[[], Profile]) -> None:
        self._open_api = open_api
        self._documents = own
        self._read_profile = profile
        self._known: Profile | None = None
        self._lock = threading.Lock()
        self._own = threading.local()

    def start(self) -> Page:
        """The company, read once."""
        profile = self._profile()
        return Page("", company=profile.company)

    def first_day(self, name: str) -> date | None:
        """The day of the oldest document of a list that is shown.

        Raises:
            Unavailable: there are some, and none is shown.
        """
        listing = LISTINGS[name]
        oldest = f"select * {listing.source} ORDERBY TxnDate MAXRESULTS {OLDEST_ROWS}"
        rows = self._api.page(ENTITIES[listing.kind], oldest)
        shown = next(filter(None, rows), None)
        if rows and shown is None:
            raise Unavailable(f"QuickBooks shows nothing in the oldest rows of {name}")
        return mapping.written_on(shown) if shown else None

    def count(self, window: Window) -> int:
        """QuickBooks' own count.

        Raises:
            Unavailable: it does not say.
        """
        reply = self._api.query(f"select count(*) {_listing(window).source}").get("QueryResponse") or {}
        count = reply.get("totalCount")
        if not isinstance(count, int):
            raise Unavailable(f"QuickBooks does not say how many of {window.name} there are")
        return count

    def page(self, window: Window, number: int) -> HistoryPage:
        """One page, and with the first the count of all."""
        total = self.count(window) if number == 1 else 0
        listing = _listing(window)
        if number == 1 and not total:
            return HistoryPage(Page("", server_time=mapping.instant_or_none(self._api.time)), 1, 0, 0, 0)
        rows = self._lister.rows_from(listing, (number - 1) * PAGE_ROWS + 1)
        state = Cursor(self._api.time, "", self._profile())
        page = replace(self._records.page({listing.kind: rows}, state), cursor="")
        return HistoryPage(page, number, -(-total // PAGE_ROWS) if number == 1 else 0, total, len(rows))

    def _profile(self) -> Profile:
        with self._lock:
            if self._known is None:
                self._known = self._read_profile()
            return self._known

    @property
    def _api(self) -> Api:
        found: Api | None = getattr(self._own, "api", None)
        if found is None:
            found = self._own.api = self._open_api()
        return found

    @property
    def _records(self) -> Records:
        return Records(self._api, self._documents)

    @property
    def _lister(self) -> Lister:
        return Lister(self._api, self._records)


def _listing(window: Window) -> Listing:
    listing = LISTINGS[window.name]
    if window.first is None or window.last is None:
        return listing
    where = f"TxnDate >= '{window.first}' and TxnDate <= '{window.last}'"
    return replace(listing, where=where, is_part=True)
