"""What the commands about people's records share: who speaks, which group of commands, and how records are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened, whoever
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION, NearMissGroup
from syncd.cli.output import Table, print_json, print_text, say

if TYPE_CHECKING:
    from syncd.people.clerk import Clerk, Noted
    from syncd.people.listing import Row

WHO = click.option("--who", metavar="NAME", help="Who says so, for the record; else your login name.")
REASON = click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")


class Records(NearMissGroup):
    """add, list, and the word with which such a record comes to its end, which `end` means too."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for; for `end`, the one that is neither `add` nor `list`."""
        if args[0] == "end" and "end" not in self.commands:
            args = [next(name for name in self.commands if name not in ("add", "list")), *args[1:]]
        return super().resolve_command(ctx, args)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that every command of a record takes."""
    for option in (CONFIG, AS_JSON, CONNECTION):
        command = option(command)
    return command


@contextmanager
def at_the_desk(config: Path | None, connection: str | None, who: str | None) -> Iterator[Clerk]:
    """The clerk over the configuration's connections, or the one named."""
    from syncd.people.clerk import Clerk

    with opened(config, connection) as office:
        yield Clerk(office.ledgers, office.policies, who or whoever())


def confirm(noted: Noted, *, as_json: bool) -> None:
    """Say what was filed, and what the person should know besides."""
    if noted.advice:
        say(noted.advice)
    if as_json:
        print_json({**record_json(noted.ledger.name, noted.filed), "said": noted.sentence})
    else:
        click.echo(f"{noted.filed.ref}: {noted.sentence}")


def list_command(kind: str, noun: str) -> click.Command:
    """`list` for a kind of record."""

    @click.command("list", short_help=f"Show {noun}.", help=f"Show {noun}: those that still count, or all of them.")
    @click.argument("about", required=False, metavar="[CUSTOMER|INVOICE]")
    @click.option("--all", "every", is_flag=True, help="Also those that have come to their end.")
    @options
    def shown(*, about: str | None, every: bool, connection: str | None, as_json: bool, config: Path | None) -> None:
        from syncd.people.listing import row_of
        from syncd.people.records import all_of

        with at_the_desk(config, connection, None) as clerk:
            if about is not None and not any(ledger.mirror.called(about, exactly=False) for ledger in clerk.ledgers):
                clerk.customer(about)  # says who there is instead
            rows = [row_of(clerk, ledger, filed) for ledger, filed in all_of(clerk, kind, about)]
            _print([row for row in rows if every or row.is_running], noun, as_json=as_json)

    return shown


def _print(rows: Sequence[Row], noun: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            [{**record_json(row.ledger.name, row.filed), "status": row.state, "said": row.about} for row in rows]
        )
    elif rows:
        several = len({row.ledger.name for row in rows}) > 1
        columns = (*(("connection",) if several else ()), "record", "customer", "what", "state", "by", "on")
        print_text([Table(columns, [_cells(row, several=several) for row in rows])])
    else:
        click.echo(f"no {noun}")


def _cells(row: Row, *, several: bool) -> tuple[str, ...]:
    filed = row.filed
    first = (row.ledger.name,) if several else ()
    return (*first, filed.ref, row.customer, row.about, row.state, filed.who, f"{filed.at:%Y-%m-%d}")


def record_json(connection: str, filed: Any) -> dict[str, Any]:
    """A record for programs: the fields of its book-file shape, with its connection, ref, author and moment."""
    from syncd.people.book_entry import book_entry

    head = {"connection": connection, "ref": filed.ref, "kind": filed.kind, "customer": filed.customer}
    return {**head, **book_entry(filed.value), "who": filed.who, "recorded_at": filed.at.isoformat()}
