"""Writes the reference pages and config.example.toml from the code itself: `make docs`. A test keeps them current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from syncd.cli.examples_page import examples_page
from syncd.cli.root import COMMANDS, root
from syncd.cli.rules_page import meaning, rules_page
from syncd.config.companies import KIND_TABLES
from syncd.config.example import default_of, example, written
from syncd.config.table import Table
from syncd.config.tables import TABLES, ConfigTable

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "docs" / "how-to" / "examples"
HELP_WIDTH = 100
_MADE = "<!-- Written by `make docs` from the code; edit the code, not this page. -->\n"


def pages() -> dict[str, str]:
    """Every generated file: its path in the repository and its text."""
    return {
        "config.example.toml": example(),
        "docs/reference/configuration.md": _configuration(),
        "docs/reference/commands.md": _commands(),
        "docs/how-to/each-rule.md": "\n".join([_MADE, *examples_page(EXAMPLES)]) + "\n",
        "docs/reference/rules.md": "\n".join([f"{_MADE}\n# Rules files\n", *rules_page()]) + "\n",
    }


def _configuration() -> str:
    parts = [f"{_MADE}\n# Configuration\n\n{_CONFIGURATION_HEAD}", *_table("The file itself", ConfigTable)]
    for kind, model in KIND_TABLES.items():
        parts += _table(f'`[connections.NAME]` with `kind = "{kind}"`', model)
    for name, model in TABLES.items():
        parts += _table(f"`[{name}]`", model)
    return "\n".join(parts) + "\n"


def _table(title: str, model: type[Table]) -> Iterator[str]:
    yield f"\n## {title}\n"
    if model is not ConfigTable:
        yield f"{' '.join((model.__doc__ or '').split())}\n"
    yield "| key | default | meaning |\n|---|---|---|"
    for name, field in model.model_fields.items():
        key = field.alias or name
        if model is ConfigTable and (key in TABLES or key == "connections"):
            continue
        default = default_of(field)
        shown = "required" if field.is_required() else "none" if default in (None, "", []) else f"`{written(default)}`"
        yield f"| `{key}` | {shown} | {meaning(field)} |"


def _commands() -> str:
    parts = [f"{_MADE}\n# Commands\n\n{_COMMANDS_HEAD}"]
    with click.Context(root, info_name="syncd", **root.context_settings) as ctx:
        parts += [_help(f"syncd {name}", root.get_command(ctx, name), ctx) for name in COMMANDS]
    return "\n".join(parts)


def _help(name: str, command: click.Command | None, parent: click.Context) -> str:
    if command is None:
        raise LookupError(f"{name} is listed and cannot be loaded")
    ctx = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, terminal_width=HELP_WIDTH)
    text = f"\n## {name}\n\n```text\n{command.get_help(ctx)}\n```\n"
    if isinstance(command, click.Group):
        text += "".join(_help(f"{name} {below}", command.get_command(ctx, below), ctx) for below in command.commands)
    return text


_CONFIGURATION_HEAD = """\
`config.toml` is found by `--config FILE`, else `$SYNCD_CONFIG`, else `/etc/syncd/config.toml`. Unknown keys are errors;
every problem of the file is listed at once as `FILE: [table.path] key: problem`. Durations are text with a unit
(`"30s"`, `"5m"`, `"1h"`, `"2d"`), money is text with or without its currency (`"2000.00 USD"`), shares are text
(`"0.2"`).

A secret stands in a file of its own: a key that ends in `_file` names it, relative to `config.toml`. If systemd handed
the program a credential of that name (`LoadCredential=`), it comes first. A secret file that every user of the machine
can read is refused."""

_COMMANDS_HEAD = """\
Data goes to standard output, everything else to standard error. No command needs a terminal.

| exit code | means |
|---|---|
| 0 | done |
| 1 | done, and something needs a person: a held plan, a failed connection, drift |
| 2 | the command's words are off |
| 65 | input data refused: a book or CSV file |
| 69 | the provider does not answer |
| 70 | a bug of ours; `SYNCD_DEBUG=1` shows where |
| 75 | locked or throttled: try again |
| 77 | consent is missing: `syncd connect` |
| 78 | configuration or rules refused |
"""


if __name__ == "__main__":
    for name, text in pages().items():
        path = REPOSITORY / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
