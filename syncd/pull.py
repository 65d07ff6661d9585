"""Reads what changed from one connection into its mirror. The only writer of the mirror; never asks for a change.

Each page is stored with its cursor in one transaction, so an interruption loses no record and fetches none twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import get_args

from connectors import Connector
from rules.domain.facts import Book, HistoryEntry, Hold, Silence
from syncd.clock import Clock
from syncd.history import untold
from syncd.logs import log
from syncd.provider_clock import ahead_s
from syncd.store import codec
from syncd.store.connections import Connections
from syncd.store.desk import ANYBODY, BOOK_FILE, Desk, Paper
from syncd.store.intake import Applied
from syncd.store.mirror import Mirror

# Kinds of records that a book has without a ref: what they say is all that tells one from another.
_WITHOUT_REF = ("hold", *(codec.RECORD_KINDS[kind] for kind in get_args(HistoryEntry)))


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought. `vanished_share` of the open invoices we knew are gone, deleted or voided.

    `ahead_s` is by how many seconds the provider's clock is ahead of ours; None where it told no time.
    """

    pages: int
    records: int
    changed: int
    vanished: int
    quarantined: int
    vanished_share: Decimal
    ahead_s: int | None = None
    calls: int = 0


def pull(connector: Connector, mirror: Mirror, desk: Desk, connections: Connections, clock: Clock) -> Pulled:
    """Everything since the last cursor, page by page.

    Raises:
        ConnectorError: as the connector says; pages already stored stay stored.
    """
    standing = connections.standing()
    pages, records, applied, ahead = 0, 0, Applied(), None
    asked_at = clock.now()
    try:
        for page in connector.changes(standing.cursor):
            if pages == 0 and page.server_time is not None:
                ahead = ahead_s(asked_at, page.server_time, clock.now())
            done = mirror.apply(page, clock.now())
            if page.people is not None:
                look_again(mirror, record_people(page.people, desk, BOOK_FILE, clock.now()))
            pages, records, applied = pages + 1, records + len(page.records), applied + done
            if page.records:
                log.info("pull.page_stored", records=len(page.records), changed=done.changed)
    finally:
        calls = _count_calls(connector, connections, clock.now())
    connections.pulled(clock.now())
    share = _vanished_share(applied, mirror) if applied.vanished else Decimal(0)
    return Pulled(pages, records, applied.changed, applied.vanished, applied.quarantined, share, ahead, calls)


def _vanished_share(applied: Applied, mirror: Mirror) -> Decimal:
    """Of the invoices that were open before the pull; counted only where something vanished, so that idling is free."""
    before = mirror.open_invoices() - applied.opened
    return Decimal(applied.vanished) / max(before, applied.vanished)  # one may come and go within the same pull


def record_people(book: Book, desk: Desk, source: str, now: datetime, besides: Iterable[Paper] = ()) -> set[str]:
    """Make the desk's records from `source` exactly those of `book`. Returns the customers for whom that is news.

    What somebody else told before is left out: our own export, taken in again, must not count twice. `besides` are
    records that the book has in other places.
    """
    known = [filed.value for kind in _WITHOUT_REF for filed in desk.filed(kind) if filed.who != source]
    customer_of = {invoice.ref: invoice.customer for invoice in book.invoices}
    papers = [
        *(Paper(promise, promise.ref, promise.customer) for promise in book.promises),
        *(Paper(dispute, dispute.ref, customer_of.get(dispute.invoice, "")) for dispute in book.disputes),
        *(Paper(plan, plan.ref, plan.customer) for plan in book.installment_plans),
        *_holds(hold for hold in book.holds if hold not in known),
        *(Paper(one, one.ref, _whose(one, customer_of)) for one in book.silences),
        *_numbered(untold(book.history, known)),
        *besides,
    ]
    return desk.replace_all(papers, source, now)


def _whose(silence: Silence, customer_of: Mapping[str, str]) -> str:
    """Under whom a silence is filed. A group's concerns whoever is in it."""
    return silence.customer or customer_of.get(silence.invoice or "", ANYBODY)


def look_again(mirror: Mirror, changed: set[str]) -> None:
    """Have those decided on anew whose records changed; everybody, where a record is about no single customer."""
    mirror.touch(mirror.all_heads() if ANYBODY in changed else changed)


def _holds(holds: Iterable[Hold]) -> Iterator[Paper]:
    """Holds have no refs of their own: of several by one origin the later ones bear a number."""
    seen: Counter[str] = Counter()
    for hold in sorted(holds, key=lambda hold: (hold.since, hold.state)):
        ref = f"{hold.customer}/{hold.origin}"
        seen[ref] += 1
        yield Paper(hold, ref if seen[ref] == 1 else f"{ref}-{seen[ref]}", hold.customer)


def _numbered(history: Iterable[HistoryEntry]) -> Iterator[Paper]:
    """History has no refs of its own: equal entries are told apart by how many stood before them."""
    seen: Counter[str] = Counter()
    for entry in history:
        digest = hashlib.sha256(repr(entry).encode()).hexdigest()[:32]
        seen[digest] += 1
        yield Paper(entry, f"{digest}-{seen[digest]}", entry.customer)


def _count_calls(connector: Connector, connections: Connections, now: datetime) -> int:
    calls = connector.usage.take()
    if calls or connector.usage.day_left is not None:
        connections.count(calls, now.date(), connector.usage.day_left)
    return calls.total()
