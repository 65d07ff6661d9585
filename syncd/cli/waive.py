"""`syncd waive`: finance charges that people let go."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.people import REASON, WHO, Records, at_the_desk, confirm, list_command, options


@click.group(cls=Records, short_help="Let finance charges go, list and withdraw that.")
def waive() -> None:
    """Let finance charges go, list and withdraw that.

    The customer gets a credit note with the next pass, approved by whoever waives. What is waived counts as billed:
    no rule charges those days again.
    """


@waive.command()
@click.argument("charge", metavar="CHARGE|INVOICE")
@click.option("--amount", metavar="AMOUNT", help="How much; else all that is left of the charge.")
@REASON
@WHO
@options
def add(
    *,
    charge: str,
    amount: str | None,
    reason: str,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Waive CHARGE (number, id or key of a charge of ours), or the one charge that stands on INVOICE."""
    from syncd.people import waivers

    with at_the_desk(config, connection, who) as clerk:
        confirm(waivers.add(clerk, charge, amount=amount, reason=reason), as_json=as_json)


waive.add_command(list_command("waive", "waivers"))


@waive.command()
@click.argument("name", metavar="WAIVER|CHARGE|CUSTOMER")
@WHO
@options
def withdraw(*, name: str, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Take a waiver back, as long as its credit was not sent."""
    from syncd.people import waivers

    with at_the_desk(config, connection, who) as clerk:
        confirm(waivers.withdraw(clerk, name), as_json=as_json)
