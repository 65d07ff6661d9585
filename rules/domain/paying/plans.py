"""Instalment plans: whether one is still kept, and what of its rows falls on which invoice.

A row unpaid the day after it was due breaks the plan for good; the invoices' own dates return. A payment pays the
oldest row first. A rest too small to be overdue breaks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from rules.domain.account_index import AccountIndex
from rules.domain.aging import OverdueSettings, effective_due, is_tolerated
from rules.domain.facts import Installment, InstallmentPlan
from rules.domain.money import Money

_ZERO = Decimal(0)


def broken_on(
    plan: InstallmentPlan, index: AccountIndex, overdue: OverdueSettings, calendar: str | None = None
) -> date | None:
    """The day of the first row at whose end more was open than the plan left for later rows; None while it is kept.

    Where the policy counts business days, a row of a weekend may be paid until the next working day.
    """
    may_be_open = sum((row.amount.amount for row in plan.schedule), _ZERO)
    for row in sorted(plan.schedule, key=lambda item: item.due_on):
        may_be_open -= row.amount.amount
        last_on = effective_due(row.due_on, overdue, calendar)
        short = _open_on(index, plan, last_on) - may_be_open
        is_small = is_tolerated(Money(short, row.amount.currency), overdue)
        if last_on < index.as_of and short > 0 and not is_small:
            return row.due_on
    return None


def share_of(invoice: str, rows: Iterable[Installment], room: Mapping[str, Money]) -> list[tuple[date, Money]]:
    """What of the rows falls on the invoice with this ref. They fill the invoices in the order of `room`."""
    left = dict(room)
    found: list[tuple[date, Money]] = []
    for row in rows:
        rest = row.amount
        for other, free in left.items():
            piece = min(rest, free)
            if piece.amount > 0:
                left[other] = free - piece
                rest -= piece
                if other == invoice:
                    found.append((row.due_on, piece))
    return found


def _open_on(index: AccountIndex, plan: InstallmentPlan, day: date) -> Decimal:
    """What was open on the plan's invoices at the end of `day`, worked back from what is open now."""
    found = _ZERO
    for ref in plan.invoices:
        invoice = index.invoices.get(ref)
        if invoice is not None and invoice.status in ("open", "paid"):
            parts = index.settlements.get(ref, ())
            found += invoice.balance.amount + sum((part.amount.amount for part in parts if part.on > day), _ZERO)
    return found
