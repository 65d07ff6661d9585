"""The outbox: every change of state of an action and its operations, each with its journal line.

One transaction an arrow. `sending` is committed before the request leaves. Nothing here talks to a provider.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from connectors import Receipt
from rules.domain.decisions import Action
from syncd.errors import TryAgain
from syncd.plan import Plan, State
from syncd.send_hours import Timing, retimed
from syncd.store import codec, journal, schema
from syncd.store.intent_rows import Intent, IntentRows, Step
from syncd.store.plan_rows import Filing, put_plan
from syncd.store.sql import fitted

_action, _operation = schema.action, schema.operation


class Intents(IntentRows):
    """The outbox of one connection."""

    def add(self, plan: Plan, filing: Filing) -> int:
        """Store a plan: new and renewed actions with reasons, and what is withdrawn. Returns how many are new."""
        with self._store.writing() as tx:
            for key in plan.withdrawn:
                self._withdraw(tx, key, filing.now)
            for key, timing in plan.retimed.items():
                self._retime(tx, key, timing, filing.now)
            return put_plan(tx, self._name, plan.actions, filing)

    def sending(self, step: Step, now: datetime, claim: Callable[[Connection], None] = lambda _tx: None) -> None:
        """About to send: committed before the request leaves, unless `claim` raises that it is not ours to send."""
        with self._store.writing() as tx:
            claim(tx)
            values: dict[str, Any] = {"state": "sending", "attempts": step.attempts + 1, "finished_at": None}
            if step.first_sent_at is None:
                values["first_sent_at"] = now.isoformat()
            self._set_step(tx, step, values)
            self._set_action_row(tx, step.action, state="sending")
            tx.execute(update(schema.store_info).values(writes=schema.store_info.c.writes + 1))
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
                    "remote_id": fitted(_operation.c.remote_id, receipt.remote_id),
                    "trace": fitted(_operation.c.trace, receipt.trace),
                    "finished_at": now.isoformat(),
                },
            )
            if step.seq == 0:
                self._set_action_row(tx, step.action, done_on=today.isoformat())
            self._finish(tx, step.action)
            detail = {"verb": step.operation.verb, "remote_id": receipt.remote_id, "trace": receipt.trace}
            self._note(tx, step, now, "operation.confirmed", detail)

    def done(self, intent: Intent, now: datetime, today: date, who: str = "syncd") -> None:
        """An action without operations is done by being recorded."""
        with self._store.writing() as tx:
            self._set_action_row(tx, intent.id, state="done", hold="", why="", done_on=today.isoformat())
            journal.write(tx, replace(self._entry(intent.key, intent.customer, now, "action.done"), who=who))

    def not_sent(self, step: Step, why: str, now: datetime) -> None:
        """It was refused before it was accepted, or proven absent: it waits for the next drain.

        Unless a person refused it while that was found out: their word is the last one.
        """
        under_way = and_(_operation.c.id == step.id, _operation.c.state.in_(("sending", "unknown")))
        with self._store.writing() as tx:
            if tx.execute(update(_operation).where(under_way).values(state="planned", why=why)).rowcount == 0:
                return
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

    def unprovable(self, step: Step, why: str, now: datetime) -> None:
        """Nothing proves whether it was done: it stays unclear until a person says so, and is not asked after again."""
        self.unknown(step, why, now)
        with self._store.writing() as tx:
            self._set_step(tx, step, {"finished_at": now.isoformat()})

    def approve(self, intent: Intent, who: str, now: datetime) -> None:
        """A person lets a held action go."""
        with self._store.writing() as tx:
            self._answer(tx, intent, state="planned", hold="", why="", approved_by=who)
            journal.write(tx, replace(self._entry(intent.key, intent.customer, now, "action.approved"), who=who))

    def retry(self, intent: Intent, who: str, now: datetime) -> None:
        """The cause of the provider's refusal is mended, says a person: the occurrence may be decided again."""
        with self._store.writing() as tx:
            self._answer(tx, intent, state="stale", why=f"to be tried again, says {who}")
            journal.write(tx, replace(self._entry(intent.key, intent.customer, now, "action.retried"), who=who))

    def refuse(self, intent: Intent, who: str, why: str, now: datetime, today: date) -> None:
        """A person does not want it: it is never planned again."""
        with self._store.writing() as tx:
            self._answer(tx, intent, state="refused", hold="", why=why, done_on=today.isoformat())
            tx.execute(
                update(_operation)
                .where(_operation.c.action == intent.id, _operation.c.state.in_(("planned", "unknown")))
                .values(state="stale", why="refused by a person")
            )
            entry = self._entry(intent.key, intent.customer, now, "action.refused", {"why": why})
            journal.write(tx, replace(entry, who=who))

    def return_to_review(self, intent: Intent, now: datetime) -> None:
        """The brake is off and plans are reviewed: it waits for approval like any other."""
        with self._store.writing() as tx:
            self._answer(tx, intent, hold="review", why="waits for approval")
            journal.write(tx, self._entry(intent.key, intent.customer, now, "action.held", {"hold": "review"}))

    def freeze(self, step: Step) -> None:
        """Set what a step will send, before its first try."""
        with self._store.writing() as tx:
            self._set_step(tx, step, {"payload": codec.dump(step.operation)})

    def amend(self, intent: Intent, decision: Action) -> None:
        """Set an action's decision to what the books show was really done."""
        with self._store.writing() as tx:
            doc = codec.dump(decision)
            digest = hashlib.sha256(doc.encode()).hexdigest()
            tx.execute(update(_action).where(_action.c.id == intent.id).values(doc=doc, digest=digest))

    def recall(self, step: Step, receipt: Receipt, now: datetime, today: date) -> None:
        """It was in the books already, from before this store remembers."""
        self.confirm(step, receipt, now, today)
        with self._store.writing() as tx:
            self._note(tx, step, now, "operation.recalled", {"remote_id": receipt.remote_id})

    def resolve(self, step: Step, *, was_done: bool, who: str, why: str, now: datetime, today: date) -> None:
        """A person says whether an unclear operation is in the books. What is not there goes out as it stands."""
        if was_done:
            self.confirm(step, Receipt(remote_id=step.remote_id or ""), now, today)
        else:
            self.not_sent(step, why, now)
        with self._store.writing() as tx:
            if not was_done:
                self._set_action_row(tx, step.action, approved_by=who)
            entry = self._entry(step.key, step.customer, now, "operation.resolved", {"done": was_done, "why": why})
            journal.write(tx, replace(entry, who=who))

    def _answer(self, tx: Connection, intent: Intent, **values: Any) -> None:
        """Set what a person says of an action, as long as it is what that person saw.

        Raises:
            TryAgain: it was planned anew, withdrawn or answered meanwhile.
        """
        as_seen = (_action.c.id == intent.id, _action.c.state == intent.state, _action.c.plan == intent.plan)
        if tx.execute(update(_action).where(*as_seen).values(**values)).rowcount == 0:
            raise TryAgain(f"action {intent.id} is not any more what you saw: look at it again, then say so")

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

    def _set_step(self, tx: Connection, step: Step, values: Mapping[str, Any]) -> None:
        tx.execute(update(_operation).where(_operation.c.id == step.id).values(**values))

    def _set_action_row(self, tx: Connection, action_id: int, **values: Any) -> None:
        tx.execute(update(_action).where(_action.c.id == action_id).values(**values))

    def _withdraw(self, tx: Connection, key: str, now: datetime) -> None:
        where = and_(_action.c.connection == self._name, _action.c.key == key)
        why = "no longer called for"
        customer = tx.execute(select(_action.c.customer).where(where)).scalar_one()
        tx.execute(update(_action).where(where).values(approved_by=None, state="stale", hold="", why=why))
        journal.write(tx, self._entry(key, customer, now, "action.withdrawn", {"why": why}))

    def _retime(self, tx: Connection, key: str, timing: Timing, now: datetime) -> None:
        """What waits may go out when the rules in force say so; in all else it stays as it was approved."""
        mine = and_(_action.c.connection == self._name, _action.c.key == key)
        row = tx.execute(select(_action.c.id, _action.c.customer, _action.c.doc).where(mine)).one()
        stored = codec.load_action(row.doc)
        doc = codec.dump(replace(stored, operations=tuple(retimed(step, timing) for step in stored.operations)))
        digest = hashlib.sha256(doc.encode()).hexdigest()
        tx.execute(update(_action).where(mine).values(doc=doc, digest=digest))
        waits = and_(_operation.c.action == row.id, _operation.c.state == "planned")
        for step in tx.execute(select(_operation.c.id, _operation.c.payload).where(waits)).all():
            payload = codec.dump(retimed(codec.load_operation(step.payload), timing))
            tx.execute(update(_operation).where(_operation.c.id == step.id).values(payload=payload))
        hours = " to ".join(timing.hours) if timing.hours else "any time"
        journal.write(tx, self._entry(key, row.customer, now, "action.retimed", {"hours": hours}))

    def _note(self, tx: Connection, step: Step, now: datetime, event: str, detail: Mapping[str, Any]) -> None:
        journal.write(tx, self._entry(step.key, step.customer, now, event, detail))

    def _entry(
        self, key: str, customer: str, now: datetime, event: str, detail: Mapping[str, Any] | None = None
    ) -> journal.Entry:
        return journal.Entry(now, self._name, event, key, customer, detail=detail or {})
