"""Instalment plans as reminders see them: whether one is still kept, and what of its rows falls on which invoice.

A row unpaid the day after it was due breaks the plan for good; the invoices' own dates return. A payment pays the
oldest row first. A rest too small to be overdue breaks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rules.domain.aging import effective_due, is_tolerated, rest_of
from rules.domain.facts import Installment, InstallmentPlan, Invoice
from rules.domain.money import Money, total

if TYPE_CHECKING:
    from rules.domain.ledger import Ledger
    from rules.domain.situation import Situation

_ZERO = Decimal(0)


def kept_plan(situation: Situation, invoice: Invoice) -> InstallmentPlan | None:
    """The latest instalment plan of the invoice, unless it is broken."""
    plans = situation.ledger.plans.get(invoice.ref)
    return plans[-1] if plans and not is_broken(situation, plans[-1]) else None


def is_broken(situation: Situation, plan: InstallmentPlan) -> bool:
    """Whether some row was not paid on its day."""
    return broken_on(situation, plan) is not None


def broken_on(situation: Situation, plan: InstallmentPlan) -> date | None:
    """The day of the first row at whose end more was open than the plan left for later rows; None while it is kept."""
    may_be_open = sum((row.amount.amount for row in plan.schedule), _ZERO)
    for row in sorted(plan.schedule, key=lambda item: item.due_on):
        may_be_open -= row.amount.amount
        short = _open_on(situation.ledger, plan, row.due_on) - may_be_open
        is_small = is_tolerated(Money(short, row.amount.currency), situation.overdue)
        if row.due_on < situation.as_of and short > 0 and not is_small:
            return row.due_on
    return None


def plan_parts(situation: Situation, plan: InstallmentPlan, invoice: Invoice) -> list[tuple[date, Money]]:
    """The invoice's share of what is open of the plan's rows, oldest first. Rows fill the invoice due first."""
    refs = [
        ref
        for ref in plan.invoices
        if ref in situation.aged and situation.aged[ref].invoice.currency == invoice.currency
    ]
    refs.sort(key=lambda ref: (situation.aged[ref].invoice.due_on or date.max, ref))
    room = {ref: situation.aged[ref].invoice.balance for ref in refs}
    schedule = [row for row in plan.schedule if row.amount.currency == invoice.currency]
    if not schedule:
        return []
    rest = rest_of(schedule, total(list(room.values()), invoice.currency), situation.overdue)
    return [
        (effective_due(day, situation.overdue, situation.calendar), amount)
        for day, amount in _share(rest, room, invoice.ref)
    ]


def _open_on(ledger: Ledger, plan: InstallmentPlan, day: date) -> Decimal:
    """What was open on the plan's invoices at the end of `day`, worked back from what is open now."""
    found = _ZERO
    for ref in plan.invoices:
        invoice = ledger.invoices.get(ref)
        if invoice is not None and invoice.status in ("open", "paid"):
            parts = ledger.settlements.get(ref, ())
            found += invoice.balance.amount + sum((part.amount.amount for part in parts if part.on > day), _ZERO)
    return found


def _share(rows: Sequence[Installment], room: Mapping[str, Money], ref: str) -> list[tuple[date, Money]]:
    left = dict(room)
    found: list[tuple[date, Money]] = []
    for row in rows:
        rest = row.amount
        for other, free in left.items():
            piece = min(rest, free)
            if piece.amount > 0:
                left[other] = free - piece
                rest -= piece
                if other == ref:
                    found.append((row.due_on, piece))
    return found
