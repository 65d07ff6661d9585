"""`syncd digest`: the weekly letter, shown or sent now."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.desk import opened
from syncd.cli.options import CONFIG
from syncd.cli.output import say
from syncd.errors import ConfigError


@click.command(short_help="The weekly letter: what was done, what waits, whom to call, what looks wrong.")
@click.option("--send", "now", is_flag=True, help="Send it to [watch] digest_to now, instead of printing it.")
@click.option("--because", default="", metavar="TEXT", help="Why it is sent out of turn; leads the letter.")
@CONFIG
def digest(*, now: bool, because: str, config: Path | None) -> None:
    """What was done in the last seven days, what waits, whom to call, what looks wrong: one letter over all companies.

    `syncd run` sends it every week to [watch] digest_to; the unit that is started when the service fails sends it out
    of turn.
    """
    from syncd.digest import compose, send

    with opened(config) as office:
        letter = compose(office, because)
        if not now:
            click.echo(letter.text, nl=False)
            return
        if not office.config.watch.digest.to or office.mailer is None:
            where = "[watch] digest_to and [email] say to whom and how the letter is sent; one of them is missing"
            raise ConfigError([f"{office.config.path}: {where}"])
        send(office, letter)
        say(f"sent to {len(office.config.watch.digest.to)}")
