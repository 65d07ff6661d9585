"""Takes in years that only exist as exported invoice lists, beside what the provider gave. The provider wins.

The same invoice is one of the same number and the same customer's name. Only what is settled is taken: what is open
must stand in the provider's books, where it can be chased. Asks no provider anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from connectors.errors import BookRefused
from connectors.file.disk import read_bytes, text_of
from connectors.file.exports import Export, ExportedInvoice, read_export
from connectors.file.layouts import Layout, layout_of
from connectors.file.read import toml_document
from connectors.file.written import text_of_export
from rules.domain.currencies import ISO_4217
from rules.domain.facts import Application, Company, Customer, Fact, Invoice, Payment
from rules.domain.money import Money
from syncd.store.exported_rows import PREFIX, ExportedRows, Known, folded


@dataclass(frozen=True, slots=True)
class Sorted:
    """What of a file is taken, and what is left where it is. `news` is set once it is stored."""

    place: str
    layout: str
    taken: int
    same: int  # the provider gave these
    still_open: int
    other_rows: int
    first_on: date | None
    last_on: date | None
    problems: tuple[str, ...]
    facts: tuple[Fact, ...]
    news: int = 0


def read_exports(files: Sequence[Path], own_map: Path | None) -> list[tuple[str, Export]]:
    """Every file with what it holds.

    Raises:
        BookRefused: a file or the map cannot be read, or is of a layout nobody knows.
    """
    layout = own_layout(own_map) if own_map else None
    return [(file.name, read_export(text_of_export(read_bytes(file), file.name), file.name, layout)) for file in files]


def own_layout(path: Path) -> Layout:
    """The layout a map describes."""
    return layout_of(toml_document(text_of(read_bytes(path), path.name), path.name), path.name)


def sort_out(place: str, export: Export, known: Known, company: Company) -> Sorted:
    """What of an export is to be taken beside what is known. Pure."""
    problems = list(export.problems)
    facts: dict[str, Fact] = {}
    taken, same, still_open, days = 0, 0, 0, []
    for row in export.invoices:
        currency = row.currency or company.currency
        customer = known.customers.get(folded(row.customer))
        if currency not in ISO_4217:
            problems.append(f'{place}: row {row.row}: "{currency}" is not a currency code')
        elif customer is not None and (customer, row.number) in known.invoices:
            same += 1
        elif row.balance is None and row.paid_on is None and not row.voided:
            problems.append(
                f"{place}: row {row.row}: nothing says whether it is paid: no balance and no day of payment"
            )
        elif row.balance and not row.voided:
            still_open += 1
        else:
            taken += 1
            days.append(row.issued_on)
            facts.update({fact.ref + type(fact).__name__: fact for fact in _facts(row, customer, currency)})
    return Sorted(
        place, export.layout, taken, same, still_open, export.other_rows, min(days, default=None),
        max(days, default=None), tuple(problems), tuple(facts.values()),
    )  # fmt: skip


def _facts(row: ExportedInvoice, customer: str | None, currency: str) -> Iterator[Fact]:
    """The invoice, its customer where the provider has none of that name, and its payment where its day is known."""
    owner = customer or f"{PREFIX}{_digest(folded(row.customer))}"
    if customer is None:
        yield Customer(owner, row.customer, email=row.email, active=False)
    ref = f"{PREFIX}{_digest(folded(row.customer), row.number)}"
    total = Money(row.total, currency).rounded()
    yield Invoice(
        ref=ref,
        number=row.number,
        customer=owner,
        issued_on=row.issued_on,
        due_on=row.due_on,
        total=total,
        balance=Money.zero(currency),
        status="voided" if row.voided else "paid",
    )
    if row.paid_on is not None and not row.voided:
        yield Payment(ref, owner, row.paid_on, total, (Application(ref, total),))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def take_in(rows: ExportedRows, found: Sequence[Sorted], now: datetime) -> list[Sorted]:
    """Store what is to be taken: all of every file, or nothing.

    Raises:
        BookRefused: something is wrong with a row; with every problem.
    """
    problems = tuple(problem for one in found for problem in one.problems)
    if problems:
        raise BookRefused(problems)
    return [replace(one, news=rows.put(one.facts, now)) for one in found]
