"""The History contract: how a source lets years of its books be read beside its daily changes. Optional for a kind.

LIST     one of the source's own lists (invoices, payments …), read by number of page, in an order that stands still.
WINDOW   the part of a list written between two days, both included. Its pages may be asked for in any order and by
         several threads at once, up to `in_flight`; together they hold all of it.
COUNTED  each page says how many documents the provider itself counts in the window, which is what loads are checked by.

Nothing here writes, keeps a cursor or knows of a store. Errors are those of `connectors.errors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from connectors import FactKind, Page

PAGE_ROWS = 1000
OLDEST_ROWS = 10  # looked at for a list's first day: a row may show nothing


@dataclass(frozen=True, slots=True)
class HistoryList:
    """One list. `dated`: it can be cut into windows. `is_whole`: it holds every fact of its kind, so counts compare."""

    name: str
    kind: FactKind
    dated: bool = True
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """What of a list was written from `first` to `last`; all of it where the list is not dated."""

    name: str
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of a window. `total` documents and `pages` are what the provider counts as it answers.

    `shown` is how many documents the answer had: what they became is in `page`, whose cursor means nothing here.
    """

    page: Page
    number: int
    pages: int
    total: int
    shown: int


@runtime_checkable
class History(Protocol):
    """What a connector offers besides `Connector` where its source can show the past."""

    in_flight: int  # pages asked for at once, at most
    calls_a_minute: int  # what the provider's limits leave one connection
    calls_reserved: int  # of a day's calls, those a load leaves to the daemon

    def history_lists(self) -> tuple[HistoryList, ...]:
        """The lists, in the order they are best stored: customers before what names them."""
        ...

    def history_start(self) -> Page:
        """The company whose books these are. A read or two."""
        ...

    def history_first_day(self, name: str) -> date | None:
        """The day of a dated list's oldest document; None where it is empty. One read."""
        ...

    def history_count(self, window: Window) -> int:
        """How many documents the provider counts in the window. One read."""
        ...

    def history_page(self, window: Window, number: int) -> HistoryPage:
        """Page `number` of a window, from 1."""
        ...
