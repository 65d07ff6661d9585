"""`syncd audit`: what was done, by the journal; and what nobody knows yet. It asks no provider and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rules.domain.near_miss import near_miss
from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION, DAY
from syncd.cli.output import Table, moment, print_json, print_text
from syncd.errors import Usage

if TYPE_CHECKING:
    from syncd.ledger import Ledger
    from syncd.office import Office
    from syncd.store.intent_rows import Step
    from syncd.store.journal import Entry
    from syncd.teller import Teller, Told


@click.command(short_help="What was planned, sent, answered, approved and refused, when and by whom.")
@click.option("--customer", metavar="CUSTOMER", help="Only what concerns this customer: its name or its id.")
@click.option("--key", metavar="KEY", help="Only this action.")
@click.option("--since", type=DAY, metavar="DATE", help="Only from this day on (UTC).")
@click.option("--unclear", is_flag=True, help="Only what was sent without a clear answer and is not settled yet.")
@click.option("--keys", is_flag=True, help="Each line as it is kept: event, key, and what the providers answered.")
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
    keys: bool,
    last: int,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """The journal in plain sentences: what was planned, done, approved and refused, when and by whom, oldest first.

    With --keys each line as it is kept, for whoever compares it with the books or a log; --json has both.
    With --unclear instead what was sent without a clear answer: look in the books, then `syncd resolve` it.
    """
    from syncd.store.journal import read
    from syncd.teller import Teller, without_answered

    if unclear:
        _print_unclear(config, connection, as_json=as_json)
        return
    midnight = datetime.combine(since, time(), UTC) if since else None
    most = last if keys or as_json else 2 * last  # what was answered is told once
    with opened(config, connection) as office:
        about: list[str | None] = _called(office, customer) if customer else [None]
        names = [name for ledger in office.ledgers for name in ledger.mirror.names()] if about == [customer] else []
        lists = [read(office.store, connection, customer=ref, key=key, since=midnight, limit=most) for ref in about]
        entries = sorted(chain.from_iterable(lists), key=lambda entry: entry.at)[-most:]
        if not (keys or as_json):
            entries = without_answered(entries)[-last:]
        told = list(Teller(office.ledgers).told(entries))
    if as_json:
        print_json([{**_entry(entry), "said": line.what} for entry, line in zip(entries, told, strict=True)])
    elif entries:
        print_text([_kept_table(entries) if keys else _told_table(told)])
    elif customer and (meant := near_miss(customer, names)):
        raise Usage(f'no customer is called "{customer}"{meant}')
    else:
        click.echo("the journal has nothing about this")


def _called(office: Office, customer: str) -> list[str | None]:
    """The ids that go by this name in any of the companies, or the id itself."""
    found = [ledger.mirror.find(customer) for ledger in office.ledgers]
    return [customer, *({one[1] for one in found if one} - {customer})]


def _print_unclear(config: Path | None, connection: str | None, *, as_json: bool) -> None:
    from syncd.teller import Teller

    with opened(config, connection) as office:
        found = [(ledger, step) for ledger in office.ledgers for step in _open_ended(ledger)]
        teller = Teller(office.ledgers)
        rows = [_unclear(teller, ledger, step) for ledger, step in found]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("connection", "no.", "customer", "what", "sent", "why")
        named = ("connection", "action", "name", "said", "sent", "why")
        print_text([Table(columns, [tuple(str(row[column]) for column in named) for row in rows])])
        click.echo("look in the books, then: syncd resolve NO. --done|--not-done --why TEXT")
    else:
        click.echo("nothing is unclear")


def _open_ended(ledger: Ledger) -> list[Step]:
    """What nobody knows yet, and what nobody can find out but a person."""
    found = {step.id: step for step in (*ledger.intents.unsettled(), *ledger.intents.unclear())}
    return [found[number] for number in sorted(found)]


def _unclear(teller: Teller, ledger: Ledger, step: Step) -> dict[str, Any]:
    name, said = teller.told_step(ledger, step)
    return {
        "connection": ledger.name,
        "action": step.action,
        "key": step.key,
        "customer": step.customer,
        "verb": step.operation.verb,
        "sent": step.first_sent_at.isoformat(timespec="seconds") if step.first_sent_at else "",
        "tries": step.attempts,
        "name": name,
        "said": said,
        "why": step.why or "under way when the process ended; the next pass looks for it in the books",
    }


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


def _told_table(told: Sequence[Told]) -> Table:
    several = len({line.connection for line in told}) > 1
    columns = ("at", *(("company",) if several else ()), "customer", "what happened")
    rows = [
        (moment(line.at) or "", *((line.connection,) if several else ()), line.customer, line.what) for line in told
    ]
    return Table(columns, rows)


def _kept_table(entries: Sequence[Entry]) -> Table:
    return Table(("at", "connection", "event", "key", "who", "detail"), [_entry_row(one) for one in entries])


def _entry_row(entry: Entry) -> tuple[str, ...]:
    told = {key: str(value).removesuffix(".") for key, value in entry.detail.items() if value not in ("", None)}
    detail = ", ".join(f"{key} {value}" for key, value in told.items())
    return moment(entry.at) or "", entry.connection, entry.event, entry.key, entry.who, detail
