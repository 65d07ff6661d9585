"""What was billed for an invoice, and what is left to bill or to give back: due less billed, plus reversed.

A waiver leaves what it waived counted as billed; it only lowers what a charge still stands at. Decimals are in the
invoice's currency; entries in another one are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Literal

from rules.domain.charging.timeline import ZERO
from rules.domain.facts import ChargeBilled, ChargeReversed, ChargeWaived

ChargeEntry = ChargeBilled | ChargeReversed | ChargeWaived


@dataclass(slots=True)
class Charge:
    """One charge document: what it billed and what became of it."""

    ref: str
    first_on: date
    last_on: date
    amount: Decimal = ZERO
    interest: Decimal = ZERO
    computed: Decimal = ZERO
    reversed: Decimal = ZERO
    waived: Decimal = ZERO
    reversals: int = 0
    voided: bool = False
    waivers: list[tuple[date, Decimal]] = field(default_factory=list)
    going_back: Decimal = ZERO  # what is about to be reversed of it

    @property
    def standing(self) -> Decimal:
        """What of it can still be given back."""
        return ZERO if self.voided else max(self.amount - self.reversed - self.waived, ZERO)


@dataclass(slots=True)
class Billed:
    """All charges of one invoice, newest first."""

    charges: list[Charge] = field(default_factory=list)

    @property
    def last_on(self) -> date | None:
        """The last day charged for."""
        return max((charge.last_on for charge in self.charges), default=None)

    @property
    def amount(self) -> Decimal:
        """Everything billed."""
        return sum((charge.amount for charge in self.charges), ZERO)

    @property
    def reversed(self) -> Decimal:
        """Everything given back, waivers left out."""
        return sum((charge.reversed for charge in self.charges), ZERO)

    @property
    def interest(self) -> Decimal:
        """Interest billed and not given back: a reversal gives interest back before a fixed sum."""
        return sum((charge.interest - min(charge.reversed, charge.interest) for charge in self.charges), ZERO)

    @property
    def computed(self) -> Decimal:
        """The same before minimums raised it."""
        return sum((charge.computed - min(charge.reversed, charge.computed) for charge in self.charges), ZERO)

    @property
    def fixed_sum(self) -> Decimal:
        """Fixed sums billed and not given back."""
        return sum(
            (charge.amount - charge.interest - max(charge.reversed - charge.interest, ZERO) for charge in self.charges),
            ZERO,
        )


def billed_of(entries: Iterable[ChargeEntry], currency: str, voided: frozenset[str] = frozenset()) -> Billed:
    """Gather an invoice's history; `voided` names charge documents that a person voided in the books."""
    charges: dict[str, Charge] = {}
    later: list[ChargeReversed | ChargeWaived] = []
    for entry in entries:
        if entry.amount.currency != currency:
            continue
        if not isinstance(entry, ChargeBilled):
            later.append(entry)
            continue
        charge = charges.setdefault(entry.charge, Charge(entry.charge, entry.first_on, entry.last_on))
        charge.last_on = max(charge.last_on, entry.last_on)
        charge.amount += entry.amount.amount
        charge.interest += entry.interest.amount
        charge.computed += entry.computed.amount
        charge.voided = entry.charge in voided
    for entry in later:
        _take_back(charges, entry)
    return Billed(sorted(charges.values(), key=lambda one: (one.last_on, one.first_on, one.ref), reverse=True))


def _take_back(charges: dict[str, Charge], entry: ChargeReversed | ChargeWaived) -> None:
    """What took back a charge nobody remembers takes back nothing: the charge was never counted."""
    charge = charges.get(entry.charge)
    if charge is None:
        return
    if isinstance(entry, ChargeReversed):
        charge.reversed += entry.amount.amount
        charge.reversals += 1
    else:
        charge.waived += entry.amount.amount
        charge.waivers.append((entry.on, entry.amount.amount))


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds a charge down or lifts it up, in the invoice's currency. `ceiling_by` names what the ceiling is."""

    unit: Decimal
    minimum: Decimal = ZERO
    minimum_mode: Literal["raise", "suppress"] = "raise"
    minimum_per: Literal["invoice", "charge"] = "invoice"
    maximum: Decimal | None = None
    cap: Decimal | None = None
    cap_name: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What is due from the first day: `interest` after cap and maximum, rounded once; what held it, if anything did."""

    interest: Decimal
    fixed_sum: Decimal = ZERO
    capped_by: str | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """Due less billed. `amount` above zero is a charge of `interest` and `fixed_sum`, below zero a reversal.

    `raised`: a minimum lifted this charge; `lifted`: what a minimum of the invoice made of the due interest, if it did.
    """

    amount: Decimal
    interest: Decimal
    computed: Decimal
    fixed_sum: Decimal
    capped_by: str | None
    raised: bool = False
    lifted: Decimal | None = None


def due_of(raw: Decimal, fixed_sum: Decimal, limits: Limits, *, rate_capped: bool) -> Due:
    """Cap, then maximum, then round, never above them. `rate_capped`: the cap has lowered a rate within `raw`."""
    amount, held_by = raw, limits.cap_name if rate_capped else None
    if limits.cap is not None and amount > limits.cap:
        amount, held_by = limits.cap, limits.cap_name
    if limits.maximum is not None and amount > limits.maximum:
        amount, held_by = limits.maximum, "maximum"
    rounded = amount.quantize(limits.unit, rounding=ROUND_HALF_UP)
    ceiling, name = _ceiling(limits)
    if ceiling is not None and rounded > ceiling:  # half a cent up would pass what holds it
        rounded, held_by = ceiling, held_by or name
    return Due(rounded, fixed_sum, held_by)


def rest_of(due: Due, billed: Billed, limits: Limits) -> Rest:
    """What is left to bill (above zero) or to give back (below)."""
    computed = due.interest - (billed.computed if limits.minimum_per == "charge" else billed.interest)
    target, held_by = _with_minimum(due.interest, computed, billed, limits)
    fixed_sum = due.fixed_sum - billed.fixed_sum
    amount = target + fixed_sum
    interest = min(max(target, ZERO), max(amount, ZERO))
    raised = target > computed
    charged = max(computed if raised else interest, ZERO)
    lifted = target + billed.interest if limits.minimum_per == "invoice" else due.interest
    return Rest(
        amount=amount,
        interest=interest,
        computed=charged,
        fixed_sum=max(amount, ZERO) - interest,
        capped_by=held_by or due.capped_by,
        raised=raised,
        lifted=None if lifted == due.interest else lifted,
    )


def _with_minimum(due: Decimal, rest: Decimal, billed: Billed, limits: Limits) -> tuple[Decimal, str | None]:
    """The rest once a minimum has raised or suppressed it, never above cap or maximum; and what held it there."""
    if limits.minimum_per == "invoice":
        lifted, held_by = _lifted(due, limits)
        return lifted - billed.interest, held_by
    if rest <= 0:
        # A charge of nothing is none that a minimum could raise: where nothing is due, all of it goes back.
        return rest if due > 0 else -billed.interest, None
    lifted, _ = _lifted(rest, limits, ceiling=False)
    ceiling, name = _ceiling(limits)
    room = None if ceiling is None else max(ceiling - billed.interest, ZERO)
    if room is not None and lifted > room:
        return room, name
    return lifted, None


def _lifted(amount: Decimal, limits: Limits, *, ceiling: bool = True) -> tuple[Decimal, str | None]:
    if amount <= 0 or amount >= limits.minimum:
        return amount, None
    if limits.minimum_mode == "suppress":
        return ZERO, None
    highest, name = _ceiling(limits) if ceiling else (None, None)
    lifted = limits.minimum.quantize(limits.unit, rounding=ROUND_HALF_UP)
    return (max(highest, amount), name) if highest is not None and lifted > highest else (lifted, None)


def _ceiling(limits: Limits) -> tuple[Decimal | None, str | None]:
    """The lower of cap and maximum in whole coins, none of which passes it."""
    value, name = limits.cap, limits.cap_name
    if limits.maximum is not None and (value is None or limits.maximum < value):
        value, name = limits.maximum, "maximum"
    if value is None:
        return None, None
    return value.quantize(limits.unit, rounding=ROUND_DOWN), name


def reversals(billed: Billed, amount: Decimal) -> list[tuple[Charge, Decimal]]:
    """Split what is to be given back over the charges, newest first, none above what it still stands at."""
    found: list[tuple[Charge, Decimal]] = []
    for charge in billed.charges:
        share = min(charge.standing, amount)
        if share > 0:
            found.append((charge, share))
            amount -= share
    return found


def entries_by_invoice(history: Iterable[object]) -> dict[str, list[ChargeEntry]]:
    """The charges, reversals and waivers of a history, by invoice."""
    found: dict[str, list[ChargeEntry]] = defaultdict(list)
    for entry in history:
        if isinstance(entry, (ChargeBilled, ChargeReversed, ChargeWaived)):
            found[entry.invoice].append(entry)
    return found
