"""`syncd application`: applications for credit, scored by a card and kept with their answers."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.options import AS_JSON, EXISTING_FILE
from syncd.cli.output import print_json
from syncd.cli.people import WHO, Records, at_the_desk, confirm, list_command, options

_FILE = EXISTING_FILE
CARD = click.option("--card", type=_FILE, required=True, metavar="FILE", help="The scorecard.")
ANSWERS = click.option("--answers", type=_FILE, required=True, metavar="FILE", help="The answers: question = answer.")


@click.group(cls=Records, short_help="Score applications for credit, file, list and remove them.")
def application() -> None:
    """Score applications for credit, file, list and remove them.

    A scorecard gives points for answers and says what follows from the sum. The score proposes; a person gives credit.
    """


@application.command()
@CARD
@ANSWERS
@AS_JSON
def score(*, card: Path, answers: Path, as_json: bool) -> None:
    """Score answers by a card and file nothing; needs no configuration."""
    from syncd.people import applications

    found = applications.scored(applications.read_card(card), applications.read_answers(answers), answers)
    if as_json:
        print_json(
            {
                "card": found.card,
                "points": found.points,
                "decision": found.decision,
                "limit": None if found.limit is None else str(found.limit),
                "terms_days": found.terms_days,
                "stopped_by": found.stopped_by,
                "answers": [
                    {"question": line.question, "answer": line.answer, "points": line.points} for line in found.lines
                ],
                "reason": found.told(),
            }
        )
    else:
        click.echo(found.told())


@application.command()
@click.argument("customer")
@CARD
@ANSWERS
@WHO
@options
def add(
    *,
    customer: str,
    card: Path,
    answers: Path,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Score the answers of CUSTOMER (name or id) and file them with the score."""
    from syncd.people import applications

    found = applications.scored(applications.read_card(card), applications.read_answers(answers), answers)
    with at_the_desk(config, connection, who) as clerk:
        confirm(applications.add(clerk, customer, found), as_json=as_json)


application.add_command(list_command("credit_application", "applications"))


@application.command()
@click.argument("name", metavar="APPLICATION|CUSTOMER")
@WHO
@options
def remove(*, name: str, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Take an application and its answers away, by its own name or its customer's."""
    from syncd.people import applications

    with at_the_desk(config, connection, who) as clerk:
        confirm(applications.remove(clerk, name), as_json=as_json)
