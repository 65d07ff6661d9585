"""Stretches of work without Python's garbage collector, which is for circles: facts and decisions are trees.

Among hundreds of thousands of them its search takes a sixth of the time and finds none; while a program loads, a tenth.
For work of seconds on values alone, and for short commands; several threads may be in such a stretch at once, and the
last one out lets it go on.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for circles within the block."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    global _inside  # noqa: PLW0603 - the collector is one for the whole process, and so is the count
    with _lock:
        _inside += change
        (gc.disable if _inside else gc.enable)()
