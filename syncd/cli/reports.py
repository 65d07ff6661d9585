"""Reports on what was done: `status`, `audit`. They ask no provider and change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION, DAY
from syncd.cli.output import Table, brake_line, held_lines, print_json, print_text
from syncd.uncollected import uncollected

if TYPE_CHECKING:
    from syncd.config import Config
    from syncd.ledger import Ledger
    from syncd.office import Office
    from syncd.store.desk import Filed
    from syncd.store.intent_rows import Step
    from syncd.store.journal import Entry


@click.command(short_help="Where each connection stands.")
@CONNECTION
@AS_JSON
@CONFIG
@uncollected()
def status(*, connection: str | None, as_json: bool, config: Path | None) -> int:
    """Where each connection stands: last pull, what waits for a person, brake, consent, calls left today.

    Leaves with 1 where something needs a person.
    """
    with opened(config, connection) as office:
        rows = [_status(ledger, office.config) for ledger in office.ledgers]
    if as_json:
        print_json(rows)
    else:
        table = Table(_STATUS_COLUMNS, [_status_cells(row) for row in rows])
        print_text([table, *(line for row in rows for line in _to_do(row))])
    return int(any(row["needs_person"] for row in rows))


@click.command(short_help="What was planned, sent, answered, approved and refused, when and by whom.")
@click.option("--customer", metavar="CUSTOMER", help="Only what concerns this customer: its name or its id.")
@click.option("--key", metavar="KEY", help="Only this action.")
@click.option("--since", type=DAY, metavar="DATE", help="Only from this day on (UTC).")
@click.option("--unclear", is_flag=True, help="Only what was sent without a clear answer and is not settled yet.")
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, help="The newest that many lines.")
@CONNECTION
@AS_JSON
@CONFIG
def audit(
    *,
    customer: str | None,
    key: str | None,
    since: date | None,
    unclear: bool,
    last: int,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """The journal: what was planned, sent, answered, approved and refused, when and by whom, oldest first.

    With --unclear instead what was sent without a clear answer: look in the books, then `syncd resolve` it.
    """
    from syncd.store.journal import read

    if unclear:
        _print_unclear(config, connection, as_json=as_json)
        return
    midnight = datetime.combine(since, time(), UTC) if since else None
    with opened(config, connection) as office:
        about: list[str | None] = _called(office, customer) if customer else [None]
        lists = [read(office.store, connection, customer=ref, key=key, since=midnight, limit=last) for ref in about]
    entries = sorted(chain.from_iterable(lists), key=lambda entry: entry.at)[-last:]
    if as_json:
        print_json([_entry(entry) for entry in entries])
    elif entries:
        print_text([Table(("at", "connection", "event", "key", "who", "detail"), [_entry_row(one) for one in entries])])
    else:
        click.echo("the journal has nothing about this")


def _called(office: Office, customer: str) -> list[str | None]:
    """The ids that go by this name in any of the companies, or the id itself."""
    found = [ledger.mirror.find(customer) for ledger in office.ledgers]
    return [customer, *({one[1] for one in found if one} - {customer})]


def _print_unclear(config: Path | None, connection: str | None, *, as_json: bool) -> None:
    with opened(config, connection) as office:
        rows = [_unclear(ledger, step) for ledger in office.ledgers for step in _open_ended(ledger)]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("connection", "action", "key", "verb", "sent", "why")
        print_text([Table(columns, [tuple(str(row[column]) for column in columns) for row in rows])])
        click.echo("look in the books, then: syncd resolve NO. --done|--not-done --why TEXT")
    else:
        click.echo("nothing is unclear")


def _open_ended(ledger: Ledger) -> list[Step]:
    """What nobody knows yet, and what nobody can find out but a person."""
    found = {step.id: step for step in (*ledger.intents.unsettled(), *ledger.intents.unclear())}
    return [found[number] for number in sorted(found)]


def _unclear(ledger: Ledger, step: Step) -> dict[str, Any]:
    return {
        "connection": ledger.name,
        "action": step.action,
        "key": step.key,
        "customer": step.customer,
        "verb": step.operation.verb,
        "sent": step.first_sent_at.isoformat(timespec="seconds") if step.first_sent_at else "",
        "tries": step.attempts,
        "why": step.why or "under way when the process ended; the next pass looks for it in the books",
    }


_STATUS_COLUMNS = (
    "connection",
    "company",
    "pulled",
    "waiting",
    "unclear",
    "refused",
    "quarantined",
    "consent",
    "calls left",
)


def _status(ledger: Ledger, config: Config) -> dict[str, Any]:
    from syncd.people.silences import in_force
    from syncd.preview import forgotten
    from syncd.standing import view

    standing, seen = ledger.connections.standing(), view(ledger, config)
    counts = seen.actions
    brake = forgotten(ledger) or standing.brake_why
    quarantined = ledger.mirror.quarantined()
    waiting, unclear, refused = counts.get("held", 0), counts.get("unknown", 0), counts.get("rejected", 0)
    consent = _consent(ledger)
    parked = standing.parked_why if standing.is_parked(ledger.clock.now()) else None
    failed = None if parked else standing.parked_why
    return {
        "connection": ledger.name,
        "company": standing.company.name if standing.company else None,
        "pulled": _instant(standing.pulled_at),
        "waiting": waiting,
        "unable": ledger.intents.unable() if waiting else {},
        "unclear": unclear,
        "refused": refused,
        "quarantined": len(quarantined),
        "consent": consent,
        "calls_left": standing.day_left,
        "brake": brake,
        "parked": parked,
        "parked_until": _instant(standing.parked_until if parked else None),
        "failed": failed,
        "warnings": list(seen.warnings()),
        "questions": [
            {"action": one.id, "key": one.key, "state": one.state, "why": one.why}
            for one in ledger.intents.actions(("unknown", "rejected"))
        ],
        "unreadable": [{"kind": ref.kind, "id": ref.id, "why": why} for ref, why, _ in quarantined],
        "silences": [_silence(ledger, filed) for filed in in_force(ledger)],
        "actions": dict(sorted(counts.items())),
        "needs_person": bool(
            brake
            or waiting
            or unclear
            or refused
            or failed
            or consent is None
            or (parked and not standing.parked_until)
        ),
    }


def _silence(ledger: Ledger, filed: Filed) -> dict[str, Any]:
    """A silence for programs, and in the words of its list."""
    from syncd.people.told import name_of, said

    silence = filed.value
    whom = name_of(ledger, "customer", silence.customer) if silence.customer else f"group {silence.group}"
    until = silence.until.isoformat() if silence.until else None
    about = said(silence, lambda ref: name_of(ledger, "invoice", ref))
    return {"ref": filed.ref, "about": whom, "until": until, "said": f"{whom}, {about}"}


def _status_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    shown = {**row, "pulled": _minute(row["pulled"]), "calls left": row["calls_left"]}
    return tuple("" if shown[column] is None else str(shown[column]) for column in _STATUS_COLUMNS)


def _minute(moment: str | None) -> str | None:
    return _moment(datetime.fromisoformat(moment)) if moment else None


def _consent(ledger: Ledger) -> str | None:
    """Whether there is a consent, and how long it lasts unused."""
    if ledger.config.kind == "file":
        return "not needed"
    tokens = ledger.vault.tokens()
    if tokens is None:
        return None
    return f"until {tokens.refresh_expires_at:%Y-%m-%d}" if tokens.refresh_expires_at else "yes"


def _to_do(row: Mapping[str, Any]) -> Iterator[str]:
    name = row["connection"]
    if row["brake"]:
        yield f"{name}: {brake_line(row['brake'])}"
    if row["parked"]:
        until = f" until {_minute(row['parked_until'])}" if row["parked_until"] else ""
        yield f"{name}: parked{until}: {row['parked']}"
    if row["failed"]:
        yield f"{name}: the last pass failed: {row['failed']}"
    if row["consent"] is None and not row["parked"]:
        yield f"{name}: not connected; run: syncd connect {name}"
    if row["waiting"] and not row["brake"]:
        yield from (f"{name}: {line}" for line in held_lines(row["waiting"], row["unable"]))
    yield from (f"{name}: {warning}" for warning in row["warnings"])
    for one in row["unreadable"][:_MOST_QUESTIONS]:
        yield f"{name}: {one['kind'].replace('_', ' ')} {one['id']} cannot be read and is left out: {one['why']}"
    for one in row["silences"][:_MOST_QUESTIONS]:
        yield f"{name}: {one['ref']}: {one['said']}"
    if (more := len(row["silences"]) - _MOST_QUESTIONS) > 0:
        yield f"{name}: and {more} more silences; `syncd silence list` has them all"
    yield from _questions(name, row["questions"])


def _questions(name: str, questions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What only a person can answer."""
    for one in questions[:_MOST_QUESTIONS]:
        yield f"{name}: no. {one['action']} {_QUESTION[one['state']]}: {one['key']}: {one['why']}"
    for state, answer in _ANSWER.items():
        if any(one["state"] == state for one in questions):
            yield f"{name}: {answer}; `syncd reject NO.` lets it be"
    if (more := len(questions) - _MOST_QUESTIONS) > 0:
        yield f"{name}: and {more} more; --json has all"


_QUESTION = {"unknown": "unclear", "rejected": "refused"}
_ANSWER = {
    "unknown": "once you looked: `syncd resolve NO. --done --why TEXT`, or `--not-done` to have it sent once more",
    "rejected": "once the cause is mended: `syncd approve NO.` has it decided again",
}
_MOST_QUESTIONS = 20


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "connection": entry.connection,
        "event": entry.event,
        "key": entry.key,
        "customer": entry.customer,
        "who": entry.who,
        "detail": dict(entry.detail),
    }


def _entry_row(entry: Entry) -> tuple[str, ...]:
    told = {key: str(value).removesuffix(".") for key, value in entry.detail.items() if value not in ("", None)}
    detail = ", ".join(f"{key} {value}" for key, value in told.items())
    return _moment(entry.at) or "", entry.connection, entry.event, entry.key, entry.who, detail


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M}Z" if at else None
