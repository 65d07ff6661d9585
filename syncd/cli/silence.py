"""`syncd silence`: about whom or what nobody is reminded, until when and why."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from syncd.cli.options import DAY
from syncd.cli.people import REASON, WHO, Records, at_the_desk, confirm, list_command, options


@click.group(cls=Records, short_help="Have nobody reminded for a time, list and end that.")
def silence() -> None:
    """Have nobody reminded about a customer, an invoice or a group, list and end that.

    Reminders, words about discounts and the steps past reminders keep silent; holds, charges and the aging go on. For
    what a policy never reminds of, write `never` in the rules; what a customer contests or promises has its own record.
    """


@silence.command()
@click.argument("name", metavar="[CUSTOMER|INVOICE]", required=False)
@click.option("--group", metavar="GROUP", help="Instead: all customers of this group.")
@click.option("--until", type=DAY, metavar="DATE", help="The last day of it; else until somebody ends it.")
@REASON
@WHO
@options
def add(
    *,
    name: str | None,
    group: str | None,
    until: date | None,
    reason: str,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Have nobody reminded about CUSTOMER (with all billed through it) or INVOICE, from today on.

    A reminder that waits, also an approved one, is taken back. What is said about the same later takes its place.
    """
    from syncd.people import silences

    with at_the_desk(config, connection, who) as clerk:
        confirm(silences.add(clerk, name, group=group, until=until, reason=reason), as_json=as_json)


silence.add_command(list_command("silence", "silences"))


@silence.command()
@click.argument("name", metavar="SILENCE|CUSTOMER|INVOICE|GROUP")
@WHO
@options
def end(*, name: str, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """End a silence, by its own name or by what it is about. Reminders go on where they were, one level at a time."""
    from syncd.people import silences

    with at_the_desk(config, connection, who) as clerk:
        confirm(silences.end(clerk, name), as_json=as_json)
