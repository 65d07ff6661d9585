"""An early-payment discount as it stands: how much, until when, whether it was earned, taken too late or left.

A payment counts from the day it came; the last day counts as in time. Figures only, decided on by `discounts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rules.domain.aging import AgedInvoice
from rules.domain.eligibility import discount_of
from rules.domain.facts import Invoice
from rules.domain.money import Money
from rules.domain.situation import Situation

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Offer:
    """The discount of an open invoice. `in_time` is what came by `until`.

    `short_paid_on` is the day the last payment came, where it came too late and the rest is no more than the discount.
    """

    invoice: Invoice
    until: date
    discount: Money
    in_time: Money
    is_earned: bool
    short_paid_on: date | None

    @property
    def to_pay(self) -> Money:
        """What is still to be paid in time for the discount to be earned."""
        return max(self.invoice.balance - self.discount, Money.zero(self.invoice.currency))

    @property
    def pro_rata(self) -> Decimal:
        """The part of the discount that what came in time earns by itself: P / (1 - d) - P, not above the rest."""
        whole = self.invoice.total.amount
        if self.discount.amount >= whole:
            return _ZERO
        earned = self.in_time.amount * self.discount.amount / (whole - self.discount.amount)
        return min(Money(earned, self.invoice.currency).rounded().amount, self.invoice.balance.amount)


def offer_of(situation: Situation, row: AgedInvoice) -> Offer | None:
    """The invoice's discount; None where it has none, or one of nothing."""
    invoice = row.invoice
    if invoice.discount is None:
        return None
    discount = discount_of(invoice)
    if not discount:
        return None
    parts = situation.index.settlements.get(invoice.ref, ())
    until = invoice.discount.until
    in_time = sum((part.amount.amount for part in parts if part.on <= until), _ZERO)
    late = max((part.on for part in parts if part.by == "payment" and part.on > until), default=None)
    return Offer(
        invoice=invoice,
        until=until,
        discount=discount,
        in_time=Money(in_time, invoice.currency),
        is_earned=row.is_settled,
        short_paid_on=late if invoice.balance <= discount else None,
    )
