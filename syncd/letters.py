"""Letters a person prints and posts: an approved one is written out as a page, once, under its own name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from connectors import Receipt
from connectors.errors import Rejected
from connectors.markers import digest
from rules.domain.actions import Operation, SendMessage
from syncd.atomic import replace_file

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class LetterTray:
    """A folder that letters are written to."""

    folder: Path
    templates: Path | None

    def write(self, operation: Operation, key: str) -> Receipt:
        """Write the letter; the same letter again overwrites itself."""
        if not isinstance(operation, SendMessage):
            raise Rejected("", f"{operation.verb} is not a letter")
        page: str = import_module("connectors.email.templates").letter(operation, self.templates)
        who = _NOT_IN_NAMES.sub("_", operation.customer)[:_LONGEST_NAME]  # the digest tells apart what is cut
        path = self.folder / f"{operation.as_of}-{who}-{digest(key, length=8)}.html"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, page)
        return Receipt(remote_id=str(path))
