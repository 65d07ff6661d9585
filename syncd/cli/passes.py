"""Passes from the command line: one (`cycle`), only its reading (`pull`), or one after the other (`run`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import ground_of, opened, start_logging
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import Table, brake_line, held_lines, print_json, print_text
from syncd.failures import exit_code_of

if TYPE_CHECKING:
    from syncd.ledger import Ledger
    from syncd.logs import Format
    from syncd.office import Office
    from syncd.pass_report import PassReport
    from syncd.pull import Pulled

ANYWAY = click.option("--anyway", is_flag=True, help="Ask also a provider that is to be left alone (parked).")
VERBOSE = click.option("--verbose", "-v", is_flag=True, help="Log each step to standard error.")


@click.command(short_help="One pass over every connection, then exit.")
@VERBOSE
@ANYWAY
@CONNECTION
@AS_JSON
@CONFIG
def cycle(*, verbose: bool, anyway: bool, connection: str | None, as_json: bool, config: Path | None) -> int:
    """Make one pass over every connection, then exit: settle what was left open, pull, decide, plan, write back.

    Leaves with 1 where something needs a person: a held plan, a failed connection, an unclear or refused write. Like
    the daemon it leaves a provider alone that asked for time or withdrew its consent.
    """
    from syncd.attempt import attempt_pass, left_alone
    from syncd.digest import send_if_due
    from syncd.feed import write_feed
    from syncd.ping import Ping

    with opened(config, connection, exclusive=True, verbose=verbose) as office:
        ping = Ping(office.config.watch.ping_url)
        ping.tell("start")
        parked = {ledger.name: None if anyway else left_alone(ledger) for ledger in office.ledgers}
        reports = [parked[ledger.name] or attempt_pass(ledger, ground_of(office)) for ledger in office.ledgers]
        unable = [ledger.intents.unable() for ledger in office.ledgers]
        write_feed(office)
        ping.tell("fail" if any(report.failure for report in reports) else "ok")
        send_if_due(office)
    if as_json:
        print_json([_report_json(report) for report in reports])
    else:
        print_text([Table(_REPORT_COLUMNS, [_report_row(report) for report in reports])])
        told = zip(reports, unable, strict=True)
        print_text(f"{one.connection}: {line}" for one, why in told for line in _attention(one, why))
    return exit_code([report.exit_code if report.failure else int(report.needs_person) for report in reports])


@click.command(short_help="Only read.")
@VERBOSE
@ANYWAY
@CONNECTION
@AS_JSON
@CONFIG
def pull(*, verbose: bool, anyway: bool, connection: str | None, as_json: bool, config: Path | None) -> int:
    """Only read: bring the local copy of the books up to date. Decides nothing and writes nothing back."""
    with opened(config, connection, exclusive=True, verbose=verbose) as office:
        done = [_pulled(ledger, office, anyway=anyway) for ledger in office.ledgers]
    if as_json:
        print_json([row for row, _ in done])
    else:
        columns = tuple(done[0][0])
        rows = [tuple("" if cell is None else str(cell) for cell in row.values()) for row, _ in done]
        print_text([Table(columns, rows)])
    return exit_code([code for _, code in done])


def _pulled(ledger: Ledger, office: Office, *, anyway: bool) -> tuple[dict[str, Any], int]:
    from connectors.errors import ConnectorError
    from syncd.attempt import in_words, left_alone
    from syncd.cycle import pull_changes

    if not anyway and (parked := left_alone(ledger)) is not None:
        return _pull_json(ledger, None, parked.failure), parked.exit_code
    try:
        return _pull_json(ledger, pull_changes(ledger, office.config.limits), None), 0
    except ConnectorError as error:
        return _pull_json(ledger, None, in_words(ledger.name, error)), exit_code_of(error)


@click.command(short_help="The daemon.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json", "journal"]),
    help="How log lines look; else journal under systemd and text elsewhere.",
)
@CONFIG
def run(*, log_format: Format | None, config: Path | None) -> int:
    """The daemon: a pass over every connection each poll_interval, until SIGTERM. SIGHUP reads the rules again."""
    from syncd.console.app import serving
    from syncd.daemon import Daemon

    with opened(config, exclusive=True) as office:
        start_logging(verbose=True, form=log_format)
        daemon = Daemon(office)
        with ExitStack() as doors:
            if office.config.serve.enabled:
                doors.enter_context(serving(office, daemon.wake))
            return daemon.run()


def exit_code(codes: Sequence[int]) -> int:
    """0 where all is done; the one code all connections share; else 1."""
    return codes[0] if len(set(codes)) == 1 else int(any(codes))


_REPORT_COLUMNS = ("connection", "pages", "changed", "decisions", "planned", "sent", "held", "unclear", "refused")


def _report_row(report: PassReport) -> tuple[str, ...]:
    row = _report_json(report)
    return tuple(str(row[column]) if row[column] is not None else "" for column in _REPORT_COLUMNS)


def _report_json(report: PassReport) -> dict[str, Any]:
    pulled, drained, settled = report.pulled, report.drained, report.settled
    return {
        "connection": report.connection,
        "pages": pulled.pages if pulled else None,
        "records": pulled.records if pulled else None,
        "changed": pulled.changed if pulled else None,
        "vanished": pulled.vanished if pulled else None,
        "quarantined": pulled.quarantined if pulled else None,
        "accounts": report.accounts,
        "decisions": report.decisions,
        "planned": report.planned,
        "sent": sum(drained.confirmed.values()),
        "sent_by_verb": dict(sorted(drained.confirmed.items())),
        "stale": drained.stale,
        "refused": drained.rejected,
        "unclear": report.unclear or drained.unclear,
        "held": report.held,
        "settled": {"confirmed": settled.confirmed, "absent": settled.absent, "unclear": settled.unclear},
        "problems": report.problems,
        "brake": report.brake,
        "failure": report.failure,
    }


def _attention(report: PassReport, unable: Mapping[str, int]) -> list[str]:
    """What a person should know or do, one line each."""
    lines = []
    if report.failure:
        lines.append(f"failed: {report.failure}")
    if report.brake:
        lines.append(brake_line(report.brake))
    elif report.held:
        lines.extend(held_lines(report.held, unable))
    if report.unclear or report.drained.rejected:
        lines.append("some writes are unclear or were refused: `syncd status` lists them")
    stops = (report.drained.stopped, report.drained.mail_down, report.drained.clock_off)
    return [*lines, *(f"stopped early: {why}" for why in stops if why)]


def _pull_json(ledger: Ledger, pulled: Pulled | None, failure: str | None) -> dict[str, Any]:
    return {
        "connection": ledger.name,
        "pages": pulled.pages if pulled else None,
        "records": pulled.records if pulled else None,
        "changed": pulled.changed if pulled else None,
        "vanished": pulled.vanished if pulled else None,
        "quarantined": pulled.quarantined if pulled else None,
        "failure": failure,
    }
