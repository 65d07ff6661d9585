"""The settings of finance charges: each key in the words of a collector, and what cannot stand together.

Only shapes and contradictions are checked here; what the keys do is in `interest`, `fees`, `charges` and the rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from rules.domain.charging.daycount import DayCount
from rules.domain.charging.fixed_sums import FixedSumMode
from rules.domain.money import decimal_of
from rules.domain.settings import (
    Amount,
    AmountText,
    Count,
    Day,
    PctText,
    Positive,
    RateText,
    RuleSettings,
    SomeAmounts,
)

NONE: Final = "none"


def _none_is_absent(value: object) -> object:
    return None if value == NONE else value


def _parse_cap(value: object) -> str | Decimal:
    if value in ("jurisdiction", NONE):
        return str(value)
    try:
        number = decimal_of(value, such_as="18")
    except ValueError as error:
        raise ValueError(f'{error}; a cap is "jurisdiction", "none" or a yearly percentage such as "18"') from error
    if number < 0:
        raise ValueError(f'"{value}" is below zero')
    return number


def _currencies(amounts: Iterable[Amount]) -> list[str]:
    return sorted({amount.currency for amount in amounts if amount.currency is not None})


# "none" takes back what a policy named in `extends` had set.
Absent = BeforeValidator(_none_is_absent)
Cap: TypeAlias = Annotated[
    Literal["jurisdiction", "none"] | Decimal,
    PlainValidator(_parse_cap),
    WithJsonSchema({"type": "string", "pattern": r"^(jurisdiction|none|\d+(\.\d+)?)$"}),
]


class Tier(RuleSettings):
    """A rate for debts up to an age or an amount; the last tier has no bound."""

    up_to_days: Positive | None = Field(None, description="Up to this many days past due, that day included.")
    up_to_amount: AmountText | None = Field(None, description="Up to this balance, itself included.")
    pct: PctText = Field(description="Percent a year, or for per_days days.")


class FixedBand(RuleSettings):
    """A fixed sum for balances from an amount on."""

    from_: AmountText = Field(alias="from", description="Smallest balance of the band.")
    amount: AmountText = Field(Amount(Decimal(0)), description="What is charged.")
    pct: PctText = Field(Decimal(0), description="Percent of the balance on top.")


class AssessOn(RuleSettings):
    """When charges are assessed: on a day of each month, or every so many days."""

    day_of_month: Annotated[int, Field(strict=True, ge=1, le=31)] | None = Field(
        None, description="Day of the month; a short month's last day stands for the days it lacks."
    )
    every_days: Positive | None = Field(
        None, description="Days from the last charge; for the first one, from the first overdue day."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> AssessOn:
        if (self.day_of_month is None) == (self.every_days is None):
            raise ValueError("give either day_of_month or every_days")
        return self


class TaxCodes(RuleSettings):
    """The tax code of each line, in the provider's words; "none": outside the scope of tax."""

    interest: str = Field(default=NONE, description="Tax code of interest and late fees.")
    fixed_sum: str = Field(default=NONE, description="Tax code of the fixed sum.")


class Settings(RuleSettings):
    """When and how much is charged for paying late."""

    kind: Literal["interest", "flat", "percent", "flat_then_percent"] = Field(
        "interest",
        description="interest by the day; a flat fee; a percentage at once; or a flat fee first and percentages later.",
    )
    annual_pct: Annotated[PctText | None, Absent] = Field(None, description="Percent a year.")
    reference: Annotated[str | None, Absent] = Field(
        None, description="Reference rate instead of annual_pct: boe, ecb, bundesbank, us-treasury or your own."
    )
    margin_pct: RateText = Field(Decimal(0), description="Percentage points over the reference rate.")
    reference_mode: Literal["fixed_at_start", "at_payment", "piecewise"] = Field(
        "fixed_at_start",
        description="The first day's rate for good; the day of payment's rate for all days; or each day's own.",
    )
    tiers: Annotated[Annotated[tuple[Tier, ...], Field(min_length=1)] | None, Absent] = Field(
        None, description="Rates by age (up_to_days) or by balance (up_to_amount) instead of annual_pct."
    )
    per_days: Positive | None = Field(None, description="Tiers' percentages are for this many days, not a year.")
    tier_mode: Literal["whole", "marginal"] = Field(
        "whole", description="whole: the tier reached holds for everything; marginal: each tier for its own stretch."
    )
    flat: Annotated[SomeAmounts | None, Absent] = Field(None, description="Flat fee; one amount for each currency.")
    percent: Annotated[PctText | None, Absent] = Field(None, description="Percentage charged at once.")
    percent_of: Literal["balance", "total"] = Field("balance", description="What the percentage is of.")
    repeat_every_days: Annotated[Positive | None, Absent] = Field(
        None, description="Charge the fee again after so many days."
    )
    day_count: DayCount = Field("act/365", description="How days become years.")
    start_from: Literal["due_date", "invoice_date"] = Field(
        "due_date", description="Days count from the day after this date, once the invoice is overdue."
    )
    grace_days: Count = Field(0, description="Days past due without a charge.")
    grace_mode: Literal["gate", "shift"] = Field(
        "gate", description="gate: past grace, all days from the first are charged; shift: grace days stay free."
    )
    base: Literal["principal", "principal_and_charges", "net_of_tax"] = Field(
        "principal", description="What bears: the invoice; overdue charge invoices as well; or the invoice without tax."
    )
    unapplied_credits: Literal["ignore", "oldest_first"] = Field(
        "ignore", description="Whether money not yet used on an invoice lowers the oldest invoices first."
    )
    credits_from: Literal["credit_date", "invoice_date"] = Field(
        "credit_date",
        description="A credit note counts from its own day, or from the first: what it credits never was billed.",
    )
    payment_day: Literal["bears", "free"] = Field(
        "bears", description="Whether the day a payment comes still bears what it pays."
    )
    appropriation: Literal["principal", "interest_first"] = Field(
        "principal", description="What a part payment pays first."
    )
    paid_late: Literal["ignore", "charge"] = Field(
        "ignore", description="An invoice paid in full, but late, before it was assessed."
    )
    minimum: Annotated[SomeAmounts | None, Absent] = Field(None, description="Smallest charge.")
    minimum_mode: Literal["raise", "suppress"] = Field(
        "raise", description="A smaller charge is raised to the minimum, or not made."
    )
    minimum_per: Literal["invoice", "charge"] = Field(
        "invoice", description="The minimum is of an invoice over its life, or of each charge."
    )
    maximum: Annotated[SomeAmounts | None, Absent] = Field(
        None, description="Most that is charged for an invoice over its life."
    )
    rounding: Literal["final", "daily"] = Field(
        "final", description="Round once at the end, or each day's interest before it is multiplied."
    )
    compound: Literal["never", "on_charge", "monthly", "every_30_days"] = Field(
        "never",
        description="Whether interest bears interest: never, once it was billed, or after each month or 30 days.",
    )
    stop_after_months: Annotated[Positive | None, Absent] = Field(
        None, description="Lateness is charged for so many months at most; absent: until it is paid."
    )
    fixed_sum: Literal["none", "uk", "eu40"] | tuple[FixedBand, ...] = Field(
        NONE, description="Compensation for being late at all: a statutory table or bands of your own."
    )
    fixed_sum_mode: FixedSumMode = Field("single", description="The band reached alone, or all bands up to it.")
    assess_on: Annotated[AssessOn | None, Absent] = Field(
        None, description="When charges are made; absent: whenever a pass runs."
    )
    cap: Cap = Field("jurisdiction", description="Legal limit: of the shipped table, none, or a yearly percentage.")
    requires_terms: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="Charge only customers who accepted terms on or before the invoice's date."
    )
    debtors: Literal["all", "business"] = Field(
        "all", description="Whom it charges: everyone, or businesses alone, as statutory rights between businesses do."
    )
    during_dispute: Literal["suspend", "accrue"] = Field("suspend", description="Whether a disputed amount bears.")
    after_dispute: Literal["resume", "back_accrue"] = Field(
        "resume", description="After a dispute: go on from there, or charge its days as well."
    )
    during_promise: Literal["suspend", "accrue"] = Field("accrue", description="Whether a promised amount bears.")
    during_plan: Literal["suspend", "accrue"] = Field(
        "accrue", description="Whether an invoice in a kept instalment plan bears."
    )
    tax_code: TaxCodes = Field(TaxCodes(), description="Tax code by kind of line.")
    due_from: Annotated[Day | None, Absent] = Field(
        None, description="Charge only invoices due on or after this day, so that switching on leaves the past alone."
    )
    terms_days: Count = Field(0, description="Days until a charge invoice is due; 0: on the day it is issued.")

    @property
    def minds_paid_up(self) -> bool:
        """Lateness of what was paid meanwhile is charged on the next assessment day."""
        return self.paid_late == "charge" and self.assess_on is not None

    @model_validator(mode="after")
    def _has_a_rate(self) -> Settings:
        stated = [name for name in ("annual_pct", "reference", "tiers") if getattr(self, name) is not None]
        if self.kind == "interest" and not stated and self.fixed_sum == NONE:
            raise ValueError('kind "interest" needs annual_pct, reference or tiers')
        if len(stated) > 1:
            raise ValueError(f'give one of {" and ".join(stated)}; take the other back with "none"')
        if self.per_days is not None and self.tiers is None:
            raise ValueError("per_days belongs to tiers")
        return self

    @model_validator(mode="after")
    def _has_a_fee(self) -> Settings:
        if self.kind in ("flat", "flat_then_percent") and self.flat is None:
            raise ValueError(f'kind "{self.kind}" needs flat')
        if self.kind in ("percent", "flat_then_percent") and self.percent is None:
            raise ValueError(f'kind "{self.kind}" needs percent')
        if self.kind == "flat_then_percent" and self.repeat_every_days is None:
            raise ValueError('kind "flat_then_percent" needs repeat_every_days: when the percentage follows')
        return self

    @model_validator(mode="after")
    def _compounds_once(self) -> Settings:
        if self.base == "principal_and_charges" and self.compound == "on_charge":
            raise ValueError('base "principal_and_charges" and compound "on_charge" would charge interest on it twice')
        if self.compound in ("monthly", "every_30_days") and self.rounding == "daily":
            raise ValueError(f'compound "{self.compound}" stays unrounded until the end; not with rounding "daily"')
        return self

    @model_validator(mode="after")
    def _has_room(self) -> Settings:
        most = {amount.currency: amount for amount in self.maximum or ()}
        for least in self.minimum or ():
            high = most.get(least.currency)
            if high is not None and least.number > high.number:
                raise ValueError(f"minimum of {least} is above the maximum of {high}: no charge lies between them")
        return self

    @model_validator(mode="after")
    def _bands_begin_once(self) -> Settings:
        starts = [] if isinstance(self.fixed_sum, str) else [band.from_ for band in self.fixed_sum]
        twice = next((start for start in starts if starts.count(start) > 1), None)
        if twice is not None:
            raise ValueError(f"two bands of fixed_sum begin at {twice}: which one is meant?")
        return self

    @model_validator(mode="after")
    def _speaks_of_one_currency(self) -> Settings:
        bands = () if isinstance(self.fixed_sum, str) else self.fixed_sum
        sums = _currencies(amount for band in bands for amount in (band.from_, band.amount))
        tiers = _currencies(tier.up_to_amount for tier in self.tiers or () if tier.up_to_amount is not None)
        if len(sums) > 1:
            raise ValueError(f"fixed_sum in {' and '.join(sums)}: a debt is in one currency, and none would bear it")
        if len(tiers) > 1:
            raise ValueError(f"tiers in {' and '.join(tiers)}: a debt is in one currency, and none could be charged")
        return self

    @model_validator(mode="after")
    def _tiers_ascend(self) -> Settings:
        bounds = [(tier.up_to_days, tier.up_to_amount) for tier in self.tiers or ()]
        if not bounds:
            return self
        days = [days for days, _ in bounds[:-1]]
        amounts = [amount.number for _, amount in bounds[:-1] if amount is not None]
        by_days = all(day is not None for day in days) and not amounts
        by_amount = len(amounts) == len(bounds) - 1 and not any(days)
        if bounds[-1] != (None, None) or not (by_days or by_amount):
            raise ValueError(
                "every tier but the last needs up_to_days, or every one up_to_amount; the last has neither"
            )
        limits = [Decimal(day) for day in days if day is not None] if by_days and not amounts else amounts
        if limits != sorted(set(limits)):
            raise ValueError("list tiers from low to high, each bound once")
        return self
