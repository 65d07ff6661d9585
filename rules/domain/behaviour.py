"""How a customer pays: days to pay and the class of payer, from invoices already paid and those late now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from pydantic import Field

from rules.domain.eligibility import is_fully_paid
from rules.domain.facts import Invoice
from rules.domain.ledger import Ledger
from rules.domain.settings import PctText, Positive, RuleSettings

PayerClass = Literal["new", "prompt", "first_time", "occasional", "chronic", "deteriorating"]

_TENTH = Decimal("0.1")


class ChronicSettings(RuleSettings):
    """When lateness is a habit."""

    late_share_pct: PctText = Field(
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

    new: nothing fully paid yet. prompt: never late. first_time: late once. occasional: late more often. deteriorating:
    the latest invoices are later than those before. chronic: late as a habit. The gravest that fits counts.
    """

    chronic: ChronicSettings = Field(default=ChronicSettings.model_construct(), description="When lateness is a habit.")
    deteriorating: DeterioratingSettings = Field(
        default=DeterioratingSettings.model_construct(), description="When a customer pays later and later."
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """An invoice whose lateness is known: `late_days` is zero when it was paid in time."""

    invoice: Invoice
    on: date
    late_days: int


def days_to_pay(ledger: Ledger, customer: str) -> Decimal | None:
    """Days from issue to each payment, weighted by amount, over fully paid invoices; one decimal, None when none."""
    weight = Decimal(0)
    weighted = Decimal(0)
    for invoice in ledger.invoices_by_customer.get(customer, ()):
        if is_fully_paid(invoice):
            for part in ledger.settlements.get(invoice.ref, ()):
                if part.by == "payment":
                    weight += part.amount.amount
                    weighted += part.amount.amount * (part.on - invoice.issued_on).days
    return (weighted / weight).quantize(_TENTH, rounding=ROUND_HALF_UP) if weight else None


def settled_invoices(ledger: Ledger, customer: str, grace_days: int) -> list[Settled]:
    """The customer's fully paid invoices by the day they were settled, each with how late that was."""
    found: list[Settled] = []
    for invoice in ledger.invoices_by_customer.get(customer, ()):
        parts = ledger.settlements.get(invoice.ref)
        if is_fully_paid(invoice) and parts and invoice.due_on is not None:
            late = (parts[-1].on - invoice.due_on).days
            found.append(Settled(invoice, parts[-1].on, late if late > grace_days else 0))
    found.sort(key=lambda one: (one.on, one.invoice.ref))
    return found


def payer_class(settled: Sequence[Settled], late_now: Iterable[int], settings: PayerSettings) -> PayerClass:
    """The class of a customer with these paid invoices, `late_now` being the days past due of those overdue."""
    overdue_days = list(late_now)
    late = sum(one.late_days > 0 for one in settled) + len(overdue_days)
    known = len(settled) + len(overdue_days)
    if not settled:
        return "new"
    if known >= settings.chronic.min_invoices and Decimal(100 * late) / known >= settings.chronic.late_share_pct:
        return "chronic"
    if _deteriorates([*(one.late_days for one in settled), *sorted(overdue_days)], settings.deteriorating):
        return "deteriorating"
    if late == 0:
        return "prompt"
    return "first_time" if late == 1 else "occasional"


def _deteriorates(late_days: Sequence[int], settings: DeterioratingSettings) -> bool:
    recent = late_days[-settings.recent_invoices :]
    before = late_days[: -settings.recent_invoices]
    if len(before) < settings.recent_invoices:
        return False
    growth = Decimal(sum(recent)) / len(recent) - Decimal(sum(before)) / len(before)
    return growth >= settings.worse_by_days
