"""`make many`: one hundred simulated companies on this machine, passes side by side, one of them dead and one hanging.

Says how long a round takes and that nobody waited for the two. Uses this machine's clock and loopback HTTP throughout.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.simulator.http import Fault, Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from syncd.clock import SystemClock, today
from syncd.config import load_config
from syncd.consent import adopted
from syncd.daemon import Daemon
from syncd.logs import configure
from syncd.office import Office, open_office
from syncd.pass_report import PassReport

COMPANIES = 100
ROUNDS = 3
HANGS, DEAD = "c000", "c001"
RULES = """
[select]
default = "standard"
[policies.standard.reminders]
levels = [{ at_days = 1, template = "friendly", channel = "provider" }]
[policies.standard.credit_hold]
hold = { any = { days_past_due = 30 } }
"""


def main() -> int:
    """Run it. Returns 0 where every healthy company had its passes while one hung and one was dead."""
    configure("text", level=50, stream=sys.stderr)
    with ExitStack() as doors, tempfile.TemporaryDirectory() as folder:
        config, servers = _laid_out(Path(folder), doors)
        with open_office(load_config(config), SystemClock(), exclusive=True) as office:
            _connect(office, servers)
            return _watch(office, {name: server for name, (server, _) in servers.items()})


def _laid_out(folder: Path, doors: ExitStack) -> tuple[Path, dict[str, tuple[Server, Any]]]:
    clock, servers, tables = SystemClock(), {}, ['state_dir = "state"\nmode = "auto"\npoll_interval = "5s"\n']
    for number in range(COMPANIES):
        name = f"c{number:03}"
        company: Any = QuickBooksCompany(clock, rate_limited=False) if number % 2 else XeroCompany(clock)
        _fill(company)
        server = doors.enter_context(Server(company.application))
        servers[name] = (server, company)
        own = "realm_id" if company.kind == "quickbooks" else "tenant_id"
        tables.append(
            f'[connections.{name}]\nkind = "{company.kind}"\n{own} = "{company.account}"\nclient_id = "demo-client"\n'
            f'client_secret_file = "secret"\ntimezone = "{company.timezone}"\napi_url = "{server.url}"\n'
            f'auth_url = "{server.url}"\n'
        )
    (folder / "rules.d").mkdir()
    (folder / "rules.d" / "10.toml").write_text(RULES)
    secret = os.open(folder / "secret", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(secret, b"demo-secret\n")
    os.close(secret)
    (folder / "config.toml").write_text("\n".join(tables))
    return folder / "config.toml", servers


def _fill(company: Any) -> None:
    day = today(SystemClock(), company.timezone)
    for number in range(3):
        customer = company.add_customer(f"Customer {number}", f"c{number}@example.test")
        due_on = day - timedelta(days=20 * number)
        company.add_invoice(customer, str(1000 + number), due_on - timedelta(days=30), due_on, 10_000 * (number + 1))


def _connect(office: Office, servers: dict[str, tuple[Server, Any]]) -> None:
    tokens = office.config.state_dir / "tokens.json"
    for ledger in office.ledgers:
        tokens.write_text(json.dumps(servers[ledger.name][1].issue_tokens()))
        ledger.vault.store(adopted(ledger.config.settings(), tokens, office.clock))
    tokens.unlink()


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
