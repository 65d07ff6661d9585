"""`syncd plan`, and what a person says to it: approve, reject, release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import ground_of, opened_alone_if_free, whoever
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import Table, Text, brake_line, print_json, print_text, say

if TYPE_CHECKING:
    from syncd.approval import Answered
    from syncd.ledger import Ledger
    from syncd.office import Office
    from syncd.preview import Preview
    from syncd.store.intent_rows import Intent

WHO = click.option("--as", "who", metavar="NAME", help="Who decides this, for the journal; else your login name.")


@click.command(short_help="Show what the next cycle would do, and why.")
@click.option("--no-pull", is_flag=True, help="Decide on the copy of the books we have, without asking the provider.")
@click.option("--silences", is_flag=True, help="Show also each thing that is not done, and why not.")
@CONNECTION
@AS_JSON
@CONFIG
def plan(*, no_pull: bool, silences: bool, connection: str | None, as_json: bool, config: Path | None) -> int:
    """Show what the next cycle would do, and why. Changes nothing anywhere but the local copy of the books.

    Leaves with 1 where something waits for a person.
    """
    from syncd.preview import preview

    with opened_alone_if_free(config, connection) as (office, alone):
        if not no_pull:
            _refresh(office, alone=alone)
        previews = [preview(ledger, ground_of(office)) for ledger in office.ledgers]
    if as_json:
        print_json(_document(previews))
    else:
        print_text(_shown(previews, silences=silences))
    return 1 if any(_waits(one) for one in previews) else 0


@click.command(short_help="Let held actions go.")
@click.argument("words", metavar="[PLAN|ACTION]...", nargs=-1)
@WHO
@CONNECTION
@AS_JSON
@CONFIG
def approve(
    *,
    words: Sequence[str],
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> int:
    """Let held actions go: all of them, or those named by number (41), by plan (P3) or by key, as `syncd plan` shows.

    They go out with the next cycle, if the books still call for them then. What a person did by hand (a call, a task)
    is recorded as done by this. What the provider refused, named by number, is decided again: mend the cause first.
    """
    from syncd.approval import approve as approve_one

    def let_go(ledger: Ledger, intent: Intent) -> Answered:
        return approve_one(ledger, intent, who or whoever())

    return _answer(config, connection, words, let_go, as_json=as_json)


@click.command(short_help="Refuse held actions, for good.")
@click.argument("words", metavar="PLAN|ACTION...", nargs=-1, required=True)
@click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")
@WHO
@CONNECTION
@AS_JSON
@CONFIG
def reject(
    *, words: Sequence[str], why: str, who: str | None, connection: str | None, as_json: bool, config: Path | None
) -> int:
    """Refuse held actions, named by number (41), by plan (P3) or by key. This occurrence never comes back."""
    from syncd.approval import reject as reject_one

    def refuse(ledger: Ledger, intent: Intent) -> Answered:
        return reject_one(ledger, intent, who or whoever(), why)

    return _answer(config, connection, words, refuse, as_json=as_json)


@click.command(short_help="Clear a brake.")
@WHO
@CONNECTION
@AS_JSON
@CONFIG
def release(*, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Clear a brake: what it held goes out with the next cycle, or back to review where plans are reviewed."""
    from syncd.approval import release as release_all

    with opened_alone_if_free(config, connection) as (office, _):
        for ledger in office.ledgers:
            if (lost := ledger.forgotten()) is not None:
                say(f"{ledger.name}: {lost}; releasing does not help")
        braked = [ledger for ledger in office.ledgers if ledger.connections.standing().brake_why]
        answered = [
            (ledger, one) for ledger in braked for one in release_all(ledger, who or whoever(), office.config.mode)
        ]
        answers = answer_table(answered)
    if not as_json:
        say(f"brake cleared: {', '.join(ledger.name for ledger in braked)}" if braked else "no brake was on")
    _print_answers([one for _, one in answered], answers, as_json=as_json)


def _answer(
    config: Path | None,
    connection: str | None,
    words: Sequence[str],
    answer: Callable[[Ledger, Intent], Answered],
    *,
    as_json: bool,
) -> int:
    """Answer each action the words name; actions that `syncd plan` showed and no cycle stored yet are stored first."""
    from syncd.approval import find_actions
    from syncd.cycle import plan_accounts, watched
    from syncd.pass_report import PassReport

    with opened_alone_if_free(config, connection) as (office, alone):
        for ledger in (one for one in office.ledgers if alone and one.forgotten() is None):
            everybody = watched(ledger, office.policies)
            plan_accounts(ledger, ground_of(office), everybody, PassReport(ledger.name), ledger.today())
        answered = [(ledger, answer(ledger, intent)) for ledger, intent in find_actions(office.ledgers, words)]
        answers = answer_table(answered)
    if not answered:
        say("nothing waits for an answer")
    _print_answers([one for _, one in answered], answers, as_json=as_json)
    return int(not all(one.is_done for _, one in answered))


def answer_table(answered: Sequence[tuple[Ledger, Answered]]) -> Table:
    """What became of each action, called as `syncd plan` calls it."""
    from syncd.as_json import decision_json
    from syncd.cli.rendering import what
    from syncd.people.listing import name_of

    rows = [
        (
            one.connection,
            str(one.intent.id),
            what(decision_json(one.intent.decision)),
            name_of(ledger, "customer", one.intent.customer),
            one.outcome,
        )
        for ledger, one in answered
    ]
    return Table(("connection", "no.", "what", "customer", "outcome"), rows)


def _print_answers(answered: Sequence[Answered], answers: Table, *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"connection": one.connection, "action": one.intent.id, "key": one.intent.key, "outcome": one.outcome}
                for one in answered
            ]
        )
    elif answered:
        print_text([answers])


def _refresh(office: Office, *, alone: bool) -> None:
    from connectors.errors import ConnectorError
    from syncd.cycle import pull_changes

    if not alone:
        say("the daemon runs: decided on its copy of the books, which it keeps fresh itself")
        return
    for ledger in office.ledgers:
        try:
            pull_changes(ledger, office.config.limits)
        except ConnectorError as error:
            say(f"{ledger.name}: decided on the copy of the books we have, as the provider could not be asked: {error}")


def _waits(one: Preview) -> bool:
    waiting = ("held", "unknown", "rejected")
    return bool(one.brake) or any(row.get("status") in waiting for row in one.document["decisions"])


def _document(previews: Sequence[Preview]) -> dict[str, Any]:
    days = {one.as_of.isoformat() for one in previews}
    versions = {one.document["policy_version"] for one in previews}
    return {
        "as_of": days.pop() if len(days) == 1 else None,
        "policy_version": versions.pop(),
        "connections": [
            {
                "connection": one.connection,
                "as_of": one.as_of.isoformat(),
                "brake": one.brake,
                "withdrawn": list(one.withdrawn),
            }
            for one in previews
        ],
        **{part: [_of(one, row) for one in previews for row in one.document[part]] for part in _PARTS},
    }


_PARTS = ("customers", "promises", "decisions", "problems")


def _of(one: Preview, row: Any) -> dict[str, Any]:
    return {"connection": one.connection, **row}


def _shown(previews: Sequence[Preview], *, silences: bool) -> Iterator[Text]:
    from syncd.cli.rendering import decisions, problems
    from syncd.names import Names

    for number, one in enumerate(previews):
        if number:
            yield ""
        yield f"{one.connection}, {one.as_of}"
        if one.brake:
            yield brake_line(one.brake)
        names = Names.of(
            [member for account in one.accounts for member in account.family],
            [invoice for account in one.accounts for invoice in account.invoices],
        )
        yield from decisions(one.document["decisions"], names, silences=silences)
        yield from problems(one.document["problems"], names)
        for key in one.withdrawn:
            yield f"no longer called for: {key}"
    waiting = sum(row.get("held_by") == "review" for one in previews for row in one.document["decisions"])
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        yield ""
        yield f"{waiting} {verb} for approval: `syncd approve` lets all go, `syncd approve NO.` or `reject NO.` one"
