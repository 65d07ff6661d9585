"""`syncd metrics`: how well what is owed comes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION, DAY, EXISTING_FILE
from syncd.cli.output import Table, Text, apart, print_json, print_text

if TYPE_CHECKING:
    from rules.domain.facts import Book

_BUCKETS = 5


class Percentages(click.ParamType[tuple[Decimal, ...]]):
    """One percentage a bucket, such as 1,5,15,30,50."""

    name = "percentages"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Decimal, ...]:
        """Read them, or say how they are written."""
        from rules.domain.money import decimal_of

        try:
            found = tuple(decimal_of(part, such_as="30") for part in str(value).split(","))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if len(found) != _BUCKETS:
            self.fail(
                f'"{value}" has {len(found)} percentages; write one for each of the {_BUCKETS} buckets', param, ctx
            )
        return found


@click.command(short_help="How well what is owed comes in: DSO, CEI, days to pay, roll rates.")
@click.option("--book", type=EXISTING_FILE, metavar="FILE", help="Of this book file instead of the books we hold.")
@click.option(
    "--from", "first_on", type=DAY, metavar="DATE", help="First day of the period; else a year before its end."
)
@click.option(
    "--to", "last_on", type=DAY, metavar="DATE", help="Last day of the period; else today, or the book's day."
)
@click.option(
    "--reserve",
    "reserve_pct",
    type=Percentages(),
    metavar="PCT,…",
    help="Also what is not expected to come in, by these percentages of current, 1-30, 31-60, 61-90 and 90+.",
)
@CONNECTION
@AS_JSON
@CONFIG
def metrics(
    *,
    book: Path | None,
    first_on: date | None,
    last_on: date | None,
    reserve_pct: tuple[Decimal, ...] | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """How well what is owed comes in over a period, each currency by itself.

    dso, best_possible_dso, countback_dso, add and days_to_pay are days; cei and roll_rates are percentages. A figure
    that is not defined, such as a DSO without sales, is left empty.
    """
    from syncd.metrics import metrics_of, period_of

    books = [_of_file(book)] if book else list(_of_ledgers(config, connection))
    found = [metrics_of(name, one, period_of(one, first_on, last_on), reserve_pct or ()) for name, one in books]
    if as_json:
        print_json(found[0] if book else found)
    else:
        print_text(apart(map(_shown, found)))


def _of_file(path: Path) -> tuple[str | None, Book]:
    from connectors.file.read import read_book

    return None, read_book(path)


def _of_ledgers(config: Path | None, connection: str | None) -> Iterator[tuple[str | None, Book]]:

    with opened(config, connection) as office:
        for ledger in office.ledgers:
            yield ledger.name, ledger.book()


_FIGURES = {
    "dso": "days sales outstanding",
    "best_possible_dso": "best possible: if nobody were late",
    "add": "average days delinquent, the difference",
    "countback_dso": "days of sales outstanding, counted back by month",
    "cei": "collection effectiveness, percent",
    "days_to_pay": "days to pay, weighted by amount",
}


def _shown(found: Mapping[str, Any]) -> Iterator[Text]:
    name = f"{found['connection']}: " if found["connection"] else ""
    yield f"{name}{found['company']}, {found['from']} to {found['to']}"
    figures = found["by_currency"] or {found["currency"]: found}
    currencies = tuple(figures)
    rows = [(meaning, *(figures[currency][key] or "" for currency in currencies)) for key, meaning in _FIGURES.items()]
    for rolled in found["roll_rates"]:
        rates = (figures[currency]["roll_rates"][rolled] or "" for currency in currencies)
        rows.append((f"rolled on, {rolled}, percent", *rates))
    if "reserve" in found:
        rows.append(("reserve", *(figures[currency]["reserve"] for currency in currencies)))
    yield Table(("figure", *currencies), rows, right=currencies)
