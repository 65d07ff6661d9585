"""A plain piece of work of the same kind, to measure the machine by: parse, add up and sort ten thousand records."""

from __future__ import annotations

import json
import time
from decimal import Decimal

_ROWS = json.dumps(
    [{"ref": f"I-{number}", "total": f"{number}.25", "due_on": "2025-03-01"} for number in range(10_000)]
)


def baseline() -> float:
    """Seconds it takes now; the best of three."""
    return min(_once() for _ in range(3))


def _once() -> float:
    started = time.perf_counter()
    rows = json.loads(_ROWS)
    sum((Decimal(row["total"]) for row in rows), Decimal(0))
    sorted(rows, key=lambda row: row["ref"])
    return time.perf_counter() - started
