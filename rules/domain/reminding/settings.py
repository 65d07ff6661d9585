"""The settings of `reminders`: levels, pace, and what keeps one back."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from rules.domain.courtesy import Never, SendWindow
from rules.domain.decisions import Channel
from rules.domain.settings import (
    AmountTexts,
    Count,
    Flag,
    PctText,
    Positive,
    RuleSettings,
    SomeAmounts,
    Whole,
)


class Level(RuleSettings):
    """One step of the dunning policy."""

    at_days: Whole | None = Field(
        default=None, description="Days past due at which it is reached; negative: before the due date."
    )
    after_previous_days: Positive | None = Field(
        default=None, description="Instead of at_days: days after the level before was sent."
    )
    end_of_month: Flag = Field(default=False, description="Wait for the last day of the month at_days falls in.")
    template: str = Field(min_length=1, description="The text: upcoming, friendly, firm, final, notice, or your own.")
    channel: Channel = Field(default="email", description="How it goes out; call and none are for people.")
    copy_to_collector: Flag = Field(default=False, description="Send the collector a copy.")
    fee: SomeAmounts | None = Field(
        default=None, description="Fee that falls with it, once per invoice; one amount for each currency."
    )
    fee_pct: PctText | None = Field(default=None, description="Fee as a percentage of the invoice's own balance.")
    repeat_every_days: Positive | None = Field(default=None, description="Send it again after so many days.")
    max_repeats: Count | None = Field(default=None, description="How often it is sent again; absent: without end.")

    @model_validator(mode="after")
    def _check(self) -> Level:
        if (self.at_days is None) == (self.after_previous_days is None):
            raise ValueError("a level has either at_days or after_previous_days")
        if self.end_of_month and (self.at_days is None or self.at_days < 0):
            raise ValueError("end_of_month needs at_days, and not before the due date")
        if self.fee is not None and self.fee_pct is not None:
            raise ValueError("a level has either fee or fee_pct")
        if self.max_repeats is not None and self.repeat_every_days is None:
            raise ValueError("max_repeats needs repeat_every_days")
        return self

    @cached_property
    def is_before_due(self) -> bool:
        """Whether it is sent before anything is due."""
        return self.at_days is not None and self.at_days < 0


class HandOver(RuleSettings):
    """What a person does once the last level was sent, its repeats included."""

    after_days: Count = Field(default=0, description="Days after the last message.")
    what: str = Field(default="hand over", min_length=1, description='What is to be done, such as "send to agency".')


def _rising(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    if levels[0].after_previous_days is not None:
        raise ValueError("level 1 has no level before it: give it at_days")
    dated = [(number, level.at_days) for number, level in enumerate(levels, 1) if level.at_days is not None]
    for (one, earlier), (other, later) in pairwise(dated):
        if later < earlier:
            raise ValueError(f"levels must rise: level {other} at {later} days comes after level {one} at {earlier}")
    return levels


class ReminderSettings(RuleSettings):
    """Reminders: which level is sent when, to whom, and what holds one back."""

    levels: Annotated[tuple[Level, ...], Field(min_length=1), AfterValidator(_rising)] = Field(
        description="The levels, numbered from 1 in this order."
    )
    first_contact: Literal["level_1", "matching_level"] = Field(
        default="level_1", description="Climb one level at a time, or take the highest reached."
    )
    thresholds: Literal["reached", "passed"] = Field(
        default="reached", description="A level past due goes out on its day, or on the day after."
    )
    catch_up_days: Count | None = Field(
        default=None,
        description="Days to send after its own up to which a level still goes out; absent: whenever it can.",
    )
    min_gap_days: Count = Field(
        default=0,
        description="Days from one reminder to the next, per customer or invoice; of several policies the most.",
    )
    gap_counts_contacts: Flag = Field(default=False, description="Calls and other contacts count for the gap too.")
    hold_back_days: Count = Field(
        default=7,
        description="Days a message waits at most for one to the customer that waits for a person.",
    )
    one_per_customer: Flag = Field(
        default=True,
        description="One message for all invoices of a customer, and one a day from all policies together.",
    )
    min_overdue: AmountTexts = Field(default=(), description="Per listed currency: less than this is not asked for.")
    when_unapplied_covers: Literal["pause", "ignore"] = Field(
        default="pause", description="Whether money and credits on no invoice yet hold back what they cover."
    )
    send_window: SendWindow | None = Field(default=None, description="When reminders may go out; absent: always.")
    severity_by_payer: dict[Literal["new", "prompt", "first_time", "occasional", "chronic", "deteriorating"], Whole] = (
        Field(default_factory=dict, description="Steps by which the tone is firmer (or gentler, below zero) by payer.")
    )

    never: Never = Field(default=Never.model_construct(), description="Who and what is left in silence.")
    hand_over: HandOver | None = Field(default=None, description="A task once the last level was sent; absent: none.")
