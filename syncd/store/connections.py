"""Where each connection stands: last good pull, parked or not, braked or not, calls counted. One row a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from rules.domain.facts import Company
from syncd.errors import ConfigError
from syncd.store import codec, schema
from syncd.store.engine import Store

_connection, _token, _usage = schema.connection, schema.token, schema.usage


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection's row. Instants are UTC; `parked_until` None with a `parked_why` means until a person acts.

    A `parked_until` that is over means that the last pass failed, for that reason.
    """

    name: str
    account: str
    company: Company | None
    cursor: str | None
    pulled_at: datetime | None
    evaluated_on: date | None
    policy_version: str | None
    parked_until: datetime | None
    parked_why: str | None
    brake_why: str | None
    brake_at: datetime | None
    plans: int
    day_left: int | None

    def is_parked(self, now: datetime) -> bool:
        """Whether nothing may be asked of the provider now."""
        return self.parked_why is not None and (self.parked_until is None or now < self.parked_until)


class Connections:
    """The standing of one connection, read and changed a field at a time."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def register(self, account: str) -> None:
        """Make sure there is a row; refuse to go on with another company's mirror under the same name.

        A name with neither consent nor anything read yet takes the company that is named now: the other was a slip.

        Raises:
            ConfigError: the name already holds the books of another company.
        """
        with self._store.writing() as tx:
            row = tx.execute(select(_connection).where(_connection.c.name == self._name)).one_or_none()
            if row is None:
                tx.execute(insert(_connection).values(name=self._name, account=account, plans=0))
            elif not account or row.account == account:
                return
            elif row.account and (row.cursor or row.company or self._has_consent(tx)):
                raise ConfigError([_another_company(self._name, row.account, account)])
            else:
                tx.execute(update(_connection).where(_connection.c.name == self._name).values(account=account))

    def standing(self) -> Standing:
        """The row as it is now."""
        with self._store.reading() as tx:
            row = tx.execute(select(_connection).where(_connection.c.name == self._name)).one()
        return _standing(row)

    def pulled(self, at: datetime) -> None:
        """A whole pull succeeded."""
        self._set(pulled_at=at.isoformat())

    def evaluated(self, on: date, policy_version: str) -> None:
        """Everything open was decided on that local day under that policy."""
        self._set(evaluated_on=on.isoformat(), policy_version=policy_version)

    def park(self, why: str, until: datetime | None) -> None:
        """Leave the provider alone until then, or until a person acts."""
        self._set(parked_why=why, parked_until=until.isoformat() if until else None)

    def unpark(self) -> None:
        """Talk to the provider again."""
        self._set(parked_why=None, parked_until=None)

    def brake(self, why: str, at: datetime) -> None:
        """Hold every plan until a person releases it."""
        self._set(brake_why=why, brake_at=at.isoformat())

    def release(self) -> None:
        """A person looked: plans may go again."""
        self._set(brake_why=None, brake_at=None)

    def next_plan(self) -> int:
        """The number of a new plan."""
        with self._store.writing() as tx:
            number: int = tx.execute(select(_connection.c.plans).where(_connection.c.name == self._name)).scalar_one()
            tx.execute(update(_connection).where(_connection.c.name == self._name).values(plans=number + 1))
        return number + 1

    def count(self, calls: Mapping[str, int], day: date, day_left: int | None) -> None:
        """Add calls made on a UTC day, by purpose, and what the provider says is left of it."""
        with self._store.writing() as tx:
            for purpose, made in sorted(calls.items()):
                row = {"connection": self._name, "day": day.isoformat(), "purpose": purpose}
                where = [_usage.c[name] == value for name, value in row.items()]
                if tx.execute(update(_usage).where(*where).values(calls=_usage.c.calls + made)).rowcount == 0:
                    tx.execute(insert(_usage).values(**row, calls=made))
            if day_left is not None:
                tx.execute(update(_connection).where(_connection.c.name == self._name).values(day_left=day_left))

    def calls_by_day(self) -> dict[date, dict[str, int]]:
        """Calls made, by UTC day and purpose."""
        days: dict[date, dict[str, int]] = {}
        with self._store.reading() as tx:
            rows = tx.execute(select(_usage).where(_usage.c.connection == self._name).order_by(_usage.c.day))
            for row in rows:
                days.setdefault(date.fromisoformat(row.day), {})[row.purpose] = row.calls
        return days

    def forget_progress(self) -> None:
        """The next pull reads everything again."""
        self._set(cursor=None)

    def _has_consent(self, tx: Connection) -> bool:
        return tx.execute(select(_token.c.connection).where(_token.c.connection == self._name)).first() is not None

    def _set(self, **values: Any) -> None:
        with self._store.writing() as tx:
            tx.execute(update(_connection).where(_connection.c.name == self._name).values(**values))


def _another_company(name: str, held: str, account: str) -> str:
    return (
        f"[connections.{name}]: this name already holds the books or the consent of company {held}, the configuration "
        f"says {account}. Give the new company a name of its own; a mere consent ends with: syncd disconnect {name}"
    )


def _standing(row: Any) -> Standing:
    return Standing(
        name=row.name,
        account=row.account,
        company=codec.load_company(row.company) if row.company else None,
        cursor=row.cursor,
        pulled_at=_instant(row.pulled_at),
        evaluated_on=date.fromisoformat(row.evaluated_on) if row.evaluated_on else None,
        policy_version=row.policy_version,
        parked_until=_instant(row.parked_until),
        parked_why=row.parked_why,
        brake_why=row.brake_why,
        brake_at=_instant(row.brake_at),
        plans=row.plans,
        day_left=row.day_left,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
