"""A line for each message about to be handed over, beside the database: mail leaves no other proof of itself.

Keys only, with the connection they are of: two companies may have an invoice of the same id. No address and no text.
A line is on disk before the message leaves, so a message without one was not sent.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from connectors import Receipt
from connectors.errors import Unavailable
from rules.domain.actions import Operation
from syncd.atomic import room_for
from syncd.clock import Clock
from syncd.errors import DiskFull
from syncd.outbox import Writer


@dataclass(frozen=True, slots=True)
class MailLog:
    """The log at `path`, for the messages of one connection."""

    path: Path
    connection: str

    def add(self, key: str, at: str) -> None:
        """A message under `key` is about to leave. Raises DiskFull."""
        with room_for(self.path):
            self._append(key, at)

    def _append(self, key: str, at: str) -> None:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            line = json.dumps({"connection": self.connection, "key": key, "at": at})
            os.write(handle, f"{_end_of_half_a_line(handle)}{line}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def has(self, key: str) -> bool:
        """Whether a message under `key` may have left. A half-written last line counts for nothing: it never left."""
        if not self.path.exists():
            return False
        with self.path.open(encoding="utf-8") as lines:
            return any(self._is_of(line, key) for line in lines)

    def _is_of(self, line: str, key: str) -> bool:
        try:
            entry = json.loads(line)
            return bool(entry["key"] == key and entry.get("connection", self.connection) == self.connection)
        except (ValueError, KeyError, TypeError, AttributeError):
            return False


@dataclass(frozen=True, slots=True)
class LoggedMailer:
    """Our mailer, with a line in the log before each message."""

    mailer: Writer
    log: MailLog
    clock: Clock

    def write(self, operation: Operation, key: str) -> Receipt:
        """Log, then hand over.

        Raises:
            Unavailable: there is no room for the line, so the message does not leave; and what the mailer raises.
        """
        try:
            self.log.add(key, self.clock.now().isoformat())
        except DiskFull as error:
            raise Unavailable(str(error)) from error
        return self.mailer.write(operation, key)


def _end_of_half_a_line(handle: int) -> str:
    """A line break where a crash left half a line, so that the next one stands by itself."""
    size = os.fstat(handle).st_size
    return "\n" if size and os.pread(handle, 1, size - 1) != b"\n" else ""
