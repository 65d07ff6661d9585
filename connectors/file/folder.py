"""Which file of a folder is the book: the newest by name order. Reads it whole, and knows it again by its digest.

A name order that follows time is the exporter's to choose: ``book-2025-03-31.json`` stands after
``book-2025-03-30.json``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import BookRefused
from connectors.file.disk import read_bytes
from connectors.file.read import book_in
from rules.domain.facts import Book

BOOKS = (".json", ".toml")
SHEETS = (".csv",)


@dataclass(frozen=True, slots=True)
class Edition:
    """A book file's content at one moment. `digest` changes with its name or any byte of it."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """A name for exactly this content."""
        return hashlib.sha256(self.name.encode() + b"\0" + self.content).hexdigest()

    def book(self) -> Book:
        """What the file says. Raises BookRefused."""
        return book_in(self.content, self.name)


def newest(path: Path) -> Edition:
    """The book file of the folder at `path` that is last by name; its last CSV export where it has no book file.

    `path` may be the file itself. Names that begin with a dot are drafts and left alone.

    Raises:
        BookRefused: there is none, or it cannot be read.
    """
    if path.is_file():
        return Edition(path.name, read_bytes(path))
    try:
        found = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    except OSError as error:
        raise BookRefused((f"{path.name}: cannot be read: {error.strerror or error}",)) from error
    for suffixes in (BOOKS, SHEETS):
        names = sorted(file.name for file in found if file.suffix.lower() in suffixes)
        if names:
            return Edition(names[-1], read_bytes(path / names[-1]))
    raise BookRefused((f"{path.name}: there is no book file (.json, .toml) and no CSV export in this folder",))
