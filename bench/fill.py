"""Fills a store with open invoices: ``python -m bench.fill FOLDER CUSTOMERS EACH``."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from bench.passes import START, opened
from bench.ready_books import ReadyBooks
from connectors.simulator.clock import SimulatedClock
from syncd.cycle import pull_changes
from syncd.logs import configure


def main() -> None:
    """Pull everything once."""
    configure("text", level=logging.ERROR)
    folder, customers, each = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with opened(folder, ReadyBooks(customers, each, START.date()), SimulatedClock(START)) as (office, ledger):
        done = pull_changes(ledger, office.config.limits)
        ledger.connections.evaluated(ledger.today(), office.policies.version)  # as a store in use was
    print(json.dumps({"records": done.records}))


if __name__ == "__main__":
    main()
