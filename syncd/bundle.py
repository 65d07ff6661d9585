"""What somebody who helps needs to know, in one file: configuration, versions, standing, the journal's last lines.

Without secrets and without anybody's name: addresses, people, amounts and texts stay here. Ids and states go.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from syncd.checkup import Finding
from syncd.config import Config
from syncd.office import Office
from syncd.standing import View, view
from syncd.store import engine, journal
from syncd.store.journal import Entry
from syncd.toml_file import read_toml

_LAST_LINES = 200
_CUT = "(cut)"
_LIBRARIES = ("alembic", "pydantic", "python-quickbooks", "requests", "sqlalchemy", "xero-python", "psycopg")

# What may be told of a setting's value; of every other only that it is there.
_TELLABLE = frozenset(
    {
        *("kind", "environment", "timezone", "mode", "security", "port", "listen", "poll_interval", "policy", "app"),
        *("finance_charge_status", "day_limit", "max_actions_per_cycle", "max_charges_per_cycle", "max_vanished_share"),
        *("max_pull_age", "first_plan", "max_actions_of_new_rules"),
    }
)
_TELLABLE_DETAIL = frozenset(("verb", "try", "remote_id", "trace", "plan", "hold", "done"))
_ADDRESS = re.compile(r"[^\s<>,;:\"']+@[^\s<>,;:\"']+")


def bundle(config: Config, office: Office | None, findings: list[Finding]) -> dict[str, Any]:
    """The document. Without an office (the configuration is right, the store is not) it says less."""
    return {
        "versions": _versions(),
        "configuration": _told(read_toml(config.path)),
        "findings": [{"subject": one.subject, "ok": one.is_well, "finding": _anonymous(one.words)} for one in findings],
        "rules": office.policies.version if office else None,
        "connections": [_standing(view(ledger, config)) for ledger in office.ledgers] if office else [],
        "journal": [_line(entry) for entry in journal.read(office.store, limit=_LAST_LINES)] if office else [],
    }


def _versions() -> dict[str, str]:
    return {
        "syncd": _version("syncd"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "store": engine.HEAD,
        **{name: _version(name) for name in _LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _told(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table with every value cut that may say who or what."""
    return {
        key: _told(value) if isinstance(value, Mapping) else value if key in _TELLABLE else _CUT
        for key, value in table.items()
    }


def _standing(one: View) -> dict[str, Any]:
    return {
        "connection": one.name,
        "pulled_at": one.pulled_at.isoformat() if one.pulled_at else None,
        "parked": _anonymous(one.parked_why) if one.parked_why else None,
        "brake": _anonymous(one.brake_why) if one.brake_why else None,
        "consent": one.consent.given,
        "actions": dict(sorted(one.actions.items())),
        "quarantined": one.quarantined,
        "day_left": one.day_left,
        "clock_ahead_s": one.clock_ahead_s,
    }


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "connection": entry.connection,
        "event": entry.event,
        "key": entry.key,
        "by": "syncd" if entry.who == "syncd" else "a person",
        "detail": dict(_tellable(entry.detail)),
    }


def _tellable(detail: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in sorted(detail.items()):
        if name in _TELLABLE_DETAIL and "@" not in str(value):  # a message's id bears our own mail domain
            yield name, value


def _anonymous(text: str) -> str:
    return _ADDRESS.sub(_CUT, text)
