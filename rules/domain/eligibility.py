"""What of an invoice may be asked for: not drafts, not what is disputed, not what a running promise covers."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rules.domain.account_index import Settlement
from rules.domain.facts import Dispute, Invoice
from rules.domain.money import Money

_HUNDRED = Decimal(100)
_ZERO = Decimal(0)


def is_open(invoice: Invoice) -> bool:
    """Whether anything is owed on it: not a draft, not voided, not paid."""
    return invoice.status == "open" and invoice.balance.amount > 0


def is_fully_paid(invoice: Invoice, tolerance: Decimal = _ZERO) -> bool:
    """Whether it was a real invoice of which nothing is left, or no more than the tolerance."""
    return invoice.status in ("open", "paid") and invoice.balance.amount <= tolerance and invoice.total.amount > 0


def discount_earned(invoice: Invoice, settlements: Iterable[Settlement]) -> bool:
    """Whether what came in by the discount's last day is short of the total by no more than the discount."""
    discount = invoice.discount
    if discount is None:
        return False
    in_time = sum((part.amount.amount for part in settlements if part.on <= discount.until), Decimal(0))
    return invoice.total.amount - in_time <= discount_of(invoice).amount


def discount_of(invoice: Invoice) -> Money:
    """What the invoice's early-payment discount is worth, rounded; nothing where it has none."""
    pct = invoice.discount.pct if invoice.discount is not None else Decimal(0)
    return Money(invoice.total.amount * pct / _HUNDRED, invoice.currency).rounded()


def disputed(invoice: Invoice, disputes: Iterable[Dispute]) -> Money:
    """How much of the balance is contested by these open disputes; a dispute without an amount contests all of it."""
    contested = Money.zero(invoice.currency)
    for dispute in disputes:
        if dispute.amount is None:
            return invoice.balance
        if dispute.amount.currency == invoice.currency:
            contested += dispute.amount
    return min(contested, invoice.balance)
