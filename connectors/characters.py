"""Characters that no database and no line of text can hold: the empty one, and halves that a cut text leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
_SPELLED = re.compile(r"\\u0000|\\U00000000|\\ud[89a-f]", re.IGNORECASE)


def holdable(text: str) -> str:
    """`text` with a replacement mark for each such character: programs that cut a name in half do send them."""
    return text if text.isascii() and "\0" not in text else _UNHOLDABLE.sub("\ufffd", text)


def places_of_unholdable(written: str, document: object) -> Iterator[str]:
    """Where in a document such characters stand; `written` is its text, which tells at once where there are none."""
    if _SPELLED.search(written):
        yield from _places(document, "")


def _places(node: Any, place: str) -> Iterator[str]:
    if isinstance(node, str):
        if _UNHOLDABLE.search(node):
            yield place
    elif isinstance(node, Mapping):
        for key, below in node.items():
            yield from _places(below, f"{place}.{holdable(str(key))}" if place else holdable(str(key)))
            yield from _places(str(key), place or "the whole")
    elif isinstance(node, list):
        for number, below in enumerate(node):
            yield from _places(below, f"{place}[{number}]")
