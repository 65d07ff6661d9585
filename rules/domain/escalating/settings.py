"""The settings of `escalation`: the steps past reminders, what each needs, and how long a demand keeps all others back.

Shapes and contradictions only; which step an invoice has come to is in `domain.escalating`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from rules.domain.paying.behaviour import PayerClass
from rules.domain.settings import AmountTexts, Count, Flag, Positive, RuleSettings

StepKind: TypeAlias = Literal[
    "call",
    "collector_change",
    "statement",
    "final_demand",
    "prepay_only",
    "agency",
    "attorney",
    "write_off",
    "credit_bureau",
    "factoring",
    "other",
]
Debtor: TypeAlias = Literal["business", "private"]

HANDED_OVER = ("agency", "attorney")
_TEMPLATES = {"final_demand": "demand", "statement": "statement"}
_LOCK_DAYS = 14  # how long a final demand waits for an answer where nothing else is said
_LOCK_DAYS_PRIVATE = 30  # UK Pre-Action Protocol for Debt Claims: individuals, sole traders among them


class EscalationStep(RuleSettings):
    """One step past reminders. Reached once everything it names is; passed over where it does not fit the customer."""

    step: StepKind = Field(description="What is done.")
    name: str | None = Field(default=None, min_length=1, description="What it is called, where a step comes twice.")
    at_days: Count | None = Field(default=None, description="Days past due at which it is reached.")
    after_previous_days: Count | None = Field(default=None, description="Days after the step before was done.")
    after_level: Positive | None = Field(default=None, description="Once a reminder of this level was sent.")
    max_days: Positive | None = Field(default=None, description="Older than so many days past due it does not fit.")
    min_amount: AmountTexts = Field(
        default=(), description="Least the customer must owe too late in all; of a list, one is enough."
    )
    max_amount: AmountTexts = Field(default=(), description="Most the customer may owe too late in all.")
    min_invoice: AmountTexts = Field(default=(), description="Invoices of which less is asked for are left out.")
    debtor: Debtor | None = Field(
        default=None, description="Only for businesses, or only for private persons. A credit bureau: businesses."
    )
    undisputed: Flag | None = Field(
        default=None, description="Not while anything of the invoice is disputed. A credit bureau: true."
    )
    payer_class: tuple[PayerClass, ...] = Field(default=(), description="Only customers who pay like this.")
    to: str | None = Field(default=None, min_length=1, description="The collector a collector_change proposes.")
    channel: Literal["none", "email", "letter"] = Field(
        default="none", description="How a statement or final demand goes out; none: a person sees to it."
    )
    template: str | None = Field(default=None, min_length=1, description='Its text, else "statement" or "demand".')
    lock_days: Count | None = Field(
        default=None, description="Whole days after it without any further step. A final demand: 14, else none."
    )
    lock_days_private: Count | None = Field(
        default=None, description="The same for consumers and sole traders. A final demand: 30."
    )
    waits: Flag = Field(default=True, description="Whether it waits for a person where others go out by themselves.")
    repeat_every_days: Positive | None = Field(default=None, description="Do it again after so many days.")
    max_repeats: Count | None = Field(default=None, description="How often again; absent: without end.")

    @model_validator(mode="after")
    def _check(self) -> EscalationStep:
        if self.at_days is None and self.after_previous_days is None and self.after_level is None:
            raise ValueError("say when: at_days, after_previous_days or after_level")
        if self.step == "other" and self.name is None:
            raise ValueError('step "other" needs a name: what is to be done')
        if self.name is not None and self.step in HANDED_OVER:
            raise ValueError(f'step "{self.step}" keeps its own name, by which reminders know to stop')
        if (self.step == "collector_change") != (self.to is not None):
            raise ValueError('step "collector_change" needs to = "NAME", and no other step has it')
        if self.step not in _TEMPLATES and (self.channel != "none" or self.template is not None):
            raise ValueError("only a statement or a final_demand has a channel and a template")
        if self.step == "credit_bureau" and (self.debtor == "private" or self.undisputed is False):
            raise ValueError("a credit bureau takes undisputed debts of businesses only")
        if self.max_repeats is not None and self.repeat_every_days is None:
            raise ValueError("max_repeats needs repeat_every_days")
        if self.max_days is not None and self.at_days is not None and self.max_days < self.at_days:
            raise ValueError("max_days comes before at_days: the step would never be reached")
        most = {amount.currency: amount.number for amount in self.max_amount}
        if self.min_amount and all(low.number > most.get(low.currency, low.number) for low in self.min_amount):
            raise ValueError("min_amount is above max_amount: the step would never be reached")
        return self

    @cached_property
    def what(self) -> str:
        """What the task says is to be done; tells one step from another."""
        return self.name or self.step.replace("_", " ")

    @cached_property
    def slug(self) -> str:
        """The same in letters and digits, as a key may carry it; empty where it has none."""
        return "-".join("".join(letter if letter.isalnum() else " " for letter in self.what).lower().split())

    @property
    def text(self) -> str:
        """The template of the message."""
        return self.template or _TEMPLATES.get(self.step, "")

    def fits_debtor(self, *, private: bool) -> bool:
        """Whether the step is meant for such a debtor."""
        wanted = self.debtor or ("business" if self.step == "credit_bureau" else None)
        return wanted is None or wanted == ("private" if private else "business")

    @cached_property
    def needs_no_dispute(self) -> bool:
        """Whether any dispute at all keeps the invoice out."""
        return self.step == "credit_bureau" if self.undisputed is None else self.undisputed

    def locks(self, *, private: bool) -> int:
        """Whole days after it without any further step."""
        demand = self.step == "final_demand"
        days = self.lock_days if self.lock_days is not None else _LOCK_DAYS if demand else 0
        if not private:
            return days
        return self.lock_days_private if self.lock_days_private is not None else max(days, _LOCK_DAYS_PRIVATE * demand)


def _distinct(steps: tuple[EscalationStep, ...]) -> tuple[EscalationStep, ...]:
    if steps[0].after_previous_days is not None:
        raise ValueError("step 1 has no step before it: give it at_days or after_level")
    names = [step.what for step in steps]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f'two steps are called "{twice}": give one a name of its own')
    return steps


class EscalationSettings(RuleSettings):
    """What follows reminders: calls, statements, a final demand, hand-over, write-off. People do it, step by step."""

    steps: Annotated[tuple[EscalationStep, ...], Field(min_length=1), AfterValidator(_distinct)] = Field(
        description="The steps in their order; the next one waits until the one before was done or refused."
    )
    private_groups: tuple[str, ...] = Field(
        default=(), description="Groups of sole traders and others who owe as private persons, besides consumers."
    )
    when_unapplied_covers: Literal["pause", "ignore"] = Field(
        default="pause", description="Whether money and credits on no invoice yet hold back what they cover."
    )

    @cached_property
    def private(self) -> frozenset[str]:
        """The groups of those who owe as private persons, to look one up."""
        return frozenset(self.private_groups)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each step stands, from 0, by what it is called."""
        return {step.what: index for index, step in enumerate(self.steps)}

    @cached_property
    def locks(self) -> Mapping[bool, Mapping[str, int]]:
        """Whole days after each step without any further one: of private persons (True) and of businesses."""
        return {private: {step.what: step.locks(private=private) for step in self.steps} for private in (True, False)}

    @cached_property
    def written(self) -> frozenset[str]:
        """The steps that we write, by what they are called."""
        return frozenset(step.what for step in self.steps if step.channel != "none")

    @cached_property
    def has_bare_amounts(self) -> bool:
        """Whether some amount is in the company's own currency, so that what is owed must be converted to it."""
        amounts = (one for step in self.steps for one in (*step.min_amount, *step.max_amount, *step.min_invoice))
        return any(one.currency is None for one in amounts)
