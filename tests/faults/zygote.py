"""A process that has loaded the program once and forks a fresh one for each pass: what is killed is real, and cheap.

One JSON line in: what to run. Two lines out: the child's process id, then how it ended. The child is the daemon's own
pass over the real configuration, store and sockets; only its clock is told.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

import connectors.email.client
import connectors.quickbooks.auth
import connectors.quickbooks.client
import connectors.xero.auth
import connectors.xero.client  # noqa: F401 - loaded before the first fork
from connectors.simulator.clock import SimulatedClock
from syncd import crash
from syncd.attempt import attempt_pass
from syncd.config import load_config
from syncd.errors import SyncdError
from syncd.feed import write_feed
from syncd.office import open_office
from syncd.pass_report import Ground
from tests.faults.cases import HEAD

CONFIG = 'state_dir = "state"\n[connections.a]\nkind = "file"\npath = "books"\ntimezone = "America/New_York"\n'
BOOK = """{"as_of": "2026-11-20", "company": {"name": "A", "currency": "USD", "timezone": "America/New_York"},
"customers": [{"ref": "C", "name": "C"}], "invoices": [{"ref": "I", "number": "1", "customer": "C",
"issued_on": "2026-09-01", "due_on": "2026-10-01", "total": "10.00 USD", "balance": "10.00 USD"}]}"""


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def one_pass(order: dict[str, Any]) -> int:
    """Make one pass over every connection; the exit code says what `syncd cycle` would."""
    clock = SimulatedClock(datetime.fromisoformat(order["now"]))
    with open_office(load_config(Path(order["config"])), clock, exclusive=True) as office:
        ground = Ground(office.policies, office.config.limits, office.config.mode)
        reports = [attempt_pass(ledger, ground) for ledger in office.ledgers]
        write_feed(office)
    for report in reports:
        say(report)
    return max(report.exit_code or int(report.needs_person) for report in reports)


def child(order: dict[str, Any]) -> int:
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.pop(crash.VARIABLE, None)
    if order.get("crash_at"):
        os.environ[crash.VARIABLE] = order["crash_at"]
    try:
        return one_pass(order)
    except SyncdError as error:
        say(error)
        return error.exit_code
    except BaseException:  # noqa: BLE001 - told to the test, which fails on it
        traceback.print_exc()
        return 70


def warm_up() -> None:
    """Make one pass over an empty folder, so that each child need not build validators and statements anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "books").mkdir()
        (folder / "rules.d").mkdir()
        (folder / "rules.d" / "10.toml").write_text(HEAD)
        (folder / "books" / "book.json").write_text(BOOK)
        (folder / "config.toml").write_text(CONFIG)
        order = {"now": "2026-11-20T15:00:00+00:00", "config": str(folder / "config.toml")}
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            one_pass(order)


def main() -> None:
    """Fork for each line until standard input ends."""
    warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(child(order))
        say(pid)
        _, status = os.waitpid(pid, 0)
        say(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
