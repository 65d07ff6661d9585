"""Puts a plan into the outbox: new and renewed actions, what they ask of the books, why. A plan costs a few statements.

A day's first pass plans thousands of actions; asked and answered one by one they would take most of its time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rules.domain.actions import Operation
from syncd.plan import PlannedAction, invoices_of, is_settled
from syncd.store import codec, journal, schema
from syncd.store.sql import chunks

_action, _operation, _about = schema.action, schema.operation, schema.action_invoice


@dataclass(frozen=True, slots=True)
class Filing:
    """Under what a plan is filed: its number, the local day, the rules, the moment."""

    number: int
    decided_on: date
    policy_version: str
    now: datetime


@dataclass(frozen=True, slots=True)
class _News:
    """An action that is new, or other than what is stored."""

    planned: PlannedAction
    values: dict[str, Any]
    old: Any


def put_plan(tx: Connection, connection: str, actions: Sequence[PlannedAction], filing: Filing) -> int:
    """Insert or renew these actions. Returns how many were news."""
    by_key = {action.decision.key: action for action in actions}
    return sum(_put(tx, connection, some, filing) for some in chunks(list(by_key.values())))


def _put(tx: Connection, connection: str, actions: Sequence[PlannedAction], filing: Filing) -> int:
    keys = [action.decision.key for action in actions]
    rows = tx.execute(select(_action).where(_action.c.connection == connection, _action.c.key.in_(keys)))
    held = {row.key: row for row in rows}
    looked_at = [_News(one, _values(connection, one, filing), held.get(one.decision.key)) for one in actions]
    news = [one for one in looked_at if one.old is None or not (_is_over(one.old) or _is_same(one.old, one.values))]
    numbers = _insert(tx, [one.values for one in news if one.old is None])
    _renew(tx, [one for one in news if one.old is not None])
    numbers |= {one.old.key: one.old.id for one in news if one.old is not None}
    steps = [row for one in news for row in _steps(connection, numbers[one.planned.decision.key], one.planned)]
    about = [row for one in news for row in _invoices(connection, numbers[one.planned.decision.key], one.planned)]
    for table, found in ((_operation, steps), (_about, about)):
        if found:
            tx.execute(insert(table), found)
    journal.write(tx, *(_entry(connection, one, filing) for one in news))
    return len(news)


def _insert(tx: Connection, values: list[dict[str, Any]]) -> dict[str, int]:
    """The numbers the new actions get, by key."""
    if not values:
        return {}
    # In the plan's order, which is the order things are sent in. Asked back in one question: told at once, SQLite would
    # take them one by one.
    tx.execute(insert(_action), values)
    mine = (_action.c.connection == values[0]["connection"], _action.c.key.in_([row["key"] for row in values]))
    return {row.key: row.id for row in tx.execute(select(_action.c.key, _action.c.id).where(*mine))}


def _renew(tx: Connection, news: Sequence[_News]) -> None:
    """Overwrite actions, and forget what they asked of the books before."""
    if not news:
        return
    numbers = [one.old.id for one in news]
    columns: dict[str, Any] = {name: bindparam(name) for name in news[0].values}
    statement = update(_action).where(_action.c.id == bindparam("number")).values(columns)
    tx.execute(statement, [{**one.values, "number": one.old.id} for one in news])
    tx.execute(delete(_operation).where(_operation.c.action.in_(numbers)))
    tx.execute(delete(_about).where(_about.c.action.in_(numbers)))


def _values(connection: str, planned: PlannedAction, filing: Filing) -> dict[str, Any]:
    decision = planned.decision
    doc = codec.dump(decision)
    return {
        "connection": connection,
        "plan": filing.number,
        "key": decision.key,
        "kind": decision.kind,
        "rule": decision.rule,
        "customer": decision.customer,
        "state": planned.state,
        "hold": planned.hold,
        "why": planned.why,
        "approved_by": planned.approved_by,
        "decided_on": filing.decided_on.isoformat(),
        "planned_at": filing.now.isoformat(),
        "policy_version": filing.policy_version,
        "digest": hashlib.sha256(doc.encode()).hexdigest(),
        "doc": doc,
    }


def _steps(connection: str, number: int, planned: PlannedAction) -> list[dict[str, Any]]:
    return [
        {
            "action": number,
            "connection": connection,
            "key": step_key(planned.decision.key, operation, seq),
            "seq": seq,
            "verb": operation.verb,
            "payload": codec.dump(operation),
            "state": "planned",
            "why": "",
            "attempts": 0,
        }
        for seq, operation in enumerate(planned.operations)
    ]


def _invoices(connection: str, number: int, planned: PlannedAction) -> list[dict[str, Any]]:
    invoices = dict.fromkeys(invoices_of(planned.decision))
    return [{"connection": connection, "invoice": invoice, "action": number} for invoice in invoices]


def _entry(connection: str, news: _News, filing: Filing) -> journal.Entry:
    planned, old = news.planned, news.old
    detail = {"reason": planned.decision.reason, "plan": filing.number, "why": planned.why}
    renewed = old is not None and old.state == planned.state
    event = "action.renewed" if renewed else f"action.{planned.state}"
    return journal.Entry(filing.now, connection, event, planned.decision.key, planned.decision.customer, detail=detail)


def _is_over(old: Any) -> bool:
    return is_settled(old.state, started=old.done_on is not None)


def _is_same(old: Any, values: Mapping[str, Any]) -> bool:
    return all(getattr(old, name) == values[name] for name in ("digest", "state", "hold", "why"))


def step_key(action_key: str, operation: Operation, seq: int) -> str:
    """The deed carries the action's own key; what follows it is told apart by its verb and place."""
    return action_key if seq == 0 else f"{action_key}/{operation.verb}-{seq}"
