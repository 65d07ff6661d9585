"""Loads the past of the loopback company and says how fast: run as ``python -m bench.load FOLDER URL``, prints JSON."""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.profiling import profiled
from connectors.tokens import Tokens
from syncd.backfill.load import Ask, opened_load
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.logs import configure
from syncd.office import open_office

CONFIG = """
state_dir = "state"
[connections.bench]
kind = "quickbooks"
realm_id = "1"
client_id = "x"
client_secret_file = "secret"
timezone = "UTC"
api_url = "{url}"
auth_url = "{url}"
"""


class QuickClock(SystemClock):
    """The machine's clock, but for sleeping: the provider's own pace is not what is measured."""

    def sleep(self, seconds: float) -> None:
        """Do not."""


def prepare(folder: Path, url: str) -> None:
    """A configuration over the address."""
    (folder / "rules.d").mkdir(parents=True)
    (folder / "rules.d" / "10.toml").write_text('[select]\ndefault = "s"\n[policies.s]\nextends = "standard"\n')
    (folder / "config.toml").write_text(CONFIG.format(url=url))
    (folder / "secret").write_text("x")
    (folder / "secret").chmod(0o600)


def main() -> None:
    """Load, and print one JSON object."""
    folder, url = Path(sys.argv[1]), sys.argv[2]
    configure("text", level=logging.WARNING)
    prepare(folder, url)
    with open_office(load_config(folder / "config.toml"), QuickClock(), exclusive=False) as office:
        ledger = office.ledger("bench")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        ledger.vault.store(Tokens("a", "r", tomorrow, tomorrow, "1"))
        before = time.perf_counter(), time.process_time()
        with opened_load(ledger, Ask(None, None, ledger.today())) as load, profiled():
            done = load.run()
        invoices = sum(month.held.documents for month in done.months if month.name == "invoice")
        wall, cpu = time.perf_counter() - before[0], time.process_time() - before[1]
    print(
        json.dumps(
            {
                "documents": done.documents,
                "invoices": invoices,
                "wall_s": round(wall, 2),
                "cpu_s": round(cpu, 2),
                "invoices_a_second": round(invoices / wall),
                "documents_a_second": round(done.documents / wall),
                "documents_a_cpu_second": round(done.documents / cpu),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "calls": done.calls,
                "disagreements": len(done.disagreements),
            }
        )
    )


if __name__ == "__main__":
    main()
