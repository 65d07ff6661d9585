"""The settings of `credit_review`: who has earned more credit or longer terms, who has lost them, who pays first."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from rules.domain.credit.thresholds import Condition
from rules.domain.paying.settings import PayerClass
from rules.domain.settings import AmountText, Count, PctText, Positive, RuleSettings


def _ladder(days: tuple[int, ...]) -> tuple[int, ...]:
    if list(days) != sorted(set(days)) or len(days) == 1:
        raise ValueError("list the terms you give once each, from short to long, such as [0, 14, 30]")
    return days


class Earned(RuleSettings):
    """Who has earned better terms: all of these must hold."""

    payer_class: tuple[PayerClass, ...] = Field(
        default=("prompt",), min_length=1, description="The customer pays in one of these ways."
    )
    min_invoices: Positive = Field(default=6, description="Fully paid invoices, at least.")
    max_broken_promises: Count = Field(default=0, description="Promises not wholly kept, at most.")
    limit_used_pct: PctText = Field(
        default=Decimal(50), description="A higher limit only for those who use this share of theirs, in percent."
    )


class ReviewSettings(RuleSettings):
    """Credit limits, terms and prepayment looked at again: proposals for a person, never a change by themselves."""

    better: Earned | None = Field(default=None, description="Who has earned a higher limit and longer terms.")
    worse: Condition | None = Field(default=None, description="Who gets a lower limit and shorter terms.")
    prepayment: Condition | None = Field(default=None, description="Who is to pay before delivery.")
    raise_limit_pct: PctText = Field(default=Decimal(25), description="By how much a limit is raised, in percent.")
    lower_limit_pct: PctText = Field(default=Decimal(25), description="By how much it is lowered, in percent.")
    highest_limit: AmountText | None = Field(default=None, description="No limit is proposed above this.")
    lowest_limit: AmountText | None = Field(default=None, description="No limit is proposed below this.")
    terms_days: Annotated[tuple[Count, ...], AfterValidator(_ladder)] = Field(
        default=(), description="The terms you give, in days from short to long; absent: terms are left alone."
    )
    prepay_groups: tuple[str, ...] = Field(
        default=(), description="Groups of customers who pay before delivery already."
    )
    broken_promises_within_days: Positive | None = Field(
        default=None, description="Count only promises that fell due in so many days; absent: all there ever were."
    )
    review_every_days: Positive = Field(
        default=90, description="Days after a proposal was followed or refused before the next of its kind."
    )

    @model_validator(mode="after")
    def _check(self) -> ReviewSettings:
        if self.better is None and self.worse is None and self.prepayment is None:
            raise ValueError("say who has earned better, who worse or who is to prepay")
        if self.lower_limit_pct > 100:  # noqa: PLR2004 - a limit cannot fall by more than all of it
            raise ValueError("lower_limit_pct is above 100: a limit cannot fall below nothing")
        low, high = self.lowest_limit, self.highest_limit
        if low is not None and high is not None and low.currency == high.currency and low.number > high.number:
            raise ValueError("lowest_limit is above highest_limit: no limit lies between them")
        return self
