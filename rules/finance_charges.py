"""Charges for paying late: what is due from the first day, less what was billed, as a charge or a reversal.

Decides from facts and history alone, so that a late or backdated payment corrects itself. It never charges a draft, and
interest on our own charges only where the policy says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, DecimalException, localcontext

from rules.domain.charging.assessment import Assessed, Matter, assess
from rules.domain.charging.assessment_days import assessed_through, next_assessment
from rules.domain.charging.charges import ChargeEntry, Rest, billed_of, entries_by_invoice, rest_of, reversals
from rules.domain.charging.covering import credit_spans
from rules.domain.charging.decisions import RULE, charge_decision, reversal_decision
from rules.domain.charging.settings import Settings
from rules.domain.charging.terms import Parties, Unclear
from rules.domain.charging.timeline import ZERO, Docket, Effect, Span, docket_of, next_day, parts_of
from rules.domain.decisions import Decision, Problem, Skip
from rules.domain.facts import Customer, Invoice
from rules.domain.money import Money
from rules.domain.situation import Situation
from rules.domain.wording import spoken

__all__ = ["Settings", "decide"]

_STOPPED = ", and no later day bears (stop_after_months)"
_PRECISION = 60  # digits: sums stay exact far beyond any balance


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """Say of each invoice what is charged or given back, or why nothing is."""
    with localcontext(prec=_PRECISION):
        decisions = list(_all(situation, settings))
    yield from decisions


@dataclass(frozen=True, slots=True)
class _Desk:
    """The account's papers, sorted once."""

    situation: Situation
    settings: Settings
    docket: Docket
    customers: dict[str, Customer]
    history: dict[str, list[ChargeEntry]]
    voided: frozenset[str]
    covered: dict[str, list[Span]]


def _all(situation: Situation, settings: Settings) -> Iterator[Decision]:
    account = situation.account
    effect = Effect(settings.credits_from == "invoice_date", settings.payment_day == "free")
    docket = docket_of(account, situation.as_of, effect)
    desk = _Desk(
        situation=situation,
        settings=settings,
        docket=docket,
        customers={customer.ref: customer for customer in account.family},
        history=entries_by_invoice(account.history),
        voided=frozenset(one.ref for one in account.invoices if one.is_ours and one.status == "voided"),
        covered=credit_spans(docket) if settings.unapplied_credits == "oldest_first" else {},
    )
    for invoice in account.invoices:
        if invoice.ref in situation.scope:
            try:
                yield from _of_invoice(desk, invoice)
            except DecimalException:
                yield Problem(invoice.ref, "the amounts are too large to compute with", RULE)


def _of_invoice(desk: _Desk, invoice: Invoice) -> Iterator[Decision]:
    why = _never(desk, invoice)
    if why is not None:
        yield _skip(invoice, why)
        return
    entries = desk.history.get(invoice.ref, ())
    foreign = next((entry for entry in entries if entry.amount.currency != invoice.currency), None)
    if foreign is not None:
        problem = f"charge {foreign.charge} is in {foreign.amount.currency}, its invoice in {invoice.currency}"
        yield Problem(invoice.ref, problem, RULE)
        return
    billed = billed_of(entries, invoice.currency, desk.voided)
    parties = Parties(desk.situation, desk.settings, invoice, desk.customers.get(invoice.customer, _stranger(invoice)))
    matter = Matter(parties, desk.docket, billed, tuple(desk.covered.get(invoice.ref, ())))
    nothing_due = _nothing_due(matter)
    if nothing_due is not None:
        yield from _reversed(matter, nothing_due, billed.amount - billed.reversed)
        return
    blocked = _blocked(matter)
    if blocked is not None:
        yield blocked
        return
    yield from _assessed(matter)


def _stranger(invoice: Invoice) -> Customer:
    return Customer(invoice.customer, invoice.customer)


def _skip(invoice: Invoice, reason: str) -> Skip:
    return Skip(RULE, invoice.ref, f"Not charged: {reason}.", customer=invoice.customer)


def _never(desk: _Desk, invoice: Invoice) -> str | None:
    """Why this document bears nothing whatever happened."""
    if invoice.status == "draft":
        return "a draft is never charged"
    if invoice.is_ours and desk.settings.base != "principal_and_charges":
        return 'our own charge bears no interest (base = "principal_and_charges" would let it)'
    return None


def _nothing_due(matter: Matter) -> str | None:
    """Why nothing was ever due, so that whatever was billed is given back."""
    invoice = matter.invoice
    if invoice.status == "voided":
        return "The invoice is voided"
    if invoice.total.amount <= 0:
        return f"A total of {spoken(invoice.total)} bears nothing"
    if matter.parties.situation.is_settled_by_discount(invoice):
        return "A discount earned settles the invoice"
    return None


def _blocked(matter: Matter) -> Decision | None:
    """Why it cannot be looked at now."""
    invoice, as_of = matter.invoice, matter.parties.situation.as_of
    parts = parts_of(invoice)
    if not parts:
        return Problem(invoice.ref, "no due date") if invoice.balance.amount > 0 else _skip(invoice, "it is paid")
    due_on = parts[0].due_on
    if matter.billed.charges:
        return None
    if matter.settings.paid_late == "ignore" and invoice.balance.amount <= matter.tolerance:
        return _skip(invoice, f'{_paid(invoice)}, and paid_late = "ignore" lets lateness before that go')
    if as_of <= due_on:
        return _skip(invoice, f"it is due on {due_on}, and the due date bears nothing")
    if as_of <= _late_after(invoice):
        return _skip(invoice, f"it was issued on {invoice.issued_on}, after it was due, and no day until then bears")
    return _not_agreed(matter)


def _paid(invoice: Invoice) -> str:
    if invoice.balance.amount <= 0:
        return "it is fully paid"
    return f"the rest of {spoken(invoice.balance)} is within the tolerance"


def _late_after(invoice: Invoice) -> date:
    """The last day that is not late yet."""
    return parts_of(invoice)[0].late_after(invoice.issued_on)


def _not_agreed(matter: Matter) -> Skip | None:
    """Why this invoice may not be charged at all: whose it is, too old for the policy, or no terms accepted."""
    if matter.settings.debtors == "business" and matter.parties.customer.kind != "business":
        return _skip(matter.invoice, "a consumer, and the policy charges businesses alone")
    due_from, due_on = matter.settings.due_from, parts_of(matter.invoice)[0].due_on
    if due_from is not None and due_on < due_from:
        return _skip(matter.invoice, f"it was due on {due_on}, and lateness is charged for what is due from {due_from}")
    if not matter.settings.requires_terms:
        return None
    accepted, issued = matter.parties.customer.terms_accepted_on, matter.invoice.issued_on
    if accepted is not None and accepted <= issued:
        return None
    when = "no terms accepted" if accepted is None else f"no terms accepted by {issued}; they were on {accepted}"
    return _skip(matter.invoice, when)


def _assessed(matter: Matter) -> Iterator[Decision]:
    settings, billed, as_of = matter.settings, matter.billed, matter.parties.situation.as_of
    first_overdue = next_day(_late_after(matter.invoice))
    through = assessed_through(settings.assess_on, as_of, first_overdue, billed.last_on)
    reached = max((day for day in (through, billed.last_on) if day is not None), default=None)
    if reached is None:
        yield _not_yet(matter, first_overdue)
        return
    found = _due_and_rest(matter, reached)
    if isinstance(found, Unclear):
        yield Problem(matter.invoice.ref, found.problem, RULE)
        return
    assessed, rest = found
    if assessed.terms.problem is not None and assessed.accrual.stretches:
        yield Problem(matter.invoice.ref, assessed.terms.problem, RULE)
    if rest.amount < 0:
        yield from _reversed(matter, (assessed, rest), -rest.amount)
    elif rest.amount == 0:
        yield _silent(matter, assessed, reached, first_overdue)
    else:
        yield _charge_or_wait(matter, assessed, rest, reached)


def _due_and_rest(matter: Matter, reached: date) -> tuple[Assessed, Rest] | Unclear:
    """What is due and what is left of it. A charge that goes back takes along what it bore in other charges."""
    billed, going_back = matter.billed, ZERO
    while True:
        assessed = assess(matter, reached)
        if isinstance(assessed, Unclear):
            return assessed
        rest = rest_of(assessed.due, billed, assessed.limits)
        if matter.settings.compound != "on_charge" or -rest.amount <= going_back:
            return assessed, rest
        going_back = -rest.amount
        for charge, share in reversals(billed, going_back):
            charge.going_back = share


def _charge_or_wait(matter: Matter, assessed: Assessed, rest: Rest, reached: date) -> Decision:
    invoice, billed, as_of = matter.invoice, matter.billed, matter.parties.situation.as_of
    last_on = billed.last_on
    if invoice.balance.amount <= matter.tolerance and matter.settings.paid_late == "ignore":
        return _skip(invoice, f'{_paid(invoice)}, and paid_late = "ignore" charges no more')
    not_agreed = _not_agreed(matter)
    if not_agreed is not None:
        return not_agreed
    if last_on is not None and reached <= last_on:
        if matter.settings.assess_on is not None and last_on <= as_of:
            return _not_yet(matter, next_day(_late_after(invoice)))
        more = spoken(Money(rest.amount, invoice.currency))
        return _skip(invoice, f"{more} more is due, but all days to {last_on} are charged")
    return charge_decision(matter, assessed, rest, reached)


def _not_yet(matter: Matter, first_overdue: date) -> Skip:
    assess_on = matter.settings.assess_on
    if assess_on is None:
        return _skip(matter.invoice, "no day to charge")
    as_of = matter.parties.situation.as_of
    following = next_assessment(assess_on, as_of, first_overdue, matter.billed.last_on)
    return _skip(matter.invoice, f"not due for assessment until {following}")


def _silent(matter: Matter, assessed: Assessed, reached: date, first_overdue: date) -> Skip:
    """Why nothing is charged, and when it is looked at again where charges are assessed on certain days."""
    assess_on, as_of = matter.settings.assess_on, matter.parties.situation.as_of
    if assess_on is None or reached >= as_of:
        return _skip(matter.invoice, _nothing_more(matter, assessed, reached))
    if reached < first_overdue:
        return _not_yet(matter, first_overdue)
    following = next_assessment(assess_on, as_of, first_overdue, matter.billed.last_on)
    return _skip(matter.invoice, f"{_nothing_more(matter, assessed, reached)}; next assessed on {following}")


def _nothing_more(matter: Matter, assessed: Assessed, reached: date) -> str:
    """Why what is due is no more than what was billed."""
    settings, billed, due = matter.settings, matter.billed, assessed.due
    pending = due.interest - (billed.computed if settings.minimum_per == "charge" else billed.interest)
    if pending > 0:
        more = spoken(Money(pending, matter.invoice.currency))
        limit = "below the minimum" if settings.minimum_mode == "suppress" else "beyond what may be charged"
        return f"{more} is {limit}"
    if billed.charges:
        last_on = assessed.debt.last_on
        is_open = matter.invoice.balance.amount > matter.tolerance
        stopped = settings.stop_after_months is not None and is_open and last_on < reached
        return f"all that is due through {last_on if stopped else reached} is charged{_STOPPED if stopped else ''}"
    if not any(claim.is_chargeable for claim in assessed.debt.claims):
        return _not_late(assessed, settings, reached)
    if not assessed.accrual.stretches:
        return "all of it is disputed, promised, planned or covered by credits"
    return f"what is due through {reached} rounds to nothing"


def _not_late(assessed: Assessed, settings: Settings, reached: date) -> str:
    """Why no part of the invoice has come to the first day that can be charged."""
    first_on = min((claim.late_on for claim in assessed.debt.claims if claim.late_on is not None), default=reached)
    if first_on <= reached:
        return f"nothing was overdue any more on {first_on}, the first day that can be charged"
    if settings.grace_days:
        return f"within {settings.grace_days} days of grace; the first day that can be charged is {first_on}"
    return f"not late before {first_on}"


def _reversed(matter: Matter, came: tuple[Assessed, Rest] | str, amount: Decimal) -> Iterator[Decision]:
    """Give `amount` back, newest charge first; what was waived or voided already cannot be given back again."""
    shares = reversals(matter.billed, amount)
    if not shares and amount > ZERO:
        too_much = spoken(Money(amount, matter.invoice.currency))
        yield _skip(matter.invoice, f"{too_much} too much was billed, but no charge of it still stands")
    elif not shares:
        why = came if isinstance(came, str) else "nothing is due"
        yield _skip(matter.invoice, f"{why[:1].lower()}{why[1:]}")
    for charge, share in shares:
        yield reversal_decision(matter, came, charge, share)
