"""Reading rules files into one tree that remembers which file each value came from. No meaning yet.

A binary fraction in a file is a problem, shown with the spelling that is right; so is a key set in two files.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_UNCLOSED = r"Illegal character '\n'"  # how the parser says that a line ended within a text
_EMPTY = re.compile(r"\\u0000|\\U00000000")


class FloatText(str):
    """A number with a fraction as it stood in the file: kept as text, so that nothing of it is lost."""

    __slots__ = ()


@dataclass(slots=True)
class Tree:
    """All rules files merged. `files` says where each table and value was written; `problems` what is wrong so far."""

    data: dict[str, Any] = field(default_factory=dict)
    files: dict[Path, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    floats: set[Path] = field(default_factory=set)

    def file_of(self, path: Path) -> str:
        """The file in which `path`, or the nearest table above it, stands."""
        while path and path not in self.files:
            path = path[:-1]
        return self.files.get(path, "rules")


def parse(text: str) -> dict[str, Any]:
    """Read TOML, keeping fractions as text.

    Raises:
        tomllib.TOMLDecodeError: the text is no TOML.
    """
    if (empty := _EMPTY.search(text)) is not None:
        line = text.count("\n", 0, empty.start()) + 1
        raise tomllib.TOMLDecodeError(f"an empty character ({empty[0]}) stands in it (at line {line})")
    try:
        return tomllib.loads(text, parse_float=FloatText)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("it is nested too deep") from error
    except ValueError as error:  # also a whole number of thousands of digits
        raise tomllib.TOMLDecodeError(str(error).replace(_UNCLOSED, "no quote closes the text of this line")) from error


def merge_documents(documents: Iterable[tuple[str, Mapping[str, Any]]]) -> Tree:
    """One tree of several documents, in order."""
    tree = Tree()
    for file, document in documents:
        _merge(tree, (), tree.data, document, file)
    return tree


def _merge(tree: Tree, path: Path, into: dict[str, Any], table: Mapping[str, Any], file: str) -> None:
    for key, value in table.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            standing = into.setdefault(key, {})
            if isinstance(standing, dict):
                tree.files.setdefault(here, file)
                _merge(tree, here, standing, value, file)
                continue
        if key in into:
            tree.problems.append(place(file, here, f"already set in {tree.file_of(here)}; set it once"))
            continue
        tree.files[here] = file
        into[key] = _plain(tree, here, value, file)


def _plain(tree: Tree, path: Path, value: object, file: str) -> object:
    """The value with fractions noted as problems and kept as text."""
    if isinstance(value, (FloatText, float)):
        tree.floats.add(path)
        tree.files[path] = file
        tree.problems.append(place(file, path, f'write {value} as a string, "{value}": a bare fraction is not exact'))
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(tree, (*path, key), item, file) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(tree, (*path, index), item, file) for index, item in enumerate(value)]
    return value


def place(file: str, path: Path, problem: str) -> str:
    """``FILE: [table.path] key: problem``. An entry of a list is counted from one."""
    cut = next((index for index, part in enumerate(path) if isinstance(part, int)), len(path)) - 1
    key = ""
    for part in path[max(cut, 0) :]:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{_quoted(part)}" if key else _quoted(part)
    table = f"[{dotted(path[:cut])}] " if cut > 0 else ""
    return f"{file}: {table}{key}: {problem}"


def dotted(path: Path) -> str:
    """A table's name as TOML writes it."""
    return ".".join(_quoted(str(part)) for part in path)


def _quoted(part: str) -> str:
    return part if part and all(letter.isalnum() or letter in "_-" for letter in part) else f'"{part}"'
