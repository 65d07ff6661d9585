"""What a book says of customers that a provider's own record has no place for: where they live, who looks after them.

Our own export shows what a person recorded as the customer's own; taken in again, it is a record like before.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.domain.facts import Book, Customer
from syncd.ledger import Ledger
from syncd.people import assignments, timezones
from syncd.store.desk import Paper
from syncd.store.records import Assignment, TimeZone


def said_of_customers(ledger: Ledger, book: Book, source: str) -> Iterator[Paper]:
    """Records of what the book says beyond the provider; what somebody else recorded stands."""
    telling = {one.ref: one for one in book.customers if one.collector or one.timezone}
    kinds = (assignments.KIND, timezones.KIND)
    taken = {filed.ref for kind in kinds for filed in ledger.desk.filed(kind) if filed.who != source}
    for known in ledger.mirror.facts_of(sorted(telling)):
        if isinstance(known, Customer):
            papers = _beyond(known, telling[known.ref], book)
            yield from (paper for paper in papers if paper.ref not in taken)


def _beyond(known: Customer, told: Customer, book: Book) -> Iterator[Paper]:
    ref = known.ref
    if told.collector and told.collector != known.collector:
        yield Paper(Assignment(ref, told.collector, book.as_of), f"{assignments.KIND}-{ref}", ref)
    if told.timezone and told.timezone != known.timezone:
        yield Paper(TimeZone(ref, told.timezone, book.as_of), f"{timezones.KIND}-{ref}", ref)
