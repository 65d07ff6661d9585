"""`make many`: one hundred simulated companies on this machine, passes side by side, one of them dead and one hanging.

Says how long a round takes and that nobody waited for the two. Uses this machine's clock and loopback HTTP throughout.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from bench.companies import connect, laid_out
from connectors.simulator.http import Fault, Server
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.daemon import Daemon
from syncd.logs import configure
from syncd.office import Office, open_office
from syncd.pass_report import PassReport

COMPANIES = 100
ROUNDS = 3
HANGS, DEAD = "c000", "c001"


def main() -> int:
    """Run it. Returns 0 where every healthy company had its passes while one hung and one was dead."""
    configure("text", level=50, stream=sys.stderr)
    with ExitStack() as doors, tempfile.TemporaryDirectory() as folder:
        servers = laid_out(Path(folder), doors, COMPANIES)
        with open_office(load_config(Path(folder) / "config.toml"), SystemClock(), exclusive=True) as office:
            connect(office, Path(folder))
            return _watch(office, {name: server for name, (server, _) in servers.items()})


def _watch(office: Office, servers: dict[str, Server]) -> int:
    servers[HANGS].faults.append(Fault("hang_after", times=10_000, delay_s=60.0))
    servers[DEAD].faults.append(Fault("reset_before", times=10_000))
    healthy = {ledger.name for ledger in office.ledgers} - {HANGS, DEAD}
    passes: Counter[str] = Counter()
    enough, started = threading.Event(), time.monotonic()
    moments: dict[int, float] = {}

    def after(reports: list[PassReport]) -> None:
        for report in reports:
            if not report.failure:
                passes[report.connection] += 1
        least = min(passes[name] for name in healthy)
        moments.setdefault(least, time.monotonic() - started)
        if least >= ROUNDS:
            enough.set()

    daemon = Daemon(office, after)
    threading.Thread(target=daemon.loop, daemon=True).start()
    went_well = enough.wait(240)
    daemon.stop()
    for least in range(1, ROUNDS + 1):
        if least in moments:
            print(f"every one of {len(healthy)} companies had {least} passes after {moments[least]:.1f} s")
    print(f"{HANGS} (hanging): {passes[HANGS]} passes, {DEAD} (dead): {passes[DEAD]}; nobody waited for them")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB, simulators included")
    sys.stdout.flush()
    os._exit(0 if went_well else 1)  # the hanging request is not waited for


if __name__ == "__main__":
    sys.exit(main())
