"""What credit thresholds look at, and which of them a customer has reached. Reached means at equality, everywhere.

A threshold with a currency sees that currency alone; a bare one sees everything converted to the company's currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from pydantic import Field, model_validator

from rules.domain.aging import AgedInvoice
from rules.domain.facts import Customer, ReminderSent
from rules.domain.money import Money, total
from rules.domain.paying.promised import broken
from rules.domain.paying.settings import PayerClass
from rules.domain.positions import exposed
from rules.domain.settings import Amount, Count, Flag, PctText, Positive, RuleSettings, SomeAmounts
from rules.domain.situation import Situation
from rules.domain.wording import counted, joined, spoken, sums

_TENTH = Decimal("0.1")


class Thresholds(RuleSettings):
    """What can be reached. Each is reached at equality."""

    days_past_due: Count | None = Field(default=None, description="Days the oldest overdue invoice is past due.")
    overdue: SomeAmounts | None = Field(default=None, description="Amount overdue in all; of a list, one is enough.")
    largest_overdue: SomeAmounts | None = Field(default=None, description="Amount overdue on the largest invoice.")
    overdue_invoices: Positive | None = Field(default=None, description="How many invoices are overdue.")
    broken_promises: Positive | None = Field(
        default=None, description="How many promises were not, or not wholly, kept."
    )
    reminder_level: Positive | None = Field(default=None, description="Level of a reminder sent on what is still open.")
    limit_used_pct: PctText | None = Field(default=None, description="Share of the credit limit in use, in percent.")
    payer_class: tuple[PayerClass, ...] | None = Field(
        default=None, min_length=1, description="The customer pays in one of these ways."
    )


class Condition(Thresholds):
    """When a standing applies: `any` or `all` of some thresholds. Thresholds written bare count as `any`."""

    any_: Thresholds | None = Field(default=None, alias="any", description="One of these reached is enough.")
    all_: Thresholds | None = Field(default=None, alias="all", description="All of these must be reached.")

    @cached_property
    def asked_for(self) -> tuple[tuple[str, Any], ...]:
        """Each threshold that is set, with its name."""
        parts: Iterator[Thresholds] = (part for part in (self, self.any_, self.all_) if part is not None)
        named = [(name, getattr(part, name)) for part in parts for name in Thresholds.model_fields]
        return tuple((name, threshold) for name, threshold in named if threshold is not None)

    @model_validator(mode="after")
    def _check(self) -> Condition:
        bare = any(getattr(self, name) is not None for name in Thresholds.model_fields)
        if self.all_ is not None and (bare or self.any_ is not None):
            raise ValueError("write either any = {…} or all = {…}, not both")
        if not self.asked_for:
            raise ValueError("name at least one threshold, such as any = { days_past_due = 30 }")
        return self


class Counts(RuleSettings):
    """What of a customer's papers counts against its credit limit, besides its open invoices."""

    unapplied: Flag = Field(default=True, description="Money and credits on no invoice yet free the limit.")
    drafts: Flag = Field(default=False, description="Draft invoices use it, as if they were sent.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One threshold looked at: what is so, and the bound that it reaches or not. No `bound`: the fact says it all."""

    name: str
    reached: bool
    fact: str
    bound: str = ""

    def met(self) -> str:
        """``30 days past due (30 or more)``."""
        return f"{self.fact} ({self.bound})" if self.bound else self.fact

    def missed(self, state: str) -> str:
        """``12 days past due (hold: 30 or more)``."""
        return f"{self.fact} ({state}: {self.bound})" if self.bound else self.fact


@dataclass(slots=True)
class Creditor:
    """One customer's figures for thresholds, converted where a bare one needs it. `unrated` collects what could not.

    After a person's release, `released_on`, only what came since counts: parts of invoices not past due by then and the
    reminders of those, invoices issued later for the limit, promises for later days, a class once something was late
    again. Charges of ours follow from what was let go and are left out.
    """

    situation: Situation
    customer: Customer
    broken_since: date = date.min
    released_on: date | None = None
    counts: Counts = field(default_factory=Counts)
    passed: bool = False  # a threshold counts once it is passed, not when it is reached
    unrated: dict[str, None] = field(default_factory=dict)

    def applies(self, condition: Condition) -> tuple[bool, tuple[Finding, ...]]:
        """Whether the condition is reached, and what reaches it (or does not, where it is not)."""
        findings = [self._look(name, threshold) for name, threshold in condition.asked_for]
        met = all(one.reached for one in findings) if condition.all_ else any(one.reached for one in findings)
        return met, tuple(one for one in findings if one.reached == met)

    def _look(self, name: str, threshold: object) -> Finding:
        looks: dict[str, Callable[..., Finding]] = {
            "days_past_due": self._days,
            "overdue": self._overdue,
            "largest_overdue": self._largest,
            "overdue_invoices": self._invoices,
            "broken_promises": self._promises,
            "limit_used_pct": self._limit,
            "reminder_level": self._reminded,
            "payer_class": self._class,
        }
        return looks[name](threshold)

    def _rows(self) -> list[AgedInvoice]:
        rows = self.situation.aged_by_customer.get(self.customer.ref, [])
        if self.released_on is None:
            return rows
        left = (_not_let_go(row, self.released_on) for row in rows)
        return [row for row in left if row is not None]

    def _late(self) -> list[Money]:
        return [row.overdue for row in self._rows() if row.days_past_due]

    def _reaches(self, value: Decimal | int, threshold: Decimal | int) -> bool:
        return value > threshold if self.passed else value >= threshold

    def _least(self, threshold: object) -> str:
        return f"more than {threshold}" if self.passed else f"{threshold} or more"

    def _counted(self, name: str, number: int, threshold: int, fact: str) -> Finding:
        return Finding(name, self._reaches(number, threshold), fact, self._least(threshold))

    def _days(self, threshold: int) -> Finding:
        oldest = max((row.days_past_due for row in self._rows()), default=0)
        if not oldest:
            return Finding("days_past_due", reached=False, fact="nothing past due", bound=self._least(threshold))
        return self._counted("days_past_due", oldest, threshold, f"{counted(oldest, 'day')} past due")

    def _invoices(self, threshold: int) -> Finding:
        number = len(self._late())
        return self._counted("overdue_invoices", number, threshold, f"{counted(number, 'invoice')} overdue")

    def _promises(self, threshold: int) -> Finding:
        own = (one for one in self.situation.judged if one.promise.customer == self.customer.ref)
        number = broken(own, max(self.broken_since, self.released_on or date.min))
        return self._counted("broken_promises", number, threshold, f"{counted(number, 'promise')} broken")

    def _reminded(self, threshold: int) -> Finding:
        level = max((entry.level for row in self._rows() for entry in self._reminders(row)), default=0)
        fact = f"reminder level {level} sent" if level else "no reminder sent"
        return self._counted("reminder_level", level, threshold, fact)

    def _reminders(self, row: AgedInvoice) -> Iterator[ReminderSent]:
        """What was sent about the invoice; after a release only since a part of it that fell due later did."""
        late = [part.contractual_on for part in row.parts if part.is_overdue]
        for entry in self.situation.index.reminders.get(row.invoice.ref, ()):
            if entry.was_sent and (self.released_on is None or (late and entry.on > min(late))):
                yield entry

    def _class(self, threshold: tuple[PayerClass, ...]) -> Finding:
        found = self.situation.payer_class(self.customer.ref)
        if found in threshold and not self._was_late_since_release():
            return Finding("payer_class", reached=False, fact="nothing paid late")
        return Finding("payer_class", found in threshold, f"pays {found.replace('_', ' ')}", _either(threshold))

    def _was_late_since_release(self) -> bool:
        """Whether anything that fell due since a release was or is late: a class is made of what came before, too."""
        released_on = self.released_on
        if released_on is None or self._late():
            return True
        paid = self.situation.manners(self.customer.ref).settled
        return any(one.late_days > 0 and one.due_on >= released_on for one in paid)

    def _overdue(self, thresholds: tuple[Amount, ...]) -> Finding:
        return self._amounts("overdue", thresholds, sums, "overdue")

    def _largest(self, thresholds: tuple[Amount, ...]) -> Finding:
        def largest(kept: Iterable[Money]) -> tuple[Money, ...]:
            found = max(kept, key=lambda amount: amount.amount, default=None)
            return (found,) if found else ()

        return self._amounts("largest_overdue", thresholds, largest, "overdue on the largest invoice")

    def _amounts(
        self,
        name: str,
        thresholds: tuple[Amount, ...],
        measure: Callable[[Iterable[Money]], tuple[Money, ...]],
        what: str,
    ) -> Finding:
        findings = []
        base, late = self.situation.account.company.currency, self._late()
        for threshold in thresholds:
            least = threshold.money(base)
            own = [one for one in late if one.currency == least.currency]
            seen = own if threshold.currency else self.in_currency(late, base)
            found = next(iter(measure(seen)), Money.zero(least.currency))
            reached = found.amount > 0 and self._reaches(found.amount, least.amount)
            findings.append(Finding(name, reached, f"{spoken(found.rounded())} {what}", self._least(spoken(least))))
        return next((one for one in findings if one.reached), findings[0])

    def _limit(self, threshold: Decimal) -> Finding:
        name = "limit_used_pct"
        base = self.situation.account.company.currency
        limit = self.situation.credit_limits.of(self.customer, base)
        if limit is None:
            return Finding(name, reached=False, fact="no credit limit")
        used = next(iter(sums(self.in_currency(self.exposure(), limit.currency))), Money.zero(limit.currency))
        if not limit:
            fact = f"{spoken(used.rounded())} owed without any credit (limit {spoken(limit)})"
            return Finding(name, used.amount > 0, fact)
        pct = used.amount * 100 / limit.amount
        shown = pct.quantize(_TENTH, rounding=ROUND_HALF_UP)
        fact = f"{shown}% of the limit of {spoken(limit)} used"
        return Finding(name, self._reaches(pct, threshold), fact, self._least(f"{threshold}%"))

    def exposure(self) -> list[Money]:
        """What the customer and all billed through it owe, by currency; what counts is the policy's choice."""
        index = self.situation.index
        branch = index.branches[self.customer.ref]
        rows = (row for ref in branch for row in self.situation.aged_by_customer.get(ref, ()))
        owed = [row.invoice.balance for row in rows if not _was_owed(row, self.released_on)]
        if self.counts.drafts:
            drafts = (one for ref in branch for one in index.invoices_by_customer.get(ref, ()))
            owed += [one.total for one in drafts if one.status == "draft"]
        opened = sums(owed)
        held = sums(rest for ref in branch for rest in index.unapplied.get(ref, {}).values())
        if not self.counts.unapplied:
            held = ()
        unapplied = {rest.currency: rest for rest in held}
        return [exposed(amount, unapplied.get(amount.currency, Money.zero(amount.currency))) for amount in opened]

    def in_currency(self, amounts: Iterable[Money], currency: str) -> list[Money]:
        """The amounts in `currency`; what has no rate is left out and remembered."""
        found = []
        for amount in amounts:
            worth = self.situation.converted(amount, currency) if amount.currency != currency else amount
            if worth is not None:
                found.append(worth)
            elif amount:
                day = self.situation.as_of
                self.unrated[f"no rate from {amount.currency} to {currency} on or before {day}"] = None
        return found


def _not_let_go(row: AgedInvoice, released_on: date) -> AgedInvoice | None:
    """What of the invoice a release did not let go: the parts that were not past due by then. None where all was.

    Part by part: were the whole invoice let go for its oldest part, paying that part would hold the customer again.
    """
    parts = tuple(part for part in row.parts if part.contractual_on >= released_on)
    if row.invoice.is_ours or (row.parts and not parts):
        return None
    late = [part for part in parts if part.is_overdue]
    overdue = total([part.open for part in late], row.invoice.currency)
    return row._replace(parts=parts, overdue=overdue, days_past_due=max((part.days for part in late), default=0))


def _was_owed(row: AgedInvoice, released_on: date | None) -> bool:
    return released_on is not None and (row.invoice.is_ours or row.invoice.issued_on <= released_on)


def _either(classes: Iterable[str]) -> str:
    return " or ".join(one.replace("_", " ") for one in classes)


def told(findings: Iterable[Finding]) -> str:
    """What was reached, as the middle of a sentence."""
    return joined(dict.fromkeys(one.met() for one in findings))
