"""`syncd digest`: the weekly letter, shown or sent now."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.clock import the_clock
from syncd.cli.desk import opened
from syncd.cli.options import CONFIG
from syncd.cli.output import say
from syncd.errors import ConfigError, SyncdError

if TYPE_CHECKING:
    from syncd.config import Config
    from syncd.digest import Letter


@click.command(short_help="The weekly letter: what was done, what waits, whom to call, what looks wrong.")
@click.option("--send", "now", is_flag=True, help="Send it to [watch] digest_to now, instead of printing it.")
@click.option("--because", default="", metavar="TEXT", help="Why it is sent out of turn; leads the letter.")
@CONFIG
def digest(*, now: bool, because: str, config: Path | None) -> None:
    """What was done in the last seven days, what waits, whom to call, what looks wrong: one letter over all companies.

    `syncd run` sends it every week to [watch] digest_to; the unit that is started when the service fails sends it out
    of turn. Where configuration, rules or database are refused, the letter says that instead.
    """
    from syncd.config import load_letterbox
    from syncd.digest import compose, distress

    try:
        with opened(config) as office:
            letter, settings = compose(office, because), office.config
    except SyncdError as error:
        if now:
            with suppress(ConfigError):  # the first refusal is the one to tell
                _send(distress(because, str(error)), load_letterbox(config))
        raise
    if now:
        _send(letter, settings)
    else:
        click.echo(letter.text, nl=False)


def _send(letter: Letter, config: Config) -> None:
    from syncd.digest import send
    from syncd.office import open_mailer

    clock, to = the_clock(), config.watch.digest.to
    mailer = open_mailer(config, clock)
    if not to or mailer is None:
        where = "[watch] digest_to and [email] say to whom and how the letter is sent; one of them is missing"
        raise ConfigError([f"{config.path}: {where}"])
    send(letter, to, mailer, clock.now())
    say(f"sent to {len(to)}")
