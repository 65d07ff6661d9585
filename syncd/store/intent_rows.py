"""The outbox's rows as values, and how they are looked up. Changes of state are `syncd.store.intents`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, get_args

from sqlalchemy import Connection, and_, func, select, union

from connectors.markers import origin_of_key
from rules.domain.actions import Operation
from rules.domain.decisions import Action
from syncd.plan import Hold, Known, State, addressed_to
from syncd.send_hours import ANY_TIME, timing_of
from syncd.store import codec, journal, schema
from syncd.store.engine import Store
from syncd.store.sql import chunks

_action, _operation, _about, _fact = schema.action, schema.operation, schema.action_invoice, schema.fact
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
    is_answered: bool = False  # nothing proved what became of it, and a person said that it is not in the books


class Waiting(NamedTuple):
    """How many actions wait for a person, of how many nobody knows yet whether they were done, and as of when."""

    held: int
    unclear: int
    end: int  # of the journal then


class IntentRows:
    """The outbox of one connection, to read."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection
        self._waited: Waiting | None = None  # what was counted last

    def known(self, customers: Sequence[str], keys: Sequence[str] = ()) -> dict[str, Known]:
        """What stands in the outbox about these customers or under these keys, whoever it was decided for, by key."""
        found: dict[str, Known] = {}
        tried = (
            select(_operation.c.id)
            .where(_operation.c.action == _action.c.id, _operation.c.first_sent_at.is_not(None))
            .exists()
            .label("tried")
        )
        with self._store.reading() as tx:
            for column, values in ((_action.c.customer, customers), (_action.c.key, keys)):
                for some in chunks(values):
                    rows = tx.execute(
                        select(_action, tried).where(_action.c.connection == self._name, column.in_(some))
                    )
                    found.update({row.key: _known(row) for row in rows})
        return found

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

    def held_customers(self) -> list[str]:
        """Whose standing we ever changed: a day alone may change it back."""
        query = (
            select(_action.c.customer)
            .distinct()
            .where(_action.c.connection == self._name, _action.c.kind == "credit_state", _action.c.done_on.is_not(None))
        )
        with self._store.reading() as tx:
            return list(tx.execute(query).scalars())

    def action(self, action_id: int) -> Intent | None:
        """One action by its number, or None."""
        with self._store.reading() as tx:
            row = tx.execute(
                select(_action).where(_action.c.connection == self._name, _action.c.id == action_id)
            ).one_or_none()
        return _intent(row) if row else None

    def by_key(self, keys: Sequence[str]) -> dict[str, Intent]:
        """The actions under these keys; a key that is none is left out."""
        query = select(_action).where(_action.c.connection == self._name)
        with self._store.reading() as tx:
            rows = [row for some in chunks(keys) for row in tx.execute(query.where(_action.c.key.in_(some)))]
        return {row.key: _intent(row) for row in rows}

    def waiting(self) -> Waiting:
        """What waits. Counted anew only where the journal has grown: nothing changes its state without a line there."""
        with self._store.reading() as tx:
            end, last = journal.end(tx), self._waited
            if last is None or journal.is_longer(tx, self._name, last.end):
                self._waited = Waiting(self._number(tx, "held"), self._number(tx, "unknown"), end)
            else:
                self._waited = last._replace(end=end)
            return self._waited

    def _number(self, tx: Connection, state: State) -> int:
        mine = and_(_action.c.connection == self._name, _action.c.state == state)
        return tx.execute(select(func.count()).select_from(_action).where(mine)).scalar_one()

    def unable(self) -> dict[str, int]:
        """Why held actions cannot go out from here, and how many each reason holds."""
        query = (
            select(_action.c.why, func.count())
            .where(_action.c.connection == self._name, _action.c.state == "held", _action.c.hold == "unable")
            .group_by(_action.c.why)
        )
        with self._store.reading() as tx:
            return {row[0]: row[1] for row in sorted(tx.execute(query))}

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
        """Every action about these customers or invoices of theirs, oldest first, each with the id its deed made."""
        found: dict[int, tuple[Intent, str | None]] = {}
        first = and_(_operation.c.action == _action.c.id, _operation.c.seq == 0)
        with self._store.reading() as tx:
            for some in chunks(customers):
                rows = tx.execute(
                    select(_action, _operation.c.remote_id)
                    .select_from(_action.outerjoin(_operation, first))
                    .where(_action.c.id.in_(self._about(some)))
                )
                found.update({row.id: (_intent(row), row.remote_id) for row in rows})
        return [found[number] for number in sorted(found)]

    def _about(self, customers: Sequence[str]) -> Any:
        """The numbers of actions about these customers, or about what is an invoice of theirs by now."""
        theirs = select(_action.c.id).where(_action.c.connection == self._name, _action.c.customer.in_(customers))
        # Their invoices first, then what is about those: joined, SQLite walks all that was ever said of any invoice.
        # The kind is compared as an expression, so that the index by customer is the one that is used.
        invoices = select(_fact.c.id).where(
            _fact.c.connection == self._name, _fact.c.customer.in_(customers), _fact.c.kind.concat("") == "invoice"
        )
        of_invoices = select(_about.c.action).where(_about.c.connection == self._name, _about.c.invoice.in_(invoices))
        return union(theirs, of_invoices)

    def steps(self, action_id: int) -> list[Step]:
        """The operations of one action, in order."""
        return self._steps(_operation.c.action == action_id)

    def confirmed(self) -> list[tuple[str, Operation]]:
        """Every operation that is in the books, with its key, oldest first."""
        query = (
            select(_operation.c.key, _operation.c.payload)
            .where(_operation.c.connection == self._name, _operation.c.state == "confirmed")
            .order_by(_operation.c.id)
        )
        with self._store.reading() as tx:
            return [(row.key, codec.load_operation(row.payload)) for row in tx.execute(query)]

    def made(self, refs: Sequence[str]) -> dict[str, str]:
        """Of these invoices, the ones we made, by id: which rule made each."""
        found: dict[str, str] = {}
        with self._store.reading() as tx:
            for some in chunks(refs):
                rows = tx.execute(
                    select(_operation.c.remote_id, _operation.c.key)
                    .where(_operation.c.connection == self._name, _operation.c.state == "confirmed")
                    .where(_operation.c.verb == "create_invoice", _operation.c.remote_id.in_(some))
                )
                found.update({row.remote_id: origin_of_key(row.key) for row in rows})
        return found

    def billed_by(self, actions: Sequence[int]) -> dict[str, str]:
        """The invoices these actions made, by id: which rule made each."""
        found: dict[str, str] = {}
        with self._store.reading() as tx:
            for some in chunks(actions):
                rows = tx.execute(
                    select(_operation.c.remote_id, _operation.c.key)
                    .where(_operation.c.action.in_(some), _operation.c.state == "confirmed")
                    .where(_operation.c.verb == "create_invoice")
                )
                found.update({row.remote_id: origin_of_key(row.key) for row in rows})
        return found

    def unsettled(self) -> list[Step]:
        """Operations whose outcome may still be found out: sent without a clear answer, or left by a crash."""
        open_ended = (_operation.c.state == "sending") | _operation.c.finished_at.is_(None)
        return self._steps(and_(_operation.c.state.in_(("sending", "unknown")), open_ended))

    def unclear(self) -> list[Step]:
        """Operations that may or may not be in the books."""
        return self._steps(_operation.c.state == "unknown")

    def next_step(self, *, after: int = 0) -> Step | None:
        """The next operation to send, of an action numbered above `after` or the same action's following step."""
        with self._store.reading() as tx:
            firsts = [self._first_ready(tx, state, after) for state in ("planned", "sending")]
            ready = [number for number in firsts if number is not None]
            if not ready:
                return None
            steps = select(_operation, _action.c.customer).join(_action, _action.c.id == _operation.c.action)
            of_it = and_(_operation.c.action == min(ready), _operation.c.state == "planned")
            return _step(tx.execute(steps.where(of_it).order_by(_operation.c.seq).limit(1)).one())

    def _first_ready(self, tx: Connection, state: str, after: int) -> int | None:
        """The first action in that state with something to send. Found by the index, however long the outbox is."""
        waits = and_(_operation.c.action == _action.c.id, _operation.c.state == "planned")
        return tx.execute(
            select(_action.c.id)
            .where(_action.c.connection == self._name, _action.c.state == state, _action.c.id >= after)
            .where(select(_operation.c.id).where(waits).exists())
            .order_by(_action.c.id)
            .limit(1)
        ).scalar()

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

    def _steps(self, condition: Any) -> list[Step]:
        query = (
            select(_operation, _action.c.customer)
            .join(_action, _action.c.id == _operation.c.action)
            .where(_operation.c.connection == self._name, condition)
        )
        with self._store.reading() as tx:
            steps = [_step(row) for row in tx.execute(query)]
        # Ordered here: asked to order, SQLite walks every operation there is rather than the few that were asked for.
        return sorted(steps, key=lambda step: (step.action, step.seq))


def _known(row: Any) -> Known:
    approved = row.approved_by is not None
    action = codec.load_action(row.doc) if approved or row.tried else None
    return Known(
        row.state,
        approved,
        row.done_on is not None,
        addressed_to(action) if action else None,
        timing_of(action) if action else ANY_TIME,
        bool(row.tried),
    )


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
        is_answered=row.state == "planned" and row.finished_at is not None,
    )
