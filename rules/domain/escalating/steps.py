"""Which step past reminders an overdue invoice has come to, worked out afresh from what was done and how late it is.

An invoice climbs one step at a time. A step that does not fit the customer is passed over; one that fits and is not
reached yet keeps the later ones back, and so does the time a final demand leaves for an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from rules.domain.aging import AgedInvoice
from rules.domain.calendars import days_after
from rules.domain.escalating.settings import EscalationSettings, EscalationStep
from rules.domain.facts import Invoice, TaskDone
from rules.domain.money import Money
from rules.domain.reminding.dunning import is_about
from rules.domain.reminding.silences import no_contact, silence_about
from rules.domain.settings import Amount
from rules.domain.situation import Situation
from rules.domain.wording import spoken

RULE = "escalation"


class Claim(NamedTuple):
    """An overdue invoice as escalation sees it: what may be asked for, who owes it, and the steps taken so far."""

    row: AgedInvoice
    asked: Money
    private: bool
    done: tuple[TaskDone, ...]
    occurrence: str  # tells one due part from another in a key

    @property
    def invoice(self) -> Invoice:
        """The invoice it is about."""
        return self.row.invoice


@dataclass(frozen=True, slots=True)
class Reached:
    """A step an invoice has come to, since `due_on`. `repeat` is 0 the first time, else counts from 1."""

    claim: Claim
    index: int
    due_on: date
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What the account owes too late in all, by currency, and in the company's own where a bare amount needs it."""

    by_currency: Mapping[str, Money]
    base: Money

    def reaches(self, amounts: tuple[Amount, ...]) -> bool:
        """Whether one of the amounts is reached."""
        return any(self._of(amount).amount >= amount.number for amount in amounts)

    def exceeds(self, amounts: tuple[Amount, ...]) -> bool:
        """Whether one of the amounts is passed."""
        return any(self._of(amount).amount > amount.number for amount in amounts)

    def _of(self, amount: Amount) -> Money:
        if amount.currency is None:
            return self.base
        return self.by_currency.get(amount.currency, Money.zero(amount.currency))


def claim_of(situation: Situation, settings: EscalationSettings, row: AgedInvoice) -> Claim | str:
    """The invoice as a claim, or why nothing is asked for now."""
    invoice = row.invoice
    silence = no_contact(situation, invoice) or silence_about(situation, invoice)
    if silence is not None:
        return silence
    if situation.kept_plan(invoice) is not None:
        return "Paused: its instalment plan is kept."
    asked, held = row.overdue, []
    for word, found in (("disputed", situation.disputed), ("promised", situation.promised)):
        if found.get(invoice.ref):
            asked -= found[invoice.ref]
            held.append(f"{spoken(found[invoice.ref])} {word}")
    if asked.amount <= 0:
        return f"Paused: {' and '.join(held)}, nothing is left to ask for."
    customer = situation.index.family[invoice.customer]
    private = customer.kind == "consumer" or not settings.private.isdisjoint(customer.groups)
    done = tuple(situation.index.tasks_about.get((RULE, invoice.ref), ()))
    if len(invoice.installments) <= 1:
        return Claim(row, asked, private, done, invoice.ref)
    due_on = next(part.due_on for part in row.parts if part.is_overdue)
    of_part = tuple(entry for entry in done if is_about(situation, invoice, None, entry, due_on))
    return Claim(row, asked, private, of_part, f"{invoice.ref}/{due_on}")


def reached(situation: Situation, settings: EscalationSettings, claim: Claim, totals: Totals) -> Reached | str:
    """The step that is to be done now, or why none is."""
    last = _last(settings, claim)
    waiting = _next(situation, settings, claim, totals, last)
    if isinstance(waiting, Reached):
        return waiting
    return _repeated(situation, settings, claim, totals, last) or waiting


def _next(situation: Situation, settings: EscalationSettings, claim: Claim, totals: Totals, last: int) -> Reached | str:
    for index, step in enumerate(settings.steps):
        if index <= last or not _fits(situation, step, claim, totals):
            continue
        due_on = _due_on(situation, settings, index, claim)
        if due_on is None:
            return _missing(situation, settings, index, claim)
        if situation.as_of < due_on:
            return f"Step {step.what} is reached on {due_on}{_locked(settings, claim, due_on)}."
        return Reached(claim, index, due_on)
    return "All steps that fit were taken."


def _last(settings: EscalationSettings, claim: Claim) -> int:
    """The furthest step taken, from 0; -1 where there was none."""
    if not claim.done:
        return -1
    places = settings.places
    return max((places[entry.what] for entry in claim.done if entry.what in places), default=-1)


def _fits(situation: Situation, step: EscalationStep, claim: Claim, totals: Totals) -> bool:
    if step.max_days is not None and claim.row.days_past_due > step.max_days:
        return False
    if not step.fits_debtor(private=claim.private):
        return False
    if step.needs_no_dispute and claim.invoice.ref in situation.index.disputes:
        return False
    if step.payer_class and situation.payer_class(claim.invoice.customer) not in step.payer_class:
        return False
    if step.min_invoice and not _is_enough(situation, step.min_invoice, claim.asked):
        return False
    is_too_much = bool(step.max_amount) and totals.exceeds(step.max_amount)
    return not is_too_much and (not step.min_amount or totals.reaches(step.min_amount))


def _is_enough(situation: Situation, minima: tuple[Amount, ...], asked: Money) -> bool:
    base = situation.account.company.currency
    worth = situation.converted(asked, base) or Money.zero(base)
    return Totals({asked.currency: asked}, worth).reaches(minima)


def _due_on(situation: Situation, settings: EscalationSettings, index: int, claim: Claim) -> date | None:
    """The day everything the step waits for has come; None while something of it has not happened."""
    step = settings.steps[index]
    found = _unlocked_on(settings, claim)
    if step.at_days is not None:
        found = max(found, days_after(situation.as_of, step.at_days - claim.row.days_past_due))
    if step.after_previous_days is not None:
        if not claim.done:
            return None
        found = max(found, days_after(max(entry.on for entry in claim.done), step.after_previous_days))
    if step.after_level is not None:
        sent_on = _sent_on(situation, claim, step.after_level)
        return None if sent_on is None else max(found, sent_on)
    return found


def _sent_on(situation: Situation, claim: Claim, level: int) -> date | None:
    sent = situation.index.reminders.get(claim.invoice.ref, ())
    return min((entry.on for entry in sent if entry.level >= level), default=None)


def _unlocked_on(settings: EscalationSettings, claim: Claim) -> date:
    """The first day no demand keeps back further steps. Refused ones never went out and keep nothing back."""
    found = date.min
    for entry in claim.done:
        days = settings.locks[claim.private].get(entry.what, 0)
        if days and entry.outcome == "done":
            found = max(found, days_after(entry.on, days + 1))
    return found


def _locked(settings: EscalationSettings, claim: Claim, due_on: date) -> str:
    return ", once the time to answer is over" if claim.done and _unlocked_on(settings, claim) == due_on else ""


def _missing(situation: Situation, settings: EscalationSettings, index: int, claim: Claim) -> str:
    step = settings.steps[index]
    if step.after_level is not None and _sent_on(situation, claim, step.after_level) is None:
        return f"Step {step.what} follows once reminder level {step.after_level} was sent."
    return f"Step {step.what} follows once a step before it was taken."


def _repeated(
    situation: Situation, settings: EscalationSettings, claim: Claim, totals: Totals, last: int
) -> Reached | str | None:
    """The step taken last once more, where the policy repeats it."""
    if last < 0 or not _fits(situation, settings.steps[last], claim, totals):
        return None
    step = settings.steps[last]
    taken = [entry for entry in claim.done if entry.what == step.what]
    if step.repeat_every_days is None or (step.max_repeats is not None and len(taken) > step.max_repeats):
        return None
    due_on = max(days_after(max(entry.on for entry in taken), step.repeat_every_days), _unlocked_on(settings, claim))
    if situation.as_of < due_on:
        return f"Step {step.what} is repeated on {due_on}."
    return Reached(claim, last, due_on, repeat=len(taken))
