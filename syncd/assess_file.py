"""Deciding on a large book file with every core: each process reads a part of it, decides, and writes its rows as JSON.

The answer is the very one of `assess` on the whole book. For a command that has the process to itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from connectors.errors import BookRefused
from connectors.file.disk import read_bytes
from connectors.file.mapping import book_from
from connectors.file.parts import parts_of
from connectors.file.read import book_or_document
from rules.domain.facts import Book
from rules.policy import Policies
from syncd.assess import Rows, assembled, rows_of
from syncd.shares import processes_for, shared

# Made once, and without a search for circles in rows of ours: a large book has one for each invoice and more.
_encoded = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode

Answer: TypeAlias = tuple[str, Rows]  # the day it is of, and its rows as JSON text


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a book: under which rules, and on which day (None: its own)."""

    policies: Policies
    as_of: date | None = None

    def of(self, book: Book) -> Answer:
        """The answer for one book."""
        day = self.as_of or book.as_of
        return day.isoformat(), rows_of(book, self.policies, day, _encoded)


def assess_file(path: Path, question: Question, processes: int | None = None) -> dict[str, Any]:
    """What the rules say of the book at `path`; each row of a list is JSON text already.

    Raises:
        BookRefused: it cannot be read, is cut off, or does not hold together; all problems, each with its place.
    """
    whole = book_or_document(read_bytes(path), path.name)
    answers = [question.of(whole)] if isinstance(whole, Book) else _answers(whole, path.name, question, processes)
    return assembled([rows for _, rows in answers], question.policies.version, answers[0][0])


def _answers(document: Mapping[str, Any], place: str, question: Question, processes: int | None) -> list[Answer]:
    """One answer for each part. Where a part is no sound book, the whole is read to say what is wrong, and where."""
    customers = document.get("customers")
    count = processes or processes_for(len(customers) if isinstance(customers, list) else 0)
    parts = parts_of(document, count)
    if len(parts) > 1:
        try:
            return shared(parts, lambda one: question.of(book_from(one[0], place)), len(parts))
        except BookRefused:
            pass
    return [question.of(book_from(document, place))]
