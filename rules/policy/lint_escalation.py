"""Lint of the steps past reminders: hand-over out of the blue, steps out of order, time to answer that is too short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from rules.domain.escalating.settings import EscalationSettings
from rules.domain.reminding.settings import ReminderSettings
from rules.policy.documents import Path
from rules.policy.lint_rules import beyond_last_level
from rules.policy.policies import Policies

Warning_: TypeAlias = tuple[Path, str]
_AFTER_A_DEMAND = ("agency", "attorney", "credit_bureau")
_PRIVATE_DAYS = 30  # UK Pre-Action Protocol for Debt Claims


def escalation_warnings(policies: Policies, name: str) -> Iterator[Warning_]:
    """What is doubtful in one policy's escalation."""
    settings = policies.rule_settings(name)
    steps, reminders = settings.get("escalation"), settings.get("reminders")
    if not isinstance(steps, EscalationSettings):
        return
    yield from _out_of_the_blue(steps)
    yield from _out_of_order(steps)
    yield from _short_answer(steps)
    for index, step in enumerate(steps.steps):
        if step.after_level is not None and (why := beyond_last_level(step.after_level, reminders)) is not None:
            yield ("escalation", "steps", index, "after_level"), why
    handed = any(step.step in ("agency", "attorney") for step in steps.steps)
    if handed and isinstance(reminders, ReminderSettings) and reminders.hand_over is not None:
        yield ("reminders", "hand_over"), "escalation hands over as well: the same debt would be handed over twice"


def _out_of_the_blue(settings: EscalationSettings) -> Iterator[Warning_]:
    demanded = False
    for index, step in enumerate(settings.steps):
        demanded = demanded or step.step == "final_demand"
        if step.step in _AFTER_A_DEMAND and not demanded:
            yield ("escalation", "steps", index, "step"), f"{step.what} without a final_demand before it"


def _out_of_order(settings: EscalationSettings) -> Iterator[Warning_]:
    latest, before = -1, ""
    for index, step in enumerate(settings.steps):
        if step.at_days is None:
            continue
        if step.at_days < latest:
            why = f"at {step.at_days} days, but it waits for {before} at {latest} where that fits"
            yield ("escalation", "steps", index, "at_days"), why
        else:
            latest, before = step.at_days, step.what


def _short_answer(settings: EscalationSettings) -> Iterator[Warning_]:
    for index, step in enumerate(settings.steps):
        days = step.locks(private=True)
        if step.step == "final_demand" and step.debtor != "business" and days < _PRIVATE_DAYS:
            why = f"leaves consumers and sole traders {days} days to answer; in the United Kingdom they have 30"
            yield ("escalation", "steps", index, "lock_days_private"), why
