"""Loads of history from a provider that enforces its real limits: how near the time comes to what the limit allows.

The clock is simulated: sleeping and the provider's windows pass on it, our own work takes none of it. What that takes
is measured where the provider answers at once. Run as ``python -m bench.pace FOLDER KIND``: prints one JSON object.
"""

from __future__ import annotations

import json
import logging
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.companies import RULES, connect, fill, table_of, write
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from syncd.backfill.load import Ask, opened_load
from syncd.config import load_config
from syncd.logs import configure
from syncd.office import open_office

START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
CALLS = 520
A_MINUTE = {"quickbooks": 500, "xero": 60}


def main() -> None:
    """Load until enough calls were made, and print how long that took beside what the limit alone asks for."""
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    configure("text", level=logging.ERROR)
    folder.mkdir(parents=True)
    print(json.dumps(paced(folder, kind)))


def paced(folder: Path, kind: str) -> dict[str, Any]:
    """The same loads again and again. `of_the_limit` is the time taken over the time the provider's limit asks for."""
    clock = SimulatedClock(START)
    company: Any = QuickBooksCompany(clock, rate_limited=True) if kind == "quickbooks" else XeroCompany(clock)
    fill(company, clock)
    with ExitStack() as doors:
        server = doors.enter_context(Server(company.application))
        write(folder, 'state_dir = "state"\n' + table_of("bench", company, server.url), RULES)
        (folder / "bench.tokens.json").write_text(json.dumps(company.issue_tokens()))
        office = doors.enter_context(open_office(load_config(folder / "config.toml"), clock, exclusive=False))
        connect(office, folder)
        ledger = office.ledger("bench")
        begun, calls = clock.monotonic(), 0
        while calls < CALLS:
            with opened_load(ledger, Ask(None, None, ledger.today(), again=True)) as load:
                calls += load.run().calls
        simulated_s = clock.monotonic() - begun
    allowed_s = calls * 60 / A_MINUTE[kind]
    return {"calls": calls, "simulated_s": round(simulated_s), "of_the_limit": round(simulated_s / allowed_s, 3)}


if __name__ == "__main__":
    main()
