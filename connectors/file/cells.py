"""Rows of cells as text: CSV in, told by its header; CSV out, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import BookRefused

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file's header and rows. Row numbers are those a spreadsheet shows: the header is row 1."""

    place: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str | None]], ...]  # empty cells are None
    wrong: tuple[str, ...] = ()  # rows that are not as wide as the header, and so are not among `rows`


def sheet_of(text: str, place: str) -> Sheet:
    """The sheet in `text`; the separator is whichever of comma, semicolon and tab the header uses.

    Raises:
        BookRefused: no header, a column twice, or a cut-off cell.
    """
    try:
        table = list(csv.reader(io.StringIO(text), delimiter=_separator(text), strict=True))
    except csv.Error as error:
        raise BookRefused((f"{place}: this is not whole CSV: {error}",)) from error
    header = tuple(name.strip() for name in table[0]) if table else ()
    twice = sorted({name for name in header if header.count(name) > 1})
    if not any(header) or twice:
        said = f'the column "{twice[0]}" stands twice' if any(twice) else "there is no header with column names"
        raise BookRefused((f"{place}: row 1: {said}",))
    numbered = [(number, row) for number, row in enumerate(table[1:], start=2) if any(cell.strip() for cell in row)]
    wrong = tuple(
        f"{place}: row {number}: it has {len(row)} columns, the header has {len(header)}"
        for number, row in numbered
        if len(row) != len(header)
    )
    whole = [(number, row) for number, row in numbered if len(row) == len(header)]
    rows = tuple((number, dict(zip(header, map(_cell, row), strict=True))) for number, row in whole)
    return Sheet(place, header, rows, wrong)


def _separator(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _cell(text: str) -> str | None:
    """The cell as it was before `rows_to_csv` made it harmless; None where it is empty."""
    text = text.strip(" ")
    if text[:1] == "'" and text[1:2] in _RUNS:
        text = text[1:]
    return text or None


def rows_to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV that a spreadsheet shows and never runs: a cell that begins like a formula gets a ``'`` before it.

    Plain numbers stay numbers, negative ones too; None is an empty cell.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_harmless(name) for name in header])
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell).replace("\0", "")
    runs = text.lstrip(" ").startswith(_RUNS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text
