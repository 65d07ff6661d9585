"""Where templates run: nothing of Python's within reach, and no work or text without end.

A template sees plain values and asks few things of them. A budget of steps ends loops, a longest text ends what grows,
and what would make a giant in a single expression is not there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

_MOST_STEPS = 100_000  # lines of compiled template; ours take a few hundred
_LONGEST_TEXT = 1_000_000
_OF_TEXTS = frozenset(
    ("capitalize", "endswith", "lower", "lstrip", "rstrip", "split", "startswith", "strip", "title", "upper")
)
# A namespace would keep what grows where no look at a frame finds it.
_GIANTS = ("batch", "center", "format", "indent", "lipsum", "namespace", "slice", "urlize", "wordwrap")


class Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox of Jinja, without what makes giants."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name in _GIANTS:
            self.filters.pop(name, None)
            self.globals.pop(name, None)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of texts only what cannot grow; of all else what Jinja's own sandbox lets through."""
        if isinstance(obj, str) and attr not in _OF_TEXTS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Numbers may be multiplied, texts and lists may not; nothing is raised to a power."""
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f'"{operator}" works on small numbers only')
        return super().call_binop(context, operator, left, right)


@contextmanager
def bounded() -> Iterator[None]:
    """Ends the templates run inside it when they do not end by themselves.

    Raises:
        SecurityError: too many steps, or a text without end.
    """
    before, left = sys.gettrace(), [_MOST_STEPS]

    def watch(frame: FrameType, _event: str, _of: Any) -> Any:
        if not frame.f_code.co_filename.endswith((".txt", ".html", "<template>")):
            return None
        left[0] -= 1
        if left[0] < 0:
            raise SecurityError("this does not come to an end")
        if any(isinstance(value, str) and len(value) > _LONGEST_TEXT for value in frame.f_locals.values()):
            raise SecurityError("this makes a text without end")
        return watch

    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)


def joined(parts: Iterable[str]) -> str:
    """What a template gives out, as one text.

    Raises:
        SecurityError: it does not end, or is too long to be a letter.
    """
    found, length = [], 0
    with bounded():
        for part in parts:
            found.append(part)
            length += len(part)
            if length > _LONGEST_TEXT:
                raise SecurityError("this makes a text without end")
    return "".join(found)
