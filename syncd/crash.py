"""Named points at which a test may kill this process for real. Off unless the environment names one.

``SYNCD_CRASH_AT=after_claim/create_invoice:2`` kills the second time that point is passed with that verb.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Literal

Point = Literal[
    "before_intent", "after_intent", "after_claim", "before_result", "after_result", "after_new_key", "after_resealing"
]
VARIABLE = "SYNCD_CRASH_AT"

_passed: Counter[str] = Counter()


def point(name: Point, verb: str = "") -> None:
    """Die here if the environment says so: no handler runs, nothing is flushed."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    place, _, times = wanted.partition(":")
    if place in (name, f"{name}/{verb}"):
        _passed[place] += 1
        if _passed[place] == int(times or 1):
            os.kill(os.getpid(), signal.SIGKILL)
