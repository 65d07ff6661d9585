"""What follows reminders, one step at a time: call, statement, final demand, agency, attorney, write-off and the like.

Each is a task that waits for a person unless the policy says otherwise; the next step follows once it was done or
refused. Decides which step is due for which invoices; it never closes a debt, never sells or assigns one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from rules.domain.actions import AddNote, DueLine, Operation, SendMessage
from rules.domain.calendars import days_after
from rules.domain.decisions import Decision, Problem, PutOff, Skip, Task
from rules.domain.escalating.settings import EscalationSettings as Settings
from rules.domain.escalating.settings import EscalationStep
from rules.domain.escalating.steps import RULE, Claim, Reached, Totals, claim_of, reached
from rules.domain.money import Money, total
from rules.domain.reminding.mailbox import has_mailbox
from rules.domain.reminding.messages import post_to
from rules.domain.reminding.spacing import turn_of
from rules.domain.reminding.windows import window_for
from rules.domain.situation import Situation
from rules.domain.wording import counted, joined, spoken, sums

__all__ = ["Settings", "decide"]


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """A task for each step that invoices have come to, a skip for each overdue invoice that waits."""
    claims: list[Claim] = []
    for ref, row in situation.aged.items():
        if ref in situation.scope and row.days_past_due:
            claim = claim_of(situation, settings, row)
            if isinstance(claim, Claim):
                claims.append(claim)
            else:
                yield Skip(RULE, ref, claim, row.invoice.customer)
    unrated: dict[str, None] = {}
    totals = _totals(situation, settings, claims, unrated)
    covered = _covered(situation, settings, totals)
    due: dict[tuple[int, bool], list[Reached]] = defaultdict(list)
    for claim in claims:
        found = covered.get(claim.asked.currency) or reached(situation, settings, claim, totals)
        if isinstance(found, Reached):
            due[found.index, found.repeat > 0].append(found)
        else:
            yield Skip(RULE, claim.invoice.ref, found, claim.invoice.customer)
    yield from (Problem(situation.account.customer.ref, problem, RULE) for problem in unrated)
    for _, group in sorted(due.items()):
        yield from _step(situation, settings, group)


def _totals(situation: Situation, settings: Settings, claims: list[Claim], unrated: dict[str, None]) -> Totals:
    base = situation.account.company.currency
    by_currency = {amount.currency: amount for amount in sums(claim.asked for claim in claims)}
    worth: list[Money] = []
    for amount in by_currency.values() if settings.has_bare_amounts else ():
        found = situation.converted(amount, base)
        if found is None:
            unrated[f"no rate from {amount.currency} to {base} on or before {situation.as_of}"] = None
        else:
            worth.append(found)
    return Totals(by_currency, total(worth, base))


def _covered(situation: Situation, settings: Settings, totals: Totals) -> dict[str, str]:
    """Currencies in which money that is on no invoice yet covers all that is asked, with the words for it."""
    if settings.when_unapplied_covers == "ignore" or situation.overdue.nets:
        return {}
    free = {rest.currency: rest for rest in situation.index.unapplied_in_all}
    return {
        currency: f"Paused: {spoken(free[currency])} received or credited but on no invoice yet covers "
        f"the {spoken(asked)} asked."
        for currency, asked in totals.by_currency.items()
        if currency in free and free[currency] >= asked
    }


def _step(situation: Situation, settings: Settings, group: list[Reached]) -> Iterator[Decision]:
    """The task; where it writes by itself it keeps the distance and the times of the policy's reminders."""
    task = _task(situation, settings, group)
    mail = next((step for step in task.operations if isinstance(step, SendMessage)), None)
    if mail is None:
        yield task
        return
    turn = turn_of(situation, task.invoices, task.what.capitalize(), task.due_on)
    window = window_for(situation, situation.send_window, group[0].claim.invoice)
    closed = window.closed(situation.as_of) if window else None
    why = turn.too_soon or (f"Outside the send window: {closed}." if closed else None)
    if why is None:
        yield replace(task, has_waited=turn.has_waited and not task.waits)
        return
    puts_off = None if turn.too_soon else PutOff(task.key, mail.hours, mail.open_days)
    for one in group:
        yield Skip(RULE, one.claim.invoice.ref, why, one.claim.invoice.customer, puts_off=puts_off)


def _task(situation: Situation, settings: Settings, group: list[Reached]) -> Task:
    lead = min(group, key=lambda one: (-one.claim.row.days_past_due, one.claim.invoice.ref))
    step = settings.steps[lead.index]
    head = situation.account.customer
    amounts = sums(one.claim.asked for one in group)
    repeat = f"/repeat-{lead.repeat}" if lead.repeat else ""
    return Task(
        rule=RULE,
        customer=head.ref,
        collector=head.collector,
        due_on=min(one.due_on for one in group),
        what=step.what,
        key=f"{RULE}/{lead.claim.occurrence}/{step.slug or f'step-{lead.index + 1}'}{repeat}",
        reason=_reason(step, group, lead, amounts),
        invoices=tuple(sorted(one.claim.invoice.ref for one in group)),
        amounts=amounts,
        waits=step.waits,
        operations=tuple(_operations(situation, step, group)),
    )


def _reason(step: EscalationStep, group: list[Reached], lead: Reached, amounts: tuple[Money, ...]) -> str:
    asked = joined(map(spoken, amounts))
    last = max((entry for one in group for entry in one.claim.done), key=lambda entry: entry.on, default=None)
    before = f"before it {last.what}, {last.outcome} on {last.on}" if last else "no step before it"
    to = f" to {step.to}" if step.to else ""
    again = f", {lead.repeat} of {step.max_repeats or 'any number of'} times again" if lead.repeat else ""
    return (
        f"{counted(len(group), 'invoice')}, {asked} asked, oldest {counted(lead.claim.row.days_past_due, 'day')} past "
        f"due: {step.what}{to} since {lead.due_on}{again}; {before}."
    )


def _operations(situation: Situation, step: EscalationStep, group: list[Reached]) -> Iterator[Operation]:
    """The message itself and a note of it on each invoice; nothing where a person sees to it all."""
    head = situation.account.customer
    if step.channel == "none" or (step.channel == "email" and not has_mailbox(head)):
        return
    answer_by = _answer_by(situation.as_of, step, group)
    ordered = sorted(group, key=lambda one: (-one.claim.row.days_past_due, one.claim.invoice.ref))
    window = window_for(situation, situation.send_window, group[0].claim.invoice)
    post = post_to(head.email or "", window if step.channel == "email" else None)
    yield SendMessage(
        customer=head.ref,
        to=post.to,
        name=head.name,
        template=step.text,
        level=group[0].index + 1,
        channel=step.channel,
        lines=tuple(_line(one.claim) for one in ordered),
        as_of=situation.as_of,
        company=situation.account.company.name,
        hours=post.hours,
        open_days=post.open_days,
        answer_by=answer_by,
    )
    by = f", to be answered by {answer_by}" if answer_by else ""
    for one in ordered:
        text = f"{step.what.capitalize()} of {situation.as_of}: {spoken(one.claim.asked)} asked{by}."
        yield AddNote(one.claim.invoice.customer, "invoice", one.claim.invoice.ref, text)


def _answer_by(as_of: date, step: EscalationStep, group: list[Reached]) -> date | None:
    days = max(step.locks(private=one.claim.private) for one in group)
    return days_after(as_of, days) if days else None


def _line(claim: Claim) -> DueLine:
    invoice = claim.invoice
    part = next((part for part in claim.row.parts if part.is_overdue), claim.row.parts[0])
    return DueLine(
        invoice=invoice.ref,
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=part.due_on,
        days_past_due=claim.row.days_past_due,
        asked=claim.asked,
        balance=invoice.balance,
        pay_link=invoice.pay_link,
    )
