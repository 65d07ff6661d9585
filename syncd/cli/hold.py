"""`syncd hold`: credit holds and releases by people."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.options import DAY
from syncd.cli.people import REASON, WHO, Records, at_the_desk, confirm, list_command, options

if TYPE_CHECKING:
    from rules.domain.facts import CreditStanding

UNTIL = click.option("--until", type=DAY, metavar="DATE", help="The last day it counts; else until somebody ends it.")


@click.group(cls=Records, short_help="Place, list and release credit holds.")
def hold() -> None:
    """Place, list and release credit holds.

    A person's word counts before the rule's: rules raise above a person's hold and never lower it, and what a person
    released stays released as long as nothing new comes.
    """


@hold.command()
@click.argument("customer")
@click.option(
    "--state",
    type=click.Choice(["watch", "hold", "stop"]),
    default="hold",
    show_default=True,
    help="How grave it is; the policy says from which on selling stops.",
)
@UNTIL
@REASON
@WHO
@options
def add(
    *,
    customer: str,
    state: CreditStanding,
    until: date | None,
    reason: str,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Place CUSTOMER (name or id) on hold. The next pass raises the stop-sell flag in the books."""
    from syncd.people import holds

    with at_the_desk(config, connection, who) as clerk:
        confirm(holds.add(clerk, customer, state, until=until, reason=reason), as_json=as_json)


hold.add_command(list_command("hold", "holds and releases by people"))


@hold.command()
@click.argument("customer")
@UNTIL
@REASON
@WHO
@options
def release(
    *,
    customer: str,
    until: date | None,
    reason: str,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Release CUSTOMER (name or id) from every hold, a person's and the rule's. The next pass lowers the flag.

    What is late, owed or broken today holds the customer no longer; what comes after can. With --until the release
    itself ends after that day, and then everything counts again.
    """
    from syncd.people import holds

    with at_the_desk(config, connection, who) as clerk:
        confirm(holds.release(clerk, customer, until=until, reason=reason), as_json=as_json)
