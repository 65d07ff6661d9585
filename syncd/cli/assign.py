"""`syncd assign`: who looks after which customer."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.people import WHO, Records, at_the_desk, confirm, list_command, options


@click.group(cls=Records, short_help="Say who looks after a customer, list and end that.")
def assign() -> None:
    """Say who looks after a customer, list and end that. It counts before what the books say."""


@assign.command()
@click.argument("customer")
@click.argument("collector")
@WHO
@options
def add(
    *, customer: str, collector: str, who: str | None, connection: str | None, as_json: bool, config: Path | None
) -> None:
    """Give CUSTOMER (name or id) to COLLECTOR."""
    from syncd.people import assignments

    with at_the_desk(config, connection, who) as clerk:
        confirm(assignments.add(clerk, customer, collector), as_json=as_json)


assign.add_command(list_command("assignment", "assignments"))


@assign.command()
@click.argument("customer")
@WHO
@options
def end(*, customer: str, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Forget who looks after CUSTOMER (name or id): the collector of the books counts again."""
    from syncd.people import assignments

    with at_the_desk(config, connection, who) as clerk:
        confirm(assignments.end(clerk, customer), as_json=as_json)
