"""`syncd reconcile`: our copy of the books against the provider's own figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened_alone_if_free
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import Table, Text, print_json, print_text
from syncd.cli.passes import exit_code
from syncd.failures import exit_code_of

if TYPE_CHECKING:
    from syncd.config import Limits
    from syncd.ledger import Ledger


PATIENCE_S = 45.0  # a hint is taken within seconds, and passes are ten apart


@click.command(short_help="Our aging against the provider's own figures.")
@click.option("--full", is_flag=True, help="Read everything again in any case, and say what was missed.")
@CONNECTION
@AS_JSON
@CONFIG
def reconcile(*, full: bool, connection: str | None, as_json: bool, config: Path | None) -> int:
    """Hold what we think each customer owes against the provider's own figures, customer by customer and currency.

    A difference is explained (the books moved meanwhile, journal lines, money on no invoice, documents dated later, a
    report in another currency) or it is drift: drift pulls the brake, and everything is read again to say how many
    records were missed. The daemon does this every night by itself; beside a running daemon this command has it read
    what changed, and leaves reading everything again to it. Leaves with 1 on drift.
    """
    from syncd.people.listing import name_of

    with opened_alone_if_free(config, connection) as (office, alone):
        done = [_reconciled(ledger, office.config.limits, full=full, alone=alone) for ledger in office.ledgers]
        names = {ledger.name: partial(name_of, ledger, "customer") for ledger in office.ledgers}
        lines = [] if as_json else [line for row, _ in done for line in _shown(row, names[row["connection"]])]
    if as_json:
        print_json([row for row, _ in done])
    else:
        print_text(lines)
        if not alone:
            click.echo("another syncd works on this state: reading everything again is left to it, at night")
    return exit_code([code for _, code in done])


def _reconciled(ledger: Ledger, limits: Limits, *, full: bool, alone: bool) -> tuple[dict[str, Any], int]:
    from connectors.errors import ConnectorError
    from syncd.reconcile import reconcile as compare

    try:
        look_again = None if alone else lambda: _read_by_the_daemon(ledger)
        found = compare(ledger, limits, everything=full, look_again=look_again)
    except ConnectorError as error:
        return {"connection": ledger.name, "failure": str(error)}, exit_code_of(error)
    return {**found.to_json(), "failure": None}, int(bool(found.drift))


def _read_by_the_daemon(ledger: Ledger) -> bool:
    """Ask whoever makes the passes to look now, and wait for it. False where nobody did within a while."""
    from syncd import hints

    before = ledger.connections.standing().pulled_at
    hints.give(ledger.vault.lock_file.parent, ledger.name)
    ends = ledger.clock.monotonic() + PATIENCE_S
    while ledger.clock.monotonic() < ends:
        if ledger.connections.standing().pulled_at != before:
            return True
        ledger.clock.sleep(0.5)
    return False


def _shown(row: dict[str, Any], name: Callable[[str], str]) -> Iterator[Text]:
    if row["failure"]:
        yield f"{row['connection']}: failed: {row['failure']}"
        return
    yield f"{row['connection']}, as of {row['as_of']}: {row['outcome']}"
    if row["differences"]:
        columns = ("customer", "currency", "ours", "theirs", "difference", "words")
        named = ({**each, "customer": name(each["customer"])} for each in row["differences"])
        rows = [tuple(str(each[column]) for column in columns) for each in named]
        yield Table(columns, rows, right=("ours", "theirs", "difference"))
    if row["drift"]:
        yield f"{row['connection']}: BRAKE: find out why, then run: syncd release --connection {row['connection']}"
