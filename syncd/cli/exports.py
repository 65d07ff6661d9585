"""The part of `syncd backfill` that takes in exported invoice lists: reads, sorts out, says, stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules.domain.wording import counted
from syncd.cli.output import print_json, print_text, say
from syncd.errors import TryAgain, Usage

if TYPE_CHECKING:
    from syncd.backfill.exported import Sorted
    from syncd.ledger import Ledger

_PROBLEMS_SHOWN = 20


def take_in_exports(ledger: Ledger, files: Sequence[Path], own_map: Path | None, *, dry: bool, as_json: bool) -> int:
    """Take these files in, or with `dry` only say what that would do."""
    from syncd.backfill.exported import read_exports, sort_out, take_in
    from syncd.store.exported_rows import ExportedRows

    if ledger.config.kind == "file":
        raise Usage(f"{ledger.name} is a folder of files: put the export's rows into its newest file")
    if ledger.company is None:
        raise TryAgain(f"{ledger.name} was never read, so nothing can be compared; run: syncd pull or syncd backfill")
    exports, rows = read_exports(files, own_map), ExportedRows(ledger.store, ledger.name)
    known = rows.known()
    found = [sort_out(place, export, known, ledger.company) for place, export in exports]
    if not dry:
        found = take_in(rows, found, ledger.clock.now())
    if as_json:
        print_json([_row(one, dry=dry) for one in found])
    else:
        print_text(line for one in found for line in _told(one, dry=dry))
        for problem in [problem for one in found for problem in one.problems][:_PROBLEMS_SHOWN]:
            say(problem)
    return int(any(one.problems for one in found))


def _told(one: Sorted, *, dry: bool) -> Iterator[str]:
    span = f" from {one.first_on} to {one.last_on}" if one.taken else ""
    verb = "would be taken in" if dry else f"taken in; {counted(one.news, 'record')} changed"
    yield f"{one.place}: {one.layout}: {counted(one.taken, 'settled invoice')}{span} {verb}"
    rest = (
        (one.same, "invoice", "in the provider's books already"),
        (one.still_open, "invoice", "still open, which only the provider's books can say"),
        (one.other_rows, "row", "no invoice with a number, a customer and a day"),
    )
    for number, noun, why in rest:
        if number:
            yield f"{one.place}: {counted(number, noun)} left out: {why}"
    if one.problems:
        first = f", the first {_PROBLEMS_SHOWN} follow" if len(one.problems) > _PROBLEMS_SHOWN else ""
        yield f"{one.place}: {counted(len(one.problems), 'problem')}{first}; with any, nothing is taken in"


def _row(one: Sorted, *, dry: bool) -> dict[str, Any]:
    return {
        "file": one.place,
        "layout": one.layout,
        "taken_in": not dry,
        "settled": one.taken,
        "from": one.first_on.isoformat() if one.first_on else None,
        "to": one.last_on.isoformat() if one.last_on else None,
        "news": one.news,
        "at_the_provider": one.same,
        "still_open": one.still_open,
        "other_rows": one.other_rows,
        "problems": list(one.problems),
    }
