"""Who should have more credit, who less, who pays first: proposals from how a customer pays, for a person to decide.

One rung at a time and not again before the review's days have passed. It changes no limit and no terms itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from rules.domain.calendars import days_after
from rules.domain.credit.review_settings import Earned
from rules.domain.credit.review_settings import ReviewSettings as Settings
from rules.domain.credit.thresholds import Condition, Creditor, told
from rules.domain.decisions import Decision, Problem, Skip, Task
from rules.domain.facts import Customer, TaskDone
from rules.domain.money import Money
from rules.domain.paying.promised import broken
from rules.domain.positions import standing
from rules.domain.settings import Amount
from rules.domain.situation import Situation
from rules.domain.wording import counted, spoken, sums

__all__ = ["Settings", "decide"]

RULE = "credit_review"
HIGHER, LOWER = "raise credit limit", "lower credit limit"
LONGER, SHORTER = "give longer terms", "give shorter terms"
PREPAY, NO_PREPAY = "ask for prepayment", "end prepayment"
_KINDS = ((HIGHER, LOWER), (LONGER, SHORTER), (PREPAY, NO_PREPAY))
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class _File:
    """One customer under review: which way it goes (1 better, -1 worse, 0 as it is) and why."""

    creditor: Creditor
    settings: Settings
    way: int
    why: str
    prepay: str | None  # why it is to pay before delivery; None: it is not

    @property
    def situation(self) -> Situation:
        """The account it is part of."""
        return self.creditor.situation

    @property
    def customer(self) -> Customer:
        """Whose credit it is."""
        return self.creditor.customer

    @property
    def prepays(self) -> bool:
        """Whether it pays before delivery already."""
        return any(group in self.settings.prepay_groups for group in self.customer.groups)


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """A proposal for each customer that has earned or lost credit, a skip for each other one."""
    for ref in sorted(situation.governed):
        customer = situation.index.family[ref]
        creditor = Creditor(situation, customer, _since(situation, settings))
        yield from _proposals(_file(settings, creditor))
        yield from (Problem(ref, problem, RULE) for problem in creditor.unrated)


def _since(situation: Situation, settings: Settings) -> date:
    within = settings.broken_promises_within_days
    return date.min if within is None else days_after(situation.as_of, -within)


def _file(settings: Settings, creditor: Creditor) -> _File:
    situation = creditor.situation
    prepay = _met(creditor, settings.prepayment)
    worse = _met(creditor, settings.worse)
    if prepay is not None or worse is not None:
        return _File(creditor, settings, -1, worse or prepay or "", prepay)
    if settings.better is None:
        return _File(creditor, settings, 0, "nothing speaks for lower limits", None)
    lacks = _lacks(situation, settings.better, creditor)
    manners = situation.manners(creditor.customer.ref).told()
    earned = f"{manners[:1].lower()}{manners[1:-1]}"
    return _File(creditor, settings, 0 if lacks else 1, lacks or earned, None)


def _met(creditor: Creditor, condition: Condition | None) -> str | None:
    if condition is None:
        return None
    met, findings = creditor.applies(condition)
    return told(findings) if met else None


def _lacks(situation: Situation, earned: Earned, creditor: Creditor) -> str | None:
    """What keeps the customer from better terms; None where it has earned them."""
    ref = creditor.customer.ref
    manners, state = situation.manners(ref), standing(situation.index, ref)
    own = (one for one in situation.judged if one.promise.customer == ref)
    promises = broken(own, creditor.broken_since)
    if manners.payer_class not in earned.payer_class:
        return f"pays {manners.payer_class.replace('_', ' ')}"
    if manners.paid < earned.min_invoices:
        return f"{counted(manners.paid, 'invoice')} paid, {earned.min_invoices} needed"
    if promises > earned.max_broken_promises:
        return f"{counted(promises, 'promise')} broken"
    return None if state == "good" else f"on {state}"


def _proposals(file: _File) -> Iterator[Decision]:
    made = [one for one in (_prepayment(file), _limit(file), _terms(file)) if one is not None]
    if made:
        yield from made
    else:
        yield Skip(RULE, file.customer.ref, f"Credit stays as it is: {file.why}.", file.customer.ref)


def _prepayment(file: _File) -> Decision | None:
    if file.prepay is not None and not file.prepays:
        return _task(file, PREPAY, f"{file.prepay}.")
    if file.way > 0 and file.prepays:
        return _task(file, NO_PREPAY, f"{file.why}.")
    return None


def _limit(file: _File) -> Decision | None:
    """One rung up or down, in whole units of the currency and within the policy's bounds."""
    base = file.situation.account.company.currency
    limit = file.situation.credit_limits.of(file.customer, base)
    if limit is None or not file.way or not limit.amount:
        return None
    settings = file.settings
    if file.way > 0:
        used = _used_pct(file, limit)
        needed = settings.better.limit_used_pct if settings.better else _HUNDRED
        if used < needed:
            return None
    pct = settings.raise_limit_pct if file.way > 0 else -settings.lower_limit_pct
    whole = (limit.amount * (_HUNDRED + pct) / _HUNDRED).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    bounded = _bounded(file, Money(whole, limit.currency))
    if bounded is None or (bounded - limit).amount * file.way <= 0:
        return None
    what = HIGHER if file.way > 0 else LOWER
    return _task(file, what, f"from {spoken(limit)} to {spoken(bounded)}; {file.why}.")


def _used_pct(file: _File, limit: Money) -> Decimal:
    creditor = file.creditor
    used = next(iter(sums(creditor.in_currency(creditor.exposure(), limit.currency))), Money.zero(limit.currency))
    return used.amount * 100 / limit.amount


def _bounded(file: _File, limit: Money) -> Money | None:
    """Within the highest and lowest limit; None where one of them cannot be told for want of a rate."""
    settings = file.settings
    for bound, rounding, nearer in (
        (settings.highest_limit, ROUND_FLOOR, min),
        (settings.lowest_limit, ROUND_CEILING, max),
    ):
        if bound is not None and bound.currency in (None, limit.currency):
            told = _in_currency(file, bound, limit.currency, rounding)
            if told is None:
                return None
            limit = nearer(limit, told)
    return limit


def _in_currency(file: _File, bound: Amount, currency: str, rounding: str) -> Money | None:
    """A bare bound in the currency of a limit, in whole units where it had to be converted."""
    own = bound.money(file.situation.account.company.currency)
    if own.currency == currency:
        return own
    worth = file.creditor.in_currency([own], currency)
    return Money(worth[0].amount.quantize(Decimal(1), rounding=rounding), currency) if worth else None


def _terms(file: _File) -> Decision | None:
    """The next terms up or down from those of the customer's latest invoice."""
    now = _terms_now(file)
    if now is None or not file.way or file.prepays:
        return None
    ladder = file.settings.terms_days
    rungs = [days for days in ladder if days > now] if file.way > 0 else [days for days in ladder if days < now][::-1]
    if not rungs:
        return None
    what = LONGER if file.way > 0 else SHORTER
    return _task(file, what, f"from {counted(now, 'day')} to {counted(rungs[0], 'day')}; {file.why}.")


def _terms_now(file: _File) -> int | None:
    issued = file.situation.index.invoices_by_customer.get(file.customer.ref, ())
    own = [one for one in issued if not one.is_ours and one.due_on is not None and one.status in ("open", "paid")]
    latest = max(own, key=lambda one: (one.issued_on, one.ref), default=None)
    return None if latest is None or latest.due_on is None else (latest.due_on - latest.issued_on).days


def _task(file: _File, what: str, why: str) -> Decision:
    """The proposal, unless one of its kind was followed or refused too short a while ago."""
    situation, customer = file.situation, file.customer
    before = _before(situation, customer.ref, what)
    last = before[-1] if before else None
    if last is not None:
        again_on = days_after(last.on, file.settings.review_every_days)
        if situation.as_of < again_on:
            reason = f"To {what}: {last.what} was {last.outcome} on {last.on}, looked at again on {again_on}."
            return Skip(RULE, customer.ref, reason, customer.ref)
    return Task(
        rule=RULE,
        customer=customer.ref,
        collector=customer.collector or situation.account.customer.collector,
        due_on=situation.as_of,
        what=what,
        key=f"{RULE}/{customer.ref}/{what.replace(' ', '-')}/{1 + len(before)}",
        reason=f"To {what}: {why}",
    )


def _before(situation: Situation, customer: str, what: str) -> list[TaskDone]:
    """Proposals of the same kind that were followed or refused, oldest first."""
    kind = next(kind for kind in _KINDS if what in kind)
    done = (entry for entry in situation.index.tasks if entry.rule == RULE and entry.customer == customer)
    return [entry for entry in done if entry.what in kind]
