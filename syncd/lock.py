"""One of us at a time: an advisory lock on a file in the state directory; the kernel gives it up when we die."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syncd.atomic import room_for
from syncd.errors import TryAgain


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at `path` now. Another user's, which may not be looked at, counts as held."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def held(path: Path, *, wait: bool = False, owner: str = "another syncd") -> Iterator[None]:
    """Hold the lock at `path` for the length of the block.

    Raises:
        TryAgain: somebody else holds it and `wait` is off; DiskFull: there is no room to say who holds it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(handle, 20).decode(errors="replace").strip()
            raise TryAgain(f"{owner} works on this state already (process {pid or 'unknown'}, lock {path}).") from None
        with room_for(path):
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)
