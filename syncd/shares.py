"""Work on many items shared among forked processes: each takes a run of them and hands its plain rows back.

For a command that lives for one answer. Never for a process with threads: what they hold would stay held in the copy.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
_WORTH_A_PROCESS = 1000  # items


def processes_for(count: int) -> int:
    """How many processes so many items are worth on this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return max(1, min(cores, count // _WORTH_A_PROCESS))


def shared(items: Sequence[T], work: Callable[[Sequence[T]], Any], processes: int) -> list[Any]:
    """What `work` makes of each share, in the items' order. It must be made of dicts, lists, texts and numbers.

    A share whose process fails is worked on here, so that what was wrong is raised here.
    """
    size = -(-len(items) // processes) or 1
    runs = [items[start : start + size] for start in range(0, len(items), size)] or [items]
    others = [_started(run, work) for run in runs[1:]]
    found = [work(runs[0])]
    for run, (child, pipe) in zip(runs[1:], others, strict=True):
        with os.fdopen(pipe, "rb") as end:
            sent = end.read()
        _, status = os.waitpid(child, 0)
        found.append(marshal.loads(sent) if status == 0 else work(run))  # noqa: S302 - our own child wrote it
    return found


def _started(run: Sequence[T], work: Callable[[Sequence[T]], Any]) -> tuple[int, int]:
    """A process that works on one share: its number, and where its rows will come out."""
    out, into = os.pipe()
    child = os.fork()
    if child:
        os.close(into)
        return child, out
    code = 1
    try:
        with os.fdopen(into, "wb") as end:
            end.write(marshal.dumps(work(run)))
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's is to be closed or written twice
