"""`syncd demo`: the whole job on simulated companies, and a report worth reading."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from rules.domain.wording import grouped
from syncd.cli.clock import the_clock
from syncd.cli.options import AS_JSON, NO_CONFIG
from syncd.cli.output import Table, Text, print_json, print_text, say

_WRITTEN = {
    "reminder_email": "reminders by e-mail",
    "provider_email": "invoices mailed by the provider",
    "memo": "memos on invoices",
    "finance_charge": "finance-charge invoices",
    "charge_reversal": "finance charges reversed",
    "stop_sell_on": "stop-sell flags raised",
    "stop_sell_off": "stop-sell flags lifted",
    "promise_date": "promise dates",
}


@click.command(short_help="The whole job on two simulated companies; needs nothing configured.")
@click.option("--csv", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Receivables of your own.")
@click.option("--keep", is_flag=True, help="Leave the configuration and state in ./syncd-demo to try commands on.")
@click.option("--serve", is_flag=True, help="Leave the simulated companies running until Ctrl-C.")
@AS_JSON
@NO_CONFIG
def demo(*, csv: Path | None, keep: bool, serve: bool, as_json: bool) -> int:
    """A quarter of business in about a minute, on two simulated companies.

    Serves a QuickBooks Online and a Xero company on this machine, fills them from a CSV of receivables, connects to
    both through their real SDKs and consent, and lives through ninety days. Needs nothing configured; sends nothing
    beyond this machine.
    """
    from syncd.demo.run import kept_folder, scratch_folder, show
    from syncd.demo.script import DAYS
    from syncd.demo.stage import clear

    folder = kept_folder(Path.cwd()) if keep else scratch_folder()
    clock = the_clock()
    try:
        with _quiet(), _progress(DAYS) as on_day, show(csv, folder, clock, on_day) as played:
            if as_json:
                print_json(played.document)
            else:
                print_text(_report(played.document, kept=keep))
            if serve:
                played.stage.close_office()
                _serve(played.document, played.stage.clock, clock)
    finally:
        if not keep:
            clear(folder)
    return 0 if _went_well(played.document) else 1


def _went_well(document: dict[str, Any]) -> bool:
    agree = all(company["agrees"] for company in document["companies"])
    return agree and document["proof"]["holds"] and not document["failures"]


@contextmanager
def _quiet() -> Iterator[None]:
    """Log lines would drown the story: only what goes wrong is said."""
    import logging

    from syncd import logs

    logs.configure("text", level=logging.ERROR)
    yield


@contextmanager
def _progress(days: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, a line now and then in a pipe."""
    if not sys.stderr.isatty():
        yield lambda day: say(f"day {day} of {days}") if day in (1, 30, 60, 90) else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    count = TextColumn("day {task.completed:.0f} of {task.total:.0f}")
    columns = TextColumn("living through a quarter"), BarColumn(), count
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("days", total=days)

        def on_day(day: int) -> None:
            bar.update(task, completed=day)
            if day == days:
                bar.stop()

        yield on_day


def _report(document: dict[str, Any], *, kept: bool) -> Iterator[Text]:
    companies = document["companies"]
    yield (
        f"A quarter of business, ninety days to {document['last_day']}, lived through in {document['seconds']} s. "
        f"The dates of the file were moved by {document['moved_by_days']} days."
    )
    for company in companies:
        yield ""
        yield f"{company['name']} ({company['connection']}, {_kind(company)}), {company['customers']} customers"
        yield _aging(company)
        verdict = "the same as our buckets sum to" if company["agrees"] else "NOT what our buckets sum to"
        yield f"Open by the books themselves: {grouped(company['open_in_the_books'])}, {verdict}."
    yield ""
    yield "Written into the books, and mailed:"
    yield Table(
        ("what", *(company["connection"] for company in companies)),
        [
            (text, *(str(company["written"].get(kind, 0)) for company in companies))
            for kind, text in _WRITTEN.items()
            if any(company["written"].get(kind) for company in companies)
        ],
        right=tuple(company["connection"] for company in companies),
    )
    yield ""
    yield "Calls to the providers' APIs a day:"
    yield Table(
        ("company", "days", "least", "average", "most", "reads", "writes"),
        [_calls(company) for company in companies],
        right=("days", "least", "average", "most", "reads", "writes"),
    )
    yield from _story(document["story"])
    yield ""
    yield from _proof(document)
    if kept:
        yield from _kept(document)


def _kind(company: dict[str, Any]) -> str:
    return {"quickbooks": "QuickBooks Online", "xero": "Xero"}[company["kind"]]


def _aging(company: dict[str, Any]) -> Table:
    start, end = company["aging_at_start"], company["aging_at_end"]
    labels = list(dict.fromkeys([*start, *end]))
    return Table(
        ("", *labels),
        [
            ("open on the first day", *(start.get(label, "-") for label in labels)),
            ("open on the last day", *(end.get(label, "-") for label in labels)),
        ],
        right=tuple(labels),
    )


def _calls(company: dict[str, Any]) -> tuple[str, ...]:
    days = [sum(made.values()) for made in company["calls_by_day"].values()]
    purposes = {
        purpose: sum(made.get(purpose, 0) for made in company["calls_by_day"].values()) for purpose in ("read", "write")
    }
    average = f"{sum(days) / len(days):.1f}" if days else "0"
    counted = (len(days), min(days, default=0), average, max(days, default=0), purposes["read"], purposes["write"])
    return (company["connection"], *map(str, counted))


def _story(story: dict[str, Any] | None) -> Iterator[Text]:
    if story is None:
        return
    yield ""
    who = f"{story['name']} ({story['connection']}, customer {story['customer']})"
    yield f"One customer's quarter, from the audit: {who}"
    for line in story["lines"]:
        yield _wrapped(f"  {line['on']}  {line['what']}")


def _wrapped(line: str) -> str:
    """Broken between words under its own text on a terminal; one long line in a pipe, for grep."""
    if not sys.stdout.isatty():
        return line
    return textwrap.fill(line, shutil.get_terminal_size().columns, subsequent_indent=" " * 14)


def _proof(document: dict[str, Any]) -> Iterator[Text]:
    proof = document["proof"]
    if proof["holds"]:
        yield (
            f"Proof, from the simulated books and the mailbox: {proof['confirmed']} effects were meant, "
            f"{proof['found']} are there, each exactly once."
        )
        return
    yield f"NOT PROVEN: {proof['confirmed']} effects were meant, {proof['found']} are in the books and the mailbox."
    for word in ("twice", "missing", "unaccounted"):
        for name in proof[word][:10]:
            yield f"  {word}: {name}"
    for failure in document["failures"][:10]:
        yield f"  failed pass: {failure}"


def _kept(document: dict[str, Any]) -> Iterator[Text]:
    folder = document["folder"]
    yield ""
    yield f"Kept in {folder}: configuration, rules, state, and the mailbox in {folder}/mail. Try:"
    for command in ("status", "aging", "audit", f"explain {(document['story'] or {}).get('customer', 'CUSTOMER')}"):
        yield f"  syncd {command} --config {folder}/config.toml"


def _serve(document: dict[str, Any], simulated: Any, clock: Any) -> None:
    say("")
    say("The companies are running, and their clock is the world's now. Ctrl-C ends them.")
    for company in document["companies"]:
        say(f"  {company['name']}: connection {company['connection']}")
    say("From another terminal, for example:")
    say(f"  syncd cycle --config {document['folder']}/config.toml")
    try:
        while True:
            simulated.move_to(clock.now())
            clock.sleep(1.0)
    except KeyboardInterrupt:
        say("Closed.")
