"""How late an invoice is: its due parts, whether they are overdue, and the bucket each stands in.

The contractual due date stays what it is; `business_days` moves only the day from which lateness is counted here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from rules.domain.calendars import next_working_day
from rules.domain.facts import Installment, Invoice
from rules.domain.money import Money, total
from rules.domain.settings import Amount, AmountText, Calendar, Count, Flag, Positive, RuleSettings

CURRENT = "current"
_ZERO = Decimal(0)


def _ascending(bounds: tuple[int, ...]) -> tuple[int, ...]:
    if list(bounds) != sorted(set(bounds)) or not bounds:
        raise ValueError("list the last day of each bucket once, from small to large, such as [30, 60, 90]")
    return bounds


class OverdueSettings(RuleSettings):
    """When an invoice counts as overdue and how the aging is cut."""

    buckets: Annotated[tuple[Positive, ...], AfterValidator(_ascending)] = Field(
        default=(30, 60, 90),
        description="Last day of each aging bucket; later days fall in the last bound with a plus.",
    )
    age_from: Literal["due_date", "invoice_date"] = Field(
        default="due_date",
        description="The day aging buckets count from. Whether an invoice is overdue goes by its due date.",
    )
    grace_days: Count = Field(
        default=0, description="Days past due that are still current; then days count from the due date."
    )
    business_days: Flag = Field(
        default=False, description="Move a due date on a weekend or holiday to the next working day."
    )
    holidays: Calendar = Field(
        default=None,
        description='Calendar for business_days, "US" or "US-NV"; else the send window\'s, else weekends only.',
    )
    tolerance: AmountText = Field(
        default=Amount(Decimal(0)),
        description="A rest this small counts as paid, of promises and plans too; an instalment's joins the next.",
    )
    unapplied_credits: Literal["ignore", "oldest_first"] = Field(
        default="ignore",
        description="Whether money and credits on no invoice yet cover the oldest, which then are not overdue.",
    )

    @property
    def nets(self) -> bool:
        """Whether money and credits on no invoice yet lower what is overdue."""
        return self.unapplied_credits == "oldest_first"

    def forgiven(self, currency: str) -> Decimal:
        """The rest in this currency too small to be asked for. A tolerance with a currency sees that one alone."""
        return self.tolerance.number if self.tolerance.currency in (None, currency) else _ZERO


class AgedPart(NamedTuple):
    """One due part of an invoice. `due_on` is the day lateness counts from, `days` past it, negative before.

    `bucket` counts from 0 and goes by the due date as the books have it, even where the invoice was issued after that.
    """

    contractual_on: date
    due_on: date
    open: Money
    days: int
    is_overdue: bool
    bucket: int


class AgedInvoice(NamedTuple):
    """An open invoice as of a day. `days_past_due` is its oldest overdue part's; zero only when nothing is overdue."""

    invoice: Invoice
    parts: tuple[AgedPart, ...]
    overdue: Money
    days_past_due: int
    is_settled: bool  # by a discount that was earned
    is_tolerated: bool  # so small a rest that it is not overdue
    covered: Money | None = None  # by money and credits on no invoice yet, where the policy nets them

    @property
    def left(self) -> Money:
        """What is open of it beside what is covered."""
        return self.invoice.balance - self.covered if self.covered is not None else self.invoice.balance


@lru_cache(maxsize=64)
def labels(buckets: tuple[int, ...]) -> tuple[str, ...]:
    """``(30, 60, 90)`` gives ``current, 1-30, 31-60, 61-90, 90+``."""
    lows = [1, *(bound + 1 for bound in buckets[:-1])]
    return (CURRENT, *(f"{low}-{high}" for low, high in zip(lows, buckets, strict=True)), f"{buckets[-1]}+")


def open_parts(invoice: Invoice, rest: Money, settings: OverdueSettings) -> list[tuple[date, Money]]:
    """What of `rest` is open on each due day; empty where there is no due date. Payments pay the oldest part first."""
    if not invoice.installments:
        return [] if invoice.due_on is None or not rest else [(invoice.due_on, rest)]
    return [(part.due_on, part.amount) for part in rest_of(invoice.installments, rest, settings)]


def rest_of(schedule: Sequence[Installment], balance: Money, settings: OverdueSettings) -> tuple[Installment, ...]:
    """The parts of `schedule` that `balance` is still open on, oldest first; a surplus stands with the oldest.

    A rest too small to be overdue stands with the part that follows: some cents of an old part age nothing.
    """
    rest = balance
    found: list[Installment] = []
    for part in sorted(schedule, key=lambda item: item.due_on, reverse=True):
        piece = min(part.amount, rest)
        if piece.amount > 0:
            found.append(Installment(part.due_on, piece))
            rest -= piece
    if rest.amount > 0:
        oldest = min(schedule, key=lambda item: item.due_on)
        if found and found[-1].due_on == oldest.due_on:
            rest += found.pop().amount
        found.append(Installment(oldest.due_on, rest))
    while len(found) > 1 and is_tolerated(found[-1].amount, settings):
        small = found.pop()
        found[-1] = Installment(found[-1].due_on, found[-1].amount + small.amount)
    return tuple(reversed(found))


def effective_due(due_on: date, settings: OverdueSettings, calendar: str | None) -> date:
    """The day lateness counts from: `due_on`, or the next working day where the policy says so."""
    return next_working_day(due_on, calendar) if settings.business_days else due_on


def late_after(invoice: Invoice, due_on: date, settings: OverdueSettings, calendar: str | None) -> date:
    """The day a part's lateness counts from: its effective due day, but for what was due earlier the day of issue."""
    return effective_due(max(due_on, invoice.issued_on), settings, calendar)


def aged(
    invoice: Invoice,
    as_of: date,
    settings: OverdueSettings,
    calendar: str | None,
    *,
    settled: bool,
    covered: Money | None = None,
    due_by: date | None = None,
) -> AgedInvoice:
    """Age an open invoice. Neither what an earned discount has `settled` nor what is `covered` is overdue.

    `due_by`: the day by which all of it has fallen due, whatever its own dates say; a broken plan may have one.
    """

    def parts_of(rest: Money, *, tolerated: bool) -> list[AgedPart]:
        dues = open_parts(invoice, rest, settings)
        if due_by is not None:
            dues = [(min(day, due_by), amount) for day, amount in dues]
        return [_aged_part(part, invoice, as_of, settings, calendar, tolerated=tolerated) for part in dues]

    left = invoice.balance - covered if covered is not None else invoice.balance
    small = bool(left) and is_tolerated(left, settings)
    parts = parts_of(left, tolerated=settled or small)
    late = [part for part in parts if part.is_overdue]
    overdue = total([part.open for part in late], invoice.currency)
    oldest = late[0].days if late else 0
    if covered:
        parts[:0] = [part._replace(open=covered) for part in parts_of(invoice.balance, tolerated=True)[:1]]
    return AgedInvoice(invoice, tuple(parts), overdue, oldest, settled, small, covered)


def covered_oldest_first(
    invoices: Iterable[Invoice], unapplied: Iterable[Money], settings: OverdueSettings
) -> dict[str, Money]:
    """What money and credits on no invoice yet cover of each open invoice, the one due first before all others."""

    def oldest_open(invoice: Invoice) -> tuple[date, str]:
        parts = open_parts(invoice, invoice.balance, settings)
        return parts[0][0] if parts else date.max, invoice.ref

    left = {money.currency: money for money in unapplied}
    found: dict[str, Money] = {}
    for invoice in sorted(invoices, key=oldest_open):
        free = left.get(invoice.currency)
        if free:
            found[invoice.ref] = min(free, invoice.balance)
            left[invoice.currency] = free - found[invoice.ref]
    return found


def is_tolerated(rest: Money, settings: OverdueSettings) -> bool:
    """Whether the rest is so small that it is not overdue."""
    return rest.amount <= settings.forgiven(rest.currency)


def _aged_part(
    part: tuple[date, Money],
    invoice: Invoice,
    as_of: date,
    settings: OverdueSettings,
    calendar: str | None,
    *,
    tolerated: bool,
) -> AgedPart:
    contractual_on, rest = part
    due_on = late_after(invoice, contractual_on, settings, calendar)
    days = (as_of - due_on).days
    if settings.age_from == "invoice_date":
        age = (as_of - invoice.issued_on).days
    elif contractual_on < invoice.issued_on:
        age = (as_of - effective_due(contractual_on, settings, calendar)).days
    else:
        age = days
    late = not tolerated and days > settings.grace_days
    bucket = bisect_left(settings.buckets, age) + 1 if age > settings.grace_days and not tolerated else 0
    return AgedPart(contractual_on, due_on, rest, days, late, bucket)
