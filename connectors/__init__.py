"""The Connector contract: what a source of books can tell and do. Open this to learn how to write a connector.

CURSOR   an opaque string a connector gives out with each page and takes back; None asks for everything.
PAGE     records and the cursor that stands for "all of this is stored". Storing both is one transaction of ours.
RECORD   a fact with its reference; GONE, a reference that no longer exists; UNREADABLE, one we could not understand.
RECEIPT  proof that a write was done, with the provider's id of what it made or touched.

A connector holds no store and no policy. It raises only what `connectors.errors` names. Reads are retried inside it
(`transport`), writes never are: the outbox owns that. It never keeps more than one page in memory.

To add one: a package `connectors/<kind>/` with auth, client, read, write and mapping, a line in `KINDS`, and the
conformance suite tells what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from connectors.tokens import TokenSource
from rules.domain.actions import Operation
from rules.domain.facts import Book, Company, Fact, Rate
from rules.domain.money import Money

if TYPE_CHECKING:  # loaded by the connector that speaks with somebody: files need no network
    from connectors.transport import Timing, Usage

FactKind = Literal["customer", "invoice", "payment", "credit_note"]


@dataclass(frozen=True, slots=True)
class Ref:
    """Which record: its kind and the provider's id."""

    kind: FactKind
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """A fact as the provider has it now. `stamp` is when the provider says it last changed: UTC, ISO text; or empty."""

    ref: Ref
    fact: Fact
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that was deleted, or merged into `merged_into`."""

    ref: Ref
    merged_into: str | None = None


NO_RECORD = "row "  # begins what stands for the id of a record that its list does not show


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record we could not understand. It is quarantined and shown, the rest of the page is kept."""

    ref: Ref
    problem: str

    @classmethod
    def in_row(cls, kind: FactKind, number: int, problem: str) -> Unreadable:
        """A row of a list that shows no record at all: which one stands there is not told."""
        return cls(Ref(kind, f"{NO_RECORD}{number}"), problem)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of what changed.

    `replaces` names kinds of which this page begins a full listing; `complete_for` kinds of which it ends one: open
    records of that kind which no page between the two brought are no longer open at the provider, and the mirror
    drops them (counting them against the brake).
    `people` carries what people recorded beside the facts (promises, disputes, plans, holds, history), where a source
    keeps such things at all: only book files do.
    """

    cursor: str
    records: tuple[Record | Gone | Unreadable, ...] = ()
    company: Company | None = None
    rates: tuple[Rate, ...] = ()
    replaces: tuple[FactKind, ...] = ()
    complete_for: tuple[FactKind, ...] = ()
    server_time: datetime | None = None
    people: Book | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a write: the id of what was made or touched and the provider's own request id."""

    remote_id: str
    trace: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class OpenBalance:
    """What one customer owes in one currency, as the provider's own report says."""

    customer: str
    balance: Money


AgedReceivables: TypeAlias = tuple[OpenBalance, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose books answer, in the provider's own words. Two that share a mark are the same company; none: not told."""

    name: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnDunning:
    """Whether the provider reminds or charges by itself; None where it does not tell. `where` names its screens."""

    reminders: bool | None = False
    late_fees: bool | None = False
    where: str = ""


class Connector(Protocol):
    """One connection to one company's books."""

    usage: Usage

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Everything that changed since `cursor`, in pages; all of it for None. An idle poll costs one request."""
        ...

    def fetch(self, ref: Ref) -> Record | None:
        """The record as it is now, by its own id; None where the provider says it does not exist."""
        ...

    def open_invoices(self, customers: Sequence[str]) -> tuple[Record | Unreadable, ...]:
        """The invoices of these customers with something open, as they are now; one request for thirty of them."""
        ...

    def mark_on(self, ref: Ref, *, mails: bool = False) -> str | None:
        """What on an invoice or customer tells of work like ours, as "carries a marker of ours"; one request.

        With `mails` also what tells that the provider was asked to mail it, where that leaves no marker.
        """
        ...

    def pay_link(self, invoice: str) -> str | None:
        """Where the customer can pay the invoice online, by its id; None where the provider gives no such address."""
        ...

    def unsupported(self, operation: Operation) -> str | None:
        """Why this source cannot do the operation, in one sentence; None where it can. No request is made."""
        ...

    def write(self, operation: Operation, key: str) -> Receipt:
        """Do it, exactly as frozen, under `key`. Sent once; raises OutcomeUnknown where the answer is not clear."""
        ...

    def was_applied(self, operation: Operation, key: str, since: datetime) -> Receipt | None:
        """The receipt of a write of `key` first tried at `since`; None: proven absent. Raises Unprovable."""
        ...

    def aged_receivables(self, as_of: date) -> AgedReceivables:
        """What each customer owes by the provider's own reckoning."""
        ...

    def beyond_documents(self, customers: frozenset[str], as_of: date) -> AgedReceivables:
        """What these customers' balances hold besides invoices, payments and credits: journal lines, deposits."""
        ...

    def identity(self) -> Identity:
        """Whose books answer now; asked anew each time."""
        ...

    def own_dunning(self) -> OwnDunning:
        """What the provider does to late payers by itself, as far as it tells programs."""
        ...

    def close(self) -> None:
        """Give back sockets. Safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """What a connector needs of its table in config.toml, secrets already read. `extra` is kind-specific."""

    name: str
    kind: str
    timezone: str
    account: str = ""  # realm id or tenant id
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    environment: str = "production"
    api_url: str | None = None
    auth_url: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


KINDS: Mapping[str, str] = {
    "quickbooks": "connectors.quickbooks.client",
    "xero": "connectors.xero.client",
    "file": "connectors.file.client",
}


def open_connector(settings: ConnectionSettings, tokens: TokenSource, timing: Timing) -> Connector:
    """Open a connection of the kind the settings name. Imports the SDK only now; makes no request."""
    connector: Connector = import_module(KINDS[settings.kind]).connect(settings, tokens, timing)
    return connector
