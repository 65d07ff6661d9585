"""The facts of a book while it is being read, each with its place, and what is known of records that were refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Placed:
    """A fact and where it stands in the file: the how-many-th of which list."""

    name: str
    position: int
    fact: Any

    @property
    def place(self) -> str:
        """``invoices[7] (I-8)``."""
        return f"{self.name}{label(self.position, getattr(self.fact, 'ref', None))}"


def label(position: int, ref: object) -> str:
    """How an item of a list is told from the others."""
    return f"[{position}] ({ref})" if isinstance(ref, str) else f"[{position}]"


@dataclass(slots=True)
class Gathered:
    """The facts read so far, and what is known of those that could not be read."""

    placed: dict[str, list[Placed]] = field(default_factory=dict)
    refs: dict[str, set[str]] = field(default_factory=dict)
    unstated: set[str] = field(default_factory=set)  # invoices without a balance of their own
    doubtful: set[str] = field(default_factory=set)  # invoices that an unread payment or credit note names

    def add(self, name: str, placed: Placed, *, stated: bool) -> None:
        """Take a fact of the list `name`; `stated` says whether its balance was written down."""
        self.placed.setdefault(name, []).append(placed)
        if name == "invoices" and not stated:
            self.unstated.add(placed.fact.ref)

    def note_unread(self, name: str, item: object) -> None:
        """Keep what can be told of a record that was refused: its ref, and the invoices it is applied to."""
        if not isinstance(item, Mapping):
            return
        if isinstance(item.get("ref"), str):
            self.refs.setdefault(name, set()).add(item["ref"])
        applied = item.get("applied")
        for part in applied if isinstance(applied, list | tuple) else ():
            if isinstance(part, Mapping) and isinstance(part.get("invoice"), str):
                self.doubtful.add(part["invoice"])

    def facts(self, name: str) -> tuple[Any, ...]:
        """The facts of one list, in the file's order."""
        return tuple([placed.fact for placed in self.placed.get(name, ())])

    def all(self) -> Iterator[Placed]:
        """Every fact, list by list."""
        for records in self.placed.values():
            yield from records

    def known(self, name: str) -> set[str]:
        """Every ref of a list, unread records included."""
        return self.refs.get(name, set()) | {fact.ref for fact in self.facts(name)}
