"""Which part of an invoice bears nothing, and when: disputed, promised, in a plan that is kept.

Each answer is a list of spans for the timeline. Spans only withhold; whether they may is the policy's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from rules.domain.charging.timeline import ZERO, Docket, Span, next_day
from rules.domain.facts import InstallmentPlan, Invoice, Promise


def dispute_spans(docket: Docket, invoice: Invoice, through: date, *, back_accrue: bool) -> Iterator[Span]:
    """Disputed amounts: `opened_on` still bears, `closed_on` bears nothing more.

    `back_accrue`: once closed, a dispute withholds nothing, as if it had never been.
    """
    for dispute in docket.disputes.get(invoice.ref, ()):
        closed = dispute.closed_on is not None and dispute.closed_on <= through
        if closed and back_accrue:
            continue
        stated = dispute.amount is not None and dispute.amount.currency == invoice.currency
        amount = dispute.amount.amount if stated and dispute.amount is not None else None
        yield Span(next_day(dispute.opened_on), dispute.closed_on if closed else None, amount)


def promise_spans(docket: Docket, invoice: Invoice) -> Iterator[Span]:
    """Promised amounts, from the day after the promise through its day; what is paid of it is no longer withheld."""
    for promise in docket.promises.get(invoice.ref, ()):
        first_on, last_on = next_day(promise.made_on), promise.promised_on
        if promise.withdrawn_on is not None:
            last_on = min(last_on, promise.withdrawn_on)
        share = _promised(docket, promise, invoice)
        yield Span(first_on, last_on, share, None if share is None else docket.open_on(invoice, first_on))


def _promised(docket: Docket, promise: Promise, invoice: Invoice) -> Decimal | None:
    """This invoice's share of a promise: the oldest invoices first. None: all of it."""
    if promise.amount is None or promise.amount.currency != invoice.currency:
        return None
    left = promise.amount.amount
    named = [docket.invoices[ref] for ref in promise.invoices if ref in docket.invoices]
    for other in sorted(named, key=_oldest):
        open_then = docket.open_on(other, next_day(promise.made_on)) if other.currency == invoice.currency else ZERO
        share = min(open_then, left)
        if other.ref == invoice.ref:
            return share
        left -= share
    return ZERO


def plan_spans(
    docket: Docket, invoice: Invoice, through: date, tolerance: Decimal, payable_until: Callable[[date], date]
) -> Iterator[Span]:
    """The whole invoice while its instalment plan is kept; a row of which more than `tolerance` is unpaid breaks it.

    `payable_until` gives the last day on which a row of some day can be paid: the next working day where those count.
    """
    for plan in docket.plans.get(invoice.ref, ()):
        rows = [replace(row, due_on=payable_until(row.due_on)) for row in plan.schedule]
        moved = replace(plan, schedule=tuple(rows))
        yield Span(next_day(plan.made_on), _broken_after(docket, moved, through, tolerance), None)


def _broken_after(docket: Docket, plan: InstallmentPlan, through: date, tolerance: Decimal) -> date | None:
    """The last day the plan was kept, or None while it still is."""
    invoices = [docket.invoices[ref] for ref in plan.invoices if ref in docket.invoices]
    rows = sorted(plan.schedule, key=lambda row: row.due_on)
    for index, row in enumerate(rows):
        if row.due_on >= through:
            return None
        may_be_open = sum((later.amount.amount for later in rows[index + 1 :]), tolerance)
        if sum((docket.open_on(invoice, next_day(row.due_on)) for invoice in invoices), ZERO) > may_be_open:
            return row.due_on
    return None


def _oldest(invoice: Invoice) -> tuple[date, str]:
    return invoice.due_on or date.max, invoice.ref
