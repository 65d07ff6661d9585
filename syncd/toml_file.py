"""Reads a TOML file a person wrote and says everything that is wrong with it at once, each with its place and its fix.

A line is `FILE: [table.path] key: problem`. Floats are refused here, for every file, because money must not pass
through one: the text of the number is kept, so that the message can show the spelling that is right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from rules.domain.near_miss import near_miss
from rules.domain.refused import in_words
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

Place: TypeAlias = tuple[str | int, ...]

_EMPTY = re.compile(r"\\u0000|\\U00000000")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class FloatText(str):
    """A number with a point, as it stood in the file."""

    __slots__ = ()


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables; numbers with a point come as `FloatText`.

    Raises:
        ConfigError: the file is absent, unreadable, not UTF-8 or not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if (empty := _EMPTY.search(text)) is not None:  # no name, address or file can have it
            line = text.count("\n", 0, empty.start()) + 1
            raise ConfigError([f"{path}: an empty character ({empty[0]}) stands in it (at line {line}): take it out"])
        return tomllib.loads(text, parse_float=FloatText)
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file; `syncd init` writes one, --config names another"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8"]) from None
    except RecursionError:
        raise ConfigError([f"{path}: not valid TOML: it is nested too deep"]) from None
    except ValueError as error:  # also a whole number of thousands of digits
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None


def text_of(path: Path) -> str:
    """A file of words that a person keeps.

    Raises:
        ConfigError: it cannot be read, or is no text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None


def problem_at(file: Path, place: Place, problem: str) -> str:
    """One line about one place: `FILE: [table.path] key: problem`."""
    *tables, key = _names(place)
    table = f"[{'.'.join(tables)}] " if tables else ""
    return f"{file}: {table}{key}: {problem}"


def float_problems(file: Path, value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every float below `value`, with its place."""
    if isinstance(value, FloatText):
        yield place, problem_at(file, place, f'write it as a decimal string, "{value}", not as a bare number')
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from float_problems(file, below, (*place, key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from float_problems(file, below, (*place, position))


def model_problem(file: Path, place: Place, error: ErrorDetails, known: Iterable[str]) -> str:
    """What pydantic found at `place`, in words; `known` are the keys that could have been meant."""
    return problem_at(file, place, _in_words(error, str(place[-1]), known))


def keys_of(model: type[BaseModel]) -> list[str]:
    """A table's keys as they are written in the file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _names(place: Place) -> list[str]:
    """The place's keys as TOML writes them; a position in a list joins the key before it."""
    names: list[str] = []
    for part in place:
        if isinstance(part, int) and names:
            names[-1] += f"[{part}]"
        else:
            text = str(part)
            names.append(text if _BARE_KEY.fullmatch(text) else f'"{text}"')
    return names


def _in_words(error: ErrorDetails, key: str, known: Iterable[str]) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"unknown key{near_miss(key, known)}"
    if kind == "missing":
        return "is missing and has no default"
    return in_words(kind, error["msg"], error.get("ctx", {}), error["input"])
