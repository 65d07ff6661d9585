"""Our words among other people's: memo lines and the fenced stop-sell block in notes fields. Pure text.

A MEMO is one line that ends with its marker. The HOLD is one bracketed line, at most one a customer. Foreign text is
never cut or moved; only our own lines are shortened to make room, and a marker is never lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.errors import Rejected
from connectors.markers import marker
from rules.domain.actions import SetStopSell

INVOICE_NOTE_LIMIT = 4000
CUSTOMER_NOTE_LIMIT = 2000
_OWN_LINE = re.compile(r"(?P<text>(?!\[AR-HOLD ).*\S) (?P<marker>\[syncd:[^\]\s]+\])")
# Whoever wrote it, with whatever inside: people may place a hold by hand too.
_HOLD = re.compile(r"(?:\r?\n)?\[AR-HOLD\b(?P<head>[^\[\]]*)\](?: \[syncd:[^\]\s]+\])?")
_TYPE = re.compile(r" type=(?P<type>\S*)")
VOIDED = re.compile(r"\AVoided\b[\s:.\-]*")
_CUT = "…"
_NO_BRACKETS = str.maketrans("[]", "()")


@dataclass(frozen=True, slots=True)
class Hold:
    """The stop-sell block. `prior_type` is the customer type it displaced, "" for none; None: it displaced nothing."""

    text: str
    prior_type: str | None = None


def hold_in(note: str) -> Hold | None:
    """The stop-sell block a customer's notes carry."""
    found = _HOLD.search(note)
    if found is None:
        return None
    displaced = _TYPE.search(found["head"].partition(" reason=")[0])
    return Hold(found[0], displaced["type"] if displaced else None)


def without_void(note: str) -> str:
    """`note` without the word that QuickBooks puts before it when it voids a document."""
    return VOIDED.sub("", note)


def without_hold(note: str) -> str:
    """`note` as it was before the block was put in."""
    return _HOLD.sub("", note, count=1)


def with_hold(note: str, operation: SetStopSell, prior_type: str | None, key: str) -> str:
    """`note` with the block, in place of an earlier one.

    Raises:
        Rejected: other people's text leaves no room for it.
    """
    kept = without_hold(note)
    kind = "" if prior_type is None else f" type={prior_type}"
    head = f"[AR-HOLD since={operation.since.isoformat()} state={operation.state}{kind} reason="
    tail = f"] {marker(key)}"
    reason = _one_line(operation.why).translate(_NO_BRACKETS)
    room = CUSTOMER_NOTE_LIMIT - len(kept) - bool(kept) - len(head) - len(tail)
    if room < len(reason):
        kept = _squeezed(kept, len(reason) - room)
        room = CUSTOMER_NOTE_LIMIT - len(kept) - bool(kept) - len(head) - len(tail)
    if room < 0:
        raise _full()
    start = f"{kept}\n" if kept else ""
    return f"{start}{head}{_shortened(reason, room)}{tail}"


def with_memo(note: str, text: str, key: str, limit: int) -> str:
    """`note` with one more line of ours under it.

    Raises:
        Rejected: other people's text leaves no room for it.
    """
    start = f"{note}\n" if note else ""
    room = limit - len(start) - len(marker(key)) - 1
    line = _one_line(text)
    if room < len(line):
        start = f"{_squeezed(note, len(line) - room)}\n" if note else ""
        room = limit - len(start) - len(marker(key)) - 1
    if room < 1:
        raise _full()
    return f"{start}{_shortened(line, room) or _CUT} {marker(key)}"


def created_note(text: str, key: str) -> str:
    """The note of a document we create: the marker leads, which is what tells it from a memo on somebody else's."""
    return f"{marker(key)} {_shortened(_one_line(text), INVOICE_NOTE_LIMIT - len(marker(key)) - 1)}".rstrip()


def _squeezed(note: str, by: int) -> str:
    """`note` up to `by` characters shorter, taken from our own oldest memo lines."""
    lines = note.split("\n")
    for index, line in enumerate(lines):
        own = _OWN_LINE.fullmatch(line)
        if by > 0 and own:
            lines[index] = f"{_shortened(own['text'], max(1, len(own['text']) - by))} {own['marker']}"
            by -= len(line) - len(lines[index])
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(0, room - 1)].rstrip() + _CUT if room > 0 else ""


def _full() -> Rejected:
    return Rejected(
        "", "the notes field is full of other people's text; shorten it in QuickBooks, then run: syncd approve"
    )
