"""`syncd promise`: what customers promise to pay, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from syncd.cli.options import DAY
from syncd.cli.people import WHO, Records, at_the_desk, confirm, list_command, options


@click.group(cls=Records, short_help="Record, list and withdraw promises to pay.")
def promise() -> None:
    """Record, list and withdraw promises to pay.

    While a promise runs, reminders leave out exactly what was promised. Once its day (and the policy's tolerance) has
    passed it is judged by the payments that came: kept, partly kept or broken; a broken one lets reminders go on.
    """


@promise.command()
@click.argument("names", metavar="INVOICE...|CUSTOMER", nargs=-1, required=True)
@click.option("--by", "promised_on", type=DAY, required=True, metavar="DATE", help="The promised day.")
@click.option("--amount", metavar="AMOUNT", help="How much, in the invoices' currency; else all that is open.")
@click.option("--made", "made_on", type=DAY, metavar="DATE", help="When it was made; else today.")
@click.option("--instead", is_flag=True, help="Withdraw a promise that still runs on one of these invoices.")
@click.option("--anyway", is_flag=True, help="Take also a day more than a year away.")
@WHO
@options
def add(
    *,
    names: Sequence[str],
    promised_on: date,
    amount: str | None,
    made_on: date | None,
    instead: bool,
    anyway: bool,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Record that INVOICE (number or id, also several) is promised to be paid; a CUSTOMER stands for all its overdue.

    One promise per invoice may run at a time; --instead withdraws the one before, so that the next is a level higher.
    """
    from syncd.people import promises

    with at_the_desk(config, connection, who) as clerk:
        noted = promises.add(clerk, names, promised_on, amount=amount, made_on=made_on, instead=instead, anyway=anyway)
        confirm(noted, as_json=as_json)


promise.add_command(list_command("promise", "promises"))


@promise.command()
@click.argument("name", metavar="PROMISE|INVOICE|CUSTOMER")
@click.option("--on", type=DAY, metavar="DATE", help="When; else today.")
@WHO
@options
def withdraw(
    *, name: str, on: date | None, who: str | None, connection: str | None, as_json: bool, config: Path | None
) -> None:
    """End a running promise without judging it, by its own name or by the invoice or customer it is about."""
    from syncd.people import promises

    with at_the_desk(config, connection, who) as clerk:
        confirm(promises.withdraw(clerk, name, on), as_json=as_json)
