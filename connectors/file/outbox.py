"""What we want done to the books, one JSON line each, for the program or person who keeps them.

A line is on disk before its receipt is given, and there is one line for a key however often it is written. Lines are
never changed. Whoever carries them out may set the file aside as ``outbox-….jsonl`` in the same folder; those are read
as well, so that nothing is asked for twice.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from io import FileIO
from pathlib import Path
from typing import Any

from connectors import Receipt, Ref
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from connectors.file.disk import sync_folder
from connectors.markers import document_number, marker, origin_of_key
from rules.domain.actions import CreateCreditNote, CreateInvoice, Operation
from rules.domain.money import Money

FILE = "outbox.jsonl"


class Outbox:
    """The outbox of one folder."""

    def __init__(self, folder: Path, account: str) -> None:
        self._folder = folder
        self._account = account

    def write(self, operation: Operation, key: str, now: datetime) -> Receipt:
        """Ask for the operation, once.

        Raises:
            Unavailable: the file cannot be opened; nothing was written.
            Rejected: the key stands there with another operation.
            OutcomeUnknown: writing began and failed.
        """
        with self._opened() as file:
            line = self._line(operation, key, now)
            before = self.find(key)
            if before is None:
                _append(file, line, self._folder)
            elif before["operation"] != line["operation"]:
                raise Rejected("key_used", f"{FILE} already has {key} with another content")
            return _receipt(before or line)

    def receipt(self, key: str) -> Receipt | None:
        """The receipt of an earlier write of `key`; None where there was none.

        Raises:
            Unavailable: the folder cannot be read.
        """
        line = self.find(key)
        return _receipt(line) if line is not None else None

    def find(self, key: str) -> dict[str, Any] | None:
        """The line of `key`, in this file or one set aside. Raises Unavailable."""
        return next((line for line in self._lines() if line.get("key") == key), None)

    def mentions(self, ref: Ref) -> bool:
        """Whether any line is about the invoice or customer itself. Raises Unavailable."""
        asked = (line["operation"] for line in self._lines() if isinstance(line.get("operation"), dict))
        if ref.kind == "invoice":
            return any(ref.id in (about.get("invoice"), about.get("ref")) for about in asked)
        flags = (about for about in asked if about.get("verb") == "set_stop_sell" or about.get("target") == "customer")
        return any(about.get("customer") == ref.id for about in flags)

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The lines of this file and of those set aside. A last line that was cut off counts as not written."""
        try:
            for file in sorted(self._folder.glob("outbox*.jsonl")):
                yield from map(_parsed, file.read_bytes().split(b"\n")[:-1])
        except OSError as error:
            raise Unavailable(f"{FILE} cannot be read: {error.strerror}") from error

    @contextmanager
    def _opened(self) -> Iterator[FileIO]:
        """The file, locked against another of us. Unbuffered: closing it must have nothing left to write."""
        try:
            file = FileIO(self._folder / FILE, "a+")
        except OSError as error:
            raise Unavailable(f"{FILE} cannot be opened: {error.strerror}") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _line(self, operation: Operation, key: str, now: datetime) -> dict[str, Any]:
        return {
            "key": key,
            "verb": operation.verb,
            "marker": marker(key),
            "origin": origin_of_key(key),
            "number": self._number(operation, key),
            "operation": _plain(operation),
            "written_at": now.isoformat(),
        }

    def _number(self, operation: Operation, key: str) -> str | None:
        """The number a document we ask for should bear."""
        match operation:
            case CreateInvoice():
                return document_number("FC", key, self._account)
            case CreateCreditNote():
                return document_number("CN", key, self._account)
            case _:
                return None


def _append(file: FileIO, line: dict[str, Any], folder: Path) -> None:
    """Put the line at the end, after what a crash may have left of another, and see it on disk."""
    text = json.dumps(line, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    try:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        while text:
            text = text[file.write(text) :]
        os.fsync(file.fileno())
        sync_folder(folder)
    except OSError as error:
        raise OutcomeUnknown(f"{FILE} could not be written to the end: {error.strerror}") from error


def _parsed(line: bytes) -> dict[str, Any]:
    """A line as it was written; nothing of one that is no JSON object (somebody edited it)."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _receipt(line: dict[str, Any]) -> Receipt:
    return Receipt(remote_id=line["number"] or line["key"], trace=FILE)


def _plain(value: object) -> Any:
    """A value of the domain as JSON has it: money and numbers as strings, days as ISO."""
    match value:
        case Money() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case tuple() | list():
            return [_plain(part) for part in value]
        case _ if is_dataclass(value):
            return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
        case _:
            return value
