"""What we did, as the rules see it: the outbox's actions turned into history entries and standing holds. Pure.

A reminder that may have gone out counts as sent: a second one is worse than a missing one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from rules.domain import remembered
from rules.domain.decisions import CreditState, Reminder
from rules.domain.facts import OURS, ChargeBilled, HistoryEntry, Hold, ReminderSent
from syncd.store.intent_rows import Intent
from syncd.waivers import WAIVE


def history_of(intent: Intent, remote_id: str | None) -> Iterator[HistoryEntry]:
    """What the rules must remember of an action; nothing while it only waits."""
    decision, on = intent.decision, intent.done_on or intent.decided_on
    if intent.state == "refused":
        yield from remembered.when_refused(decision, on)
    elif intent.done_on is not None:
        if decision.rule != WAIVE:  # the person's own record tells of that, from the day it was made
            yield from remembered.when_done(decision, on, remote_id or decision.key)
    elif intent.state == "unknown" and isinstance(decision, Reminder):
        yield from remembered.when_done(decision, on, decision.key)


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
