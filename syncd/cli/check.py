"""`syncd check`: one line each, all problems."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.desk import start_logging
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import print_json


@click.command(short_help="Say whether everything is in order, one line each.")
@CONNECTION
@AS_JSON
@CONFIG
def check(*, connection: str | None, as_json: bool, config: Path | None) -> int:
    """Say whether everything is in order, one line each.

    Looks at configuration, rules, database, secrets, clock, consent, providers and mail. Asks each provider for one
    page and writes nothing there. Leaves with 0 where all is well, else with the gravest code: 78 configuration or
    rules, 77 consent, 69 unreachable.
    """
    from syncd.checkup import examine, worst
    from syncd.clock import SystemClock

    start_logging(verbose=False)
    findings = []
    for finding in examine(config, SystemClock(), connection):
        findings.append(finding)
        if not as_json:
            mark = click.style("ok      ", fg="green") if finding.is_well else click.style("problem ", fg="red")
            click.echo(f"{mark}{finding.subject}: {finding.words}")
    if as_json:
        print_json([{"subject": one.subject, "ok": one.is_well, "finding": one.words} for one in findings])
    return worst(findings)
