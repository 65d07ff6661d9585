"""What a model of settings refuses, in words for whoever wrote the file. Knows kinds of mistakes, not files or keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rules.domain.near_miss import near_miss

_TABLE = "write a table, such as {{ key = value }}"
_LIST = "write a list in [ ]"
# What pydantic says in the words of programs, by its name for it.
_IN_WORDS = {
    "int_type": "write a whole number such as 14, without quotes",
    "int_parsing": "write a whole number such as 14, without quotes",
    "int_from_float": "write a whole number such as 14",
    "bool_type": "write true or false, without quotes",
    "bool_parsing": "write true or false, without quotes",
    "string_type": "write it in quotes",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "greater_than_equal": "write {ge} or more",
    "greater_than": "write more than {gt}",
    "less_than_equal": "write {le} or less",
    "less_than": "write less than {lt}",
}


def in_words(kind: str, message: str, more: Mapping[str, object], given: object) -> str:
    """The mistake and how to mend it. `kind`, `message` and `more` are pydantic's, `given` is what was written."""
    if kind == "literal_error":
        return _not_among(str(more.get("expected", "")), given)
    if kind == "string_too_short":
        return "is empty; write something in the quotes"
    if kind == "too_short":
        return "the list is empty; write at least one entry"
    if kind in ("value_error", "assertion_error"):
        return str(more.get("error", message))
    plain = _IN_WORDS[kind].format(**more) if kind in _IN_WORDS else f"{message[:1].lower()}{message[1:]}"
    return plain if isinstance(given, dict | list) else f"{plain}, not {_shown(given)}"


def _not_among(expected: str, given: object) -> str:
    """`expected` is pydantic's list of the words, each in single quotes."""
    words = re.findall(r"'([^']*)'", expected)
    if isinstance(given, str):
        return f'"{given}" is not one of {", ".join(words)}{near_miss(given, words)}'
    return f"write one of {', '.join(words)}, in quotes"


def _shown(given: object) -> str:
    if isinstance(given, str):
        return f'"{given}"'
    return str(given).lower() if isinstance(given, bool) else str(given)
