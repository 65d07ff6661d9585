"""Writes a book to disk: a book file (JSON), or its invoices as CSV. Replaces the file whole."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.errors import BookRefused
from connectors.file.completing import completed
from connectors.file.disk import write_text
from connectors.file.invoice_rows import rows_of
from connectors.file.mapping import document_of
from rules.domain.facts import Book


def write_book(path: Path, book: Book) -> None:
    """Write `book` to `path`: all of it to ``.json``, its invoices to ``.csv``.

    Raises:
        BookRefused: the name ends in something else, or the file cannot be written.
    """
    match path.suffix.lower():
        case ".json":
            text = json_text(book)
        case ".csv":
            text = rows_of(book)
        case _:
            raise BookRefused((f"{path.name}: write to a file ending in .json (a whole book) or .csv (its invoices)",))
    try:
        write_text(path, text)
    except OSError as error:
        raise BookRefused((f"{path}: cannot be written: {error.strerror or error}",)) from error


def json_text(book: Book) -> str:
    """The book file's text, of a book made to add up; the same book gives the same bytes."""
    return json.dumps(document_of(completed(book)), indent=2, ensure_ascii=False) + "\n"
