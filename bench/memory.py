"""The memory of a daemon after two passes over each of some companies: ``python -m bench.memory FOLDER COUNT``.

The companies live in another process, so that only the daemon counts.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.companies import connect
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.daemon import Daemon
from syncd.logs import configure
from syncd.office import open_office
from syncd.pass_report import PassReport

PASSES = 2


def main() -> None:
    """Let every company have its passes, then look."""
    configure("text", level=logging.ERROR)
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True)
    passes: Counter[str] = Counter()

    def after(reports: list[PassReport]) -> None:
        passes.update(report.connection for report in reports if not report.failure)
        if len(passes) == count and min(passes.values()) >= PASSES:
            daemon.stop()

    with ExitStack() as doors:
        doors.enter_context(_companies(folder, count))
        config = load_config(folder / "config.toml")
        office = doors.enter_context(open_office(config, SystemClock(), exclusive=True))
        connect(office, folder)
        daemon = Daemon(office, after)
        daemon.run()
        print(json.dumps({"resident_mb": _resident_mb(), "passes": passes.total()}))


def _resident_mb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024


@contextmanager
def _companies(folder: Path, count: int) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.companies", str(folder), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        served.stdout.readline()
        try:
            yield
        finally:
            served.terminate()


if __name__ == "__main__":
    main()
