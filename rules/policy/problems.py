"""Turning what a settings model refuses into a sentence for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from rules.domain.near_miss import near_miss
from rules.domain.refused import in_words
from rules.policy.documents import Path

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` where a known word is near, else the list of what is known."""
    choices = sorted(known)
    return near_miss(word, choices) or (f"; known are {', '.join(choices)}" if choices else "")


def refusals(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Path, str]]:
    """Each place of the table that was refused, with what is wrong there."""
    errors = error.errors(include_url=False)
    for one in errors:
        if _is_told_otherwise(one, errors):
            continue
        path = _path(one)
        if one["type"] == "extra_forbidden":
            yield path, f"unknown key{meant(str(path[-1]), _keys_at(model, path[:-1]))}"
        elif one["type"] == "missing":
            yield path, "is missing"
        else:
            yield path, in_words(one["type"], one["msg"], one.get("ctx", {}), one["input"])


def _path(one: ErrorDetails) -> Path:
    return tuple(part for part in one["loc"] if not _is_internal(part))


def _is_told_otherwise(one: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether others say it better: a list short only of refused entries; a key that takes a word or a list."""
    place = _path(one)
    rest = [other for other in errors if other is not one and _path(other)[: len(place)] == place]
    if one["type"] == "too_short":
        return any(_path(other) != place for other in rest)
    if one["type"] == "literal_error":
        return bool(rest) and not isinstance(one["input"], str)
    return one["type"] == "tuple_type" and isinstance(one["input"], str) and bool(rest)


def _is_internal(part: str | int) -> bool:
    """Union branches and validators leave names in a location that no file has."""
    return isinstance(part, str) and any(mark in part for mark in "([")


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys of the table at `path` below `model`."""
    models = [model]
    for part in path:
        if isinstance(part, str):
            models = [found for one in models for found in _models_in(one, part)]
    return sorted({field.alias or name for one in models for name, field in one.model_fields.items()})


def _models_in(model: type[BaseModel], name: str) -> list[type[BaseModel]]:
    fields = [field for own, field in model.model_fields.items() if name in (own, field.alias)]
    return [found for field in fields for found in _walk(field.annotation)]


def _walk(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _walk(part)
