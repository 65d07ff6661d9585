"""What a pull must remember between runs, as the opaque cursor: the server's own times, never ours.

One cursor stands for "all of this is stored". A cursor that cannot be read costs a full load and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

_VERSION = 1
# Extra reads beside the one of every poll: five an hour, up to a day's working hours' worth saved up.
_EXTRA_COSTS = timedelta(minutes=12)
_SAVED_UP = 24 * _EXTRA_COSTS


@dataclass(frozen=True, slots=True)
class Scan:
    """A full listing under way: the next page to ask for, and the server's time when the first was read."""

    listing: str
    page: int
    started: datetime


@dataclass(frozen=True, slots=True)
class State:
    """`read` holds, by listing, the server's time at the first page of the last complete reading.

    `recent` are invoices already delivered that the next poll's overlap will bring again; `due` are listings an
    invoice's change hinted at; `paid_until` meters the extra reads.
    """

    currency: str = ""
    locked_through: date | None = None
    read: Mapping[str, datetime] = field(default_factory=dict)
    recent: Mapping[str, str] = field(default_factory=dict)
    due: frozenset[str] = frozenset()
    paid_until: datetime | None = None
    scan: Scan | None = None

    def finished(self, listing: str, at: datetime) -> State:
        """`listing` has been read completely, from `at` on."""
        return replace(self, read={**self.read, listing: at}, due=self.due - {listing}, scan=None)

    def affords(self, now: datetime) -> bool:
        """Whether one more extra read keeps the day within its budget."""
        return max(self.paid_until or now, now) + _EXTRA_COSTS - now <= _SAVED_UP

    def charged(self, now: datetime, reads: int = 1) -> State:
        """`reads` extra reads were made."""
        return replace(self, paid_until=max(self.paid_until or now, now) + reads * _EXTRA_COSTS)


def encoded(state: State) -> str:
    """The state as a cursor; the same state always gives the same text."""
    return json.dumps(
        {
            "v": _VERSION,
            "currency": state.currency,
            "locked_through": _written(state.locked_through),
            "read": {name: _written(at) for name, at in sorted(state.read.items())},
            "recent": dict(sorted(state.recent.items())),
            "due": sorted(state.due),
            "paid_until": _written(state.paid_until),
            "scan": state.scan and [state.scan.listing, state.scan.page, _written(state.scan.started)],
        },
        separators=(",", ":"),
    )


def decoded(cursor: str | None) -> State:
    """The state a cursor stands for; that of a first load for None and for what this version does not understand."""
    try:
        return _state(json.loads(cursor or "null"))
    except (ValueError, TypeError, KeyError):
        return State()


def _state(saved: dict[str, object] | None) -> State:
    if saved is None or saved["v"] != _VERSION:
        return State()
    return State(
        currency=str(saved["currency"]),
        locked_through=date.fromisoformat(str(saved["locked_through"])) if saved["locked_through"] else None,
        read={name: datetime.fromisoformat(at) for name, at in _mapping(saved["read"]).items()},
        recent=_mapping(saved["recent"]),
        due=frozenset(_texts(saved["due"])),
        paid_until=datetime.fromisoformat(str(saved["paid_until"])) if saved["paid_until"] else None,
        scan=_scan(_texts(saved["scan"])) if saved["scan"] else None,
    )


def _scan(saved: list[str]) -> Scan:
    listing, page, started = saved
    return Scan(listing, int(page), datetime.fromisoformat(started))


def _mapping(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return {str(name): str(entry) for name, entry in value.items()}


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return [str(entry) for entry in value]


def _written(moment: date | None) -> str | None:
    return None if moment is None else moment.isoformat()
