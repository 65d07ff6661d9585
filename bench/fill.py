"""Fills a store with open invoices, decides on them once, and counts what a pass asks after that, with nothing changed.

Run as ``python -m bench.fill FOLDER CUSTOMERS EACH``: prints one JSON object.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from bench.passes import START, a_pass, measured, opened
from bench.ready_books import ReadyBooks
from connectors.simulator.clock import SimulatedClock
from syncd.logs import configure


def main() -> None:
    """The first pass, one that settles what it brought, and an idle one."""
    configure("text", level=logging.ERROR)
    folder, customers, each = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with opened(folder, ReadyBooks(customers, each, START.date()), SimulatedClock(START)) as (office, ledger):
        a_pass(office, ledger)
        a_pass(office, ledger)
        print(json.dumps(measured(ledger, lambda: a_pass(office, ledger))))


if __name__ == "__main__":
    main()
