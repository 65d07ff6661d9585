"""Change data capture: what changed since a moment, deletions as tombstones, 30 days back, silently cut at 1,000."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, missing
from connectors.simulator.quickbooks.limits import Limits
from connectors.simulator.quickbooks.render import text_of, tombstone
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.schema import entity_named
from connectors.simulator.quickbooks.select import refuse_poisoned
from connectors.simulator.quickbooks.wire import Body, Raw, json_text

_NOT_COVERED = frozenset(("TaxCode", "Preferences", "CompanyInfo"))


def answer(books: Books, params: Mapping[str, str], limits: Limits) -> list[Body]:
    """The value of `CDCResponse`. Raises Refused for a moment too old or unreadable, and for unknown entities."""
    since = _since(books, params, limits)
    left = limits.cdc_rows
    answers: list[Body] = []
    for entity in _entities(params):
        rows = books.table(entity).since(since)[:left]
        left -= len(rows)
        answers.append(_answer(books, entity, rows))
    return [{"QueryResponse": answers}]


def _entities(params: Mapping[str, str]) -> list[str]:
    if not params.get("entities"):
        raise missing("entities")
    found: list[str] = []
    for word in params["entities"].split(","):
        entity = entity_named(word.strip())
        if entity is None or entity in _NOT_COVERED:
            raise Refused("2170", f"Invalid Enumeration : {word.strip()}", element="entities")
        found.append(entity)
    return found


def _since(books: Books, params: Mapping[str, str], limits: Limits) -> datetime:
    said = params.get("changedSince", "")
    if not said:
        raise missing("changedSince")
    too_old = Refused(
        "500", f"Operation cdc with changedSince date {said} which is older than fixed days is not supported."
    )
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise too_old from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=books.timezone)
    if moment < books.now() - timedelta(days=limits.cdc_days):
        raise too_old
    return moment


def _answer(books: Books, entity: str, rows: list[Row]) -> Body:
    if not rows:
        return {}
    refuse_poisoned(rows)
    shown = [Raw(json_text(tombstone(row))) if row.deleted else text_of(books, row) for row in rows]
    return {entity: shown, "startPosition": 1, "maxResults": len(shown)}
