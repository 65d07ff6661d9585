"""`syncd backfill`: years of history loaded beside the daemon, with progress on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rules.domain.wording import counted
from syncd.cli.desk import opened
from syncd.cli.exports import take_in_exports
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION, DAY, EXISTING_FILE
from syncd.cli.output import Table, print_json, print_text, say
from syncd.cli.passes import VERBOSE, exit_code
from syncd.errors import SyncdError, TryAgain, Usage
from syncd.failures import exit_code_of

if TYPE_CHECKING:
    from syncd.backfill.check import MonthCheck
    from syncd.backfill.load import Ask, Backfill, Backfilled
    from syncd.ledger import Ledger

_LEAST_CALLS = 5  # three to begin with, two for a page


@click.command(short_help="Load years of history, with progress; goes on where it stopped.")
@CONNECTION
@click.option("--all", "every", is_flag=True, help="Every connection to a provider, one after the other.")
@click.option("--since", type=DAY, metavar="DATE", help="The first day to load; else the first document's.")
@click.option("--until", type=DAY, metavar="DATE", help="The last day to load; else today.")
@click.option(
    "--wait/--no-wait", default=True, help="Wait for the next day where a day's calls are used up, or leave with 75."
)
@click.option(
    "--calls",
    type=click.IntRange(min=0),
    metavar="N",
    help="At most N calls a day for this; then it waits for the next day, or leaves with --no-wait.",
)
@click.option("--again", is_flag=True, help="Begin anew, also where a load is finished or half done.")
@click.option("--csv", "files", type=EXISTING_FILE, multiple=True, metavar="FILE", help="Take in an exported list.")
@click.option("--map", "own_map", type=EXISTING_FILE, metavar="FILE", help="TOML that says what the columns mean.")
@click.option("--dry-run", is_flag=True, help="With --csv: only say what would be taken in, and the first problems.")
@VERBOSE
@AS_JSON
@CONFIG
def backfill(
    *,
    files: tuple[Path, ...],
    own_map: Path | None,
    dry_run: bool,
    connection: str | None,
    every: bool,
    since: date | None,
    until: date | None,
    wait: bool,
    calls: int | None,
    again: bool,
    verbose: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Load years of history: paid invoices, payments, credits, customers. Never writes to a provider.

    Runs beside the daemon and leaves it calls to work with. Interrupted, the same command goes on where it stopped.
    Ends by comparing, month by month, what is held with what the provider shows; leaves with 1 where they differ.

    With --csv it asks no provider: years that only exist as lists exported by QuickBooks or Xero are taken in beside
    what the provider gave. What is there already under the same number and customer stays the provider's.
    """
    if (connection is None) == (not every):
        both = f"--all is every connection, --connection {connection} is one: take one of the two"
        raise Usage(both if every else "say which connection with --connection NAME, or --all")
    if calls is not None and calls < _LEAST_CALLS:
        why = f"each run needs {_LEAST_CALLS} at least; give it more, or leave --calls out"
        raise Usage(f"--calls {calls} leaves no call to load anything with: {why}")
    if (own_map or dry_run) and not files:
        raise Usage("--map and --dry-run go with --csv FILE")
    if files and every:
        raise Usage("an exported list belongs to one company: say which with --connection NAME")
    with opened(config, connection, verbose=verbose) as office:
        if files:
            return take_in_exports(office.ledgers[0], files, own_map, dry=dry_run, as_json=as_json)
        ledgers = [ledger for ledger in office.ledgers if not every or ledger.config.kind != "file"]
        if not ledgers:
            raise Usage("every connection is read from files, which hold their own history; there is nothing to load")
        rows = []
        for ledger in ledgers:
            ask = _ask(ledger, since, until, wait=wait, again=again)
            rows.append(_attempt(ledger, ask, calls, as_json=as_json))
            if not as_json:
                print_text(_told(*rows[-1]))
    if as_json:
        print_json([row for row, _ in rows])
    return exit_code([code for _, code in rows])


def _ask(ledger: Ledger, since: date | None, until: date | None, *, wait: bool, again: bool) -> Ask:
    from syncd.backfill.load import Ask

    return Ask(since, until, ledger.today(), wait=wait, again=again)


def _attempt(ledger: Ledger, ask: Ask, calls: int | None, *, as_json: bool) -> tuple[dict[str, Any], int]:
    """One connection's load as a row; a failure is part of it."""
    from connectors.errors import ConnectorError
    from syncd.backfill.load import opened_load

    try:
        with opened_load(ledger, ask, calls) as load, _progress(load, ledger.name, as_json=as_json):
            done = load.run()
    except KeyboardInterrupt:
        same = "the same without --again" if ask.again else "the same"
        say(f"{ledger.name}: stopped; what was loaded is stored, {same} goes on from there")
        raise
    except Usage:
        raise
    except (ConnectorError, SyncdError) as error:
        return {"connection": ledger.name, "failure": str(error)}, exit_code_of(error)
    return _row(ledger.name, done), int(bool(done.disagreements))


@contextmanager
def _progress(load: Backfill, name: str, *, as_json: bool) -> Iterator[None]:
    from syncd.cli.progress import Meter

    with Meter(name, load.bench.clock, as_json=as_json) as meter:
        load.show = meter.show
        yield


def _row(name: str, done: Backfilled) -> dict[str, Any]:
    return {
        "connection": name,
        "documents": done.documents,
        "changed": done.changed,
        "dropped": done.dropped,
        "unreadable": done.unreadable,
        "calls": done.calls,
        "seconds": f"{done.seconds:.1f}",
        "months": [_month(month) for month in done.months],
        "disagreements": len(done.disagreements),
        "failure": None,
    }


def _month(month: MonthCheck) -> dict[str, Any]:
    return {
        "list": month.name,
        "month": month.month or None,
        "currency": month.currency or None,
        "provider": {"documents": month.shown.documents, "amount": str(month.shown.amount), "counted": month.counted},
        "held": {"documents": month.held.documents, "amount": str(month.held.amount)},
        "agrees": month.agrees,
    }


def _told(row: dict[str, Any], code: int) -> Iterator[str | Table]:
    name = row["connection"]
    if row["failure"]:
        say(f"{name}: {'stopped' if code == TryAgain.exit_code else 'failed'}: {row['failure']}")
        return
    yield f"{name}: {row['documents']} documents, {row['changed']} news; {row['calls']} calls, {row['seconds']} s"
    if row["dropped"]:
        yield f"{name}: {counted(row['dropped'], 'document')} dropped that the provider no longer shows"
    if row["unreadable"]:
        yield f"{name}: {row['unreadable']} records could not be understood; `syncd status` lists them"
    wrong = [month for month in row["months"] if not month["agrees"]]
    if not wrong:
        yield f"{name}: what is held agrees with the provider in all {len(row['months'])} months of its lists"
        return
    yield f"{name}: what is held differs from the provider in {len(wrong)} of {len(row['months'])} months of its lists:"
    cells = [(month["list"], month["month"] or "", *_sides(month), month["currency"] or "") for month in wrong]
    yield Table(("list", "month", "provider", "amount", "held", "amount held", "currency"), cells, right=_NUMBERS)
    yield f"{name}: {_remedy(row, wrong)}"


_NUMBERS = ("provider", "amount", "held", "amount held")


def _remedy(row: dict[str, Any], wrong: list[dict[str, Any]]) -> str:
    """What to do about months that disagree, though they were read twice."""
    if row["unreadable"]:
        return "what could not be understood is missing here; `syncd status` lists it"
    if any(month["provider"]["counted"] is not None for month in wrong):
        return "the provider counts more than it shows, so its books moved meanwhile: run the same again in an hour"
    if any(month["held"]["documents"] > month["provider"]["documents"] for month in wrong):
        return "what is held too much is open: run `syncd reconcile --full`, and then the same again"
    return "run the same again with --again, which reads all of it anew"


def _sides(month: dict[str, Any]) -> tuple[str, str, str, str]:
    shown, held = month["provider"], month["held"]
    return str(shown["counted"] or shown["documents"]), shown["amount"], str(held["documents"]), held["amount"]
