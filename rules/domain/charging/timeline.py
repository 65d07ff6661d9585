"""What of an invoice was open on each day, and what of that was withheld: disputed, promised, covered by a credit.

A day bears what was open when it began: a payment's own day still bears the old balance, and so does the day a credit
takes effect or a dispute opens. Balances are worked back from what is open today, so that the last day is always the
books' own figure. Decimals here are in the invoice's currency; entries in another currency are left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from rules.domain.facts import (
    OURS,
    Account,
    ChargeReversed,
    CreditNote,
    Dispute,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
)

T = TypeVar("T")
ZERO = Decimal(0)
_REVERSAL = f"{OURS}finance_charges"  # where a credit by which we gave a charge back came from


def next_day(day: date) -> date:
    """The day after; the calendar's last day stays."""
    return day if day == date.max else day + timedelta(days=1)


def days_after(day: date, count: int) -> date:
    """`count` days later, held within the calendar."""
    try:
        return day + timedelta(days=count)
    except OverflowError:
        return date.max if count > 0 else date.min


@dataclass(frozen=True, slots=True)
class Reduction:
    """On the evening of `on` the open balance fell by `amount`. A reversal is a credit that gave a charge back."""

    on: date
    amount: Decimal
    kind: Literal["payment", "credit", "reversal"]
    currency: str


@dataclass(frozen=True, slots=True)
class Steps:
    """A figure by day: `values[i]` holds from `firsts[i]` until the next; before the first, it is the first value."""

    firsts: tuple[date, ...]
    values: tuple[Decimal, ...]

    def on(self, day: date) -> Decimal:
        """The figure of `day`."""
        return self.values[max(bisect_right(self.firsts, day) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Span:
    """From `first_on` to `last_on` (None: no end yet), both included, `amount` (None: everything) does not bear.

    With `falls_from`, what was open when it began, whatever is paid since comes off `amount` first.
    """

    first_on: date
    last_on: date | None
    amount: Decimal | None
    falls_from: Decimal | None = None

    def covers(self, day: date) -> bool:
        """Whether `day` lies in it."""
        return self.first_on <= day and (self.last_on is None or day <= self.last_on)


@dataclass(frozen=True, slots=True)
class Part:
    """One debt with a due date of its own: an instalment, or the whole invoice."""

    due_on: date
    amount: Decimal

    def late_after(self, issued_on: date) -> date:
        """The day its lateness counts from: no day before the invoice was issued bears anything."""
        return max(self.due_on, issued_on)


@dataclass(frozen=True, slots=True)
class Effect:
    """From when money and credits lower what bears, where a policy does not take the days they came."""

    credits_at_once: bool = False  # as if what a credit note credits had never been billed
    payment_day_free: bool = False  # the day of payment bears the new balance already


@dataclass(slots=True)
class Docket:
    """An account's facts by invoice, sorted once; `as_of` decides what has been reversed or closed."""

    account: Account
    as_of: date
    effect: Effect = Effect()
    invoices: dict[str, Invoice] = field(default_factory=dict)
    reductions: dict[str, list[Reduction]] = field(default_factory=dict)
    disputes: dict[str, list[Dispute]] = field(default_factory=dict)
    promises: dict[str, list[Promise]] = field(default_factory=dict)
    plans: dict[str, list[InstallmentPlan]] = field(default_factory=dict)
    given_back: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # of our charges, by ref and currency

    def reductions_of(self, invoice: Invoice) -> list[Reduction]:
        """What lowered what `invoice` bears, each on the last evening before the lower balance bears."""
        lowered = self._lowered(invoice)
        return [_a_day_earlier(entry) for entry in lowered] if self.effect.payment_day_free else lowered

    def open_steps(self, invoice: Invoice) -> Steps:
        """What each day of `invoice` bears, before anything is withheld.

        What was given back of a charge of ours was never due, so it is off from the first day.
        """
        balance, given_back = max(invoice.balance.amount, ZERO), self._given_back(invoice)
        if not given_back:
            return steps_back(balance, self.reductions_of(invoice))
        taken = (one.amount for one in self._of_currency(invoice) if one.kind == "reversal")
        return less(steps_back(balance + sum(taken, ZERO), self.reductions_of(invoice)), given_back)

    def open_on(self, invoice: Invoice, day: date) -> Decimal:
        """What `day` began with. Promises and plans go by the days payments came, whether those bear or not."""
        later = (entry.amount for entry in self._lowered(invoice) if entry.on >= day)
        return max(invoice.balance.amount, ZERO) + sum(later, ZERO)

    def _lowered(self, invoice: Invoice) -> list[Reduction]:
        entries = self._of_currency(invoice)
        return [one for one in entries if one.kind != "reversal"] if self._given_back(invoice) else entries

    def _of_currency(self, invoice: Invoice) -> list[Reduction]:
        return [entry for entry in self.reductions.get(invoice.ref, ()) if entry.currency == invoice.currency]

    def _given_back(self, invoice: Invoice) -> Decimal:
        return self.given_back.get((invoice.ref, invoice.currency), ZERO) if invoice.is_ours else ZERO


def _a_day_earlier(entry: Reduction) -> Reduction:
    return replace(entry, on=days_after(entry.on, -1)) if entry.kind == "payment" else entry


def docket_of(account: Account, as_of: date, effect: Effect = Effect()) -> Docket:
    """Sort an account's facts by invoice. A payment reversed by `as_of` never was one."""
    docket = Docket(account, as_of, effect, {invoice.ref: invoice for invoice in account.invoices})
    reductions: dict[str, list[Reduction]] = defaultdict(list)
    for payment in account.payments:
        for ref, entry in _of_payment(payment, as_of):
            reductions[ref].append(entry)
    for note in account.credit_notes:
        for ref, entry in _of_credit_note(note):
            reductions[ref].append(replace(entry, on=date.min) if effect.credits_at_once else entry)
    for entries in reductions.values():
        entries.sort(key=lambda entry: entry.on)
    docket.reductions = reductions
    docket.given_back = _given_back(account)
    docket.disputes = _by_invoice((dispute.invoice, dispute) for dispute in account.disputes)
    docket.promises = _by_invoice((ref, promise) for promise in account.promises for ref in promise.invoices)
    docket.plans = _by_invoice((ref, plan) for plan in account.installment_plans for ref in plan.invoices)
    return docket


def _given_back(account: Account) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in account.history:
        if isinstance(entry, ChargeReversed):
            found[entry.charge, entry.amount.currency] += entry.amount.amount
    return found


def _by_invoice(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for ref, entry in pairs:
        found[ref].append(entry)
    return found


def _of_payment(payment: Payment, as_of: date) -> Iterator[tuple[str, Reduction]]:
    if payment.reversed_on is not None and payment.reversed_on <= as_of:
        return
    for part in payment.applied:
        if part.amount.amount > 0:
            on = part.on or payment.received_on
            yield part.invoice, Reduction(on, part.amount.amount, "payment", part.amount.currency)


def _of_credit_note(note: CreditNote) -> Iterator[tuple[str, Reduction]]:
    if note.voided:
        return
    for part in note.applied:
        if part.amount.amount > 0:
            on = part.on or note.issued_on
            kind: Literal["credit", "reversal"] = "reversal" if note.origin == _REVERSAL else "credit"
            yield part.invoice, Reduction(on, part.amount.amount, kind, part.amount.currency)


def steps_back(balance: Decimal, reductions: Iterable[Reduction]) -> Steps:
    """What each day began with, from what is open now and what lowered it."""
    by_day: dict[date, Decimal] = defaultdict(Decimal)
    for entry in reductions:
        by_day[entry.on] += entry.amount
    firsts, values = [date.min], [balance + sum(by_day.values(), ZERO)]
    for on in sorted(by_day):
        firsts.append(next_day(on))
        values.append(values[-1] - by_day[on])
    return Steps(tuple(firsts), tuple(values))


def less(steps: Steps, amount: Decimal) -> Steps:
    """Every figure lower by `amount`, none below nothing."""
    return Steps(steps.firsts, tuple(max(value - amount, ZERO) for value in steps.values))


def parts_of(invoice: Invoice) -> tuple[Part, ...]:
    """The debts an invoice is made of, by due date; empty where no due date is known.

    Instalments that do not sum to the total: what is missing falls due with the last, what is too much is left off it.
    """
    rows = sorted(
        (row.due_on, row.amount.amount)
        for row in invoice.installments
        if row.amount.currency == invoice.currency and row.amount.amount > 0
    )
    whole = invoice.total.amount
    if not rows:
        return (Part(invoice.due_on, whole),) if invoice.due_on is not None else ()
    parts: list[Part] = []
    for index, (due_on, amount) in enumerate(rows):
        left = whole - sum((part.amount for part in parts), ZERO)
        parts.append(Part(due_on, left if index == len(rows) - 1 else min(amount, left)))
    return tuple(part for part in parts if part.amount > 0)


def spread(parts: tuple[Part, ...], outstanding: Decimal) -> list[Decimal]:
    """What of each part is still open: whatever was paid went to the oldest, so the latest are open longest."""
    if len(parts) == 1:
        return [outstanding]
    left = outstanding
    shares: list[Decimal] = []
    for part in reversed(parts):
        share = min(part.amount, left)
        shares.append(share)
        left -= share
    shares[-1] += left
    return shares[::-1]


def withhold(shares: list[Decimal], amount: Decimal | None) -> list[Decimal]:
    """What still bears once `amount` (None: all) is withheld, from the oldest part on."""
    if amount is None:
        return [ZERO] * len(shares)
    bearing: list[Decimal] = []
    for share in shares:
        taken = min(share, amount)
        amount -= taken
        bearing.append(share - taken)
    return bearing


def withheld_on(spans: Iterable[Span], day: date, paid: Callable[[Span], Decimal]) -> Decimal | None:
    """What does not bear on `day`; None where nothing does. `paid` says what was paid since a span began."""
    amount = ZERO
    for span in spans:
        if span.covers(day):
            if span.amount is None:
                return None
            amount += span.amount if span.falls_from is None else max(span.amount - paid(span), ZERO)
    return amount


def open_until(steps: Steps, parts: tuple[Part, ...], index: int, through: date, tolerance: Decimal) -> date:
    """The last day through `through` on which more than `tolerance` of that part was open."""
    for first_on, outstanding in zip(steps.firsts, steps.values, strict=True):
        if first_on > through:
            break
        if outstanding <= tolerance or spread(parts, outstanding)[index] <= tolerance:
            return min(days_after(first_on, -1), through)
    return through
