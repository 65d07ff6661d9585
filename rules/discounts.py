"""Early-payment discounts: reminded of before they lapse, credited where earned, claimed back where taken too late.

What an earned discount settles is common arithmetic (`domain.eligibility`); this rule only says what is to be done
about it. It credits nothing itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import Field

from rules.domain.actions import AddNote, DueLine, Operation, SendMessage
from rules.domain.calendars import days_after
from rules.domain.decisions import Decision, Reminder, Skip, Task
from rules.domain.discounted import Offer, offer_of
from rules.domain.facts import DISCOUNT_REFUSED, DISCOUNT_TOLD
from rules.domain.money import Money
from rules.domain.reminding.mailbox import has_mailbox, no_mailbox
from rules.domain.reminding.messages import post_to
from rules.domain.reminding.silences import silence_about
from rules.domain.reminding.windows import window_for
from rules.domain.settings import Count, Flag, RuleSettings
from rules.domain.situation import Situation
from rules.domain.wording import counted, joined, spoken, sums

__all__ = ["Settings", "decide"]

RULE = "discounts"
CREDIT, CLAIM = "credit discount", "claim discount"


class Settings(RuleSettings):
    """Early-payment discounts: what is said before one lapses, and what follows when it was taken."""

    remind_days_before: Count | None = Field(
        default=None, description="Days before its last day from which a discount is reminded of; absent: never."
    )
    template: str = Field(default="discount", min_length=1, description="The text of that reminder.")
    channel: Literal["email", "letter", "call"] = Field(default="email", description="How it goes out.")
    credit_earned: Flag = Field(
        default=True, description="A task to credit a discount that was earned and still stands open in the books."
    )
    part_payment: Literal["none", "pro_rata"] = Field(
        default="none", description="Whether a part paid in time earns its own part of the discount."
    )
    forgive_days: Count = Field(
        default=0,
        description="Days after its last day on which a discount taken is let go like an earned one.",
    )
    claim_unearned: Flag = Field(
        default=True,
        description="A task to claim a discount that was taken off too late.",
    )


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """A reminder before a discount lapses, a task where one was taken, a skip for every other one."""
    lapsing: dict[date, list[Offer]] = defaultdict(list)
    for ref, row in situation.aged.items():
        offer = offer_of(situation, row) if ref in situation.scope else None
        if offer is None:
            continue
        if situation.as_of <= offer.until and not offer.is_earned:
            waiting = _not_yet(situation, settings, offer)
            if waiting is None and (closed := _closed(situation, offer)):
                waiting = f"{_runs(offer)}; outside the send window: {closed}"
            if waiting is None:
                lapsing[offer.until].append(offer)
            else:
                yield _skip(offer, waiting)
        else:
            yield _taken(situation, settings, offer)
    for _, offers in sorted(lapsing.items()):
        yield _reminder(situation, settings, offers)


def _skip(offer: Offer, why: str) -> Skip:
    return Skip(RULE, offer.invoice.ref, f"{why}.", offer.invoice.customer)


def _runs(offer: Offer) -> str:
    return f"A discount of {spoken(offer.discount)} runs until {offer.until}"


def _closed(situation: Situation, offer: Offer) -> str | None:
    """Why nothing goes out today: a word on a discount keeps to the times of the policy's reminders."""
    window = window_for(situation, situation.send_window, offer.invoice)
    return window.closed(situation.as_of) if window else None


def _not_yet(situation: Situation, settings: Settings, offer: Offer) -> str | None:
    """Why a running discount is not reminded of today; None where it is."""
    runs = _runs(offer)
    if settings.remind_days_before is None:
        return runs
    first_on = days_after(offer.until, -settings.remind_days_before)
    if situation.as_of < first_on:
        return f"{runs}, reminded of from {first_on} on"
    held = next((why for why, holds in _silences(situation, settings, offer) if holds), None)
    asked_for = (silence_about(situation, offer.invoice) or "").removesuffix(".")
    held = held or f"{asked_for[:1].lower()}{asked_for[1:]}"
    return f"{runs}; {held}" if held else None


def _silences(situation: Situation, settings: Settings, offer: Offer) -> Iterator[tuple[str, bool]]:
    """What may keep a reminder back, and whether it does."""
    invoice, head, index = offer.invoice, situation.account.customer, situation.index
    told = {entry.outcome for entry in index.contacts if entry.invoice == invoice.ref}
    yield "it was reminded of", DISCOUNT_TOLD in told
    yield "a person refused the reminder of it", DISCOUNT_REFUSED in told
    sent = index.reminders.get(invoice.ref, ())
    yield "a reminder went out today", any(entry.on == situation.as_of and entry.was_sent for entry in sent)
    yield "the customer is marked do not contact", invoice.customer in index.unwelcome
    yield "it is disputed or promised", invoice.ref in index.disputes or invoice.ref in situation.promised
    yield no_mailbox(head), settings.channel == "email" and not has_mailbox(head)


def _reminder(situation: Situation, settings: Settings, offers: list[Offer]) -> Reminder:
    until = offers[0].until
    saved = joined(spoken(amount) for amount in sums(offer.discount for offer in offers))
    return Reminder(
        rule=RULE,
        customer=situation.account.customer.ref,
        invoices=tuple(offer.invoice.ref for offer in offers),
        amounts=sums(offer.to_pay for offer in offers),
        level=0,
        template=settings.template,
        channel=settings.channel,
        key=f"{RULE}/{offers[0].invoice.ref}/lapse",
        reason=f"{counted(len(offers), 'invoice')}: a discount of {saved} lapses after {until}.",
        operations=tuple(_operations(situation, settings, offers)),
    )


def _operations(situation: Situation, settings: Settings, offers: list[Offer]) -> Iterator[Operation]:
    if settings.channel == "call":
        return
    head, until = situation.account.customer, offers[0].until
    window = window_for(situation, situation.send_window, offers[0].invoice)
    post = post_to(head.email or "", window if settings.channel == "email" else None)
    yield SendMessage(
        customer=head.ref,
        to=post.to,
        name=head.name,
        template=settings.template,
        level=0,
        channel=settings.channel,
        lines=tuple(_line(situation, offer) for offer in offers),
        as_of=situation.as_of,
        company=situation.account.company.name,
        hours=post.hours,
        open_days=post.open_days,
        answer_by=until,
    )
    for offer in offers:
        text = f"Reminded of the discount until {until}."
        yield AddNote(offer.invoice.customer, "invoice", offer.invoice.ref, text)


def _line(situation: Situation, offer: Offer) -> DueLine:
    invoice = offer.invoice
    return DueLine(
        invoice=invoice.ref,
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on or offer.until,
        days_past_due=situation.aged[invoice.ref].days_past_due,
        asked=offer.to_pay,
        balance=invoice.balance,
        pay_link=invoice.pay_link,
    )


def _taken(situation: Situation, settings: Settings, offer: Offer) -> Decision:
    """What follows once a discount was earned, taken too late, or left."""
    before = _followed(situation, offer)
    if before is not None:
        return _skip(offer, before)
    rest, allowed = offer.invoice.balance, spoken(offer.discount)
    if offer.is_earned:
        why = f"{spoken(offer.in_time)} came by {offer.until}, which earned the discount of {allowed}"
        return _task(situation, offer, CREDIT, rest, why) if settings.credit_earned else _skip(offer, why)
    if offer.short_paid_on is not None:
        return _short_paid(situation, settings, offer, offer.short_paid_on)
    share = Money(offer.pro_rata, rest.currency)
    if settings.part_payment == "pro_rata" and share:
        why = f"{spoken(offer.in_time)} came by {offer.until} and earned its part of the discount"
        return _task(situation, offer, CREDIT, share, why)
    return _skip(offer, f"The discount of {allowed} lapsed after {offer.until}")


def _short_paid(situation: Situation, settings: Settings, offer: Offer, paid_on: date) -> Decision:
    """A discount taken too late: let go for some days, then claimed."""
    rest = offer.invoice.balance
    why = (
        f"{spoken(rest)} short, no more than the discount of {spoken(offer.discount)}, "
        f"but paid on {paid_on} and it ran until {offer.until}"
    )
    if paid_on <= days_after(offer.until, settings.forgive_days):
        return _task(situation, offer, CREDIT, rest, f"{why}; the policy forgives {settings.forgive_days} days")
    return _task(situation, offer, CLAIM, rest, why) if settings.claim_unearned else _skip(offer, why)


def _followed(situation: Situation, offer: Offer) -> str | None:
    """The task of this rule that was done or refused for the invoice, if one was."""
    done = situation.index.tasks_about.get((RULE, offer.invoice.ref), ())
    return next((f"Task {entry.what} was {entry.outcome} on {entry.on}" for entry in done), None)


def _task(situation: Situation, offer: Offer, what: str, amount: Money, why: str) -> Task:
    customer = situation.index.family[offer.invoice.customer]
    return Task(
        rule=RULE,
        customer=customer.ref,
        collector=customer.collector or situation.account.customer.collector,
        due_on=days_after(offer.short_paid_on or offer.until, 1),
        what=what,
        key=f"{RULE}/{offer.invoice.ref}/{what.split(maxsplit=1)[0]}",
        reason=f"To {what} of {spoken(amount)}: {why}.",
        invoices=(offer.invoice.ref,),
        amounts=(amount,),
    )
