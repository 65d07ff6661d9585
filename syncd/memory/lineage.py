"""Notices a store that was lost, replaced or set back, before anything is written on what it has forgotten.

A mark beside the database says which store it was and how many requests it had sent. Forgetting what was sent is the
largest danger of all, so a store that knows less than the mark may read, but writes nothing until it is recovered. So
does a file that sent requests and has no mark beside it: it is a copy, put in place of what was lost with its mark. Of
a store that several offices share each has a mark, a new office none, and none tells what others sent since: there the
server's own numbers tell a copy.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syncd.atomic import replace_file
from syncd.errors import ConfigError
from syncd.store.engine import Store
from syncd.store.info import Mark, is_copy, mark_of, recovered_at, set_recovered, take_home

MARK = "store.mark"
# What follows wherever this database does not know what was done before; one sentence, whoever tells it.
UNTIL_RECOVERED = "nothing is written until a person runs: syncd recover"
_ONE_AT_A_TIME = threading.Lock()  # every connection has a lineage of its own, all of them one mark


@dataclass(frozen=True, slots=True)
class Lineage:
    """The store's own mark and the one beside it."""

    store: Store
    path: Path

    def current(self) -> Mark:
        """What the store says of itself."""
        return mark_of(self.store)

    def forgotten(self) -> str | None:
        """What the store has forgotten and what follows; None where it is the one that sent everything."""
        lost = self._lost()
        return lost and f"{lost}; {UNTIL_RECOVERED}"

    def _lost(self) -> str | None:
        beside, held = self._beside(), self.current()
        if beside is not None and held.lineage != beside.lineage:
            return f"the database is not the one that sent {beside.writes} requests from here"
        if beside is not None and held.writes < beside.writes:
            return f"the database was set back: it remembers {held.writes} of {beside.writes} requests sent from here"
        if held.writes and (why := self._seems_copied(beside)) is not None:
            return f"the database knows of {held.writes} requests sent from here, and {why}: it may be a copy"
        return None

    def _seems_copied(self, beside: Mark | None) -> str | None:
        if not self._is_alone:
            return "its server has made it anew since" if is_copy(self.store) else None
        return None if beside else f"there is no {self.path.name} beside it to say whether that is all"

    def begin(self) -> None:
        """Put a mark beside the store before the first request of all, and remember where a shared one stands."""
        if not self.path.exists():
            self.keep()
        if not self._is_alone:
            take_home(self.store)

    def keep(self) -> None:
        """Write the store's mark beside it: a request is about to be sent."""
        with _ONE_AT_A_TIME:
            self._write(self.current())

    def recovered(self, now: datetime) -> None:
        """A person recovered the store: it counts from now on, and looks for its own traces before each write."""
        beside, held = self._beside(), self.current()
        writes = max(held.writes, beside.writes if beside else 0)
        set_recovered(self.store, writes, now)
        if not self._is_alone:
            take_home(self.store)
        self._write(self.current())

    def recovered_at(self) -> datetime | None:
        """Since when this store remembers, if it once lost its memory: what it does not know of before may be done."""
        return recovered_at(self.store)

    @property
    def _is_alone(self) -> bool:
        """Whether this office is the only one to work on the store: of a shared one, each has a mark of its own."""
        return self.store.dialect == "sqlite"

    def _beside(self) -> Mark | None:
        if not self.path.exists():
            return None
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
            return Mark(str(document["lineage"]), int(document["writes"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError([f"{self.path}: cannot be read ({error}); {UNTIL_RECOVERED}"]) from None

    def _write(self, mark: Mark) -> None:
        replace_file(self.path, json.dumps({"lineage": mark.lineage, "writes": mark.writes}) + "\n")
