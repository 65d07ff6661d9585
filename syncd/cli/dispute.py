"""`syncd dispute`: what customers contest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from syncd.cli.options import DAY
from syncd.cli.people import REASON, WHO, Records, at_the_desk, confirm, list_command, options


@click.group(cls=Records, short_help="Record, list and close disputes.")
def dispute() -> None:
    """Record, list and close disputes.

    What is contested is not asked for and, unless the policy says otherwise, bears no charges; the rest goes on.
    """


@dispute.command()
@click.argument("invoice")
@click.option("--amount", metavar="AMOUNT", help="How much is contested; else all that is open.")
@click.option("--code", default="", metavar="CODE", help="Why, as one word of the list: price, damaged, duplicate, ….")
@click.option("--on", type=DAY, metavar="DATE", help="When the customer said so; else today.")
@REASON
@WHO
@options
def add(
    *,
    invoice: str,
    amount: str | None,
    code: str,
    on: date | None,
    reason: str,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Record that INVOICE (number or id), or part of it, is contested."""
    from syncd.people import disputes

    with at_the_desk(config, connection, who) as clerk:
        confirm(disputes.add(clerk, invoice, amount=amount, code=code, reason=reason, opened_on=on), as_json=as_json)


dispute.add_command(list_command("dispute", "disputes"))


@dispute.command()
@click.argument("name", metavar="DISPUTE|INVOICE|CUSTOMER")
@click.option("--on", type=DAY, metavar="DATE", help="When; else today.")
@WHO
@options
def close(
    *, name: str, on: date | None, who: str | None, connection: str | None, as_json: bool, config: Path | None
) -> None:
    """End an open dispute, by its own name or by the invoice or customer it is about."""
    from syncd.people import disputes

    with at_the_desk(config, connection, who) as clerk:
        confirm(disputes.close(clerk, name, on), as_json=as_json)
