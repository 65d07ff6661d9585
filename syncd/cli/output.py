"""How results are printed: JSON for programs, aligned columns for people. Colour and wrapping only on a terminal."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import click

from rules.domain.wording import grouped


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the columns named in `right` are numbers: flushed right, thousands parted."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[str, ...] = ()


Text: TypeAlias = str | Table


def print_json(value: Any) -> None:
    """One JSON document, indented, in the order it was built."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_rows(document: Mapping[str, str | Sequence[str]]) -> None:
    """One JSON document of texts and lists of rows, which are JSON already and get a line each.

    With thousands of rows, indenting each would be the work.
    """
    parts = ",\n".join(f"  {json.dumps(name)}: {_listed(part)}" for name, part in document.items())
    click.echo(f"{{\n{parts}\n}}")


def _listed(part: str | Sequence[str]) -> str:
    if isinstance(part, str) or not part:
        return json.dumps(part, ensure_ascii=False)
    rows = ",\n    ".join(part)
    return f"[\n    {rows}\n  ]"


def print_text(parts: Iterable[Text]) -> None:
    """Lines and tables, one under the other."""
    for part in parts:
        if isinstance(part, Table):
            _print_table(part)
        else:
            click.echo(tame(part))


def apart(several: Iterable[Iterable[Text]]) -> Iterator[Text]:
    """What is told of each company, an empty line between one and the next."""
    for number, parts in enumerate(several):
        if number:
            yield ""
        yield from parts


def say(text: str) -> None:
    """A line for the person at the keyboard, not for the pipe."""
    click.echo(tame(text), err=True)


def tame(text: str) -> str:
    """`text` as it may be shown: a name from somebody's books must not steer a terminal or turn the line around."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(character) else character for character in text)


def _steers(character: str) -> bool:
    if character in "\n\t" or character.isprintable():
        return False
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(character) in _TURNS


_TURNS = frozenset(["LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"])


def brake_line(why: str) -> str:
    """Why everything waits, and the way out where the reason does not name it."""
    return f"BRAKE: {why}" if "syncd recover" in why else f"BRAKE: {why}; look with `syncd plan`, then `syncd release`"


def moment(at: datetime | None) -> str | None:
    """An instant to the minute, in UTC; None for none."""
    return f"{at:%Y-%m-%d %H:%M}Z" if at else None


def held_lines(held: int, unable: Mapping[str, int]) -> list[str]:
    """What waits for a person's word, and what no word lets go: that wants another configuration or rule."""
    asked = held - sum(unable.values())  # read one after the other: a person may have answered in between
    lines = [f"{asked} held; look with `syncd plan`, then `syncd approve` or `syncd reject`"] if asked > 0 else []
    return lines + [f"{count} cannot go out: {why}" for why, count in unable.items()]


_NARROWEST = 4


def _print_table(table: Table) -> None:
    numbers = [name in table.right for name in table.columns]
    rows = [[_cell(text, is_number=number) for text, number in zip(row, numbers, strict=True)] for row in table.rows]
    lines = _on_a_terminal(table, rows) if sys.stdout.isatty() else _in_a_pipe(table, rows)
    for line in lines:
        click.echo(line.rstrip(), color=True)


def _widths(table: Table, rows: Sequence[Sequence[str]], room: int) -> tuple[list[int], int]:
    """How wide each column is to be so that all fit into `room`, and the gap between two.

    The widest text gives way first, and no text breaks inside a word as long as another can give way between two.
    """
    columns = list(zip(table.columns, *rows, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    texts = [place for place, name in enumerate(table.columns) if name not in table.right]
    least = {place: max(_width(word) for cell in columns[place] for word in cell.split() or [""]) for place in texts}
    gap = 2 if sum(widths) - sum(widths[place] - least[place] for place in texts) + 2 * len(widths) - 2 <= room else 1
    while sum(widths) + gap * (len(widths) - 1) > room:
        giving = [place for place in texts if widths[place] > least[place]]
        giving = giving or [place for place in texts if widths[place] > _NARROWEST]
        if not giving:
            break
        widths[max(giving, key=widths.__getitem__)] -= 1
    return widths, gap


def _cell(text: str, *, is_number: bool) -> str:
    return tame(" ".join((grouped(text) if is_number else text).split("\n")))


def _in_a_pipe(table: Table, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each row on one line, however long. Reports run to thousands of rows, so nothing is measured twice."""
    sized = [[(cell, _width(cell)) for cell in row] for row in (table.columns, *rows)]
    widest = [max(width for _, width in column) for column in zip(*sized, strict=True)]
    right = [name in table.right for name in table.columns]
    for row in sized:
        gaps = (" " * (most - width) for (_, width), most in zip(row, widest, strict=True))
        cells = (gap + cell if flush else cell + gap for (cell, _), gap, flush in zip(row, gaps, right, strict=True))
        yield "  ".join(cells)


def _width(text: str) -> int:
    """How many columns it takes: marks over a letter none, letters of the East two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _on_a_terminal(table: Table, rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """Cells wrapped to the terminal's width, under bold headings. No number is ever cut: sooner a line is too long."""
    from rich.console import Console
    from rich.table import Table as RichTable

    widths, gap = _widths(table, rows, Console(file=sys.stdout).width)
    width = sum(widths) + gap * len(widths)
    console = Console(file=sys.stdout, markup=False, highlight=False, width=width)
    rich_table = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0))
    for column, width in zip(table.columns, widths, strict=True):
        money = column in table.right
        justify: Literal["left", "right"] = "right" if money else "left"
        rich_table.add_column(column, justify=justify, no_wrap=money, overflow="fold", width=width)
    for row in rows:
        rich_table.add_row(*row)
    with console.capture() as captured:
        console.print(rich_table)
    return captured.get().splitlines()
