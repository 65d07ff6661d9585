"""Making the one message of a reminder: level, tone, fee, wording, operations. What is due was decided before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from rules.domain.actions import (
    AddNote,
    ChargeLine,
    CreateInvoice,
    DueLine,
    EmailInvoice,
    OpenDays,
    Operation,
    SendMessage,
)
from rules.domain.decisions import Problem, Reminder
from rules.domain.facts import ReminderSent
from rules.domain.money import Money, total
from rules.domain.reminding.dunning import Step, pause
from rules.domain.reminding.settings import Level, ReminderSettings
from rules.domain.reminding.spacing import Turn, turn_of
from rules.domain.reminding.windows import Window
from rules.domain.situation import Situation
from rules.domain.wording import counted, joined, late, spoken, sums

RULE = "reminders"
TONES = ("friendly", "firm", "final")
MAILED = ("email", "provider")  # what goes out by itself; all else waits for a person


class Post(NamedTuple):
    """The address, and when mail to it may go out; without hours at any time."""

    to: str
    hours: tuple[str, str] | None = None
    open_days: OpenDays | None = None


def post_to(to: str, window: Window | None) -> Post:
    """The address with the times of the window."""
    if window is None:
        return Post(to)
    return Post(to, (window.settings.from_, window.settings.to), window.open_days)


def key_of(steps: list[Step]) -> str:
    """The key of the message about these invoices."""
    return _key(min(steps, key=_rank))


def turn(situation: Situation, steps: list[Step]) -> Turn:
    """Whether it is the turn of a message about these invoices."""
    since = min((step.reached_on or date.min for step in steps), default=date.min)
    level = max(step.level for step in steps)
    return turn_of(situation, [step.invoice.ref for step in steps], f"Level {level}", since)


class _Draft(NamedTuple):
    """What a message is made from: the step that leads, its level, the tone, and all it is about, the oldest first."""

    lead: Step
    level: Level
    template: str
    fee: Money | None
    steps: list[Step]


def message(
    situation: Situation, settings: ReminderSettings, steps: list[Step], post: Post, *, has_waited: bool
) -> Iterator[Reminder | Problem]:
    """One reminder about these invoices, at the highest of their levels; a problem where its fee cannot be told."""
    lead = min(steps, key=_rank)
    level = settings.levels[lead.level - 1]
    fee = _fee(situation, level, [step for step in steps if step.level == lead.level])
    billed = fee if isinstance(fee, _Fee) else None
    asked = sums(step.clock.asked for step in steps)
    template = _template(situation, settings, lead)
    draft = _Draft(lead, level, template, billed.amount if billed else None, sorted(steps, key=_line_order))
    yield Reminder(
        rule=RULE,
        customer=situation.account.customer.ref,
        invoices=tuple(sorted(step.invoice.ref for step in steps)),
        amounts=asked,
        level=lead.level,
        template=template,
        channel=level.channel,
        key=_key(lead),
        reason=_reason(situation, settings, draft, asked),
        fee=draft.fee,
        repeat=lead.repeat,
        has_waited=level.channel in MAILED and has_waited,
        operations=(
            *_sent(situation, draft, post),
            *((_fee_invoice(situation, billed),) if billed else ()),
            *_notes(situation, draft),
        ),
    )
    if isinstance(fee, str):
        yield Problem(lead.invoice.ref, fee, RULE)


def _rank(step: Step) -> tuple[int, bool, int, str]:
    """The lead comes first: highest level, a first message before a repeat, the oldest, then by ref."""
    return -step.level, step.repeat > 0, -step.clock.days, step.invoice.ref


def _line_order(step: Step) -> tuple[int, str]:
    return -step.clock.days, step.invoice.ref


def _key(lead: Step) -> str:
    key = f"{RULE}/{lead.clock.occurrence}/level-{lead.level}"
    return f"{key}/repeat-{lead.repeat}" if lead.repeat else key


def _template(situation: Situation, settings: ReminderSettings, lead: Step) -> str:
    """The level's template, made firmer or gentler by the way the customer pays. The order of levels stays."""
    own = settings.levels[lead.level - 1].template
    shift = 0
    if settings.severity_by_payer:
        shift = settings.severity_by_payer.get(situation.payer_class(lead.invoice.customer), 0)
    if not shift or settings.levels[lead.level - 1].is_before_due:
        return own
    after_due = tuple(dict.fromkeys(level.template for level in settings.levels if not level.is_before_due))
    ladder = TONES if own in TONES else after_due
    return ladder[max(0, min(len(ladder) - 1, ladder.index(own) + shift))]


@dataclass(frozen=True, slots=True)
class _Fee:
    """What a message's level costs, and the invoice it falls on."""

    amount: Money
    step: Step


def _fee(situation: Situation, level: Level, leads: list[Step]) -> _Fee | str | None:
    """The level's fee, in the currency of the invoice it falls on, or why it cannot be told.

    None for a repeat, for our own charges, or where the level was sent before. Fees are never converted.
    """
    if level.fee is None and level.fee_pct is None:
        return None
    before = situation.index.reminders
    bearing = [
        step
        for step in sorted(leads, key=_rank)
        if not step.invoice.is_ours and all(entry.level != step.level for entry in before.get(step.invoice.ref, ()))
    ]
    if not bearing:
        return None
    if level.fee_pct is not None:
        return _percentage(level.fee_pct, bearing)
    stated = [amount.money(situation.account.company.currency).rounded() for amount in level.fee or ()]
    for step in bearing:
        own = next((amount for amount in stated if amount.currency == step.invoice.currency), None)
        if own is not None:
            return _Fee(own, step) if own else None
    lead = bearing[0]
    have = joined(spoken(amount) for amount in stated)
    return f"no fee of level {lead.level} in {lead.invoice.currency}, so it goes out without one; the policy has {have}"


def _percentage(pct: Decimal, bearing: list[Step]) -> _Fee | None:
    """Of each invoice in the lead's currency, each rounded."""
    currency = bearing[0].invoice.currency
    own = (step.invoice.balance for step in bearing if step.invoice.currency == currency)
    fee = total([Money(balance.amount * pct / Decimal(100), currency).rounded() for balance in own], currency)
    return _Fee(fee, bearing[0]) if fee else None


def _reason(situation: Situation, settings: ReminderSettings, draft: _Draft, amounts: tuple[Money, ...]) -> str:
    lead, level, _, _, steps = draft
    asked = joined(map(spoken, amounts))
    oldest = steps[0].clock
    is_paused = situation.disputed or situation.promised or situation.netted
    held = joined(
        f"{part} on {step.invoice.number or step.invoice.ref}"
        for step in steps
        if is_paused and (part := pause(situation, step.invoice.ref))
    )
    reached = f"level {lead.level} of {len(settings.levels)} {_reached(level)}"
    if lead.repeat:
        reached = f"level {lead.level} repeated, {lead.repeat} of {level.max_repeats or 'any number of'} times"
    history = [entry for step in steps for entry in step.clock.sent]
    last = max(history, key=lambda entry: (entry.on, entry.level), default=None)
    return (
        f"{counted(len(steps), 'invoice')}, {asked} asked{f' ({held} left out)' if held else ''}, "
        f"oldest {late(oldest.days, oldest.due_on)}: {reached}; {_before(last)}."
    )


def _before(last: ReminderSent | None) -> str:
    if last is None:
        return "no reminder before"
    if not last.was_sent:
        return f"level {last.level} refused by a person on {last.on}, nothing sent"
    return f"last reminder level {last.level} on {last.on}"


def _reached(level: Level) -> str:
    """What makes the level due, in words."""
    if level.at_days is None:
        return f"follows {counted(level.after_previous_days or 0, 'day')} after the one before"
    if level.at_days < 0:
        return f"comes {counted(-level.at_days, 'day')} before"
    month = "the end of the month after " if level.end_of_month else ""
    return f"reached at {month}{counted(level.at_days, 'day')}"


def _sent(situation: Situation, draft: _Draft, post: Post) -> Iterator[Operation]:
    """What is mailed carries the hours of its window: only the outbox knows what time it is. Paper has none."""
    channel = draft.level.channel
    if channel in ("email", "letter"):
        yield _send_message(situation, draft, post if channel == "email" else Post(post.to))
    if channel == "provider":
        for step in draft.steps:
            ref, balance = step.invoice.ref, step.invoice.balance
            to, hours, days = post
            yield EmailInvoice(situation.account.customer.ref, ref, to, balance, hours, days, step.reached_on)


def _send_message(situation: Situation, draft: _Draft, post: Post) -> SendMessage:
    head, sent = situation.account.customer, draft.lead.clock.sent
    return SendMessage(
        customer=head.ref,
        to=post.to,
        name=head.name,
        template=draft.template,
        level=draft.lead.level,
        channel="letter" if draft.level.channel == "letter" else "email",
        lines=tuple([_due_line(step) for step in draft.steps]),
        as_of=situation.as_of,
        fee=draft.fee,
        copy_to=head.collector if draft.level.copy_to_collector else None,
        company=situation.account.company.name,
        replies_to=tuple(dict.fromkeys(entry.key for entry in sent if entry.key and entry.was_sent)),
        hours=post.hours,
        open_days=post.open_days,
    )


def _due_line(step: Step) -> DueLine:
    invoice, clock = step.invoice, step.clock
    return DueLine(
        invoice=invoice.ref,
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=clock.due_on,
        days_past_due=max(clock.days, 0),
        asked=clock.asked,
        balance=invoice.balance,
        pay_link=invoice.pay_link,
    )


def _fee_invoice(situation: Situation, fee: _Fee) -> CreateInvoice:
    """The fee the message names, billed to whom the invoice was: a fee that stands in no books is not owed."""
    bearer, on = fee.step.invoice, situation.as_of
    number = bearer.number or bearer.ref
    return CreateInvoice(
        customer=bearer.customer,
        invoice=bearer.ref,
        invoice_number=bearer.number,
        issued_on=on,
        due_on=on,
        lines=(ChargeLine(f"Reminder fee, invoice {number}", fee.amount, "fee"),),
        note=f"Fee of {spoken(fee.amount)} with reminder level {fee.step.level} of {on} on invoice {number}.",
    )


def _notes(situation: Situation, draft: _Draft) -> Iterator[AddNote]:
    if draft.level.channel not in ("email", "letter"):
        return
    word = "sent" if draft.level.channel == "email" else "written"
    done = f"Reminder level {draft.lead.level} {word} on {situation.as_of}"
    for step in draft.steps:
        invoice = step.invoice
        yield AddNote(invoice.customer, "invoice", invoice.ref, f"{done}: {spoken(step.clock.asked)} asked.")
