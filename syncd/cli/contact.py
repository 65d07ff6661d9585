"""`syncd contact`: who was spoken with, and what came of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from syncd.cli.options import DAY
from syncd.cli.people import WHO, Records, at_the_desk, confirm, list_command, options

CHANNELS = ("phone", "email", "letter", "meeting", "other")


@click.group(cls=Records, short_help="Record, list and remove contacts with customers.")
def contact() -> None:
    """Record, list and remove contacts with customers.

    Where the policy's reminders count contacts for their gap (gap_counts_contacts), a call today keeps a reminder back.
    """


@contact.command()
@click.argument("customer")
@click.option("--by", "channel", type=click.Choice(CHANNELS), default="phone", show_default=True, help="How.")
@click.option("--outcome", default="", metavar="TEXT", help="What came of it.")
@click.option("--on", type=DAY, metavar="DATE", help="When; else today.")
@click.option("--invoice", metavar="INVOICE", help="The invoice it was about, by number or id.")
@WHO
@options
def add(
    *,
    customer: str,
    channel: str,
    outcome: str,
    on: date | None,
    invoice: str | None,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Record that somebody spoke with CUSTOMER (name or id)."""
    from syncd.people import contacts

    with at_the_desk(config, connection, who) as clerk:
        confirm(contacts.add(clerk, customer, channel, outcome=outcome, on=on, invoice=invoice), as_json=as_json)


contact.add_command(list_command("contact", "contacts"))


@contact.command()
@click.argument("name", metavar="CONTACT|CUSTOMER")
@WHO
@options
def remove(*, name: str, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Take a contact off that was recorded by mistake."""
    from syncd.people import contacts

    with at_the_desk(config, connection, who) as clerk:
        confirm(contacts.remove(clerk, name), as_json=as_json)
