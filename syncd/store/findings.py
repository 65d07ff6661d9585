"""The last word on what is looked at now and then, one row a connection and kind: plain documents, newest only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, select

from syncd.store import schema
from syncd.store.engine import Store
from syncd.store.sql import upsert

_finding = schema.finding
EVERYWHERE = "*"  # in place of a connection's name: what concerns them all
RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and when (UTC)."""

    at: datetime
    document: Mapping[str, Any]


class Findings:
    """The findings about one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def get(self, kind: str) -> Finding | None:
        """The newest finding of a kind, or None."""
        with self._store.reading() as tx:
            row = tx.execute(select(_finding.c.at, _finding.c.doc).where(self._is(kind))).one_or_none()
        return Finding(datetime.fromisoformat(row.at), json.loads(row.doc)) if row else None

    def put(self, kind: str, document: Mapping[str, Any], at: datetime) -> None:
        """Replace what was found before."""
        doc = json.dumps(document, ensure_ascii=False, sort_keys=True)
        with self._store.writing() as tx:
            upsert(tx, _finding, [{"connection": self._name, "kind": kind, "at": at.isoformat(), "doc": doc}])

    def forget(self, kind: str) -> None:
        """There is nothing to say any more."""
        with self._store.writing() as tx:
            tx.execute(delete(_finding).where(self._is(kind)))

    def _is(self, kind: str) -> Any:
        return and_(_finding.c.connection == self._name, _finding.c.kind == kind)
