"""One message a day to a customer, whatever policies and rules have something to say: which goes, and which wait.

A word on a discount that lapses today goes first, for tomorrow is too late; then the gravest: a statement or demand
that we write, a reminder for the first time before one repeated, the highest level, the oldest invoice, the
customer's own policy before another's, the policy's name. The rest waits and is decided anew the next day.
A policy whose reminders say `one_per_customer = false` writes beside the others, as often as it has something to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rules.domain.actions import SendMessage
from rules.domain.decisions import Decision, Reminder, Skip, Task
from rules.domain.facts import DISCOUNT_TOLD
from rules.domain.reminding.settings import ReminderSettings
from rules.domain.situation import Situation

Message: TypeAlias = Reminder | Task
_WRITTEN = ("email", "letter")


@dataclass(frozen=True, slots=True)
class Said:
    """What one policy decided about an account, and how its reminders go."""

    situation: Situation
    reminders: ReminderSettings | None
    decisions: tuple[Decision, ...]


def one_a_day(said: Sequence[Said]) -> Iterator[Decision]:
    """The decisions of all policies, of their messages one; for each other message a skip for each of its invoices."""
    messages = [(one, message) for one in said if not _writes_beside(one) for message in _messages(one)]
    if any(message.has_waited for _, message in messages):
        messages = [(one, message) for one, message in messages if not _waits_for_a_person(message)]
    written = _written_today(said) if messages else None
    if written is None and len(messages) <= 1:  # nearly always
        for one in said:
            yield from one.decisions
        return
    side, lead = (None, None) if written else min(messages, key=_rank)
    waiting = {id(message) for _, message in messages if message is not lead}
    todays = f"today's is {_called(lead)} of policy {side.situation.policy}{_by(lead)}" if side and lead else ""
    why = written or todays
    for one in said:
        for decision in one.decisions:
            if id(decision) in waiting:
                yield from _waits(one, decision, why)
            else:
                yield decision


def longest_gap(settings: Sequence[object]) -> int:
    """The days between messages of the policy that wants most of them, of those that write once per customer."""
    gaps = (one.min_gap_days for one in settings if isinstance(one, ReminderSettings) and one.one_per_customer)
    return max(gaps, default=0)


def _writes_beside(one: Said) -> bool:
    return one.reminders is not None and not one.reminders.one_per_customer


def _messages(one: Said) -> Iterator[Message]:
    """What is written to the customer."""
    for decision in one.decisions:
        match decision:
            case Reminder() | Task() if _writes(decision):
                yield decision


def _writes(message: Message) -> bool:
    """A call writes nothing, and nobody might ever make it: it keeps no mail back."""
    if isinstance(message, Reminder):
        return message.channel not in ("call", "none")
    return any(isinstance(step, SendMessage) for step in message.operations)


def _waits_for_a_person(message: Message) -> bool:
    return message.waits if isinstance(message, Task) else message.channel == "letter"


def _rank(message: tuple[Said, Message]) -> tuple[int, bool, int, int, bool, str, str]:
    one, decision = message
    situation = one.situation
    days = max((situation.aged[ref].days_past_due for ref in decision.invoices if ref in situation.aged), default=0)
    level, repeat = (decision.level, decision.repeat > 0) if isinstance(decision, Reminder) else (0, False)
    strange = not situation.governs_customer
    return _urgency(situation, decision), repeat, -level, -days, strange, situation.policy, decision.key


def _urgency(situation: Situation, decision: Message) -> int:
    """Smaller goes first."""
    if isinstance(decision, Task):
        return 1
    if decision.level:
        return 2
    discounts = (situation.index.invoices[ref].discount for ref in decision.invoices)
    return 0 if any(one is not None and one.until <= situation.as_of for one in discounts) else 3


def _written_today(said: Sequence[Said]) -> str | None:
    """What the customer was written today already; None where nothing was."""
    situation = said[0].situation
    index, today = situation.index, situation.as_of
    if any(entry.on == today and entry.was_sent for entries in index.reminders.values() for entry in entries):
        return "a reminder went out today"
    if any(one.on == today and one.outcome == DISCOUNT_TOLD and one.channel in _WRITTEN for one in index.contacts):
        return "a word on a discount went out today"
    writing = situation.spacing.written
    done = (one for one in index.tasks if one.on == today and one.outcome == "done" and one.what in writing)
    return next((f"the {one.what} went out today" for one in done), None)


def _called(message: Message) -> str:
    """A message in a few words."""
    if isinstance(message, Task):
        return f"the {message.what}"
    return f"level {message.level}" if message.level else "the word on a discount"


def _by(message: Message) -> str:
    """What it waits for itself, where that is a person."""
    return ", which waits for a person" if _waits_for_a_person(message) else ""


def _waits(one: Said, message: Decision, why: str) -> Iterator[Skip]:
    if isinstance(message, Message):
        index = one.situation.index
        name = one.situation.account.customer.name
        called = _called(message)
        reason = f"{called[:1].upper()}{called[1:]} waits: one message a day goes to {name}, and {why}."
        for ref in message.invoices:
            yield Skip(message.rule, ref, reason, index.invoices[ref].customer)
