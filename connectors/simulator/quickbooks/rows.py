"""One record of the books and the table that keeps its kind, in order of id and in order of last change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from connectors.simulator import OpenItem
from connectors.simulator.quickbooks.wire import Body

Actor = Literal["api", "person"]


@dataclass(slots=True, eq=False)
class Row:
    """A record. `body` holds what clients decide and is replaced, never changed; the rest is the books' own.

    Amounts are integer cents. `sign` says how what is open of it moves its customer's balance: +1 owed to us, -1 owed
    by us, 0 not at all. `applied` is what was settled, or of a payment used; `linked` by which payment and how much.
    """

    entity: str
    id: str
    body: Body
    made_at: datetime
    changed_at: datetime
    made_by: Actor = "person"
    customer: str = ""
    sync: int = 0
    total: int = 0
    tax: int = 0
    applied: int = 0
    deposit: int = 0
    sign: int = 0
    linked: dict[str, int] = field(default_factory=dict)
    balance: int = 0  # a customer's own
    balance_with_jobs: int = 0
    mailed_at: datetime | None = None
    deleted: bool = False
    text: str | None = None  # as last rendered
    item: OpenItem | None = None  # as last shown to a bystander
    oddity: Body | None = None  # what a test wants to be wrong in the reply: a value, or None to leave the key out
    poisoned: bool = False

    @property
    def number(self) -> int:
        """The id as a number, by which ids sort."""
        return int(self.id)

    @property
    def open(self) -> int:
        """What is not settled or not used yet, in cents."""
        return self.total - self.deposit - self.applied

    def forget_views(self) -> None:
        """What was made of the record to be shown is out of date."""
        self.text = None
        self.item = None

    @property
    def active(self) -> bool:
        """False for a list entry somebody made inactive."""
        return bool(self.body.get("Active", True))

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.body.get("DisplayName") or self.body.get("Name") or "")


class Table:
    """All records of one entity. Iterates in order of id, which is the order they were made in."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._recent: OrderedDict[str, Row] = OrderedDict()

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, row_id: str) -> Row | None:
        """The record, None where it is deleted or never was."""
        return self._rows.get(row_id)

    def put(self, row: Row) -> None:
        """A new record."""
        self._rows[row.id] = row
        self._recent[row.id] = row

    def moved(self, row: Row) -> None:
        """The record changed just now."""
        self._recent.move_to_end(row.id)

    def drop(self, row: Row) -> None:
        """Forget the record but for its tombstone."""
        del self._rows[row.id]
        row.deleted = True
        self._recent.move_to_end(row.id)

    def forget(self, row_id: str) -> None:
        """Lose a tombstone, as if change data capture had missed the deletion."""
        del self._recent[row_id]

    def since(self, moment: datetime) -> list[Row]:
        """What changed at or after `moment`, tombstones included, oldest change first."""
        found: list[Row] = []
        for row in reversed(self._recent.values()):
            if row.changed_at < moment:
                break
            found.append(row)
        return found[::-1]
