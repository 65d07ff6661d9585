"""Instalment plans, as people record them: a schedule whose sum is what is open on its invoices that day."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from rules import situations_of
from rules.domain.facts import Account, Installment, InstallmentPlan
from rules.domain.money import Money, minor_units, total
from rules.domain.paying.plans import broken_on
from rules.domain.wording import spoken
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.people.clerk import Clerk, Noted, amount_of, numbers, one_currency
from syncd.people.records import one_of, running
from syncd.store.desk import Filed

KIND = "installment_plan"
NAME = "plan"
_FARTHEST = timedelta(days=3653)  # as many months as `--parts` takes


def add(
    clerk: Clerk,
    texts: Sequence[str],
    rows: Sequence[tuple[date, str]],
    *,
    parts: int | None = None,
    first_on: date | None = None,
) -> Noted:
    """Record an agreed schedule: either `rows` of day and amount, or equal monthly `parts` from `first_on` on.

    Raises:
        Usage: it does not add up to what is open, a day has passed or comes twice, or another plan is in force.
    """
    ledger, invoices = clerk.invoices(texts)
    opened = total([invoice.balance for invoice in invoices], one_currency(invoices))
    schedule = _monthly(opened, parts, first_on) if parts and first_on else _written(rows, opened)
    _check(schedule, opened, ledger.today(), numbers(invoices))
    refs = tuple(sorted(invoice.ref for invoice in invoices))
    owners = sorted({invoice.customer for invoice in invoices})
    customer = owners[0] if len(owners) == 1 else ledger.mirror.heads(owners)[0]
    account = clerk.account(ledger, customer)
    for filed in running(ledger, KIND, lambda one: bool(set(one.value.invoices) & set(refs))):
        if state(clerk, ledger, account, filed.value) == "kept":
            raise Usage(f"{filed.ref} covers one of these invoices; end it first: syncd installment end {filed.ref}")
    word = clerk.word(ledger, "plan.recorded", invoices=", ".join(refs), amount=opened, rows=len(schedule))
    today = ledger.today()
    filed = ledger.desk.note(
        lambda ref: InstallmentPlan(ref, customer, refs, today, tuple(schedule)), NAME, customer, word
    )
    told = ", ".join(f"{spoken(row.amount)} on {row.due_on}" for row in schedule)
    return Noted(ledger, filed, f"{spoken(opened)} of {numbers(invoices)} in {len(schedule)} parts: {told}")


def end(clerk: Clerk, text: str) -> Noted:
    """Take the plan called `text` off: the invoices' own dates count again."""
    ledger, filed = one_of(clerk, KIND, text, lambda _: True)
    ledger.desk.strike(filed, clerk.word(ledger, "plan.ended", invoices=", ".join(filed.value.invoices)))
    return Noted(ledger, filed, "the plan is ended; the invoices' own dates count again")


def state(clerk: Clerk, ledger: Ledger, account: Account, plan: InstallmentPlan) -> str:
    """``kept`` while it is, ``paid`` once nothing is open, ``broken`` from the day after a row was missed."""
    balances = [invoice.balance for invoice in account.invoices if invoice.ref in plan.invoices]
    if not any(balance.amount > 0 for balance in balances):
        return "paid"
    seen = situations_of(account, clerk.policies, ledger.today())
    governing = next(one for one in seen if not one.scope.isdisjoint(plan.invoices))
    broken = broken_on(plan, governing.index, governing.overdue, governing.calendar)
    return "kept" if broken is None else "broken"


def state_of(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    """The same, from the record."""
    return state(clerk, ledger, clerk.account(ledger, filed.customer), filed.value)


def _written(rows: Sequence[tuple[date, str]], opened: Money) -> list[Installment]:
    if not rows:
        raise Usage("write the schedule: --pay DATE=AMOUNT for each part, or --parts N --first DATE")
    found = []
    for day, text in rows:
        amount = amount_of(text, opened.currency, of="the schedule")
        found.append(Installment(day, amount or opened))
    return found


def _monthly(opened: Money, parts: int, first_on: date) -> list[Installment]:
    """Equal parts, each rounded down; what is left over stands on the last, so that the sum is exact."""
    unit = Decimal(1).scaleb(-minor_units(opened.currency))
    part = Money((opened.amount / parts).quantize(unit, rounding=ROUND_DOWN), opened.currency)
    if not part:
        raise Usage(f"{opened} cannot be paid in {parts} parts")
    last = opened - part * (parts - 1)
    return [
        Installment(_months_after(first_on, number), last if number == parts - 1 else part) for number in range(parts)
    ]


def _months_after(day: date, months: int) -> date:
    """The same day `months` later; the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _check(schedule: Sequence[Installment], opened: Money, today: date, said: str) -> None:
    days = [row.due_on for row in schedule]
    if days != sorted(set(days)):
        raise Usage("the days of a schedule rise, each once")
    if days[0] < today:
        raise Usage(f"the first part is due on {days[0]}, which has passed: today is {today}")
    if days[-1] > today + _FARTHEST:
        raise Usage(f"the last part is due on {days[-1]}, more than ten years away: look at the year")
    planned = total([row.amount for row in schedule], opened.currency)
    if planned != opened:
        raise Usage(f"the schedule adds up to {planned}, but {opened} is open on {said}")
