"""Reads a book file from disk: JSON, TOML or CSV by its suffix. Whole or not at all; a half-written file is refused.

Numbers with a point are kept as written, so that a refusal can show the right spelling; they never become floats.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.characters import places_of_unholdable
from connectors.errors import BookRefused
from connectors.file.csv import book_of_csv
from connectors.file.disk import read_bytes, text_of
from connectors.file.mapping import book_from
from rules.domain.facts import Book

_BROKEN = "half a character, or an empty one, stands in it: write the text anew"
SUFFIXES = (".json", ".toml", ".csv")


def read_book(path: Path) -> Book:
    """The book in the file at `path`.

    Raises:
        BookRefused: it cannot be read, is cut off, or does not hold together; all problems, each with its place.
    """
    _known_suffix(path.name)
    return book_in(read_bytes(path), path.name)


def book_in(content: bytes, place: str) -> Book:
    """The book in the content of the file called `place`, whose suffix says how to read it.

    Raises:
        BookRefused: as `read_book`.
    """
    found = book_or_document(content, place)
    return found if isinstance(found, Book) else book_from(found, place)


def book_or_document(content: bytes, place: str) -> Book | dict[str, Any]:
    """The book where the file is CSV, else the document that `book_from` makes one of: a large one can be cut first.

    Raises:
        BookRefused: as `read_book`.
    """
    suffix = _known_suffix(place)
    text = text_of(content, place)
    if suffix == ".csv":
        return book_of_csv(text, place)
    document = json_document(text, place) if suffix == ".json" else toml_document(text, place)
    broken = [f"{place}: {where}: {_BROKEN}" for where in places_of_unholdable(text, document)]
    if broken:
        raise BookRefused(tuple(broken))
    return document


_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


def _known_suffix(place: str) -> str:
    suffix = Path(place).suffix.lower()
    if suffix in _WORKBOOKS:
        raise BookRefused((f"{place}: this is a workbook; save it as CSV (in Excel: Save As, CSV UTF-8)",))
    if suffix not in SUFFIXES:
        raise BookRefused((f"{place}: a book is a file ending in {', '.join(SUFFIXES)}",))
    return suffix


def json_document(text: str, place: str) -> dict[str, Any]:
    """The JSON object in `text`, numbers with a point kept as decimals.

    Raises:
        BookRefused: not whole or not JSON, with the line; or a key written twice.
    """
    try:
        document = json.loads(
            text, parse_float=Decimal, parse_int=_whole, parse_constant=Decimal, object_pairs_hook=_no_key_twice
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BookRefused((f"{place}: {where}: this is not whole JSON: {error.msg}",)) from error
    except ValueError as error:
        raise BookRefused((f"{place}: {error}",)) from error
    except RecursionError as error:
        raise BookRefused((f"{place}: this is nested too deep to be a book",)) from error
    if not isinstance(document, dict):
        raise BookRefused((f"{place}: a book is one JSON object with as_of, company, customers, invoices …",))
    return document


def toml_document(text: str, place: str) -> dict[str, Any]:
    """The TOML document in `text`, numbers with a point kept as decimals.

    Raises:
        BookRefused: not whole or not TOML, with the line.
    """
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except ValueError as error:  # with the line; or an integer of thousands of digits
        said = str(error).replace("at end of document", f"at line {text.count(chr(10)) + 1}, the end of the file")
        raise BookRefused((f"{place}: this is not whole TOML: {said}",)) from error
    except RecursionError as error:
        raise BookRefused((f"{place}: this is nested too deep to be a book",)) from error


def _whole(digits: str) -> int | Decimal:
    """An integer; one too long for a count stays as written, and is refused where it stands."""
    return int(digits) if len(digits) < 19 else Decimal(digits)  # noqa: PLR2004 - the digits of 64 bits


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        counted = Counter(key for key, _ in pairs)
        twice = next(key for key, _ in pairs if counted[key] > 1)
        raise ValueError(f'the key "{twice}" stands twice in one table; which one is meant?')
    return table
