"""Options that many commands share, worded once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from rules.domain.near_miss import near_miss

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
CONNECTION = click.option("--connection", metavar="NAME", help="Only this connection of the configuration.")


def _config_path(ctx: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """The command's own --config, else the one given before the command."""
    given: Path | None = value or ctx.find_root().obj
    return given


CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    callback=_config_path,
    help="The configuration; else $SYNCD_CONFIG, else /etc/syncd/config.toml.",
)


NO_CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    expose_value=False,
    help="Taken as by every command; this one reads no configuration.",
)


class NearMissGroup(click.Group):
    """A group that answers a name which is no command with the one that was meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f'there is no command "{args[0]}"{near_miss(args[0], known)}')
        return super().resolve_command(ctx, args)


class Day(click.ParamType[date]):
    """An ISO date such as 2025-03-31."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it, or say how it is written."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f'"{value}" is not a day such as 2025-03-31', param, ctx)


DAY = Day()
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ANY_PATH = click.Path(exists=True, path_type=Path)
RULES = click.option(
    "--rules",
    multiple=True,
    type=ANY_PATH,
    metavar="FILE",
    help="A rules file or a folder of them, also several times; else the configuration's rules_dir.",
)
