"""Hints that a connection should be looked at sooner: a webhook came, a consent was given. One small file each.

A hint says only "look": it carries no data, may come twice or never, and polling stays the truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def give(state_dir: Path, name: str) -> None:
    """Ask whoever makes passes on this state to look at the connection `name` soon."""
    _file(state_dir, name).touch(mode=0o600)


def take(state_dir: Path, names: Iterable[str]) -> list[str]:
    """The connections among `names` for which a hint was given since last taken."""
    given = [name for name in names if _file(state_dir, name).exists()]
    for name in given:
        _file(state_dir, name).unlink(missing_ok=True)
    return given


def _file(state_dir: Path, name: str) -> Path:
    return state_dir / f"hint-{name}"
