"""`syncd timezone`: by whose clock a customer lives."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.people import WHO, Records, at_the_desk, confirm, list_command, options


@click.group(cls=Records, short_help="Say in which time zone a customer lives, list and end that.")
def timezone() -> None:
    """Say in which time zone a customer lives, list and end that.

    Reminders go out within the policy's send_window by the customer's own clock. Without a word of a person it is that
    of the customer's country or state, where there is only one, else the company's.
    """


@timezone.command()
@click.argument("customer")
@click.argument("zone")
@WHO
@options
def add(
    *, customer: str, zone: str, who: str | None, connection: str | None, as_json: bool, config: Path | None
) -> None:
    """Record that CUSTOMER (name or id) lives by the clock of ZONE, a name such as Pacific/Auckland."""
    from syncd.people import timezones

    with at_the_desk(config, connection, who) as clerk:
        confirm(timezones.add(clerk, customer, zone), as_json=as_json)


timezone.add_command(list_command("timezone", "time zones"))


@timezone.command()
@click.argument("customer")
@WHO
@options
def end(*, customer: str, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Forget what was said about CUSTOMER (name or id): the books' word or its country's counts again."""
    from syncd.people import timezones

    with at_the_desk(config, connection, who) as clerk:
        confirm(timezones.end(clerk, customer), as_json=as_json)
