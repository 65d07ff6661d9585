"""Lint of reminders, credit holds and what they share: what contradicts itself or can never happen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

from rules.credit_hold import Settings as CreditSettings
from rules.domain.aging import OverdueSettings
from rules.domain.credit.thresholds import Condition, Thresholds
from rules.domain.reminding.settings import ReminderSettings
from rules.policy.documents import Path
from rules.policy.policies import Policies

Warning_: TypeAlias = tuple[Path, str]
LONG_SILENCE_DAYS = 60
_STATES = ("watch", "hold", "stop")
_COUNTED = ("days_past_due", "broken_promises", "overdue_invoices", "limit_used_pct")
_GRAVER = (("watch", "hold"), ("watch", "stop"), ("hold", "stop"))


def rule_warnings(policies: Policies, name: str) -> Iterator[Warning_]:
    """What is doubtful in one policy's reminders and holds."""
    settings = policies.rule_settings(name)
    reminders, holds = settings.get("reminders"), settings.get("credit_hold")
    overdue = settings.get("overdue")
    if isinstance(overdue, OverdueSettings) and overdue.holidays and not overdue.business_days:
        yield ("overdue", "holidays"), "has no effect without business_days = true"
    if isinstance(reminders, ReminderSettings):
        yield from _levels(reminders)
        yield from _blank(reminders)
        if isinstance(overdue, OverdueSettings):
            yield from _within_grace(reminders, overdue)
    if isinstance(holds, CreditSettings):
        yield from _order_of_states(holds)
        yield from _never_released(holds)
        yield from _stays(holds)
        yield from _flag(holds)
        yield from _levels_waited_for(holds, reminders)


def beyond_last_level(wanted: int, reminders: object) -> str | None:
    """Why a reminder of that level is never sent, if the policy's own reminders have none."""
    levels = len(reminders.levels) if isinstance(reminders, ReminderSettings) else 0
    if wanted <= levels:
        return None
    return (
        f"waits for reminder level {wanted}, but {f'the last level is {levels}' if levels else 'no reminders are sent'}"
    )


def _levels_waited_for(settings: CreditSettings, reminders: object) -> Iterator[Warning_]:
    for state in (*_STATES, "stay_while"):
        condition: Condition | None = getattr(settings, state)
        for name, threshold in condition.asked_for if condition is not None else ():
            if name == "reminder_level" and (why := beyond_last_level(threshold, reminders)) is not None:
                yield ("credit_hold", state), why


def _levels(settings: ReminderSettings) -> Iterator[Warning_]:
    """Steps that collapse into one, are pushed back by the gap, or leave a long silence."""
    for number, (one, following) in enumerate(pairwise(settings.levels), 2):
        path: Path = ("reminders", "levels", number - 1, "at_days")
        if one.at_days is None or following.at_days is None:
            continue
        apart = following.at_days - one.at_days
        if apart == 0 and settings.first_contact == "matching_level":
            yield path, f"level {number - 1} is never sent: level {number} is reached on the same day"
        elif 0 <= apart < settings.min_gap_days and one.at_days >= 0:
            yield (
                path,
                f"comes {apart} days after level {number - 1}, but min_gap_days keeps {settings.min_gap_days} apart",
            )
        elif apart > LONG_SILENCE_DAYS and one.repeat_every_days is None:
            yield path, f"leaves {apart} days of silence after level {number - 1}"


def _blank(settings: ReminderSettings) -> Iterator[Warning_]:
    for index, level in enumerate(settings.levels):
        if not level.template.strip():
            yield ("reminders", "levels", index, "template"), "is blank: there is nothing to send"
        if level.fee is not None and not all(fee.number for fee in level.fee):
            yield ("reminders", "levels", index, "fee"), "is nothing; leave it out"
        if level.is_before_due and (level.fee or level.fee_pct):
            yield ("reminders", "levels", index, "fee"), "falls before the invoice is due: nothing is late yet"
        if level.channel in ("call", "none") and (level.fee or level.fee_pct):
            yield (
                ("reminders", "levels", index, "fee"),
                f'falls with channel "{level.channel}": nothing written tells of it',
            )


def _within_grace(settings: ReminderSettings, overdue: OverdueSettings) -> Iterator[Warning_]:
    for index, level in enumerate(settings.levels):
        if level.at_days is not None and 0 < level.at_days <= overdue.grace_days:
            why = f"is sent while the invoice still counts as current: overdue.grace_days = {overdue.grace_days}"
            yield ("reminders", "levels", index, "at_days"), why


def _order_of_states(settings: CreditSettings) -> Iterator[Warning_]:
    """A milder standing that needs more than a graver one can never be seen."""
    for milder, graver in _GRAVER:
        low, high = _any_of(getattr(settings, milder)), _any_of(getattr(settings, graver))
        for key in _COUNTED:
            one, other = getattr(low, key, None), getattr(high, key, None)
            if one is not None and other is not None and one >= other:
                why = f"never seen for {key}: {graver} is reached at {other} already"
                yield ("credit_hold", milder), why


def _any_of(condition: Condition | None) -> Thresholds | None:
    """The thresholds of which one is enough."""
    if condition is None or condition.all_ is not None:
        return None
    return condition.any_ or condition


def _never_released(settings: CreditSettings) -> Iterator[Warning_]:
    """A promise broken stays broken: what goes by it alone is never left."""
    if settings.broken_promises_within_days is not None or settings.release_when == "person":
        return
    for state in (*_STATES, "stay_while"):
        found = _any_of(getattr(settings, state))
        if found is not None and found.broken_promises is not None:
            why = "never ends by itself once reached for broken_promises; say broken_promises_within_days = 180"
            yield ("credit_hold", state), why


def _stays(settings: CreditSettings) -> Iterator[Warning_]:
    """What is to keep a hold and is reached no sooner than the hold itself keeps none."""
    if settings.stay_while is not None and settings.release_when == "person":
        yield ("credit_hold", "stay_while"), 'has no effect beside release_when = "person"'
        return
    keeps = _any_of(settings.stay_while)
    for key in _COUNTED if keeps is not None else ():
        bound = getattr(keeps, key)
        placing = [getattr(_any_of(getattr(settings, state)), key, None) for state in _STATES]
        highest = max((one for one in placing if one is not None), default=None)
        if bound is not None and highest is not None and bound >= highest:
            why = f"keeps nobody by {key} = {bound}: at {highest} the thresholds hold by themselves"
            yield ("credit_hold", "stay_while"), why


def _flag(settings: CreditSettings) -> Iterator[Warning_]:
    order = ("watch", "hold", "stop")
    if settings.stop_sell_from == "never":
        return
    raising = order[order.index(settings.stop_sell_from) :]
    if all(getattr(settings, state) is None for state in raising):
        yield (
            ("credit_hold", "stop_sell_from"),
            f"no condition ever reaches {settings.stop_sell_from}: no flag is raised",
        )
