"""Replacing a file so that a reader sees the old one or the new one, never half of either."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syncd.errors import DiskFull


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Writing to `path`: where there is no room, that is said in a sentence.

    Raises:
        DiskFull: the disk, or what this user may use of it, is used up.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(str(path)) from error
        raise


def replace_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write `text` beside `path`, sync it, and put it in the place of `path` in one step.

    Raises:
        DiskFull: there is no room; `path` is as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    with room_for(path):
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(handle, mode)  # whatever the umask: a file made for others to read must be readable
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
