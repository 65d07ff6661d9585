"""CSV files of receivables, told apart by their header: the factoring sample's layout, and our own plain one."""

from __future__ import annotations

from pathlib import Path

from connectors.errors import BookRefused
from connectors.file import factoring, invoice_rows
from connectors.file.cells import Sheet, rows_to_csv, sheet_of
from connectors.file.disk import read_bytes, text_of
from connectors.file.factoring import Receivable
from rules.domain.facts import Book, Company

__all__ = ["Receivable", "book_of_csv", "read_receivables", "rows_to_csv", "tells_settlements"]

_SAMPLE_CURRENCY = "USD"  # the factoring layout has none


def read_receivables(path: Path, currency: str = _SAMPLE_CURRENCY) -> tuple[Receivable, ...]:
    """The rows of a file in the factoring layout.

    Raises:
        BookRefused: it has another layout, or bad rows; each with its number and reason.
    """
    sheet = sheet_of(text_of(read_bytes(path), path.name), path.name)
    if not _is_factoring(sheet):
        absent = ", ".join(sorted(factoring.COLUMNS - set(sheet.header)))
        raise BookRefused((f"{path.name}: row 1: this is not the factoring layout; columns missing: {absent}",))
    return factoring.receivables_of(sheet, currency)


def tells_settlements(path: Path) -> bool:
    """Whether a file has the factoring layout, which says of each invoice when it was paid."""
    return _is_factoring(sheet_of(text_of(read_bytes(path), path.name), path.name))


def book_of_csv(text: str, place: str) -> Book:
    """The book a CSV file's text describes; `place`, the file's name, may carry the day it is of.

    Raises:
        BookRefused: neither layout, or bad rows; each with its number and reason.
    """
    sheet = sheet_of(text, place)
    if _is_factoring(sheet):
        rows = factoring.receivables_of(sheet, _SAMPLE_CURRENCY)
        return factoring.book_of(rows, Company("", _SAMPLE_CURRENCY))
    return invoice_rows.book_of(sheet)


def _is_factoring(sheet: Sheet) -> bool:
    return set(sheet.header) == factoring.COLUMNS
