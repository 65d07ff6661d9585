"""Replacing a file so that a reader sees the old one or the new one, never half of either."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def replace_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write `text` beside `path`, sync it, and put it in the place of `path` in one step."""
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
