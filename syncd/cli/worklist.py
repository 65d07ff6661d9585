"""`syncd worklist`: whom to call first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rules.domain.near_miss import near_miss
from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import Table, Text, print_json, print_text
from syncd.errors import TryAgain

if TYPE_CHECKING:
    from syncd.worklist import Item


@click.command(short_help="Whom to call first, and why.")
@click.option("--collector", metavar="NAME", help="Only the customers this collector looks after.")
@click.option("--first", type=click.IntRange(min=1), metavar="N", help="Only the N most urgent.")
@CONNECTION
@AS_JSON
@CONFIG
def worklist(
    *, collector: str | None, first: int | None, connection: str | None, as_json: bool, config: Path | None
) -> None:
    """Whom to call first: tasks that wait for a person, broken promises, holds, what is overdue longest and largest.

    Each customer gets points: 40 for each task or call that waits (at most 80), 30 for each broken promise whose
    invoice is still open (at most 60), 30, 20 or 5 for the credit states stop, hold and watch, one for each day the
    oldest part is past due (at most 60), up to 40 for its share of all that is overdue in a currency, and 40 less when
    spoken with in the last three days. What is contested or promised is not asked for and gives no points.
    """
    from syncd.worklist import worklist as items_of

    with opened(config, connection) as office:
        unread = [ledger.name for ledger in office.ledgers if ledger.company is None]
        if len(unread) == len(office.ledgers):
            raise TryAgain(f"{', '.join(unread)} was never read; run: syncd pull")
        found = [item for ledger in office.ledgers for item in items_of(ledger, office.policies, collector)]
        nothing = "nobody is overdue and no task waits"
        if collector and not found:
            every = [item for ledger in office.ledgers for item in items_of(ledger, office.policies)]
            others = {item.case.collector for item in every if item.case.collector}
            nothing = f'none of the customers with something to do is looked after by "{collector}"'
            nothing += near_miss(collector, sorted(others))
    ranked = sorted(found, key=lambda item: -item.score)[:first]
    if as_json:
        print_json([_json(item) for item in ranked])
    else:
        print_text(_shown(ranked, nothing, several=len({item.connection for item in ranked}) > 1))


def _shown(items: Sequence[Item], nothing: str, *, several: bool) -> Iterator[Text]:
    if not items:
        yield f"nothing to do: {nothing}"
        return
    columns = (*(("connection",) if several else ()), "points", "customer", "collector", "reach", "why")
    yield Table(columns, [_cells(item, several=several) for item in items], right=("points",))


def _cells(item: Item, *, several: bool) -> tuple[str, ...]:
    case = item.case
    first = (item.connection,) if several else ()
    reach = ", ".join(filter(None, (case.customer.phone, case.customer.email)))
    return (*first, str(item.score), case.customer.name, case.collector or "", reach, item.reason)


def _json(item: Item) -> dict[str, Any]:
    case = item.case
    return {
        "connection": item.connection,
        "customer": case.customer.ref,
        "name": case.customer.name,
        "collector": case.collector,
        "phone": case.customer.phone,
        "email": case.customer.email,
        "score": item.score,
        "points": dict(item.points),
        "overdue": {money.currency: money.digits for money in case.asked},
        "oldest_days_past_due": case.oldest_days,
        "credit_state": case.state,
        "broken_promises": [day.isoformat() for day in case.broken],
        "tasks": [{"what": task.what, "action": task.action} for task in case.tasks],
        "last_contact": case.last_contact.on.isoformat() if case.last_contact else None,
        "reason": item.reason,
    }
