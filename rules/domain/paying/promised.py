"""Promises to pay: whether each was kept, its level, and which part of each invoice a running promise covers.

A promise is judged once the promised day and the tolerance have passed, by payments from the day it was made on, both
ends included. Partly kept counts as not kept. Credit notes are no payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from pydantic import Field

from rules.domain.account_index import AccountIndex
from rules.domain.aging import OverdueSettings
from rules.domain.calendars import days_after
from rules.domain.eligibility import discount_earned, discount_of
from rules.domain.facts import Promise
from rules.domain.money import Money
from rules.domain.settings import Count, Flag, RuleSettings

PromiseState = Literal["open", "kept", "partly_kept", "broken", "withdrawn"]

_ZERO = Decimal(0)
_TENTH = Decimal("0.1")


class PromiseSettings(RuleSettings):
    """How promises to pay are judged."""

    tolerance_days: Count = Field(default=0, description="Days after the promised day before a promise is judged.")
    call_when_broken: Flag = Field(
        default=False, description="A task to call whenever a promise was not kept and something of it is still open."
    )
    when_plan_breaks: Literal["old_dates", "all_due"] = Field(
        default="old_dates",
        description="When a row of an instalment plan is missed: the invoices' own dates return, or all falls due.",
    )
    write_to_books: Flag = Field(
        default=False, description="Write the promised day on the invoice, where the provider has a place for it."
    )


@dataclass(frozen=True, slots=True)
class JudgedPromise:
    """A promise, what has come of it so far, and what it still covers by currency."""

    promise: Promise
    state: PromiseState
    level: int
    rest: Mapping[str, Decimal]


def judge(index: AccountIndex, settings: PromiseSettings, overdue: OverdueSettings) -> tuple[JudgedPromise, ...]:
    """Every promise made by now, in the order they were made. A rest too small to be `overdue` breaks none."""
    judged: list[JudgedPromise] = []
    latest: dict[str, JudgedPromise] = {}
    for promise in index.promises:
        before = [latest[invoice] for invoice in promise.invoices if invoice in latest]
        level = max((_level_after(earlier, promise, index, settings, overdue) for earlier in before), default=1)
        state, rest = _state(promise, index, settings, overdue)
        found = JudgedPromise(promise, state, level, rest)
        judged.append(found)
        latest.update(dict.fromkeys(promise.invoices, found))
    return tuple(judged)


def covered(judged: Iterable[JudgedPromise], index: AccountIndex, free: Mapping[str, Money]) -> Mapping[str, Money]:
    """Which part of each invoice running promises cover. `free` is what of each open invoice may be covered.

    A promise over several invoices covers the one due first, then the next.
    """
    found: dict[str, Money] = {}
    left = dict(free)
    for one in judged:
        if one.state != "open":
            continue
        rest = dict(one.rest)
        for ref in sorted(one.promise.invoices, key=lambda ref: _due_key(ref, index)):
            room = left.get(ref)
            if room is None or rest.get(room.currency, _ZERO) <= 0:
                continue
            piece = min(room, Money(rest[room.currency], room.currency))
            found[ref] = found[ref] + piece if ref in found else piece
            left[ref] = room - piece
            rest[room.currency] -= piece.amount
    return found


def broken(judged: Iterable[JudgedPromise], since: date = date.min) -> int:
    """How many, promised for `since` or later, were not kept: broken, or kept in part only."""
    return sum(one.state in ("broken", "partly_kept") and one.promise.promised_on >= since for one in judged)


def kept_pct(judged: Iterable[JudgedPromise]) -> Decimal | None:
    """Kept promises among those judged, by number, in percent to one decimal; None when none is judged."""
    states = [one.state for one in judged if one.state in ("kept", "partly_kept", "broken")]
    if not states:
        return None
    share = Decimal(100 * states.count("kept")) / len(states)
    return share.quantize(_TENTH, rounding=ROUND_HALF_UP)


def _state(
    promise: Promise, index: AccountIndex, settings: PromiseSettings, overdue: OverdueSettings
) -> tuple[PromiseState, Mapping[str, Decimal]]:
    judged_on = days_after(promise.promised_on, settings.tolerance_days)
    due = _promised(promise, index)
    paid = _paid(promise, index, judged_on)
    rest = {currency: max(_ZERO, amount - paid.get(currency, _ZERO)) for currency, amount in due.items()}
    if promise.withdrawn_on is not None and promise.withdrawn_on <= min(judged_on, index.as_of):
        return "withdrawn", rest
    if index.as_of <= judged_on:
        return "open", rest
    if all(amount <= overdue.forgiven(currency) for currency, amount in rest.items()):
        return "kept", rest
    return ("partly_kept" if any(paid.get(currency) for currency in due) else "broken"), rest


def _level_after(
    earlier: JudgedPromise, promise: Promise, index: AccountIndex, settings: PromiseSettings, overdue: OverdueSettings
) -> int:
    """A promise for the rest, after a part that was kept, stays at its level; any other is a level higher."""
    last_on = min(promise.made_on, days_after(earlier.promise.promised_on, settings.tolerance_days))
    paid = _paid(earlier.promise, index, last_on)
    due = _promised(earlier.promise, index)
    was_withdrawn = earlier.promise.withdrawn_on is not None and earlier.promise.withdrawn_on <= promise.made_on
    rest = {currency: amount - paid.get(currency, _ZERO) for currency, amount in due.items()}
    is_paid = all(amount <= overdue.forgiven(currency) for currency, amount in rest.items())
    was_kept = is_paid and not was_withdrawn
    return earlier.level if was_kept else earlier.level + 1


def _promised(promise: Promise, index: AccountIndex) -> Mapping[str, Decimal]:
    """What was promised, by currency: never more than there was to pay. Without an amount: all of that."""
    owed = _to_pay(promise, index)
    if promise.amount is None:
        return owed
    currency, stated = promise.amount.currency, promise.amount.amount
    return {currency: min(stated, owed[currency]) if currency in owed else stated}


def _to_pay(promise: Promise, index: AccountIndex) -> Mapping[str, Decimal]:
    """All that was open on its invoices the day it was made, less credits since and a discount that was earned."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for ref in promise.invoices:
        invoice = index.invoices.get(ref)
        if invoice is None or invoice.status == "draft":
            continue
        parts = index.settlements.get(ref, ())
        paid_since = (part.amount.amount for part in parts if part.by == "payment" and part.on >= promise.made_on)
        owed = sum(paid_since, max(invoice.balance.amount, _ZERO))
        forgiven = owed if invoice.status == "voided" else _ZERO
        if discount_earned(invoice, parts):
            forgiven = discount_of(invoice).amount
        found[invoice.currency] += max(owed - forgiven, _ZERO)
    return found


def _paid(promise: Promise, index: AccountIndex, last_on: date) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for ref in promise.invoices:
        for part in index.settlements.get(ref, ()):
            if part.by == "payment" and promise.made_on <= part.on <= last_on:
                found[part.amount.currency] += part.amount.amount
    return found


def _due_key(ref: str, index: AccountIndex) -> tuple[date, str]:
    invoice = index.invoices.get(ref)
    return (invoice.due_on or date.max if invoice else date.max), ref
