"""The outbox's rows: actions and the operations they are made of, every change of state with its journal line.

One transaction an arrow. `sending` is committed before the request leaves. Nothing here talks to a provider.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from connectors import Receipt
from rules.domain.actions import Operation
from rules.domain.decisions import Action
from syncd.plan import Hold, Known, Plan, PlannedAction, State
from syncd.store import codec, journal, schema
from syncd.store.engine import Store
from syncd.store.sql import chunks

_action, _operation = schema.action, schema.operation
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Intent:
    """An action as the outbox holds it."""

    id: int
    plan: int
    key: str
    customer: str
    state: State
    hold: Hold
    why: str
    approved_by: str | None
    decided_on: date
    done_on: date | None
    policy_version: str
    decision: Action


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of an action, as it will be or was sent."""

    id: int
    action: int
    key: str
    customer: str
    seq: int
    state: State
    operation: Operation
    attempts: int
    first_sent_at: datetime | None
    remote_id: str | None
    why: str


class Intents:
    """The outbox of one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def known(self, heads: Sequence[str]) -> dict[str, Known]:
        """What stands in the outbox for these accounts, by key."""
        found: dict[str, Known] = {}
        with self._store.reading() as tx:
            for some in chunks(heads):
                rows = tx.execute(
                    select(_action.c.key, _action.c.state, _action.c.approved_by, _action.c.done_on).where(
                        _action.c.connection == self._name, _action.c.account.in_(some)
                    )
                )
                found.update(
                    {row.key: Known(row.state, row.approved_by is not None, row.done_on is not None) for row in rows}
                )
        return found

    def add(
        self,
        plan: Plan,
        *,
        number: int,
        account_of: Mapping[str, str],
        decided_on: date,
        policy_version: str,
        now: datetime,
    ) -> int:
        """Store a plan: new and renewed actions with their reasons, and what is withdrawn. Returns how many are new."""
        with self._store.writing() as tx:
            for key in plan.withdrawn:
                self._set_action(tx, key, now, "action.withdrawn", state="stale", why="no longer called for")
            stored = [
                self._put(tx, action, number, account_of[action.decision.customer], decided_on, policy_version, now)
                for action in plan.actions
            ]
        return sum(stored)

    def actions(
        self, states: Iterable[State] = STATES, *, customer: str | None = None, plan: int | None = None
    ) -> list[Intent]:
        """Actions in any of these states, oldest first."""
        query = (
            select(_action)
            .where(_action.c.connection == self._name, _action.c.state.in_(list(states)))
            .order_by(_action.c.id)
        )
        if customer is not None:
            query = query.where(_action.c.customer == customer)
        if plan is not None:
            query = query.where(_action.c.plan == plan)
        with self._store.reading() as tx:
            return [_intent(row) for row in tx.execute(query)]

    def of_kind(self, kind: str) -> list[Intent]:
        """Every action of a kind, oldest first."""
        query = select(_action).where(_action.c.connection == self._name, _action.c.kind == kind).order_by(_action.c.id)
        with self._store.reading() as tx:
            return [_intent(row) for row in tx.execute(query)]

    def action(self, action_id: int) -> Intent | None:
        """One action by its number, or None."""
        with self._store.reading() as tx:
            row = tx.execute(
                select(_action).where(_action.c.connection == self._name, _action.c.id == action_id)
            ).one_or_none()
        return _intent(row) if row else None

    def counts(self) -> dict[State, int]:
        """How many actions are in each state; states without any are left out."""
        with self._store.reading() as tx:
            rows = tx.execute(
                select(_action.c.state, func.count())
                .where(_action.c.connection == self._name)
                .group_by(_action.c.state)
            )
            return {row[0]: row[1] for row in rows}

    def of_accounts(self, customers: Sequence[str]) -> list[tuple[Intent, str | None]]:
        """Every action about these customers with the remote id its first operation got, oldest first."""
        found: list[tuple[Intent, str | None]] = []
        first = and_(_operation.c.action == _action.c.id, _operation.c.seq == 0)
        with self._store.reading() as tx:
            for some in chunks(customers):
                rows = tx.execute(
                    select(_action, _operation.c.remote_id)
                    .select_from(_action.outerjoin(_operation, first))
                    .where(_action.c.connection == self._name, _action.c.customer.in_(some))
                    .order_by(_action.c.id)
                )
                found.extend((_intent(row), row.remote_id) for row in rows)
        return found

    def steps(self, action_id: int) -> list[Step]:
        """The operations of one action, in order."""
        return self._steps(_operation.c.action == action_id)

    def unsettled(self) -> list[Step]:
        """Operations sent without a clear answer, and those a crash left under way."""
        return self._steps(_operation.c.state.in_(("sending", "unknown")))

    def next_step(self, *, after: int = 0) -> Step | None:
        """The next operation to send, of an action numbered above `after` or the same action's following step."""
        query = (
            select(_operation, _action.c.customer)
            .join(_action, _action.c.id == _operation.c.action)
            .where(
                _operation.c.connection == self._name,
                _operation.c.state == "planned",
                _action.c.state.in_(("planned", "sending")),
                _action.c.id >= after,
            )
            .order_by(_operation.c.action, _operation.c.seq)
            .limit(1)
        )
        with self._store.reading() as tx:
            row = tx.execute(query).one_or_none()
        return _step(row) if row else None

    def idle_actions(self) -> list[Intent]:
        """Planned actions that ask nothing of the books: there is only the record to make."""
        empty = ~select(_operation.c.id).where(_operation.c.action == _action.c.id).exists()
        with self._store.reading() as tx:
            rows = tx.execute(
                select(_action)
                .where(_action.c.connection == self._name, _action.c.state == "planned", empty)
                .order_by(_action.c.id)
            )
            return [_intent(row) for row in rows]

    def sending(self, step: Step, now: datetime) -> None:
        """About to send: committed before the request leaves."""
        with self._store.writing() as tx:
            values: dict[str, Any] = {"state": "sending", "attempts": step.attempts + 1}
            if step.first_sent_at is None:
                values["first_sent_at"] = now.isoformat()
            self._set_step(tx, step, values)
            self._set_action_row(tx, step.action, state="sending")
            self._note(tx, step, now, "operation.sent", {"verb": step.operation.verb, "try": step.attempts + 1})

    def confirm(self, step: Step, receipt: Receipt, now: datetime, today: date) -> None:
        """It is in the books."""
        with self._store.writing() as tx:
            self._set_step(
                tx,
                step,
                {
                    "state": "confirmed",
                    "why": "",
                    "remote_id": receipt.remote_id,
                    "trace": receipt.trace,
                    "finished_at": now.isoformat(),
                },
            )
            if step.seq == 0:
                self._set_action_row(tx, step.action, done_on=today.isoformat())
            self._finish(tx, step.action)
            tx.execute(update(schema.store_info).values(writes=schema.store_info.c.writes + 1))
            detail = {"verb": step.operation.verb, "remote_id": receipt.remote_id, "trace": receipt.trace}
            self._note(tx, step, now, "operation.confirmed", detail)

    def done(self, intent: Intent, now: datetime, today: date, who: str = "syncd") -> None:
        """An action without operations is done by being recorded."""
        with self._store.writing() as tx:
            self._set_action_row(tx, intent.id, state="done", hold="", why="", done_on=today.isoformat())
            journal.write(tx, self._entry(intent.key, intent.customer, now, "action.done", who))

    def not_sent(self, step: Step, why: str, now: datetime) -> None:
        """It was refused before it was accepted, or proven absent: it waits for the next drain."""
        with self._store.writing() as tx:
            self._set_step(tx, step, {"state": "planned", "why": why})
            self._set_action_row(tx, step.action, state="planned")
            self._note(tx, step, now, "operation.returned", {"why": why})

    def stale(self, step: Step, why: str, now: datetime) -> None:
        """The books had moved: nothing is sent, the next pass decides again. A follow-up step is simply dropped."""
        self._close(step, "stale", why, now)

    def reject(self, step: Step, why: str, now: datetime) -> None:
        """The provider said no for good."""
        self._close(step, "rejected", why, now)

    def unknown(self, step: Step, why: str, now: datetime) -> None:
        """Sent, and no clear answer."""
        with self._store.writing() as tx:
            self._set_step(tx, step, {"state": "unknown", "why": why})
            self._set_action_row(tx, step.action, state="unknown", why=why)
            if step.state != "unknown" or step.why != why:
                self._note(tx, step, now, "operation.unclear", {"why": why})

    def approve(self, intent: Intent, who: str, now: datetime) -> None:
        """A person lets a held action go."""
        with self._store.writing() as tx:
            self._set_action_row(tx, intent.id, state="planned", hold="", why="", approved_by=who)
            journal.write(tx, self._entry(intent.key, intent.customer, now, "action.approved", who))

    def refuse(self, intent: Intent, who: str, why: str, now: datetime, today: date) -> None:
        """A person does not want it: it is never planned again."""
        with self._store.writing() as tx:
            self._set_action_row(tx, intent.id, state="refused", hold="", why=why, done_on=today.isoformat())
            tx.execute(
                update(_operation)
                .where(_operation.c.action == intent.id, _operation.c.state == "planned")
                .values(state="stale", why="refused by a person")
            )
            journal.write(tx, self._entry(intent.key, intent.customer, now, "action.refused", who, {"why": why}))

    def return_to_review(self, intent: Intent, now: datetime) -> None:
        """The brake is off and plans are reviewed: it waits for approval like any other."""
        with self._store.writing() as tx:
            self._set_action_row(tx, intent.id, hold="review", why="waits for approval")
            journal.write(tx, self._entry(intent.key, intent.customer, now, "action.held", detail={"hold": "review"}))

    def decide_unknown(self, step: Step, *, was_done: bool, who: str, why: str, now: datetime, today: date) -> None:
        """A person says whether an unclear operation is in the books."""
        if was_done:
            self.confirm(step, Receipt(remote_id=step.remote_id or ""), now, today)
        else:
            self.not_sent(step, why, now)
        with self._store.writing() as tx:
            self._note(tx, step, now, "operation.resolved", {"done": was_done, "why": why}, who)

    def _put(
        self,
        tx: Connection,
        planned: PlannedAction,
        number: int,
        account: str,
        decided_on: date,
        policy_version: str,
        now: datetime,
    ) -> int:
        decision = planned.decision
        doc = codec.dump(decision)
        digest = hashlib.sha256(doc.encode()).hexdigest()
        old = tx.execute(
            select(_action.c.id, _action.c.digest, _action.c.state, _action.c.hold, _action.c.why).where(
                _action.c.connection == self._name, _action.c.key == decision.key
            )
        ).one_or_none()
        if old and (old.digest, old.state, old.hold, old.why) == (digest, planned.state, planned.hold, planned.why):
            return 0
        values = {
            "connection": self._name,
            "plan": number,
            "key": decision.key,
            "kind": decision.kind,
            "rule": decision.rule,
            "customer": decision.customer,
            "account": account,
            "state": planned.state,
            "hold": planned.hold,
            "why": planned.why,
            "approved_by": None,
            "decided_on": decided_on.isoformat(),
            "planned_at": now.isoformat(),
            "policy_version": policy_version,
            "digest": digest,
            "doc": doc,
        }
        if old:
            tx.execute(update(_action).where(_action.c.id == old.id).values(**values))
            tx.execute(delete(_operation).where(_operation.c.action == old.id))
            action_id = old.id
        else:
            action_id = tx.execute(insert(_action).values(**values)).inserted_primary_key[0]
        self._put_steps(tx, action_id, planned)
        renewed = old is not None and old.state == planned.state
        event = "action.renewed" if renewed else f"action.{planned.state}"
        detail = {"reason": decision.reason, "plan": number} | ({"why": planned.why} if planned.why else {})
        journal.write(tx, self._entry(decision.key, decision.customer, now, event, detail=detail))
        return 1

    def _put_steps(self, tx: Connection, action_id: int, planned: PlannedAction) -> None:
        rows = [
            {
                "action": action_id,
                "connection": self._name,
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
        if rows:
            tx.execute(insert(_operation), rows)

    def _close(self, step: Step, state: State, why: str, now: datetime) -> None:
        """End a step; the deed's end is the action's end, a follow-up's end leaves the deed done."""
        with self._store.writing() as tx:
            self._set_step(tx, step, {"state": state, "why": why, "finished_at": now.isoformat()})
            if step.seq == 0:
                self._set_action_row(tx, step.action, state=state, why=why, approved_by=None)
            else:
                self._finish(tx, step.action)
            self._note(tx, step, now, f"operation.{state}", {"verb": step.operation.verb, "why": why})

    def _finish(self, tx: Connection, action_id: int) -> None:
        states = set(tx.execute(select(_operation.c.state).where(_operation.c.action == action_id)).scalars().all())
        if "unknown" in states:
            return
        self._set_action_row(tx, action_id, state="sending" if "planned" in states else "done", why="")

    def _steps(self, condition: Any) -> list[Step]:
        query = (
            select(_operation, _action.c.customer)
            .join(_action, _action.c.id == _operation.c.action)
            .where(_operation.c.connection == self._name, condition)
            .order_by(_operation.c.action, _operation.c.seq)
        )
        with self._store.reading() as tx:
            return [_step(row) for row in tx.execute(query)]

    def _set_step(self, tx: Connection, step: Step, values: Mapping[str, Any]) -> None:
        tx.execute(update(_operation).where(_operation.c.id == step.id).values(**values))

    def _set_action_row(self, tx: Connection, action_id: int, **values: Any) -> None:
        tx.execute(update(_action).where(_action.c.id == action_id).values(**values))

    def _set_action(self, tx: Connection, key: str, now: datetime, event: str, **values: Any) -> None:
        where = and_(_action.c.connection == self._name, _action.c.key == key)
        customer = tx.execute(select(_action.c.customer).where(where)).scalar_one()
        tx.execute(update(_action).where(where).values(approved_by=None, **values))
        journal.write(tx, self._entry(key, customer, now, event, detail={"why": values.get("why", "")}))

    def _note(
        self, tx: Connection, step: Step, now: datetime, event: str, detail: Mapping[str, Any], who: str = "syncd"
    ) -> None:
        journal.write(tx, self._entry(step.key, step.customer, now, event, who, detail))

    def _entry(
        self,
        key: str,
        customer: str,
        now: datetime,
        event: str,
        who: str = "syncd",
        detail: Mapping[str, Any] | None = None,
    ) -> journal.Entry:
        return journal.Entry(now, self._name, event, key, customer, who, detail or {})


def step_key(action_key: str, operation: Operation, seq: int) -> str:
    """The deed carries the action's own key; what follows it is told apart by its verb and place."""
    return action_key if seq == 0 else f"{action_key}/{operation.verb}-{seq}"


def _intent(row: Any) -> Intent:
    return Intent(
        id=row.id,
        plan=row.plan,
        key=row.key,
        customer=row.customer,
        state=row.state,
        hold=row.hold,
        why=row.why,
        approved_by=row.approved_by,
        decided_on=date.fromisoformat(row.decided_on),
        done_on=date.fromisoformat(row.done_on) if row.done_on else None,
        policy_version=row.policy_version,
        decision=codec.load_action(row.doc),
    )


def _step(row: Any) -> Step:
    return Step(
        id=row.id,
        action=row.action,
        key=row.key,
        customer=row.customer,
        seq=row.seq,
        state=row.state,
        operation=codec.load_operation(row.payload),
        attempts=row.attempts,
        first_sent_at=datetime.fromisoformat(row.first_sent_at) if row.first_sent_at else None,
        remote_id=row.remote_id,
        why=row.why,
    )
