"""One QuickBooks Online company as a connector: reading and writing put together over the seam of `wire`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from connectors import AgedReceivables, ConnectionSettings, Identity, OwnDunning, Page, Receipt, Record, Ref, Unreadable
from connectors.history import HistoryList, HistoryPage, Window
from connectors.quickbooks.own import Own
from connectors.quickbooks.past import IN_FLIGHT, LISTS, Past
from connectors.quickbooks.read import Reader
from connectors.quickbooks.wire import PER_MINUTE, Line
from connectors.quickbooks.write import Writer, unsupported
from connectors.tokens import TokenSource
from connectors.transport import Timing, Usage
from rules.domain.actions import Operation


def connect(settings: ConnectionSettings, tokens: TokenSource, timing: Timing) -> QuickBooksConnector:
    """Open the connection; makes no request."""
    return QuickBooksConnector(settings, tokens, timing)


class QuickBooksConnector:
    """One QuickBooks Online company. Not for two threads at once, `history_page` excepted."""

    in_flight = IN_FLIGHT
    calls_a_minute = PER_MINUTE
    calls_reserved = 0  # QuickBooks counts by the minute and the month, not by the day

    def __init__(self, settings: ConnectionSettings, tokens: TokenSource, timing: Timing) -> None:
        self.usage = Usage()
        self._line = Line(settings, tokens, timing, self.usage)
        api = self._line.api()
        self._reader = Reader(api, settings, timing)
        self._writer = Writer(api, self._reader, settings)
        self._past = Past(self._line.api, Own.of(settings), self._reader.profile)

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Everything that changed since `cursor`, in pages; all of it for None. An idle poll costs one request."""
        return self._reader.changes(cursor)

    def fetch(self, ref: Ref) -> Record | None:
        """The record as it is now; None where QuickBooks says it does not exist."""
        return self._reader.fetch(ref)

    def open_invoices(self, customers: Sequence[str]) -> tuple[Record | Unreadable, ...]:
        """What is open of these customers' invoices now."""
        return self._reader.open_invoices(customers)

    def mark_on(self, ref: Ref, *, mails: bool = False) -> str | None:
        """A marker of ours in the notes; a mail QuickBooks sent after the invoice was due."""
        return self._reader.mark_on(ref, mails=mails)

    def pay_link(self, invoice: str) -> str | None:
        """The invoice's page for customers, where the company takes payments online."""
        return self._reader.pay_link(invoice)

    def unsupported(self, operation: Operation) -> str | None:
        """Why QuickBooks cannot do the operation; None where it can."""
        return unsupported(operation)

    def write(self, operation: Operation, key: str) -> Receipt:
        """Do it once under `key`."""
        return self._writer.write(operation, key)

    def was_applied(self, operation: Operation, key: str, since: datetime) -> Receipt | None:
        """Proof that `key` was done; None where it is proven absent."""
        return self._writer.was_applied(operation, key, since)

    def aged_receivables(self, as_of: date) -> AgedReceivables:
        """What each customer owes by QuickBooks' own report, in the home currency."""
        return self._reader.aged_receivables(as_of)

    def history_lists(self) -> tuple[HistoryList, ...]:
        """Customers, then invoices, payments and credit memos by their day."""
        return LISTS

    def history_start(self) -> Page:
        """The company whose books these are."""
        return self._past.start()

    def history_first_day(self, name: str) -> date | None:
        """The day of a list's oldest document."""
        return self._past.first_day(name)

    def history_count(self, window: Window) -> int:
        """How many QuickBooks counts in the window."""
        return self._past.count(window)

    def history_page(self, window: Window, number: int) -> HistoryPage:
        """One page of a window."""
        return self._past.page(window, number)

    def beyond_documents(self, customers: frozenset[str], as_of: date) -> AgedReceivables:
        """Journal lines and deposits on these customers' accounts, what is open of them."""
        return self._reader.beyond_documents(customers, as_of)

    def identity(self) -> Identity:
        """By CompanyInfo, which has no id of its own: when the company was made, and its name."""
        return self._reader.identity()

    def own_dunning(self) -> OwnDunning:
        """Whether QuickBooks' own late fees are in use; of its reminders it tells programs nothing."""
        return OwnDunning(None, self._reader.charges_late_fees(), "Account and settings, Sales")

    def close(self) -> None:
        """Give back sockets. Safe to call twice."""
        self._line.close()
