"""The settings of `payer`: from where on a customer is new, prompt, late for the first time, or late as a habit."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from rules.domain.settings import Count, PctText, Positive, RuleSettings

PayerClass = Literal["new", "prompt", "first_time", "occasional", "chronic", "deteriorating"]


def _share(pct: Decimal) -> Decimal:
    if pct > 100:  # noqa: PLR2004 - all of it
        raise ValueError("a share above 100 % is never reached")
    return pct


Share: TypeAlias = Annotated[PctText, AfterValidator(_share)]


class NewSettings(RuleSettings):
    """Who is too little known to be judged."""

    up_to_invoices: Count = Field(default=0, description="Up to so many fully paid invoices.")


class PromptSettings(RuleSettings):
    """Who pays in time."""

    late_share_pct: Share = Field(default=Decimal(0), description="Up to this share of invoices late, in percent.")


class FirstTimeSettings(RuleSettings):
    """Whose lateness is still no pattern."""

    up_to_late: Positive = Field(default=1, description="Up to so many invoices late.")


class ChronicSettings(RuleSettings):
    """When lateness is a habit."""

    late_share_pct: Share = Field(
        default=Decimal(50), description="Share of invoices late, in percent, from which it is."
    )
    min_invoices: Positive = Field(default=4, description="How many invoices must be known before anyone is called so.")


class DeterioratingSettings(RuleSettings):
    """When a customer pays later and later."""

    recent_invoices: Positive = Field(
        default=3, description="How many of the latest invoices are compared with all before."
    )
    worse_by_days: Positive = Field(default=10, description="By how many days their average lateness must have grown.")


class PayerSettings(RuleSettings):
    """How customers are classed by the way they pay.

    new: nothing fully paid yet. chronic: late as a habit. deteriorating: the latest invoices are later than those
    before. prompt: never late. first_time: late once. occasional: whoever is none of these. The first that fits counts.
    """

    late_after_days: Count | None = Field(
        default=None, description="Days past due up to which a payment is in time; absent: overdue's grace_days."
    )
    within_days: Positive | None = Field(
        default=None, description="Only invoices paid in the last so many days count; absent: all."
    )
    new: NewSettings = Field(default=NewSettings.model_construct(), description="Who is too little known to be judged.")
    prompt: PromptSettings = Field(default=PromptSettings.model_construct(), description="Who pays in time.")
    first_time: FirstTimeSettings = Field(
        default=FirstTimeSettings.model_construct(), description="Whose lateness is still no pattern."
    )
    chronic: ChronicSettings = Field(default=ChronicSettings.model_construct(), description="When lateness is a habit.")
    deteriorating: DeterioratingSettings = Field(
        default=DeterioratingSettings.model_construct(), description="When a customer pays later and later."
    )
