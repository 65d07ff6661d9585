"""What a rule says: something to do, or why nothing is to be done. Each carries its key and its one-sentence reason.

`key` names the occurrence (rule, object, level or first day of the period), never an amount or the day of the run.
`operations` are the verbs that carry the decision out, in order; each waits until the one before is confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from rules.domain.actions import OpenDays, Operation
from rules.domain.facts import CreditStanding
from rules.domain.money import Money

Channel = Literal["email", "provider", "letter", "call", "none"]


@dataclass(frozen=True, slots=True)
class Reminder:
    """Write to a customer about these invoices. `amounts` is what is asked for, by currency."""

    rule: str
    customer: str
    invoices: tuple[str, ...]
    amounts: tuple[Money, ...]
    level: int
    template: str
    channel: Channel
    key: str
    reason: str
    fee: Money | None = None
    repeat: int = 0  # how often the level was sent before
    has_waited: bool = False  # it goes by itself, and waits no longer for what waits for a person
    operations: tuple[Operation, ...] = field(default=())
    kind: Literal["reminder"] = "reminder"


@dataclass(frozen=True, slots=True)
class CreditState:
    """Move a customer's credit standing."""

    rule: str
    customer: str
    before: CreditStanding
    after: CreditStanding
    stop_sell: bool
    key: str
    reason: str
    operations: tuple[Operation, ...] = field(default=())
    kind: Literal["credit_state"] = "credit_state"


@dataclass(frozen=True, slots=True)
class FinanceCharge:
    """Charge for the days `first_on` to `last_on`, both included. `amount` = `interest` + `fixed_sum`."""

    rule: str
    customer: str
    invoice: str
    amount: Money
    interest: Money
    computed: Money
    fixed_sum: Money
    annual_pct: Decimal | None
    year_fraction: Decimal | None
    days: int
    first_on: date
    last_on: date
    capped_by: str | None
    key: str
    reason: str
    operations: tuple[Operation, ...] = field(default=())
    kind: Literal["finance_charge"] = "finance_charge"


@dataclass(frozen=True, slots=True)
class ChargeReversal:
    """Credit part or all of one earlier charge."""

    rule: str
    customer: str
    invoice: str
    amount: Money
    charge: str
    key: str
    reason: str
    operations: tuple[Operation, ...] = field(default=())
    kind: Literal["charge_reversal"] = "charge_reversal"


@dataclass(frozen=True, slots=True)
class Memo:
    """Write a note where people will read it."""

    rule: str
    customer: str
    invoice: str | None
    text: str
    key: str
    reason: str
    operations: tuple[Operation, ...] = field(default=())
    kind: Literal["memo"] = "memo"


@dataclass(frozen=True, slots=True)
class Task:
    """Something for a person to do. Its operations go out once it is approved; `waits` False: without anyone's word."""

    rule: str
    customer: str
    collector: str | None
    due_on: date
    what: str
    key: str
    reason: str
    invoices: tuple[str, ...] = ()
    amounts: tuple[Money, ...] = ()
    waits: bool = True
    has_waited: bool = False  # as with a reminder
    operations: tuple[Operation, ...] = field(default=())
    kind: Literal["task"] = "task"


@dataclass(frozen=True, slots=True)
class PutOff:
    """A message that would go out but for the day: its key, and when it may."""

    key: str
    hours: tuple[str, str] | None = None
    open_days: OpenDays | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is done about `subject`, and why. `mendable` where a person could change that: an address is missing.

    `puts_off` is the message where it only waits for a day on which it may go out.
    """

    rule: str
    subject: str
    reason: str
    customer: str | None = None
    mendable: bool = False
    puts_off: PutOff | None = None
    kind: Literal["skip"] = "skip"


@dataclass(frozen=True, slots=True)
class Problem:
    """The data about `subject` does not allow a decision."""

    subject: str
    problem: str
    rule: str | None = None


Action: TypeAlias = Reminder | CreditState | FinanceCharge | ChargeReversal | Memo | Task
Decision: TypeAlias = Action | Skip | Problem
