"""Every problem of a configuration at once, each with its place: what pydantic found, in the words of who wrote it.

A connection whose kind is wrong is read on as the kind that was meant, so that the rest of its table comes out too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rules.domain.near_miss import closest, near_miss
from syncd.config.companies import KIND_TABLES
from syncd.config.tables import TABLES, ConfigTable
from syncd.toml_file import Place, float_problems, keys_of, model_problem, problem_at

_KIND_IS_WRONG = "union_tag"


def problems_of(file: Path, document: Mapping[str, Any], error: ValidationError) -> list[str]:
    """All of them. A number with a point is told as what its key wants, where the key wants no decimal."""
    found = {}
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"])
        found[place] = _problem(file, place, detail, document)
        if detail["type"].startswith(_KIND_IS_WRONG):
            found |= _as_if_meant(file, place, document)
    return list({**dict(float_problems(file, document)), **found}.values())


def _place(loc: Place) -> Place:
    """Where the person wrote it: without the kind that pydantic puts behind a connection's name."""
    return (*loc[:2], *loc[3:]) if loc[0] == "connections" else loc


def _problem(file: Path, place: Place, detail: ErrorDetails, document: Mapping[str, Any]) -> str:
    if detail["type"].startswith(_KIND_IS_WRONG):
        return _kind_problem(file, place, document)
    return model_problem(file, place, detail, _keys_beside(place, document))


def _kind_problem(file: Path, place: Place, document: Mapping[str, Any]) -> str:
    kinds = ", ".join(KIND_TABLES)
    written = document["connections"][place[1]].get("kind")
    if written is None:
        return problem_at(file, (*place, "kind"), f"is missing; write one of {kinds}")
    return problem_at(
        file, (*place, "kind"), f'"{written}" is not one of {kinds}{near_miss(str(written), KIND_TABLES)}'
    )


def _as_if_meant(file: Path, place: Place, document: Mapping[str, Any]) -> dict[Place, str]:
    """What else is wrong with a connection, read as the kind that was meant.

    Where only its keys tell which one that was, what they lack is no problem yet.
    """
    table = document["connections"][place[1]]
    named = closest(str(table.get("kind")), KIND_TABLES)
    kind = named or max(KIND_TABLES, key=lambda each: len(table.keys() & {*keys_of(KIND_TABLES[each])}))
    try:
        KIND_TABLES[kind].model_validate({**table, "kind": kind})
    except ValidationError as error:
        return {
            (*place, *detail["loc"]): model_problem(file, (*place, *detail["loc"]), detail, keys_of(KIND_TABLES[kind]))
            for detail in error.errors(include_url=False)
            if named or detail["type"] != "missing"
        }
    return {}


def _keys_beside(place: Place, document: Mapping[str, Any]) -> list[str]:
    """The keys that could have been meant at `place`; none where a whole table is wrong."""
    if len(place) == 1:
        return keys_of(ConfigTable)
    if place[0] != "connections":
        return keys_of(TABLES[str(place[0])])
    table = document["connections"][place[1]]
    return keys_of(KIND_TABLES[table["kind"]]) if isinstance(table, dict) else []
