"""The memory of a daemon over ten small companies after a few rounds: ``python -m bench.idle FOLDER``."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from bench.open_book import open_book
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.daemon import Daemon
from syncd.logs import configure
from syncd.office import open_office

COMPANIES = 10
_CONNECTION = '[connections.c{n}]\nkind = "file"\npath = "books{n}"\ntimezone = "America/New_York"\n'


def main() -> None:
    """Let every company have two passes, then look."""
    configure("text", level=logging.ERROR)
    folder = Path(sys.argv[1])
    (folder / "rules.d").mkdir(parents=True)
    (folder / "rules.d" / "10.toml").write_text(
        '[select]\ndefault = "standard"\n[policies.standard]\nextends = "standard"\n'
    )
    for number in range(COMPANIES):
        (folder / f"books{number}").mkdir()
        (folder / f"books{number}" / "book.json").write_text(json.dumps(open_book(100)))
    connections = "".join(_CONNECTION.format(n=number) for number in range(COMPANIES))
    (folder / "config.toml").write_text(f'state_dir = "state"\nmode = "review"\npoll_interval = "1s"\n{connections}')
    with open_office(load_config(folder / "config.toml"), SystemClock(), exclusive=True) as office:
        passes = 0

        def after(_reports: object) -> None:
            nonlocal passes
            passes += 1
            if passes >= 2 * COMPANIES:
                daemon.stop()

        daemon = Daemon(office, after)
        daemon.run()
        status = Path("/proc/self/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    print(json.dumps({"resident_mb": int(resident.split()[1]) // 1024, "passes": passes}))


if __name__ == "__main__":
    main()
