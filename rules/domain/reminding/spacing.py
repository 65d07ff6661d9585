"""How far apart messages to a customer are: what was said last, when the next may follow, and who waits for whom.

Reminders and the steps after them keep one distance. What goes by itself waits some days for what waits for a person,
no longer: nobody may ever post it, and silence collects nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from rules.domain.calendars import days_after
from rules.domain.facts import DISCOUNT_REFUSED
from rules.domain.situation import Situation
from rules.domain.wording import counted


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether it is its turn: `too_soon` says why not yet, `has_waited` that it waits for no person any more."""

    too_soon: str | None
    has_waited: bool


def turn_of(situation: Situation, refs: Collection[str], called: str, since: date) -> Turn:
    """The turn of a message about the invoices `refs` that could go out since `since`. Never two on one day."""
    spacing = situation.spacing
    last = _last_said(situation, refs)
    gap = max(spacing.gap_days, 1)
    next_on = date.min if last is None else days_after(last, gap)
    too_soon = None
    if situation.as_of < next_on:
        said = _refused(situation, last) or f"last contact on {last}"
        too_soon = f"{called} waits: {said}, {counted(gap, 'day')} apart, so not before {next_on}."
    return Turn(too_soon, situation.as_of > days_after(max(since, next_on), spacing.hold_back_days))


def _refused(situation: Situation, on: date | None) -> str | None:
    """Words for a day on which nothing was said because a person refused it; None where something was."""
    that_day = [entry for entries in situation.index.reminders.values() for entry in entries if entry.on == on]
    if not that_day or any(entry.was_sent for entry in that_day):
        return None
    return f"level {max(entry.level for entry in that_day)} was refused by a person on {on}"


def _last_said(situation: Situation, refs: Collection[str]) -> date | None:
    """When the customer was last written to, or spoken with where that counts; about `refs` where each is apart."""
    index, spacing = situation.index, situation.spacing
    about = index.reminders.keys() if spacing.one_per_customer else refs
    found = [entry.on for ref in about for entry in index.reminders.get(ref, ())]
    found += [
        entry.on
        for entry in index.tasks
        if entry.outcome == "done"
        and entry.rule == "escalation"
        and entry.what in spacing.written
        and (spacing.one_per_customer or any(ref in refs for ref in entry.invoices))
    ]
    if spacing.counts_contacts:
        found += [
            contact.on
            for contact in index.contacts
            if contact.outcome != DISCOUNT_REFUSED
            and (spacing.one_per_customer or contact.invoice is None or contact.invoice in refs)
        ]
    return max(found, default=None)
