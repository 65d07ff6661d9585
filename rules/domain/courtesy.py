"""What a policy owes whoever it writes to: at which times, how far apart, and who is left in silence.

The settings of `reminders` say it, and every rule that writes or calls keeps to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from rules.domain.settings import Calendar, Flag, RuleSettings

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError(f'"{text}" is not a time of day such as "08:00"')
    return text


TimeOfDay = Annotated[str, AfterValidator(_time)]


class Never(RuleSettings):
    """Who and what is never written to or about: no reminder, no word on a discount, no step past reminders."""

    groups: tuple[str, ...] = Field(default=(), description="Customer groups.")
    customers: tuple[str, ...] = Field(default=(), description="Customers, by ref or name.")
    invoices: tuple[str, ...] = Field(default=(), description="Invoices, by ref or number.")

    @cached_property
    def is_nobody(self) -> bool:
        """Whether nobody and nothing is named."""
        return not (self.groups or self.customers or self.invoices)


class SendWindow(RuleSettings):
    """When reminders may go out, where the customer lives. Days are decided on by the rule, hours by the outbox."""

    days: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        min_length=1,
        description="Days to send; absent: every day.",
    )
    from_: TimeOfDay = Field(default="00:00", alias="from", description="First time of day.")
    to: TimeOfDay = Field(default="24:00", description="Time of day from which none goes out.")
    holidays: Calendar = Field(default=None, description='Public holidays that are no days to send, "US" or "US-NV".')
    customer_holidays: Flag = Field(
        default=False, description="Nor the public holidays of the customer's own country and region."
    )
    clock: Literal["customer", "company"] = Field(
        default="customer",
        description="Whose days and hours: the customer's, as far as its time zone is known, or the company's.",
    )

    @model_validator(mode="after")
    def _check(self) -> SendWindow:
        if self.from_ >= self.to:
            raise ValueError(f'from = "{self.from_}" must come before to = "{self.to}"')
        return self


@dataclass(frozen=True, slots=True)
class Spacing:
    """How far apart a policy wants messages: days between two of them, per customer or invoice; what counts as one.

    `written` are the steps of escalation that we write under any policy over the account.
    """

    gap_days: int = 0
    counts_contacts: bool = False
    one_per_customer: bool = True
    hold_back_days: int = 0
    written: frozenset[str] = frozenset()
