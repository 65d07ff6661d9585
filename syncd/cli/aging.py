"""`syncd aging`: who owes how much, how old."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION, DAY, EXISTING_FILE, RULES
from syncd.cli.output import Table, Text, apart, print_json, print_text
from syncd.cli.sources import read_policies

if TYPE_CHECKING:
    from rules.domain.facts import Book
    from syncd.aging import By


@click.command(short_help="Who owes how much, how old, with totals.")
@click.option("--book", type=EXISTING_FILE, metavar="FILE", help="Age this book file instead of the books we hold.")
@RULES
@click.option("--as-of", type=DAY, metavar="DATE", help="The day to age for; else today, or the book's own day.")
@click.option(
    "--by",
    type=click.Choice(["customer", "group", "collector"]),
    default="customer",
    show_default=True,
    help="One row for each customer, or for all customers of a group or collector.",
)
@CONNECTION
@AS_JSON
@CONFIG
def aging(
    *,
    book: Path | None,
    rules: Sequence[Path],
    as_of: date | None,
    by: By,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Who owes how much, how old, with totals; by the buckets and grace days of each customer's policy.

    Currencies are never mixed: each has its own table. A customer in several groups counts in the first.
    """
    from syncd.aging import aging_of

    found = [_of_file(book, rules, as_of)] if book else list(_of_ledgers(config, connection, rules, as_of))
    aged = [aging_of(name, books, assessed, by) for name, books, assessed in found]
    if as_json:
        print_json(aged)
    else:
        print_text(apart(_shown(one, books, by) for one, (_, books, _) in zip(aged, found, strict=True)))


Found = tuple[str | None, "Book", Mapping[str, Any]]


def _of_file(path: Path, rules: Sequence[Path], as_of: date | None) -> Found:
    from connectors.file.read import read_book
    from rules.policy import load_policies
    from syncd.assess import assess

    book = read_book(path)
    policies = read_policies(rules, None) if rules else load_policies([])
    return None, book, assess(book, policies, as_of or book.as_of)


def _of_ledgers(
    config: Path | None, connection: str | None, rules: Sequence[Path], as_of: date | None
) -> Iterator[Found]:
    from syncd.assess import assess

    with opened(config, connection) as office:
        policies = read_policies(rules, config).serving(office.config.policies) if rules else office.policies
        for ledger in office.ledgers:
            book = ledger.book()
            yield ledger.name, book, assess(book, policies, as_of or book.as_of)


def _shown(aged: Mapping[str, Any], book: Book, by: By) -> Iterator[Text]:
    from syncd.cli.rendering import agings
    from syncd.names import Names

    name = f"{aged['connection']}: " if aged["connection"] else ""
    yield f"{name}{aged['company'] or 'Receivables'}, as of {aged['as_of']}"
    if by != "customer":
        yield from _groups(aged, by)
        return
    owing = [row for row in aged["customers"] if _owes(row)]
    yield from agings(owing, Names.of(book.customers, ())) if owing else ["nobody owes anything"]


def _owes(row: Mapping[str, Any]) -> bool:
    return any(digits.strip("-0.") for part in ("open", "unapplied") for digits in row[part].values())


def _groups(aged: Mapping[str, Any], by: By) -> Iterator[Text]:
    """One table a currency: each group's sums, and the total."""
    for currency, total in aged["totals"].items():
        amounts = tuple(total)
        rows = [
            (row[by] or f"no {by}", *_cells(row, currency, amounts))
            for row in aged[f"{by}s"]
            if currency in row["open"]
        ]
        yield from ("", f"Receivables in {currency} by {by}")
        yield Table((by, *amounts), [*rows, ("total", *total.values())], right=amounts)


def _cells(row: Mapping[str, Any], currency: str, amounts: Sequence[str]) -> Iterator[str]:
    sums = {**row["aging"][currency], "open": row["open"][currency], "unapplied": row["unapplied"][currency]}
    return (sums.get(label, "") for label in amounts)
