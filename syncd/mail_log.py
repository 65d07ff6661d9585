"""A line for each message about to be handed over, beside the database: mail leaves no other proof of itself.

Keys only; no address and no text. A line is on disk before the message leaves, so a message without one was not sent.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from connectors import Receipt
from rules.domain.actions import Operation
from syncd.clock import Clock
from syncd.outbox import Writer


@dataclass(frozen=True, slots=True)
class MailLog:
    """The log at `path`."""

    path: Path

    def add(self, key: str, at: str) -> None:
        """A message under `key` is about to leave."""
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, (json.dumps({"key": key, "at": at}) + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def has(self, key: str) -> bool:
        """Whether a message under `key` may have left. A half-written last line counts for nothing: it never left."""
        if not self.path.exists():
            return False
        with self.path.open(encoding="utf-8") as lines:
            return any(_key(line) == key for line in lines)


@dataclass(frozen=True, slots=True)
class LoggedMailer:
    """Our mailer, with a line in the log before each message."""

    mailer: Writer
    log: MailLog
    clock: Clock

    def write(self, operation: Operation, key: str) -> Receipt:
        """Log, then hand over."""
        self.log.add(key, self.clock.now().isoformat())
        return self.mailer.write(operation, key)


def _key(line: str) -> str | None:
    try:
        key = json.loads(line)["key"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(key)
