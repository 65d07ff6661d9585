"""Turning what a settings model refuses into a sentence for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from rules.domain.near_miss import near_miss
from rules.policy.documents import Path


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` where a known word is near, else the list of what is known."""
    choices = sorted(known)
    return near_miss(word, choices) or (f"; known are {', '.join(choices)}" if choices else "")


def refusals(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Path, str]]:
    """Each place of the table that was refused, with what is wrong there."""
    errors = error.errors(include_url=False)
    for one in errors:
        if one["type"] == "too_short" and any(
            other["loc"][: len(one["loc"])] == one["loc"] != other["loc"] for other in errors
        ):
            continue  # a list is short only of the entries refused by themselves
        path = tuple(part for part in one["loc"] if not _is_internal(part))
        if one["type"] == "extra_forbidden":
            yield path, f"unknown key{meant(str(path[-1]), _keys_at(model, path[:-1]))}"
        elif one["type"] == "missing":
            yield path, "is missing"
        else:
            yield path, _sentence(one["type"], one["msg"], one.get("ctx", {}), one["input"])


# What pydantic says in the words of programs, by its name for it.
_IN_WORDS = {
    "int_type": "write a whole number such as 14, without quotes",
    "int_parsing": "write a whole number such as 14, without quotes",
    "int_from_float": "write a whole number such as 14",
    "bool_type": "write true or false, without quotes",
    "bool_parsing": "write true or false, without quotes",
    "string_type": "write it in quotes",
    "greater_than_equal": "write {ge} or more",
    "greater_than": "write more than {gt}",
    "less_than_equal": "write {le} or less",
    "less_than": "write less than {lt}",
    "too_short": "write at least {min_length} of them",
}


def _sentence(kind: str, message: str, more: Mapping[str, Any], given: object) -> str:
    if kind in _IN_WORDS:
        message = _IN_WORDS[kind].format(**more)
    text = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if message.startswith("Value error, "):
        return text
    shown = f'"{given}"' if isinstance(given, str) else str(given).lower() if isinstance(given, bool) else given
    plain = text[:1].lower() + text[1:]
    return f"{plain}, not {shown}" if not isinstance(given, (dict, list)) else plain


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
