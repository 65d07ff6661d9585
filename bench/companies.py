"""Simulated companies for a daemon to work for, each behind a loopback port of its own, and their configuration.

Run as ``python -m bench.companies FOLDER COUNT`` they live in a process of their own, until that is ended.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.simulator.http import Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from syncd.clock import Clock, SystemClock, today
from syncd.consent import adopted
from syncd.office import Office

Served = dict[str, tuple[Server, Any]]
RULES = """
[select]
default = "standard"
[policies.standard.reminders]
levels = [{ at_days = 1, template = "friendly", channel = "provider" }]
[policies.standard.credit_hold]
hold = { any = { days_past_due = 30 } }
"""


def laid_out(folder: Path, doors: ExitStack, count: int) -> Served:
    """Companies of both kinds in turn, served; their configuration in `folder`, and a set of tokens for each."""
    clock, served, tables = SystemClock(), Served(), ['state_dir = "state"\nmode = "auto"\npoll_interval = "5s"\n']
    for number in range(count):
        name = f"c{number:03}"
        company: Any = QuickBooksCompany(clock, rate_limited=False) if number % 2 else XeroCompany(clock)
        fill(company, clock)
        server = doors.enter_context(Server(company.application))
        served[name] = (server, company)
        tables.append(table_of(name, company, server.url))
        (folder / f"{name}.tokens.json").write_text(json.dumps(company.issue_tokens()))
    write(folder, "\n".join(tables), RULES)
    return served


def write(folder: Path, config: str, rules: str) -> None:
    """The files of an installation."""
    (folder / "rules.d").mkdir()
    (folder / "rules.d" / "10.toml").write_text(rules)
    secret = os.open(folder / "secret", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(secret, b"demo-secret\n")
    os.close(secret)
    (folder / "config.toml").write_text(config)


def table_of(name: str, company: Any, url: str) -> str:
    """Its table in config.toml."""
    own = "realm_id" if company.kind == "quickbooks" else "tenant_id"
    return (
        f'[connections.{name}]\nkind = "{company.kind}"\n{own} = "{company.account}"\nclient_id = "demo-client"\n'
        f'client_secret_file = "secret"\ntimezone = "{company.timezone}"\napi_url = "{url}"\nauth_url = "{url}"\n'
    )


def fill(company: Any, clock: Clock) -> None:
    """A little business."""
    day = today(clock, company.timezone)
    for number in range(3):
        customer = company.add_customer(f"Customer {number}", f"c{number}@example.test")
        due_on = day - timedelta(days=20 * number)
        company.add_invoice(customer, str(1000 + number), due_on - timedelta(days=30), due_on, 10_000 * (number + 1))


def connect(office: Office, folder: Path) -> None:
    """Take over the tokens of every company."""
    for ledger in office.ledgers:
        ledger.vault.store(adopted(ledger.config.settings(), folder / f"{ledger.name}.tokens.json", office.clock))


def main() -> None:
    """Serve until ended."""
    with ExitStack() as doors:
        laid_out(Path(sys.argv[1]), doors, int(sys.argv[2]))
        print("ready", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
