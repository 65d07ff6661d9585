"""Rows by id, by stamp and by changes since a moment: so that a poll costs what changed, not what there is."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Row(Protocol):
    """What every listed record has."""

    id: str
    updated: int


R = TypeVar("R", bound=Row)


class Table(Generic[R]):
    """One kind of record. `version` moves with every change that a list could show."""

    def __init__(self) -> None:
        self.version = 0
        self.memo: tuple[object, list[R]] | None = None  # the last list made, for its next page
        self._rows: dict[str, R] = {}
        self._journal: list[tuple[int, str]] = []
        self._sorted: list[R] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    def get(self, row_id: str) -> R | None:
        """The row of this id, in any case of its letters."""
        return self._rows.get(row_id) or self._rows.get(row_id.lower())

    def add(self, row: R) -> R:
        """Take in a new row."""
        self._rows[row.id] = row
        self._write_down(row)
        return row

    def touch(self, row: R, stamp: int) -> None:
        """The row changed at `stamp` and says so."""
        row.updated = max(stamp, row.updated)
        self._write_down(row)

    def changed_silently(self) -> None:
        """Some row changed without saying so: lists show it, polls do not."""
        self.version += 1

    def since(self, stamp: int) -> list[R]:
        """Rows whose own stamp is `stamp` or later, oldest change first."""
        tail = self._journal[bisect_left(self._journal, (stamp, "")) :]
        return [self._rows[row_id] for updated, row_id in tail if self._rows[row_id].updated == updated]

    def by_stamp(self) -> list[R]:
        """All rows, in the order lists have by default: last change first made, then id."""
        return self.since(-(2**62))

    def by_id(self) -> list[R]:
        """All rows in the order of their ids."""
        if len(self._sorted) != len(self._rows):
            self._sorted = [self._rows[row_id] for row_id in sorted(self._rows)]
        return self._sorted

    def _write_down(self, row: R) -> None:
        self.version += 1
        entry = (row.updated, row.id)
        if self._journal and self._journal[-1] == entry:
            return
        at = bisect_left(self._journal, entry)
        if at == len(self._journal):
            self._journal.append(entry)
        elif self._journal[at] != entry:
            insort(self._journal, entry)
