"""`syncd check`: one line each, all problems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.atomic import replace_file
from syncd.cli.clock import the_clock
from syncd.cli.desk import start_logging
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import print_json, say

if TYPE_CHECKING:
    from syncd.checkup import Finding


@click.command(short_help="Say whether everything is in order, one line each.")
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write what somebody who helps needs to know: no secrets, nobody's name.",
)
@CONNECTION
@AS_JSON
@CONFIG
def check(*, bundle: Path | None, connection: str | None, as_json: bool, config: Path | None) -> int:
    """Say whether everything is in order, one line each.

    Looks at configuration, rules, database, secrets, clock, consent, providers and mail. Asks each provider for one
    page and writes nothing there. Leaves with 0 where all is well, else with the gravest code: 78 configuration or
    rules, 77 consent, 69 unreachable.
    """
    from syncd.checkup import examine, worst

    start_logging(verbose=False)
    findings = []
    for finding in examine(config, the_clock(), connection):
        findings.append(finding)
        if not as_json:
            mark = click.style("ok      ", fg="green") if finding.is_well else click.style("problem ", fg="red")
            click.echo(f"{mark}{finding.subject}: {finding.words}")
    if as_json:
        print_json([{"subject": one.subject, "ok": one.is_well, "finding": one.words} for one in findings])
    if bundle is not None:
        _write_bundle(bundle, config, findings)
    return worst(findings)


def _write_bundle(file: Path, config: Path | None, findings: list[Finding]) -> None:
    import json

    from syncd.bundle import bundle
    from syncd.config import load_config
    from syncd.errors import SyncdError
    from syncd.office import open_office

    loaded = load_config(config)
    try:
        with open_office(loaded, the_clock(), exclusive=False) as office:
            document = bundle(loaded, office, findings)
    except SyncdError:
        document = bundle(loaded, None, findings)  # what keeps the office shut stands among the findings
    replace_file(file, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    say(f"{file}: written for whoever helps; read it before you send it")
