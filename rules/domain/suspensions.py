"""Which part of an invoice bears nothing, and when: disputed, promised, in a plan that is kept, covered by a credit.

Each answer is a list of spans for the timeline. Spans only withhold; whether they may is the policy's choice.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from rules.domain.facts import CreditNote, InstallmentPlan, Invoice, Payment, Promise
from rules.domain.timeline import ZERO, Docket, Span, next_day


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


def plan_spans(docket: Docket, invoice: Invoice, through: date, tolerance: Decimal) -> Iterator[Span]:
    """The whole invoice while its instalment plan is kept; a row of which more than `tolerance` is unpaid breaks it."""
    for plan in docket.plans.get(invoice.ref, ()):
        yield Span(next_day(plan.made_on), _broken_after(docket, plan, through, tolerance), None)


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


def credit_spans(docket: Docket) -> dict[str, list[Span]]:
    """Money and credits on no invoice yet, set against the oldest invoices of their currency first."""
    covered: dict[str, list[Span]] = defaultdict(list)
    owing: dict[str, deque[tuple[str, Decimal]]] = defaultdict(deque)
    for invoice in sorted((each for each in docket.account.invoices if _is_owing(each)), key=_oldest):
        owing[invoice.currency].append((invoice.ref, invoice.balance.amount))
    for first_on, currency, amount in sorted(_unapplied(docket)):
        queue, rest = owing[currency], amount
        while queue and rest > 0:
            ref, left = queue.popleft()
            used = min(rest, left)
            covered[ref].append(Span(first_on, None, used))
            rest -= used
            if left > used:
                queue.appendleft((ref, left - used))
    return covered


def _unapplied(docket: Docket) -> Iterator[tuple[date, str, Decimal]]:
    """What is on no invoice yet, with the first day on which what it covers bears nothing."""
    for payment in docket.account.payments:
        if payment.reversed_on is None or payment.reversed_on > docket.as_of:
            came_on = payment.received_on
            first_on = came_on if docket.effect.payment_day_free else next_day(came_on)
            yield first_on, payment.amount.currency, _rest(payment)
    for note in docket.account.credit_notes:
        if not note.voided and not (note.origin or "").startswith("syncd:"):
            yield next_day(note.issued_on), note.amount.currency, _rest(note)


def _rest(document: Payment | CreditNote) -> Decimal:
    """What is on no invoice yet; nothing where an application is in another currency, since it cannot be told."""
    if any(part.amount.currency != document.amount.currency for part in document.applied):
        return ZERO
    return max(document.amount.amount - sum((part.amount.amount for part in document.applied), ZERO), ZERO)


def _is_owing(invoice: Invoice) -> bool:
    return invoice.status == "open" and invoice.balance.amount > 0 and not invoice.is_ours


def _oldest(invoice: Invoice) -> tuple[date, str]:
    return invoice.due_on or date.max, invoice.ref
