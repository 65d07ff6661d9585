"""What the rules remember of a decision once it is done, or once a person refused it: the history it leaves.

An occurrence a person refused counts as handled: the ladder goes on, and a charge's days are not asked for again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from rules.domain.decisions import Action, ChargeReversal, CreditState, FinanceCharge, Reminder, Task
from rules.domain.facts import (
    DISCOUNT_REFUSED,
    DISCOUNT_TOLD,
    ChargeBilled,
    ChargeReversed,
    ChargeWaived,
    Contacted,
    HistoryEntry,
    ReminderSent,
    StandingChanged,
    TaskDone,
    TaskOutcome,
)


def when_done(decision: Action, on: date, charge: str) -> Iterator[HistoryEntry]:
    """What it leaves when done on that day; `charge` is what the books call a charge that was billed."""
    match decision:
        case Reminder():
            yield from _reminded(decision, on)
        case FinanceCharge():
            yield _billed(decision, charge)
        case ChargeReversal():
            yield ChargeReversed(decision.customer, decision.invoice, decision.charge, on, decision.amount)
        case CreditState():
            yield StandingChanged(decision.customer, decision.before, decision.after, on)
        case Task():
            yield (worked := _worked(decision, on, "done"))
            if worked.what == "call":
                yield _call_of(worked)
        case _:
            return


def when_refused(decision: Action, on: date) -> Iterator[HistoryEntry]:
    """What it leaves when a person refused it on that day."""
    match decision:
        case Reminder():
            yield from _reminded(replace(decision, fee=None), on, "refused")
        case FinanceCharge():
            yield _billed(decision, decision.key)
            yield ChargeWaived(decision.customer, decision.invoice, decision.key, on, decision.amount)
        case Task():
            yield _worked(decision, on, "refused")
        case _:
            return


def by_people(history: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Contacts and waivers of people's own: neither words on a discount nor the calls that a rule had asked for."""
    entries = list(history)
    asked = Counter(
        _call_of(one) for one in entries if isinstance(one, TaskDone) and (one.what, one.outcome) == ("call", "done")
    )
    found: list[HistoryEntry] = []
    for entry in entries:
        if isinstance(entry, ChargeWaived):
            found.append(entry)
        elif isinstance(entry, Contacted) and entry.outcome not in (DISCOUNT_TOLD, DISCOUNT_REFUSED):
            if asked[entry]:
                asked[entry] -= 1
            else:
                found.append(entry)
    return found


def _call_of(task: TaskDone) -> Contacted:
    """Whoever did it spoke with the customer; whether that keeps reminders apart, the settings say."""
    return Contacted(task.customer, "phone", task.on)


def _reminded(decision: Reminder, on: date, outcome: TaskOutcome = "done") -> Iterator[HistoryEntry]:
    for invoice in decision.invoices:
        if decision.level:
            yield ReminderSent(decision.customer, invoice, decision.level, on, decision.fee, decision.key, outcome)
        else:  # no level of the dunning: a word before a discount lapses
            said = DISCOUNT_TOLD if outcome == "done" else DISCOUNT_REFUSED
            yield Contacted(decision.customer, decision.channel, on, said, invoice)


def _worked(decision: Task, on: date, outcome: TaskOutcome) -> TaskDone:
    return TaskDone(decision.customer, decision.rule, decision.what, on, decision.invoices, outcome, decision.key)


def _billed(decision: FinanceCharge, charge: str) -> ChargeBilled:
    return ChargeBilled(
        customer=decision.customer,
        invoice=decision.invoice,
        charge=charge,
        first_on=decision.first_on,
        last_on=decision.last_on,
        amount=decision.amount,
        interest=decision.interest,
        computed=decision.computed,
    )
