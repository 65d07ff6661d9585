"""Passes over books of a size: what the first costs, an idle one, one with a few changes, and a new day's first.

Run as ``python -m bench.passes FOLDER CUSTOMERS EACH``: prints one JSON object with counts and seconds.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.counting import counted
from bench.profiling import profiled
from bench.ready_books import ReadyBooks
from connectors.simulator.clock import SimulatedClock
from syncd.config import load_config
from syncd.cycle import run_pass
from syncd.ledger import Ledger
from syncd.logs import configure
from syncd.office import Office, open_office
from syncd.pass_report import Ground, PassReport

START = datetime(2025, 3, 3, 14, 0, tzinfo=UTC)
CONFIG = """
state_dir = "state"
mode = "review"
[connections.bench]
kind = "file"
path = "books"
timezone = "America/New_York"
"""
RULES = '[select]\ndefault = "standard"\n[policies.standard]\nextends = "standard"\n'


@contextmanager
def opened(folder: Path, books: ReadyBooks, clock: SimulatedClock) -> Iterator[tuple[Office, Ledger]]:
    """An office over ready books, in review mode."""
    (folder / "rules.d").mkdir(parents=True, exist_ok=True)
    (folder / "rules.d" / "10.toml").write_text(RULES)
    (folder / "config.toml").write_text(CONFIG)
    with open_office(load_config(folder / "config.toml"), clock, exclusive=True) as office:
        ledger = office.ledger("bench")
        ledger.connector = books
        yield office, ledger


def a_pass(office: Office, ledger: Ledger) -> PassReport:
    """One pass."""
    return run_pass(ledger, Ground(office.policies, office.config.limits, "review"))


def measured(ledger: Ledger, work: Callable[[], PassReport]) -> dict[str, Any]:
    """Seconds and counts of one pass."""
    before = time.perf_counter(), time.process_time()
    with counted(ledger.store) as counts:
        report = work()
    wall, cpu = time.perf_counter() - before[0], time.process_time() - before[1]
    return {"accounts": report.accounts, **counts.of(), "wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}


def all_passes(folder: Path, customers: int, each: int) -> dict[str, Any]:
    """Every kind of pass over books of one size."""
    clock = SimulatedClock(START)
    books = ReadyBooks(customers, each, START.date())
    found: dict[str, Any] = {}
    with opened(folder, books, clock) as (office, ledger):
        found["first"] = measured(ledger, lambda: a_pass(office, ledger))
        a_pass(office, ledger)
        found["idle"] = measured(ledger, lambda: a_pass(office, ledger))
        for number in (1, 10, 100):
            books.touch(number)
            found[f"{number} changed"] = measured(ledger, lambda: a_pass(office, ledger))
        clock.advance(timedelta(days=1))
        found["new day"] = measured(ledger, lambda: a_pass(office, ledger))
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def main() -> None:
    """Measure, and print one JSON object."""
    configure("text", level=logging.ERROR)
    folder, customers, each = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with profiled():
        found = all_passes(folder, customers, each)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
