"""`syncd simulator`: the simulated providers alone, with a few customers, for trying a configuration."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from syncd import interrupt
from syncd.cli.clock import the_clock
from syncd.cli.options import NO_CONFIG
from syncd.cli.output import say
from syncd.errors import Usage

if TYPE_CHECKING:
    from connectors.simulator.http import Server
    from connectors.simulator.quickbooks import QuickBooksCompany
    from connectors.simulator.xero import XeroCompany

    Company: TypeAlias = QuickBooksCompany | XeroCompany

SECRET = "demo-secret"  # noqa: S105 - opens a simulated company only
SECRET_FILE = "demo.client_secret"  # noqa: S105 - a file's name

# customer, days ago the invoice fell due (negative: still to come), cents, cents paid of it
_INVOICES = (
    ("Oak Furniture", 47, 125000, 0),
    ("Oak Furniture", 12, 48050, 20000),
    ("Elm Street Bakery", 6, 9900, 0),
    ("Ash & Sons", -9, 310000, 0),
    ("Birch Clinic", 75, 64000, 64000),
    ("Birch Clinic", 33, 64000, 0),
)


@click.command(short_help="The simulated providers alone, for trying a configuration.")
@click.option(
    "--quickbooks-port", type=click.IntRange(0, 65535), default=8400, show_default=True, help="0: any free one."
)
@click.option("--xero-port", type=click.IntRange(0, 65535), default=8401, show_default=True, help="0: any free one.")
@click.option(
    "--tokens",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the client secret and each company's tokens there, for `syncd connect NAME --tokens`.",
)
@NO_CONFIG
def simulator(*, quickbooks_port: int, xero_port: int, tokens: Path | None) -> None:
    """Serve a simulated QuickBooks Online and a simulated Xero company on loopback until Ctrl-C.

    Prints the connection tables for config.toml to standard output. Both companies have a few customers with invoices
    due around today, live on this machine's clock, and keep nothing when they end. Their consent page says yes at once.
    """
    from connectors.simulator.quickbooks import QuickBooksCompany
    from connectors.simulator.xero import XeroCompany
    from syncd.clock import today

    clock = the_clock()
    companies: list[Company] = [QuickBooksCompany(clock, rate_limited=False), XeroCompany(clock)]
    for company in companies:
        _fill(company, today(clock, company.timezone))
    with ExitStack() as stack:
        served: list[tuple[str, Company, Server]] = []
        for name, company, port in zip(("acme", "kauri"), companies, (quickbooks_port, xero_port), strict=True):
            served.append((name, company, stack.enter_context(_server(company, port))))
        for name, company, server in served:
            click.echo(_table(name, company, server.url))
        if tokens is not None:
            _write_tokens(tokens, [(name, company) for name, company, _ in served])
        say("serving until Ctrl-C; put these tables into config.toml, then: syncd connect acme")
        sys.stdout.flush()
        interrupt.wait()


def _server(company: Company, port: int) -> Server:
    from connectors.simulator.http import Server

    try:
        return Server(company.application, port)
    except OSError as error:
        raise Usage(f"port {port} cannot be served on: {error.strerror}; name another one, or 0 for any") from None


def _fill(company: Company, today: date) -> None:
    """A few customers with invoices due around today, some of them paid or part paid."""
    customers: dict[str, str] = {}
    for number, (name, late_days, cents, paid_cents) in enumerate(_INVOICES, 1001):
        if name not in customers:
            mailbox = name.split()[0].lower()
            customers[name] = company.add_customer(name, f"accounts@{mailbox}.example")
        due_on = today - timedelta(days=late_days)
        invoice = company.add_invoice(customers[name], str(number), due_on - timedelta(days=30), due_on, cents)
        if paid_cents:
            company.pay(invoice, paid_cents, min(today, due_on + timedelta(days=3)))


def _table(name: str, company: Company, url: str) -> str:
    own = f'realm_id = "{company.account}"' if company.kind == "quickbooks" else f'tenant_id = "{company.account}"'
    account = 'finance_charge_account = "260"\n' if company.kind == "xero" else ""
    return f"""\
[connections.{name}]    # {company.name}
kind = "{company.kind}"
{own}
client_id = "demo-client"
client_secret_file = "{SECRET_FILE}"    # holds: {SECRET}
timezone = "{company.timezone}"
{account}api_url = "{url}"
auth_url = "{url}"
"""


def _write_tokens(folder: Path, companies: Sequence[tuple[str, Company]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write_secret(folder / SECRET_FILE, f"{SECRET}\n")
    for name, company in companies:
        _write_secret(folder / f"{name}.tokens.json", json.dumps(company.issue_tokens(), indent=2) + "\n")


def _write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    say(f"written  {path}")
