"""What must hold between the records of a book: refs used once, names that exist, parents, days in order.

Speaks in problems with places; decides nothing and repairs nothing. Sums are in `sums`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from connectors.file.gathered import Gathered, Placed
from connectors.file.sums import sum_problems
from rules.domain.calendars import days_after
from rules.domain.facts import ChargeBilled, Customer, Dispute, Hold, Invoice, Payment, Promise, Silence
from rules.domain.near_miss import near_miss

_WITH_REFS = (
    "customers",
    "invoices",
    "payments",
    "credit_notes",
    "promises",
    "disputes",
    "installment_plans",
    "silences",
)


def problems_of(gathered: Gathered, as_of: date | None, *, summed: bool = True) -> Iterator[str]:
    """Everything wrong between the records, in the order of the file's lists.

    Without a day no balance is judged; without a company (`summed`) no sum, since a bare amount has no currency.
    """
    for name in _WITH_REFS:
        yield from _twice(gathered.placed.get(name, []))
    customers, invoices = gathered.known("customers"), gathered.known("invoices")
    for placed in gathered.all():
        key, customer = _customer_named(placed.fact)
        if customer is not None and customer not in customers:
            yield _unknown(placed, key, "customer", customer, customers)
        kind = type(placed.fact)
        for key, name in () if kind in _ABOUT_NO_INVOICE else _invoices_named(placed.fact):
            if name not in invoices:
                yield _unknown(placed, key, "invoice", name, invoices)
        if kind in _SPANS:
            yield from _out_of_order(placed)
            yield from _about_one(placed)
    yield from _circles(gathered.placed.get("customers", []))
    if summed:
        yield from sum_problems(gathered, as_of)


def _twice(records: list[Placed]) -> Iterator[str]:
    """A ref that more than one record of a list has, once for each ref."""
    counted = Counter(placed.fact.ref for placed in records)
    for ref, count in counted.items():
        if count > 1:
            places = [placed.place for placed in records if placed.fact.ref == ref]
            yield f'{places[1]}.ref: "{ref}" is used {count} times, first at {places[0]}'


def _customer_named(fact: object) -> tuple[str, str | None]:
    """The customer a fact refers to, if any, with the key that does."""
    return ("parent", fact.parent) if isinstance(fact, Customer) else ("customer", getattr(fact, "customer", None))


def _invoices_named(fact: object) -> Iterator[tuple[str, str]]:
    """The invoices a fact refers to, with the key that does."""
    if isinstance(getattr(fact, "invoice", None), str):
        yield "invoice", getattr(fact, "invoice", "")
    for position, ref in enumerate(getattr(fact, "invoices", ())):
        yield f"invoices[{position}]", ref
    for position, part in enumerate(getattr(fact, "applied", ())):
        yield f"applied[{position}].invoice", part.invoice


def _unknown(placed: Placed, key: str, noun: str, name: str, known: set[str]) -> str:
    return f'{placed.place}.{key}: there is no {noun} "{name}" in this book{near_miss(name, sorted(known))}'


def _circles(customers: list[Placed]) -> Iterator[str]:
    """Each circle of billing parents once, told at its first customer in the file."""
    parents = {placed.fact.ref: placed.fact.parent for placed in customers}
    told: set[str] = set()
    for placed in customers:
        way = _way_up(placed.fact.ref, parents)
        if way[-1] == placed.fact.ref and len(way) > 1 and placed.fact.ref not in told:
            told.update(way)
            yield f"{placed.place}.parent: the billing parents go round in a circle: {' -> '.join(way)}"


def _way_up(start: str, parents: dict[str, str | None]) -> list[str]:
    """From a customer up through its parents, until there is none or one comes again."""
    way = [start]
    above = parents.get(start)
    while above is not None:
        way.append(above)
        if above in way[:-1]:
            break
        above = parents.get(above)
    return way


def _about_one(placed: Placed) -> Iterator[str]:
    """A silence without a subject, or with more than one: silence about the wrong people is worse than none."""
    if isinstance(placed.fact, Silence):
        silence = placed.fact
        named = silence.invoice or silence.customer
        if bool(named) == bool(silence.group):
            yield f"{placed.place}: name what it is about: a customer, an invoice, or a group"


_ABOUT_NO_INVOICE = (Customer, Invoice)
# Days of one record that must stand in this order: the keys, and where the value names them otherwise.
_SPANS: dict[type, tuple[tuple[str, str], ...]] = {
    Payment: (("received_on", "reversed_on"),),
    Promise: (("made_on", "promised_on"), ("made_on", "withdrawn_on")),
    Dispute: (("opened_on", "closed_on"),),
    Hold: (("since", "expires_on"),),
    Silence: (("since", "until"),),
    ChargeBilled: (("first_on", "last_on"),),
}
_WRITTEN = {"first_on": "from", "last_on": "to"}


def _out_of_order(placed: Placed) -> Iterator[str]:
    """Two days of one record that stand the wrong way round."""
    for first, later in _SPANS[type(placed.fact)]:
        first_on: date | None = getattr(placed.fact, first)
        later_on: date | None = getattr(placed.fact, later)
        if first_on is None or later_on is None:
            continue
        # What a person placed and released on one day was last in force the day before.
        earliest = days_after(first_on, -1) if isinstance(placed.fact, Hold) else first_on
        if later_on < earliest:
            key, other = _WRITTEN.get(later, later), _WRITTEN.get(first, first)
            yield f"{placed.place}.{key}: {later_on} is before {other} {first_on}"
