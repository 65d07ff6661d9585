"""`syncd import` and `syncd export`: books in and out as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION, EXISTING_FILE
from syncd.cli.output import print_json, say
from syncd.errors import DataRefused, Usage
from syncd.failures import unwritable

if TYPE_CHECKING:
    from rules.domain.facts import Book
    from syncd.ledger import Ledger
from syncd.office import Office


@click.command("import", short_help="Take in a book file or CSV.")
@click.argument("file", type=EXISTING_FILE)
@click.option("--check", is_flag=True, help="Only say whether the file holds together; take nothing in.")
@CONNECTION
@AS_JSON
@CONFIG
def import_(*, file: Path, check: bool, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Take in a book file (.json, .toml) or CSV, whole or not at all.

    For a connection to a folder the book becomes its newest file, and the next pull reads it. For QuickBooks and Xero,
    which keep customers and invoices themselves, it takes in what people recorded and what was done before: promises,
    disputes, installment plans, holds, silences, history, and of customers their collector and time zone. Importing the
    same file again changes nothing.
    """
    from connectors.file.read import read_book

    book, parts = read_book(file), _PARTS
    if not check:
        with opened(config, connection) as office:
            parts = _take_in(_only(office, connection), book, file)
    counts = {part: len(getattr(book, part)) for part in parts if getattr(book, part)}
    if as_json:
        print_json({"file": str(file), "as_of": book.as_of.isoformat(), "taken_in": not check, "counts": counts})
    else:
        found = _counted(counts) or "nothing that people recorded or that was done before"
        click.echo(f"{file}: {found}, as of {book.as_of}; {'holds together' if check else 'taken in'}")


@click.command(short_help="Write a connection's books to a book file or CSV.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@CONNECTION
@CONFIG
def export(*, file: Path, connection: str | None, config: Path | None) -> None:
    """Write what we hold of a connection to FILE: .json has everything, .csv its invoices; - is standard output."""
    from connectors.errors import BookRefused
    from connectors.file.write import json_text, write_book

    if str(file) != "-" and file.suffix.lower() not in (".json", ".csv"):
        raise Usage(f"{file}: write to a file ending in .json (everything) or .csv (its invoices)")
    with opened(config, connection) as office:
        book = _only(office, connection).book()
    if str(file) == "-":
        click.echo(json_text(book), nl=False)
        return
    try:
        write_book(file, book)
    except BookRefused as error:
        raise (unwritable(file, error.__cause__) if isinstance(error.__cause__, OSError) else error) from None
    parts = _PARTS if file.suffix.lower() == ".json" else ("invoices",)
    counts = {part: len(getattr(book, part)) for part in parts if getattr(book, part)}
    say(f"{file}: {_counted(counts) or 'no invoices'}")


_PEOPLES: tuple[str, ...] = ("promises", "disputes", "installment_plans", "holds", "silences", "history")
_PARTS: tuple[str, ...] = ("customers", "invoices", "payments", "credit_notes", *_PEOPLES)


def _counted(counts: Mapping[str, int]) -> str:
    names = {part: part.replace("_", " ") for part in counts}
    words = (
        f"{count} {names[part].removesuffix('s') if count == 1 else names[part]}" for part, count in counts.items()
    )
    return ", ".join(words)


def _only(office: Office, connection: str | None) -> Ledger:
    """The connection named, or the only one there is."""
    if connection is None and len(office.ledgers) > 1:
        raise Usage(f"say which with --connection: {', '.join(ledger.name for ledger in office.ledgers)}")
    return office.ledgers[0]


def _take_in(ledger: Ledger, book: Book, file: Path) -> tuple[str, ...]:
    """Take in what this kind of connection takes; says which parts of the book that is."""
    if ledger.config.kind == "file":
        _put_into_folder(Path(ledger.config.settings().extra["path"]), book)
        return _PARTS
    from syncd.people.from_book import said_of_customers
    from syncd.pull import look_again, record_people

    _refuse_strangers(ledger, book, file)
    source = f"import {file.name}"
    besides = said_of_customers(ledger, book, source)
    changed = record_people(book, ledger.desk, source, ledger.clock.now(), besides)
    look_again(ledger.mirror, changed)
    return _PEOPLES


def _put_into_folder(folder: Path, book: Book) -> None:
    """A folder's newest file by name is the one that is read, so the name carries the book's day."""
    from connectors.file.folder import BOOKS
    from connectors.file.write import write_book

    if folder.is_file():
        raise Usage(f"this connection reads the one file {folder}; replace that file")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"book-{book.as_of}.json"
    later = max((file.name for file in folder.iterdir() if file.suffix.lower() in BOOKS), default="")
    if later > target.name:
        raise Usage(f"{folder} is read by its newest name, which would stay {later} and not become {target.name}")
    write_book(target, book)


def _refuse_strangers(ledger: Ledger, book: Book, file: Path) -> None:
    """A record about nobody would never be looked at: the refs of a book for a provider are the provider's ids."""
    from rules.domain.facts import Customer

    named = {
        record.customer
        for part in ("promises", "installment_plans", "holds", "silences", "history")
        for record in getattr(book, part)
        if record.customer is not None
    }
    known = {fact.ref for fact in ledger.mirror.facts_of(sorted(named)) if isinstance(fact, Customer)}
    problems: list[Any] = [f"{file}: {ledger.name} has no customer {ref}" for ref in sorted(named - known)]
    if problems:
        raise DataRefused(problems)
