"""What happens on which day: receivables told as a story of invoices written, disputed and paid. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from connectors.file.factoring import Receivable
from syncd.errors import DataRefused

DAYS = 90
_HISTORY = timedelta(days=120)
_DISPUTED_AFTER = timedelta(days=4)  # a customer who disputes says so a few days after the invoice fell due

Kind = Literal["invoice", "payment", "dispute", "dispute_end"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something the people of a company or its customers do on a day."""

    on: date
    kind: Kind
    receivable: Receivable


@dataclass(frozen=True, slots=True)
class Script:
    """One company's part: its customers and what happens, oldest first. The daemon works from `opens_on` on."""

    customers: tuple[str, ...]
    events: tuple[Event, ...]
    opens_on: date


def scripts(receivables: Sequence[Receivable], last_day: date, companies: int = 2) -> tuple[tuple[Script, ...], int]:
    """The receivables dealt out to companies and moved in time so that the story ends on `last_day`.

    Returns the scripts and by how many days the dates were moved.

    Raises:
        DataRefused: there is nothing to tell.
    """
    if not receivables:
        raise DataRefused(["the file has no receivables to tell a story of"])
    moved_by = (last_day - max(each.issued_on for each in receivables)).days
    moved = [_moved(each, timedelta(days=moved_by)) for each in receivables]
    opens_on = last_day - timedelta(days=DAYS - 1)
    told = [each for each in moved if each.issued_on >= opens_on - _HISTORY]
    names = sorted({each.customer for each in told})
    return tuple(_script(told, names[share::companies], opens_on, last_day) for share in range(companies)), moved_by


def _script(told: Iterable[Receivable], names: Sequence[str], opens_on: date, last_day: date) -> Script:
    mine = set(names)
    events = [event for each in told if each.customer in mine for event in _events(each)]
    order = {"invoice": 0, "dispute": 1, "dispute_end": 2, "payment": 3}
    events.sort(key=lambda event: (event.on, order[event.kind], event.receivable.number))
    return Script(tuple(names), tuple(event for event in events if event.on <= last_day), opens_on)


def _events(each: Receivable) -> Iterator[Event]:
    yield Event(each.issued_on, "invoice", each)
    disputed_on = each.due_on + _DISPUTED_AFTER
    if each.disputed and (each.settled_on is None or each.settled_on > disputed_on):
        yield Event(disputed_on, "dispute", each)
        if each.settled_on is not None:
            yield Event(each.settled_on, "dispute_end", each)
    if each.settled_on is not None:
        yield Event(each.settled_on, "payment", each)


def _moved(each: Receivable, by: timedelta) -> Receivable:
    return replace(
        each,
        issued_on=each.issued_on + by,
        due_on=each.due_on + by,
        settled_on=each.settled_on + by if each.settled_on else None,
    )


def cents(amount: Decimal) -> int:
    """An amount of two decimals in cents."""
    return int(amount.scaleb(2).to_integral_value())


def address(customer: str) -> str:
    """A made-up mail address that leads nowhere."""
    return f"accounts@{re.sub('[^a-z0-9]+', '-', customer.lower()).strip('-')}.example"
