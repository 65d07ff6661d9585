"""What a book looked like on another day: balances recomputed, what was not known yet left out.

A payment counts from the day it was received, but nobody knew of it before it was entered: on a day, it is there once
both have come. Owns that arithmetic only; it decides nothing and reads no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from rules.domain.deeds import in_sequence
from rules.domain.facts import (
    OURS,
    Application,
    Book,
    ChargeBilled,
    CreditNote,
    Customer,
    Dispute,
    HistoryEntry,
    Hold,
    Invoice,
    Payment,
    Promise,
    StandingChanged,
)
from rules.domain.money import Money, total

_CREDIT_HOLD = f"{OURS}credit_hold"


@dataclass(frozen=True, slots=True)
class Effect:
    """From `on`, the invoice's balance is lower by `amount` (higher where a payment was reversed)."""

    on: date
    amount: Money


Effects = Mapping[str, tuple[Effect, ...]]


def as_of(book: Book, day: date) -> Book:
    """The book as it stood on `day`.

    A day after the book's own takes in what the book already knows of (a payment dated later); nothing is invented.
    """
    effects = effects_of(book.payments, book.credit_notes)
    earlier = day < book.as_of
    issued = {invoice.ref: invoice.issued_on for invoice in book.invoices}
    return replace(
        book,
        as_of=day,
        rates=tuple(rate for rate in book.rates if rate.on <= day),
        customers=tuple(_customer_then(customer, day) if earlier else customer for customer in book.customers),
        invoices=tuple(
            _invoice_then(invoice, effects[invoice.ref], book.as_of, day) if invoice.ref in effects else invoice
            for invoice in book.invoices
            if invoice.issued_on <= day or not earlier
        ),
        payments=tuple(_payment_then(payment, day) for payment in book.payments if known_on(payment) <= day),
        credit_notes=tuple(_credit_then(note, day) for note in book.credit_notes if note.issued_on <= day),
        promises=tuple(_promise_then(promise, day) for promise in book.promises if promise.made_on <= day),
        disputes=tuple(_dispute_then(dispute, day) for dispute in book.disputes if dispute.opened_on <= day),
        installment_plans=tuple(plan for plan in book.installment_plans if plan.made_on <= day),
        silences=tuple(silence for silence in book.silences if silence.since <= day),
        holds=_holds_then(book.holds, book.history, day),
        history=tuple(entry for entry in book.history if _happened_on(entry, issued) <= day),
    )


def known_on(payment: Payment) -> date:
    """The first day a payment is both received and entered."""
    return max(payment.received_on, payment.entered_on or payment.received_on)


def effects_of(payments: Iterable[Payment], credit_notes: Iterable[CreditNote]) -> Effects:
    """By invoice: what lowered its balance and when, by what was known; reversals raise it again."""
    found: dict[str, list[Effect]] = {}
    for payment in payments:
        for part in payment.applied:
            on = max(known_on(payment), part.on or payment.received_on)
            found.setdefault(part.invoice, []).append(Effect(on, part.amount))
            if payment.reversed_on is not None:
                found[part.invoice].append(Effect(max(on, payment.reversed_on), -part.amount))
    for note in credit_notes:
        for part in () if note.voided else note.applied:
            found.setdefault(part.invoice, []).append(Effect(part.on or note.issued_on, part.amount))
    return {invoice: tuple(effects) for invoice, effects in found.items()}


def applied_by(effects: Iterable[Effect], day: date, currency: str) -> Money:
    """What had been taken off by the end of `day`."""
    return total([effect.amount for effect in effects if effect.on <= day], currency)


def discount_earned(invoice: Invoice, effects: Iterable[Effect]) -> bool:
    """Whether what is short of the total is no more than a discount whose day had not passed when it was paid."""
    if invoice.discount is None:
        return False
    in_time = applied_by(effects, invoice.discount.until, invoice.currency)
    allowed = (invoice.total * (invoice.discount.pct / 100)).rounded()
    return bool(in_time) and invoice.total - in_time <= allowed


def _invoice_then(invoice: Invoice, effects: tuple[Effect, ...], book_day: date, day: date) -> Invoice:
    """The invoice with the balance of `day`: the book's own balance, plus what came off after that day."""
    if invoice.status in ("voided", "draft"):
        return invoice
    now, then = (applied_by(effects, on, invoice.currency) for on in (book_day, day))
    balance = invoice.balance + now - then
    if discount_earned(invoice, effects) and now != then:
        balance += invoice.total - now - invoice.balance  # the discount was taken with a payment not there yet
    if balance == invoice.balance:
        return invoice
    return replace(invoice, balance=balance, status="open" if balance.amount > 0 else "paid")


def _customer_then(customer: Customer, day: date) -> Customer:
    """What the books showed as stop-sell then is not known; terms accepted later were not accepted yet."""
    accepted = customer.terms_accepted_on
    return replace(
        customer, stop_sell=None, terms_accepted_on=accepted if accepted is not None and accepted <= day else None
    )


def _payment_then(payment: Payment, day: date) -> Payment:
    reversed_on = payment.reversed_on if payment.reversed_on is not None and payment.reversed_on <= day else None
    return replace(payment, applied=_applied_then(payment.applied, day), reversed_on=reversed_on)


def _credit_then(note: CreditNote, day: date) -> CreditNote:
    return replace(note, applied=_applied_then(note.applied, day))


def _applied_then(applied: tuple[Application, ...], day: date) -> tuple[Application, ...]:
    return tuple(part for part in applied if part.on is None or part.on <= day)


def _promise_then(promise: Promise, day: date) -> Promise:
    later = promise.withdrawn_on is not None and promise.withdrawn_on > day
    return replace(promise, withdrawn_on=None) if later else promise


def _dispute_then(dispute: Dispute, day: date) -> Dispute:
    later = dispute.closed_on is not None and dispute.closed_on > day
    return replace(dispute, closed_on=None) if later else dispute


def _holds_then(holds: tuple[Hold, ...], history: tuple[HistoryEntry, ...], day: date) -> tuple[Hold, ...]:
    """Holds that had begun; ours, where we changed them since, as our own history says they stood."""
    moves = (entry for entry in history if isinstance(entry, StandingChanged) and entry.before != entry.after)
    changes = in_sequence(moves)
    moved = {change.customer for change in changes if change.on > day}
    last = {change.customer: change for change in changes if change.on <= day and change.customer in moved}
    kept = [hold for hold in holds if hold.since <= day and not (hold.is_ours and hold.customer in last)]
    back = [
        Hold(customer=change.customer, state=change.after, since=change.on, origin=_CREDIT_HOLD)
        for change in last.values()
        if change.after != "good"
    ]
    return tuple(kept + back)


def _happened_on(entry: HistoryEntry, issued: Mapping[str, date]) -> date:
    """A charge is known from the day its invoice bears, where that is listed, never before the last day it covers."""
    if isinstance(entry, ChargeBilled):
        return max(entry.last_on, issued.get(entry.charge, entry.last_on))
    return entry.on
