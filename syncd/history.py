"""What we did, as the rules see it: the outbox's actions turned into history entries and standing holds. Pure.

A reminder that may have gone out counts as sent: a second one is worse than a missing one. An occurrence a person
refused counts as handled, so that the ladder goes on and a charge's days are not asked for again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from rules.domain.decisions import ChargeReversal, CreditState, FinanceCharge, Reminder, Task
from rules.domain.facts import (
    DISCOUNT_REFUSED,
    DISCOUNT_TOLD,
    OURS,
    ChargeBilled,
    ChargeReversed,
    ChargeWaived,
    Contacted,
    HistoryEntry,
    Hold,
    ReminderSent,
    StandingChanged,
    TaskDone,
    TaskOutcome,
)
from syncd.store.intent_rows import Intent
from syncd.waivers import WAIVE


def history_of(intent: Intent, remote_id: str | None) -> Iterator[HistoryEntry]:
    """What the rules must remember of an action; nothing while it only waits."""
    if intent.state == "refused":
        yield from _handled(intent)
    elif intent.done_on is not None:
        yield from _done(intent, remote_id)
    elif intent.state == "unknown" and isinstance(intent.decision, Reminder):
        yield from _reminded(intent, intent.decision)


def standing_of(entries: Iterable[tuple[Intent, str | None]]) -> dict[str, Hold]:
    """The credit standing our own latest done action gave each customer; "good" means no hold of ours.

    An action that only set the books right moved nobody: the standing it found may be a person's.
    """
    holds: dict[str, Hold] = {}
    for intent, _ in entries:
        decision = intent.decision
        if not isinstance(decision, CreditState) or intent.done_on is None or intent.state == "refused":
            continue
        if decision.before != decision.after:
            holds[intent.customer] = Hold(
                customer=intent.customer,
                state=decision.after,
                since=intent.done_on,
                origin=f"{OURS}{decision.rule}",
                reason=decision.reason,
            )
    return holds


def untold(told: Iterable[HistoryEntry], ours: Iterable[HistoryEntry]) -> Iterator[HistoryEntry]:
    """What a book tells that we do not know ourselves: our own export, taken in again, must not count twice."""
    known = Counter(_occurrence(entry) for entry in ours)
    for entry in told:
        occurrence = _occurrence(entry)
        if known[occurrence]:
            known[occurrence] -= 1
        else:
            yield entry


def _occurrence(entry: HistoryEntry) -> Hashable:
    """What makes two entries the same deed, however much each tells of it."""
    match entry:
        case ReminderSent():
            return (ReminderSent, entry.invoice, entry.level, entry.on)
        case ChargeBilled():
            return (ChargeBilled, entry.charge)
        case _:
            return entry


def _done(intent: Intent, remote_id: str | None) -> Iterator[HistoryEntry]:
    on, decision = intent.done_on or intent.decided_on, intent.decision
    match decision:
        case Reminder():
            yield from _reminded(intent, decision)
        case FinanceCharge():
            yield _billed(intent, decision, remote_id or decision.key)
        case ChargeReversal(rule=rule) if rule == WAIVE:
            return  # the person's own record tells of it, from the day it was made
        case ChargeReversal():
            yield ChargeReversed(intent.customer, decision.invoice, decision.charge, on, decision.amount)
        case CreditState():
            yield StandingChanged(intent.customer, decision.before, decision.after, on)
        case Task():
            yield _worked(intent, decision, "done")
            if decision.what == "call":  # whoever did it spoke with the customer
                yield Contacted(intent.customer, "phone", on)
        case _:
            return


def _handled(intent: Intent) -> Iterator[HistoryEntry]:
    on, decision = intent.done_on or intent.decided_on, intent.decision
    match decision:
        case Reminder():
            yield from _reminded(intent, replace(decision, fee=None), "refused")
        case FinanceCharge():
            yield _billed(intent, decision, decision.key)
            yield ChargeWaived(intent.customer, decision.invoice, decision.key, on, decision.amount)
        case Task():
            yield _worked(intent, decision, "refused")
        case _:
            return


def _reminded(intent: Intent, decision: Reminder, outcome: TaskOutcome = "done") -> Iterator[HistoryEntry]:
    on = intent.done_on or intent.decided_on
    if not decision.level:  # no level of the dunning: a word before a discount lapses
        for invoice in decision.invoices:
            said = DISCOUNT_TOLD if outcome == "done" else DISCOUNT_REFUSED
            yield Contacted(intent.customer, decision.channel, on, said, invoice)
        return
    for invoice in decision.invoices:
        yield ReminderSent(intent.customer, invoice, decision.level, on, decision.fee, decision.key, outcome)


def _worked(intent: Intent, decision: Task, outcome: TaskOutcome) -> TaskDone:
    on = intent.done_on or intent.decided_on
    return TaskDone(intent.customer, decision.rule, decision.what, on, decision.invoices, outcome, decision.key)


def _billed(intent: Intent, decision: FinanceCharge, charge: str) -> ChargeBilled:
    return ChargeBilled(
        customer=intent.customer,
        invoice=decision.invoice,
        charge=charge,
        first_on=decision.first_on,
        last_on=decision.last_on,
        amount=decision.amount,
        interest=decision.interest,
        computed=decision.computed,
    )
