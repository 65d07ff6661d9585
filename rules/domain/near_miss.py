"""The word that was meant by one that nobody knows: a key, a command, a currency, a customer's name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near_miss(written: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` where one of `known` is close, else nothing. Of equally close ones the first."""
    found = closest(written, known)
    return f'; did you mean "{found}"?' if found else ""


def closest(written: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was meant, where one is close."""
    return next(iter(get_close_matches(written, list(known), n=1)), None)
