"""`syncd status`: where each connection stands. It asks no provider and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import Table, brake_line, held_lines, moment, print_json, print_text
from syncd.uncollected import uncollected

if TYPE_CHECKING:
    from syncd.config import Config
    from syncd.ledger import Ledger
    from syncd.store.desk import Filed
    from syncd.store.intent_rows import Intent


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
    from syncd.standing import view

    standing, seen = ledger.connections.standing(), view(ledger, config)
    counts = seen.actions
    brake = ledger.forgotten() or standing.brake_why
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
        "questions": [_question(ledger, one) for one in ledger.intents.actions(("unknown", "rejected"))],
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


def _question(ledger: Ledger, intent: Intent) -> dict[str, Any]:
    from syncd.teller import Teller

    said = Teller([ledger]).told_action(ledger, intent)
    return {"action": intent.id, "key": intent.key, "said": said, "state": intent.state, "why": intent.why}


def _silence(ledger: Ledger, filed: Filed) -> dict[str, Any]:
    """A silence for programs, and in the words of its list."""
    from syncd.people.listing import name_of, said

    silence = filed.value
    whom = name_of(ledger, "customer", silence.customer) if silence.customer else f"group {silence.group}"
    until = silence.until.isoformat() if silence.until else None
    about = said(silence, lambda ref: name_of(ledger, "invoice", ref))
    return {"ref": filed.ref, "about": whom, "until": until, "said": f"{whom}, {about}"}


def _status_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    shown = {**row, "pulled": _minute(row["pulled"]), "calls left": row["calls_left"]}
    return tuple("" if shown[column] is None else str(shown[column]) for column in _STATUS_COLUMNS)


def _minute(written: str | None) -> str | None:
    return moment(datetime.fromisoformat(written)) if written else None


def _consent(ledger: Ledger) -> str | None:
    """Whether there is a consent, and how long it lasts unused."""
    from syncd.standing import consent_of

    consent = consent_of(ledger)
    if not consent.needed:
        return "not needed"
    if not consent.given:
        return None
    return f"until {consent.ends_at:%Y-%m-%d}" if consent.ends_at else "yes"


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
        yield f"{name}: no. {one['action']} {_QUESTION[one['state']]}: {one['said']}: {one['why']}"
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


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
