"""Sets the stage: two companies served on loopback, a mailbox, and an office whose configuration points at them.

The office is an ordinary one. It connects by the providers' own consent and tokens; nothing in it knows of the demo.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path

import requests

from connectors.simulator import SimulatedCompany
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.smtp import Mailbox
from connectors.simulator.xero import XeroCompany
from syncd.config import load_config
from syncd.consent import begin
from syncd.demo.script import Script, address
from syncd.ledger import Ledger
from syncd.office import Office, open_office

_SECRET = "demo-secret"  # noqa: S105 - opens two simulated companies and nothing else
_REDIRECT = "http://127.0.0.1/callback"


@dataclass(slots=True)
class Cast:
    """One company on stage: its simulation, where it is served, its script, and the ids its people go by."""

    connection: str
    company: SimulatedCompany
    server: Server
    script: Script
    customers: dict[str, str] = field(default_factory=dict)  # name -> the provider's id
    invoices: dict[str, str] = field(default_factory=dict)  # number -> the provider's id
    told: int = 0  # events that have happened

    def enroll(self) -> None:
        """Every customer of the script gets a card in the books."""
        for name in self.script.customers:
            self.customers[name] = self.company.add_customer(name, address(name))


@dataclass(slots=True)
class Stage:
    """The whole set: folder, clock, companies, mailbox, office."""

    folder: Path
    clock: SimulatedClock
    casts: tuple[Cast, ...]
    mailbox: Mailbox
    office: Office
    opened: ExitStack

    def close_office(self) -> None:
        """Send the office home and leave the companies running: another process may open it now."""
        self.opened.close()

    def ledger(self, cast: Cast) -> Ledger:
        """The office's ledger of a company."""
        return self.office.ledger(cast.connection)


@contextmanager
def stage(folder: Path, scripts: Sequence[Script], opening: datetime) -> Iterator[Stage]:
    """Raise it in `folder`, connect the office to both companies, take it down afterwards."""
    clock = SimulatedClock(opening)
    with ExitStack() as house:
        quickbooks, xero = QuickBooksCompany(clock), XeroCompany(clock)
        casts = (
            Cast("acme", quickbooks, house.enter_context(Server(quickbooks.application)), scripts[0]),
            Cast("kauri", xero, house.enter_context(Server(xero.application)), scripts[1]),
        )
        mailbox = house.enter_context(Mailbox(folder / "mail"))
        write_office(folder, casts, mailbox)
        opened = house.enter_context(ExitStack())
        office = opened.enter_context(open_office(load_config(folder / "config.toml"), clock, exclusive=True))
        for cast in casts:
            cast.enroll()
            consent(office.ledger(cast.connection), clock)
        yield Stage(folder, clock, casts, mailbox, office, opened)


def write_office(folder: Path, casts: Sequence[Cast], mailbox: Mailbox) -> None:
    """Configuration, rules and secret files, as an administrator would write them."""
    (folder / "rules.d").mkdir(parents=True, exist_ok=True)
    rules = resources.files("syncd.demo").joinpath("rules.toml").read_text(encoding="utf-8")
    (folder / "rules.d" / "10-demo.toml").write_text(rules, encoding="utf-8")
    (folder / "config.toml").write_text(_config(casts, mailbox), encoding="utf-8")
    secret = folder / "client-secret"
    secret.touch(mode=0o600)
    secret.write_text(f"{_SECRET}\n", encoding="utf-8")


def _config(casts: Sequence[Cast], mailbox: Mailbox) -> str:
    tables = "\n".join(_connection(cast) for cast in casts)
    return f"""# Written by `syncd demo`: an office with two simulated companies on this machine.
state_dir = "state"
mode = "auto"

[limits]
max_actions_per_cycle = 500
max_charges_per_cycle = "20000.00"
first_plan = "go"

{tables}
[email]
host = "127.0.0.1"
port = {mailbox.port}
security = "none"
from = "Accounts <accounts@office.example>"
reply_to = "dana@office.example"
"""


def _connection(cast: Cast) -> str:
    company = cast.company
    if company.kind == "quickbooks":
        own = f'realm_id = "{company.account}"'
    else:
        own = f'tenant_id = "{company.account}"\nfinance_charge_account = "260"\nfinance_charge_status = "AUTHORISED"'
    return f"""[connections.{cast.connection}]    # {company.name}
kind = "{company.kind}"
{own}
client_id = "demo-client"
client_secret_file = "client-secret"
timezone = "{company.timezone}"
api_url = "{cast.server.url}"
auth_url = "{cast.server.url}"
"""


def consent(ledger: Ledger, clock: SimulatedClock) -> None:
    """Walk through the provider's consent as a browser would, and keep the tokens."""
    asked = begin(ledger.config.settings(), _REDIRECT)
    answer = requests.get(asked.address, allow_redirects=False, timeout=10)
    answer.raise_for_status()
    ledger.vault.store(asked.exchanged(answer.headers["Location"], clock))


def clear(folder: Path) -> None:
    """Take the set away."""
    shutil.rmtree(folder, ignore_errors=True)
