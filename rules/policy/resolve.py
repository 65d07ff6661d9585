"""`extends`: laying one policy over another, key by key, and over the packs that ship.

A table is merged with the table it overrides; any other value, a list included, takes its place. Of two keys that
exclude each other the overriding one stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from rules.policy.documents import Path, Tree, merge_documents, parse, place
from rules.policy.problems import meant

# What an override drops of what it would inherit, unless it states that as well.
_TAKES_THE_PLACE_OF = {
    "annual_pct": ("reference", "margin_pct", "reference_mode", "tiers"),
    "reference": ("annual_pct", "tiers"),
    "tiers": ("annual_pct", "reference", "margin_pct", "reference_mode"),
    "day_of_month": ("every_days",),
    "every_days": ("day_of_month",),
}
OWN_KEYS = ("extends", "without")  # what a policy holds beside its rules' tables
_PACKS = FilePath(__file__).resolve().parent.parent / "packs"


@dataclass(slots=True)
class Resolved:
    """A policy with all it inherits. `places` says, by path below the policy, where each value really stands."""

    tables: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, tuple[Tree, Path]] = field(default_factory=dict)

    def place_of(self, path: Path) -> tuple[Tree, Path]:
        """The tree and the full path in it of `path` below the policy, or of the nearest table above it."""
        at = path
        while at not in self.places and at:
            at = at[:-1]
        tree, found = self.places[at]
        return tree, (*found, *path[len(at) :])


def pack_names() -> tuple[str, ...]:
    """The policies that ship."""
    return tuple(sorted(path.stem for path in _PACKS.glob("*.toml")))


@lru_cache(maxsize=32)
def pack(name: str) -> Tree:
    """A shipped policy's file, read."""
    return merge_documents([(f"pack {name}", parse((_PACKS / f"{name}.toml").read_text("utf-8")))])


def resolve(tree: Tree, name: str) -> Resolved:
    """The policy `name` of the tree, or the pack of that name, with all it extends."""
    return _resolve(tree, name, ())


def _resolve(tree: Tree, name: str, children: tuple[str, ...]) -> Resolved:
    policies = tree.data.get("policies")
    own = policies.get(name) if isinstance(policies, Mapping) else None
    if own is None or (name in children and name in pack_names()):
        tree = pack(name)
        own = tree.data["policies"][name]
    path: Path = ("policies", name)
    if not isinstance(own, Mapping):
        return Resolved(places={(): (tree, path)})
    base = _base(tree, name, own, (*children, name))
    base.places[()] = (tree, path)
    _leave_out(base, tree, path, own.get("without", []))
    _overlay(base, (), base.tables, {key: value for key, value in own.items() if key not in OWN_KEYS}, (tree, path))
    return base


def _leave_out(base: Resolved, tree: Tree, path: Path, without: object) -> None:
    """Turn off inherited rules the policy does not want."""
    for rule in without if isinstance(without, list) else [without]:
        if base.tables.pop(str(rule), None) is None:
            inherited = ", ".join(sorted(base.tables)) or "nothing"
            _complain(tree, (*path, "without"), f'"{rule}" is not inherited; {inherited} is')


def _base(tree: Tree, name: str, own: Mapping[str, Any], children: tuple[str, ...]) -> Resolved:
    parent = own.get("extends")
    if parent is None:
        return Resolved()
    at: Path = ("policies", name, "extends")
    own_names = tree.data["policies"]
    if not isinstance(parent, str):
        _complain(tree, at, 'name one policy or pack, such as extends = "standard"')
    elif parent in children and (parent in children[:-1] or parent not in pack_names()):
        _complain(tree, at, f"goes round in a circle: {' extends '.join((*children, parent))}")
    elif parent not in own_names and parent not in pack_names():
        _complain(tree, at, f'no policy or pack "{parent}"{meant(parent, (*own_names, *pack_names()))}')
    else:
        return _resolve(tree, parent, children)
    return Resolved()


def _overlay(
    base: Resolved, path: Path, into: dict[str, Any], table: Mapping[str, Any], origin: tuple[Tree, Path]
) -> None:
    tree, full = origin
    _make_room(into, table)
    for key, value in table.items():
        here = (*path, key)
        base.places[here] = (tree, (*full, key))
        standing = into.get(key)
        if isinstance(value, Mapping):
            merged = dict(standing) if isinstance(standing, Mapping) else {}
            into[key] = merged
            _overlay(base, here, merged, value, (tree, (*full, key)))
        else:
            into[key] = value


def _make_room(into: dict[str, Any], table: Mapping[str, Any]) -> None:
    """Drop what the overriding table excludes: another kind of rate, and a condition joined the other way."""
    for key in table:
        for dropped in _TAKES_THE_PLACE_OF.get(key, ()):
            into.pop(dropped, None)
    if "all" in table and "all" not in into:
        into.clear()
    elif table and "all" not in table:
        into.pop("all", None)


def _complain(tree: Tree, path: Path, problem: str) -> None:
    line = place(tree.file_of(path), path, problem)
    if line not in tree.problems:
        tree.problems.append(line)
