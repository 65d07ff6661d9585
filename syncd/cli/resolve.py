"""`syncd resolve`: a person says what became of a write that nobody can prove."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.desk import opened_alone_if_free, whoever
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import print_json, print_text
from syncd.cli.plan import WHO, answer_table
from syncd.errors import Usage


@click.command(short_help="Say what became of an unclear write.")
@click.argument("action", metavar="ACTION")
@click.option("--done/--not-done", "was_done", default=None, help="It is in the books, or was mailed; or it was not.")
@click.option("--why", required=True, metavar="TEXT", help="How you know, for the journal.")
@WHO
@CONNECTION
@AS_JSON
@CONFIG
def resolve(
    *,
    action: str,
    was_done: bool | None,
    why: str,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Say whether an unclear action, named by its number or key, was done; `syncd audit --unclear` lists them.

    What was not done goes out once more with the next pass, if the books still call for it then.
    """
    from syncd.approval import find_unclear
    from syncd.approval import resolve as resolve_one

    if was_done is None:
        raise Usage("say what you found: --done or --not-done")
    with opened_alone_if_free(config, connection) as (office, _):
        ledger, intent = find_unclear(office.ledgers, action)
        answered = resolve_one(ledger, intent, was_done=was_done, who=who or whoever(), why=why)
        answers = answer_table([(ledger, answered)])
    if as_json:
        print_json({"connection": answered.connection, "key": answered.intent.key, "outcome": answered.outcome})
    else:
        print_text([answers])
