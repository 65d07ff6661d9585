"""An office server over simulated companies: a real configuration, a real store, real loopback HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.consent import adopted
from syncd.ledger import Ledger
from syncd.office import Office, open_office
from syncd.pass_report import Ground
from tests.databases import new_store

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)

RULES = """
[select]
default = "standard"
[policies.standard.overdue]
[policies.standard.reminders]
levels = [{ at_days = 1, template = "friendly", channel = "provider" }]
[policies.standard.credit_hold]
hold = { any = { days_past_due = 30 } }
stop_sell_from = "hold"
[policies.standard.finance_charges]
kind = "interest"
annual_pct = "18"
requires_terms = false
"""


@dataclass
class Site:
    """The folder of one installation and the companies it works for."""

    folder: Path
    clock: Any
    doors: ExitStack
    companies: dict[str, Any] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    head: str = 'state_dir = "state"\nmode = "auto"\n[limits]\nfirst_plan = "go"\n'
    tables: list[str] = field(default_factory=list)

    @property
    def config_file(self) -> Path:
        return self.folder / "config.toml"

    def add(self, name: str, kind: str, *, more: str = "", connected: bool = True) -> Any:
        """A simulated company under that name, consented to."""
        company = QuickBooksCompany(self.clock, rate_limited=False) if kind == "quickbooks" else XeroCompany(self.clock)
        server = self.doors.enter_context(Server(company.application))
        self.companies[name], self.servers[name] = company, server
        own = "realm_id" if kind == "quickbooks" else "tenant_id"
        account = 'finance_charge_account = "260"\n' if kind == "xero" else ""
        self.tables.append(
            f'[connections.{name}]\nkind = "{kind}"\n{own} = "{company.account}"\nclient_id = "demo-client"\n'
            f'client_secret_file = "secret"\ntimezone = "{company.timezone}"\n{account}'
            f'api_url = "{server.url}"\nauth_url = "{server.url}"\n{more}'
        )
        self.write()
        if connected:
            self.connect(name)
        return company

    def write(self, *more: str) -> None:
        self.config_file.write_text(self.head + "\n".join([*self.tables, *more]))

    def connect(self, name: str) -> None:
        tokens = self.folder / "tokens.json"
        tokens.write_text(json.dumps(self.companies[name].issue_tokens()))
        with self.opened([name]) as office:
            ledger = office.ledger(name)
            settings = office.config.connections[name].settings()
            ledger.vault.store(adopted(settings, tokens, self.clock))

    def opened(self, names: list[str] | None = None, *, exclusive: bool = False) -> Any:
        return open_office(load_config(self.config_file), self.clock, exclusive=exclusive, names=names or ())


@pytest.fixture(autouse=True)
def _log_to_where_this_test_looks() -> Iterator[None]:
    """A command run in another test may have pointed the log at a stream that is closed by now."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Everything on a simulated clock."""
    with ExitStack() as doors:
        yield laid_out(tmp_path, SimulatedClock(START), doors)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Site]:
    """The same on this machine's clock, for commands as they are typed."""
    with ExitStack() as doors:
        yield laid_out(tmp_path, SystemClock(), doors)


def laid_out(tmp_path: Path, clock: Any, doors: ExitStack) -> Site:
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "secret").write_text("demo-secret\n")
    os.chmod(tmp_path / "secret", 0o600)  # noqa: PTH101 - as a person types it
    new_store(tmp_path / "state")
    return Site(tmp_path, clock, doors)


@pytest.fixture
def ground() -> Callable[[Office], Ground]:
    return lambda office: Ground(office.policies, office.config.limits, office.config.mode)


def trade(site: Site, company: Any) -> None:
    """Two customers: one with an old and a part-paid invoice, one with an old invoice and money on account."""
    today = site.clock.now().date()

    def day(days: int) -> date:
        return today + timedelta(days=days)

    oak = company.add_customer("Oak", "oak@example.test")
    elm = company.add_customer("Elm", "elm@example.test")
    company.add_invoice(oak, "1001", day(-80), day(-50), 120_000)
    paid = company.add_invoice(oak, "1002", day(-50), day(12), 50_000)
    company.add_invoice(elm, "1003", day(-65), day(-35), 30_000)
    company.pay(paid, 20_000, day(-20))
    company.pay_on_account(elm, 5_000, day(-19))


@pytest.fixture
def busy(site: Site) -> Callable[[str], Ledger]:
    """Opens the one ledger of a company with some business."""

    def opener(kind: str) -> Ledger:
        trade(site, site.add("acme", kind))
        office: Office = site.doors.enter_context(site.opened())
        return office.ledger("acme")

    return opener
