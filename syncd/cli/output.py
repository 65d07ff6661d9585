"""How results are printed: JSON for programs, aligned columns for people. Colour and wrapping only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

PIPE_WIDTH = 400  # columns; wide enough that a file or pipe never gets a wrapped row


def print_json(value: Any) -> None:
    """One JSON document, indented, in the order it was built."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Rows under headings; the columns named in `right` are flushed right, as money is."""
    from rich.table import Table  # noqa: PLC0415 - slow to import, and most commands print none

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    _print(table)


def _print(renderable: Any) -> None:
    from rich.console import Console  # noqa: PLC0415 - see above

    console = Console(file=sys.stdout, highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=True)


def say(text: str) -> None:
    """A line for the person at the keyboard, not for the pipe."""
    click.echo(text, err=True)
