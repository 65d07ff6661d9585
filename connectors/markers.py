"""How our own work is recognised in a provider's books: a marker that carries the key, and numbers made from it.

The same key always gives the same marker, number and request id, so that a lost store can be rebuilt from the books.
"""

from __future__ import annotations

import hashlib
import re

from rules.domain.facts import OURS

_MARKER = re.compile(r"\[syncd:(?P<key>[^\]\s]+)\]")


def marker(key: str) -> str:
    """What is written beside our text: ``[syncd:finance_charges/I-1/2025-03-16]``."""
    return f"[{OURS}{key}]"


def keys_in(text: str | None) -> tuple[str, ...]:
    """Every key of ours that `text` carries, in order."""
    return tuple(match["key"] for match in _MARKER.finditer(text or ""))


def origin_of_key(key: str) -> str:
    """``syncd:<rule>``: the rule a key begins with."""
    return f"{OURS}{key.split('/', 1)[0]}"


def key_of_document(text: str | None, number: str, prefix: str, account: str) -> str | None:
    """The key among those `text` carries that the document's number is made from; None where none is.

    Anybody may type a marker; the number is ours to give, and bears out one key only.
    """
    written = number.strip().upper()
    return next((key for key in keys_in(text) if written == document_number(prefix, key, account)), None)


def digest(key: str, account: str = "", length: int = 32) -> str:
    """A stable name for `key` at `account`, in lower-case hex: request ids and idempotency keys."""
    return hashlib.sha256(f"{account}\n{key}".encode()).hexdigest()[:length]


def document_number(prefix: str, key: str, account: str = "") -> str:
    """A deterministic document number of at most 21 characters: ``FC-5F1D…``."""
    return f"{prefix}-{digest(key, account, 20 - len(prefix)).upper()}"
