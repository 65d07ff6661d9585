"""What it costs that every step is on the disk before the next: one pass that sends, with full sync and without.

Run as ``python -m bench.durability FOLDER CUSTOMERS``: prints one JSON object. Without is for measuring only: no
setting of syncd's turns it off.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench.passes import CONFIG, START
from bench.ready_books import ReadyBooks
from connectors import Receipt, Record, Ref
from connectors.simulator.clock import SimulatedClock
from rules.domain.actions import Operation
from syncd.config import load_config
from syncd.cycle import run_pass
from syncd.logs import configure
from syncd.office import open_office
from syncd.pass_report import Ground
from syncd.store.engine import Store

_RULES = """
[select]
default = "standard"
[policies.standard.finance_charges]
kind = "interest"
annual_pct = "18"
requires_terms = false
cap = "none"
"""
_LIMITS = '[limits]\nmax_actions_per_cycle = 100000\nmax_charges_per_cycle = "1000000.00"\nfirst_plan = "go"\n'


@dataclass
class TakingBooks(ReadyBooks):
    """Books that take every charge, and answer at once."""

    made: int = 0

    def fetch(self, ref: Ref) -> Record | None:
        """The invoice as it was."""
        return Record(ref, self.invoice(int(ref.id[1:])))

    def write(self, operation: Operation, key: str) -> Receipt:
        """Taken."""
        del operation, key
        self.made += 1
        return Receipt(f"R{self.made}")


def main() -> None:
    """Both passes, and what a charge costs more."""
    configure("text", level=logging.ERROR)
    folder, customers = Path(sys.argv[1]), int(sys.argv[2])
    full_s, sent, commits = _sending_pass(folder / "full", customers, synced=True)
    none_s, _, _ = _sending_pass(folder / "none", customers, synced=False)
    found = {
        "wall_s": full_s,
        "sent": sent,
        "commits": commits,
        "without_sync_s": none_s,
        "times": round(full_s / none_s, 2),
        "ms_a_write": round((full_s - none_s) / sent * 1000, 3),
    }
    print(json.dumps(found))


def _sending_pass(folder: Path, customers: int, *, synced: bool) -> tuple[float, int, int]:
    """Seconds of one pass over new books, how many requests it made, and how many commits that took."""
    (folder / "rules.d").mkdir(parents=True)
    (folder / "rules.d" / "10.toml").write_text(_RULES)
    (folder / "config.toml").write_text(CONFIG.replace('mode = "review"\n', f'mode = "auto"\n{_LIMITS}'))
    clock = SimulatedClock(START)
    with open_office(load_config(folder / "config.toml"), clock, exclusive=True) as office:
        ledger = office.ledger("bench")
        books = TakingBooks(customers, 1, START.date())
        ledger.connector = books
        commits = _watch(office.store, synced=synced)
        started = time.perf_counter()
        run_pass(ledger, Ground(office.policies, office.config.limits, "auto"))
        return round(time.perf_counter() - started, 3), books.made, len(commits)


def _watch(store: Store, *, synced: bool) -> list[int]:
    """Count what is committed from now on; not synced, leave it to the operating system when that is on the disk."""
    commits: list[int] = []
    writer = store._writer  # noqa: SLF001 - what is measured is inside
    event.listen(writer, "commit", lambda _tx: commits.append(1))

    def loosen(raw: Any, *_: object) -> None:
        raw.execute("PRAGMA synchronous=OFF")

    if not synced:
        event.listen(writer, "checkout", loosen)
    return commits


if __name__ == "__main__":
    main()
