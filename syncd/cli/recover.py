"""`syncd recover`: after a lost or set-back database, learn from the books what was done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG
from syncd.cli.output import print_json, print_text

if TYPE_CHECKING:
    from syncd.recover import Recovered


_SHOWN = 10


@click.command(short_help="Rebuild a lost store from the books' own records.")
@AS_JSON
@CONFIG
def recover(*, as_json: bool, config: Path | None) -> int:
    """Rebuild a lost or set-back database from the traces of our work in the books themselves.

    Reads every connection anew, looks for each action where its effect would be, and lets the program write again. The
    first plan afterwards waits for `syncd release`. Leaves with 1, as a person should look at what it found.
    """
    from syncd.recover import recover as recover_all

    with opened(config, exclusive=True) as office:
        reports = recover_all(office)
    if as_json:
        print_json([_document(report) for report in reports])
    else:
        print_text(line for report in reports for line in _lines(report))
    return 1


def _document(report: Recovered) -> dict[str, Any]:
    return {
        "connection": report.connection,
        "found": dict(sorted(report.found.items())),
        "unknowable": report.unknowable,
        "waiting": report.waiting,
        "unexplained_flags": report.flags,
        "people_forgotten": report.is_desk_empty,
    }


def _lines(report: Recovered) -> Iterator[str]:
    found = ", ".join(f"{count} {verb.replace('_', ' ')}" for verb, count in sorted(report.found.items())) or "nothing"
    yield f"{report.connection}: found in the books: {found}"
    for line in report.unknowable:
        yield f"{report.connection}: nobody can know whether this was done: {line}"
    if report.flags:
        who = ", ".join(report.flags[:_SHOWN]) + (" …" if len(report.flags) > _SHOWN else "")
        yield f"{report.connection}: nobody can know who raised the stop-sell flag of: {who}; what is over, lift there"
    if report.is_desk_empty:
        yield (
            f"{report.connection}: what people recorded (promises, disputes, plans, holds, who waived and why) "
            "stood in the database alone: none of it is here; take it from a backup, or record it anew"
        )
    yield f"{report.connection}: {report.waiting} wait; look with `syncd plan`, then `syncd release`"
