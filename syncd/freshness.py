"""What an operation rests on, and whether that is as it was when it was decided. Compares; asks no provider."""

from __future__ import annotations

from connectors import Ref
from rules.domain.actions import (
    AddNote,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    Operation,
    SendMessage,
    SetPromiseDate,
    SetStopSell,
)
from rules.domain.facts import Customer, Fact, Invoice
from rules.domain.wording import spoken
from syncd.store.mirror import Mirror


def targets(operation: Operation) -> tuple[Ref, ...]:
    """Which records an operation rests on: they are read again right before it is sent."""
    match operation:
        case SendMessage():
            return tuple(Ref("invoice", line.invoice) for line in operation.lines)
        case EmailInvoice() | CreateInvoice() | CreateCreditNote() | SetPromiseDate():
            return (Ref("invoice", operation.invoice),)
        case SetStopSell():
            return (Ref("customer", operation.customer),)
        case AddNote():
            return (Ref("invoice" if operation.target == "invoice" else "customer", operation.ref),)


def difference(held: Fact | None, now: Fact) -> str | None:
    """What changed, as far as it could change a decision; None where nothing did."""
    match held, now:
        case Invoice(), Invoice():
            return _invoice_difference(held, now)
        case Customer(), Customer():
            if held.stop_sell != now.stop_sell:
                return f"has its stop-sell flag {'raised' if now.stop_sell else 'lifted'} by now"
            return None
        case _:
            return "was not in our copy of the books"


def _invoice_difference(held: Invoice, now: Invoice) -> str | None:
    if held.status != now.status:
        return f"is {now.status} by now"
    if held.balance != now.balance:
        return f"has {spoken(now.balance)} open by now, not {spoken(held.balance)}"
    if held.due_on != now.due_on:
        return f"is due on {now.due_on} by now, not on {held.due_on}"
    if held.customer != now.customer:
        return "belongs to another customer by now"
    return None


def asked_too_much(operation: Operation, mirror: Mirror) -> str | None:
    """Whether a message that waited asks for more than is open now."""
    if not isinstance(operation, SendMessage):
        return None
    for line in operation.lines:
        held = mirror.fact(Ref("invoice", line.invoice))
        if isinstance(held, Invoice) and held.balance != line.balance:
            return f"invoice {line.invoice} has {spoken(held.balance)} open by now, not {spoken(line.balance)}"
    return None
