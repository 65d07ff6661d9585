"""Every sum of a book that must come out: balances, applications, instalments, schedules; and one currency for each.

Judged with the same arithmetic that hindsight uses. A sum in which a record takes part that could not be read is not
judged, so that one mistake is reported once. Voided invoices are not summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from connectors.file.gathered import Gathered, Placed
from rules.domain.facts import (
    ChargeBilled,
    CreditNote,
    Dispute,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
)
from rules.domain.hindsight import Effect, Effects, applied_by, discount_earned, effects_of
from rules.domain.money import Money, total

_ONE_DAY = timedelta(days=1)


def sum_problems(gathered: Gathered, as_of: date | None) -> Iterator[str]:
    """Every sum that does not come out and every amount in a currency that cannot stand there."""
    invoices: dict[str, Invoice] = {invoice.ref: invoice for invoice in gathered.facts("invoices")}
    effects = effects_of(gathered.facts("payments"), gathered.facts("credit_notes"))
    for placed in gathered.placed.get("invoices", []):
        used = effects.get(placed.fact.ref, ())
        if used or not _is_whole(placed.fact):
            yield from _invoice_problems(placed, used, gathered, as_of)
    for name in ("payments", "credit_notes"):
        for placed in gathered.placed.get(name, []):
            yield from _applied_problems(placed, invoices)
    for name in ("promises", "disputes", "history"):
        for placed in gathered.placed.get(name, []):
            yield from _currency_problems(placed, invoices)
    for placed in gathered.placed.get("installment_plans", []):
        yield from _plan_problems(placed, invoices, effects, gathered.doubtful)


def _is_whole(invoice: Invoice) -> bool:
    """Whether all of the invoice is open and nothing else stands in it to be summed, as with most of an open book."""
    return (
        invoice.balance == invoice.total
        and invoice.status != "paid"
        and invoice.tax is None
        and not invoice.installments
    )


def _invoice_problems(
    placed: Placed, effects: Iterable[Effect], gathered: Gathered, as_of: date | None
) -> Iterator[str]:
    invoice: Invoice = placed.fact
    foreign = [(key, part) for key, part in _parts(invoice) if part.currency != invoice.total.currency]
    yield from (f"{placed.place}.{key}: {_foreign(part, invoice)}" for key, part in foreign)
    if foreign or invoice.status == "voided":
        return
    if invoice.tax is not None and invoice.tax > invoice.total:
        yield f"{placed.place}.tax: {invoice.tax} is more than the total, {invoice.total}"
    if invoice.installments:
        rows = total([row.amount for row in invoice.installments], invoice.currency)
        if rows != invoice.total:
            yield f"{placed.place}.installments: they add up to {rows}, the total is {invoice.total}"
    if as_of is not None and invoice.ref not in gathered.doubtful:
        same = [effect for effect in effects if effect.amount.currency == invoice.currency]
        yield from _balance_problems(placed, same, as_of, stated=invoice.ref not in gathered.unstated)


def _parts(invoice: Invoice) -> Iterator[tuple[str, Money]]:
    """The amounts of an invoice that must be in its currency, with their keys."""
    yield "balance", invoice.balance
    if invoice.tax is not None:
        yield "tax", invoice.tax
    for position, row in enumerate(invoice.installments):
        yield f"installments[{position}].amount", row.amount


def _balance_problems(placed: Placed, effects: list[Effect], as_of: date, *, stated: bool) -> Iterator[str]:
    invoice: Invoice = placed.fact
    applied = applied_by(effects, as_of, invoice.currency)
    rest = invoice.total - applied
    settled = discount_earned(invoice, effects)
    if rest.amount < 0:
        yield f"{placed.place}.total: {applied} is applied by {as_of}, more than the total, {invoice.total}"
    elif stated and invoice.balance != rest and not (settled and not invoice.balance):
        yield (
            f"{placed.place}.balance: {invoice.balance} does not add up: total {invoice.total} less {applied} applied "
            f"by {as_of} leaves {rest}"
        )
    elif invoice.status == "paid" and invoice.balance and not settled:
        yield f'{placed.place}.status: it says "paid", but {invoice.balance} of {invoice.total} is on no payment'


def _applied_problems(placed: Placed, invoices: dict[str, Invoice]) -> Iterator[str]:
    paper: Payment | CreditNote = placed.fact
    mixed = False
    for position, part in enumerate(paper.applied):
        here = f"{placed.place}.applied[{position}].amount"
        invoice = invoices.get(part.invoice)
        if part.amount.currency != paper.amount.currency:
            mixed = True
            yield f"{here}: {part.amount} is in another currency than the whole, {paper.amount}"
        if invoice is not None and part.amount.currency != invoice.currency:
            yield f"{here}: {part.amount} is in another currency than {invoice.ref}, which is in {invoice.currency}"
    if not mixed:
        used = total([part.amount for part in paper.applied], paper.amount.currency)
        if used > paper.amount:
            yield f"{placed.place}.applied: {used} is applied, more than the amount, {paper.amount}"


def _currency_problems(placed: Placed, invoices: dict[str, Invoice]) -> Iterator[str]:
    """An amount about invoices in another currency than theirs."""
    fact = placed.fact
    named = fact.invoices if isinstance(fact, Promise) else (getattr(fact, "invoice", None),)
    about = [invoices[ref] for ref in named if ref in invoices]
    keys = ("amount", "interest", "computed") if isinstance(fact, ChargeBilled) else ("amount",)
    amounts = {key: getattr(fact, key, None) for key in keys}
    wrong = {key: (part, invoice) for invoice in about for key, part in amounts.items() if _differs(part, invoice)}
    for key, (part, invoice) in wrong.items():
        yield f"{placed.place}.{key}: {_foreign(part, invoice)}"
    if wrong:
        return
    if isinstance(fact, Dispute) and fact.amount and about and fact.amount > about[0].total:
        yield f"{placed.place}.amount: {fact.amount} is more than the total of {about[0].ref}, {about[0].total}"
    if isinstance(fact, ChargeBilled) and _no_charge(fact):
        yield f"{placed.place}.interest: {fact.interest} is more than the whole charge, {fact.amount}"


def _no_charge(fact: ChargeBilled) -> bool:
    return fact.interest.currency == fact.amount.currency and fact.interest > fact.amount


def _plan_problems(placed: Placed, invoices: dict[str, Invoice], effects: Effects, doubtful: set[str]) -> Iterator[str]:
    """A schedule must sum to what was open the day the plan was made: at its beginning or at its end."""
    plan: InstallmentPlan = placed.fact
    covered = [invoices[ref] for ref in plan.invoices if ref in invoices]
    if not plan.schedule:
        yield f"{placed.place}.schedule: this is empty; write what is due when"
        return
    currency = plan.schedule[0].amount.currency
    if any(row.amount.currency != currency for row in plan.schedule):
        yield f"{placed.place}.schedule: its amounts are in more than one currency"
        return
    other = [invoice for invoice in covered if invoice.currency != currency]
    yield from (f"{placed.place}.schedule: {_foreign(plan.schedule[0].amount, invoice)}" for invoice in other)
    unsure = other or len(covered) < len(plan.invoices) or doubtful & set(plan.invoices)
    if unsure or any(invoice.status == "voided" for invoice in covered):
        return
    scheduled = total([row.amount for row in plan.schedule], currency)
    before, after = (_open_on(covered, effects, day, currency) for day in (plan.made_on - _ONE_DAY, plan.made_on))
    if scheduled not in (before, after):
        yield (
            f"{placed.place}.schedule: it adds up to {scheduled}, but {after} was open on "
            f"{', '.join(plan.invoices)} on {plan.made_on}"
        )


def _open_on(covered: list[Invoice], effects: Effects, day: date, currency: str) -> Money:
    rest = Money.zero(currency)
    for invoice in covered:
        same = [effect for effect in effects.get(invoice.ref, ()) if effect.amount.currency == currency]
        rest += invoice.total - applied_by(same, day, currency)
    return rest


def _differs(part: Money | None, invoice: Invoice) -> bool:
    return part is not None and part.currency != invoice.currency


def _foreign(part: Money | None, invoice: Invoice) -> str:
    return f"{part} is in another currency than {invoice.ref}, which is in {invoice.currency}"
