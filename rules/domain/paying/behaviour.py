"""How a customer pays: days to pay, days late, the trend and the class, from invoices paid and those late now.

Every figure is plain arithmetic on the book: counts, sums and averages, nothing learned, nothing hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate
from typing import Literal

from rules.domain.account_index import AccountIndex, Settlement
from rules.domain.aging import OverdueSettings, late_after
from rules.domain.calendars import days_after
from rules.domain.eligibility import discount_earned, is_fully_paid
from rules.domain.facts import Invoice
from rules.domain.paying.settings import PayerClass, PayerSettings
from rules.domain.wording import counted

__all__ = ["DueDays", "Manners", "PayerClass", "PayerSettings", "Settled", "days_to_pay", "manners", "settled_invoices"]

Trend = Literal["improving", "steady", "worsening"]

_TENTH = Decimal("0.1")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Settled:
    """An invoice whose lateness is known: `late_days` is zero when it was paid in time.

    `due_on` is the day lateness counts from; of several instalments, that of the one paid latest.
    """

    invoice: Invoice
    on: date
    late_days: int
    due_on: date


@dataclass(frozen=True, slots=True)
class DueDays:
    """From which day an invoice is late, as the policy counts: the rules on what is overdue and their calendar."""

    settings: OverdueSettings
    calendar: str | None = None

    def forgiven(self, invoice: Invoice) -> Decimal:
        """The rest of the invoice with which it counts as paid."""
        return self.settings.forgiven(invoice.currency)

    def of(self, invoice: Invoice, due_on: date) -> date:
        """The day lateness of what was due on `due_on` counts from."""
        return late_after(invoice, due_on, self.settings, self.calendar)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a customer pays. Averages and shares to one decimal; None where there is nothing to take them of.

    `days_late` is weighted by amount over paid invoices, one paid in time counting zero. `recent` and `before` are
    plain averages of days late: of the latest invoices, those late now last, and of all before.
    """

    payer_class: PayerClass
    paid: int
    late_now: int
    late: int
    late_share_pct: Decimal | None
    days_late: Decimal | None
    recent: Decimal | None
    before: Decimal | None
    trend: Trend | None
    settled: tuple[Settled, ...] = ()  # what the figures are taken of, oldest first, beside what is late now

    def told(self) -> str:
        """The class with the figures it comes from, in one sentence."""
        late_now = f" and {self.late_now} late now" if self.late_now else ""
        parts = [f"{counted(self.paid, 'invoice')} paid{late_now}"]
        if self.late_share_pct is not None:
            parts.append(f"{self.late} of them late ({self.late_share_pct} %)")
        if self.days_late is not None:
            parts.append(f"paid {self.days_late} days late on average by amount")
        if self.trend is not None:
            parts.append(f"the latest {self.recent} days late, those before {self.before}: {self.trend}")
        return f"Pays {self.payer_class.replace('_', ' ')}: {'; '.join(parts)}."


def days_to_pay(index: AccountIndex, customer: str, overdue: OverdueSettings) -> Decimal | None:
    """Days from issue to each payment, weighted by amount, over fully paid invoices; one decimal, None when none."""
    weight = Decimal(0)
    weighted = Decimal(0)
    for invoice in index.invoices_by_customer.get(customer, ()):
        parts = index.settlements.get(invoice.ref)
        if parts and is_fully_paid(invoice, overdue.forgiven(invoice.currency)):
            for part in parts:
                if part.by == "payment":
                    weight += part.amount.amount
                    weighted += part.amount.amount * (part.on - invoice.issued_on).days
    return (weighted / weight).quantize(_TENTH, rounding=ROUND_HALF_UP) if weight else None


def settled_invoices(
    index: AccountIndex, customer: str, in_time_days: int, due_days: DueDays, since: date = date.min
) -> list[Settled]:
    """The customer's invoices paid off from `since` on, by day, each with how late that was. A discount earned settles.

    Up to `in_time_days` past due is in time.
    """
    found: list[Settled] = []
    for invoice in index.invoices_by_customer.get(customer, ()):
        parts = index.settlements.get(invoice.ref)
        if not parts or parts[-1].on < since:
            continue
        if all(part.by == "credit_note" for part in parts):
            continue  # given away, not paid: it tells nothing of how they pay
        tolerance = due_days.forgiven(invoice)
        if is_fully_paid(invoice, tolerance) or (invoice.status == "open" and discount_earned(invoice, parts)):
            needed = _until_settled(invoice, parts, tolerance)
            latest = _latest(invoice, needed, due_days)
            if latest is not None and needed[-1].on >= since:
                late, due_on = latest
                found.append(Settled(invoice, needed[-1].on, late if late > in_time_days else 0, due_on))
    found.sort(key=lambda one: (one.on, one.invoice.ref))
    return found


def _until_settled(invoice: Invoice, paid: Sequence[Settlement], tolerance: Decimal) -> Sequence[Settlement]:
    """What was paid until no more than the tolerance was left: some cents that come later make nobody late."""
    rest, count = max(invoice.balance.amount, _ZERO), len(paid)
    while count > 1 and rest + paid[count - 1].amount.amount <= tolerance:
        count -= 1
        rest += paid[count].amount.amount
    return paid[:count]


def _latest(invoice: Invoice, paid: Sequence[Settlement], due_days: DueDays) -> tuple[int, date] | None:
    """How many days after it was due the part paid latest was paid, with that day; None without a due date."""
    if len(invoice.installments) > 1:
        return max(_paid_after(invoice, paid, due_days))
    stated = invoice.installments[0].due_on if invoice.installments else invoice.due_on
    if stated is None:
        return None
    due_on = due_days.of(invoice, stated)
    return (paid[-1].on - due_on).days, due_on


def _paid_after(invoice: Invoice, paid: Sequence[Settlement], due_days: DueDays) -> Iterator[tuple[int, date]]:
    """The same of each instalment. The oldest is paid first."""
    needed, came = -due_days.forgiven(invoice), list(accumulate(part.amount.amount for part in paid))
    for row in sorted(invoice.installments, key=lambda row: row.due_on):
        needed += row.amount.amount
        on = next((part.on for part, so_far in zip(paid, came, strict=True) if so_far >= needed), paid[-1].on)
        due_on = due_days.of(invoice, row.due_on)
        yield (on - due_on).days, due_on


def manners(
    index: AccountIndex, customer: str, late_now: Iterable[int], settings: PayerSettings, due_days: DueDays
) -> Manners:
    """How the customer pays, `late_now` being the days past due of what is overdue today."""
    in_time = due_days.settings.grace_days if settings.late_after_days is None else settings.late_after_days
    since = date.min if settings.within_days is None else days_after(index.as_of, -settings.within_days)
    settled = settled_invoices(index, customer, in_time, due_days, since)
    overdue = sorted(days for days in late_now if days > in_time)
    late_days = [*(one.late_days for one in settled), *overdue]
    late = sum(days > 0 for days in late_days)
    recent, before = _halves(late_days, settings.deteriorating.recent_invoices)
    growth = None if recent is None or before is None else recent - before
    return Manners(
        payer_class=_class(len(settled), len(late_days), late, growth, settings),
        paid=len(settled),
        late_now=len(overdue),
        late=late,
        late_share_pct=_tenth(Decimal(100 * late) / len(late_days)) if late_days else None,
        days_late=_weighted(settled),
        recent=None if recent is None else _tenth(recent),
        before=None if before is None else _tenth(before),
        trend=_trend(growth, settings),
        settled=tuple(settled),
    )


def _class(paid: int, known: int, late: int, growth: Decimal | None, settings: PayerSettings) -> PayerClass:
    """The first class that fits."""
    if paid <= settings.new.up_to_invoices:
        return "new"
    share = Decimal(100 * late) / known
    if known >= settings.chronic.min_invoices and share >= settings.chronic.late_share_pct:
        return "chronic"
    if growth is not None and growth >= settings.deteriorating.worse_by_days:
        return "deteriorating"
    if share <= settings.prompt.late_share_pct:
        return "prompt"
    return "first_time" if late <= settings.first_time.up_to_late else "occasional"


def _halves(late_days: Sequence[int], recent: int) -> tuple[Decimal, Decimal] | tuple[None, None]:
    """Average lateness of the `recent` latest and of all before; none where there are fewer before than recent."""
    last, before = late_days[-recent:], late_days[:-recent]
    if len(before) < recent:
        return None, None
    return Decimal(sum(last)) / len(last), Decimal(sum(before)) / len(before)


def _trend(growth: Decimal | None, settings: PayerSettings) -> Trend | None:
    if growth is None:
        return None
    by = settings.deteriorating.worse_by_days
    return "worsening" if growth >= by else "improving" if growth <= -by else "steady"


def _weighted(settled: Iterable[Settled]) -> Decimal | None:
    weight = weighted = _ZERO
    for one in settled:
        weight += one.invoice.total.amount
        weighted += one.invoice.total.amount * one.late_days
    return _tenth(weighted / weight) if weight else None


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(_TENTH, rounding=ROUND_HALF_UP)
