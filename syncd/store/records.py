"""What people record that no book file has a place for, or not for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rules.domain.facts import ChargeWaived
from rules.domain.money import Money


@dataclass(frozen=True, slots=True)
class Assignment:
    """From `since` on, `collector` looks after the customer, whatever the books say."""

    customer: str
    collector: str
    since: date


@dataclass(frozen=True, slots=True)
class TimeZone:
    """`customer` lives by the clock of `timezone`, whatever the books say; noted on the day `since`."""

    customer: str
    timezone: str
    since: date


@dataclass(frozen=True, slots=True)
class Waiver:
    """`amount` of `charge`, billed about `invoice`, is let go. It counts as billed for ever, and is credited once."""

    customer: str
    invoice: str
    charge: str
    on: date
    amount: Money
    reason: str = ""
    tax_code: str | None = None

    @property
    def entry(self) -> ChargeWaived:
        """The same, as the rules see it."""
        return ChargeWaived(self.customer, self.invoice, self.charge, self.on, self.amount)


@dataclass(frozen=True, slots=True)
class CreditApplication:
    """An application for credit as it was scored: each answer with its points, and what the score proposed."""

    customer: str
    on: date
    card: str
    answers: tuple[tuple[str, str, int], ...]
    points: int
    decision: str
    limit: Money | None = None
    terms_days: int | None = None
    reason: str = ""
