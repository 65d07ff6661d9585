"""The demo from curtain to curtain. Nothing outside its folder is touched, nothing beyond loopback is spoken to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from connectors.file.csv import read_receivables, tells_settlements
from connectors.file.factoring import Receivable
from connectors.file.read import read_book
from syncd.clock import Clock
from syncd.demo.play import last_pass_before, opening, play
from syncd.demo.report import document
from syncd.demo.script import scripts
from syncd.demo.stage import Stage, stage


@dataclass(frozen=True, slots=True)
class Show:
    """A demo that was played: its stage, still up, and everything that came of it as plain values."""

    stage: Stage
    document: dict[str, Any]


@contextmanager
def show(csv: Path | None, folder: Path, clock: Clock, on_day: Callable[[int], None]) -> Iterator[Show]:
    """Play the demo in `folder`; the companies stay up for the length of the block.

    Raises:
        BookRefused: the CSV cannot be read as receivables; every bad row is named.
    """
    started = clock.monotonic()
    last = last_pass_before(clock.now())
    dealt, moved_by = scripts(read(csv), last.date())
    with stage(folder, dealt, opening(last)) as set_up:
        played = play(set_up, last, on_day)
        result = document(set_up, played, clock.monotonic() - started)
        result |= {"moved_by_days": moved_by, "folder": str(folder), "last_day": last.date().isoformat()}
        yield Show(set_up, result)


def read(csv: Path | None) -> tuple[Receivable, ...]:
    """The receivables of `csv`, or of the built-in sample; a plain list of invoices counts as not settled."""
    if csv is None:
        with resources.as_file(resources.files("syncd.demo").joinpath("sample.csv")) as sample:
            return read_receivables(sample)
    if tells_settlements(csv):
        return read_receivables(csv)
    book = read_book(csv)
    names = {customer.ref: customer.name for customer in book.customers}
    return tuple(
        Receivable(
            customer=names.get(invoice.customer, invoice.customer),
            number=invoice.number,
            issued_on=invoice.issued_on,
            due_on=invoice.due_on or invoice.issued_on,
            amount=invoice.total,
            disputed=False,
        )
        for invoice in book.invoices
    )


def scratch_folder() -> Path:
    """A folder for a demo that leaves nothing behind."""
    return Path(tempfile.mkdtemp(prefix="syncd-demo-"))


def kept_folder(where: Path) -> Path:
    """A folder that stays: ``syncd-demo``, or the first ``syncd-demo-2``… that is free; nothing is overwritten."""
    number = 1
    while (folder := where / ("syncd-demo" if number == 1 else f"syncd-demo-{number}")).exists():
        number += 1
    folder.mkdir()
    return folder
