"""Which reminders go out: one level at a time, to people who may be written to, for what they really still owe.

Decides what is due and says why the rest is not. What a message looks like is in `domain.messages`; hours of the day
are the outbox's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.domain.aging import AgedInvoice
from rules.domain.calendars import days_after
from rules.domain.decisions import Decision, PutOff, Skip, Task
from rules.domain.money import Money
from rules.domain.reminding.dunning import Clock, Step, clock_of, due_step, exhausted_on, pause
from rules.domain.reminding.mailbox import has_mailbox, no_mailbox
from rules.domain.reminding.messages import MAILED, key_of, message, post_to, turn
from rules.domain.reminding.settings import ReminderSettings as Settings
from rules.domain.reminding.silences import no_contact, silence_about
from rules.domain.reminding.windows import recipient, window_for
from rules.domain.situation import Situation
from rules.domain.wording import counted, spoken, sums

__all__ = ["Settings", "decide"]

RULE = "reminders"


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """A reminder for each message that is due, a skip for each invoice or message that is not."""
    due: list[Step] = []
    for ref, row in situation.aged.items():
        if ref in situation.scope:
            found = _step(situation, settings, ref)
            if isinstance(found, Step):
                due.append(found)
            elif isinstance(found, Task):
                yield found
            else:
                yield Skip(RULE, ref, found, row.invoice.customer)
    unapplied = _unapplied(situation)
    for steps in _messages(situation, due, settings):
        yield from _send(situation, settings, steps, unapplied)


def _messages(situation: Situation, due: list[Step], settings: Settings) -> Iterable[list[Step]]:
    """What goes out together, the oldest first. What has waited long enough goes without what waits for a person."""
    if not settings.one_per_customer:
        return [[step] for step in sorted(due, key=lambda step: (-step.clock.days, step.invoice.ref))]
    lead = max((step.level for step in due), default=0)
    if lead == 0 or settings.levels[lead - 1].channel in MAILED:
        return [due] if due else []
    mailed = [step for step in due if settings.levels[step.level - 1].channel in MAILED]
    alone = [step for step in mailed if turn(situation, [step]).has_waited]
    rest = [step for step in due if step not in alone]
    return [alone, rest] if alone else [rest]


def _step(situation: Situation, settings: Settings, ref: str) -> Step | Task | str:
    """The reminder due for the invoice, the task once all were sent, or why there is neither."""
    row = situation.aged[ref]
    never = _never(situation, row) or silence_about(situation, row.invoice)
    clock = clock_of(situation, row, settings)
    if never or clock is None:
        return never or "No due date: never chased."
    step = due_step(row, clock, settings)
    task = _hand_over(situation, settings, clock, ref) if isinstance(step, str) else None
    if isinstance(step, str) and task is None:
        return f"{step[:1].upper()}{step[1:]}."
    if not clock.asked:
        return f"Paused: nothing is left to ask for, {pause(situation, ref) or 'nothing has fallen due'}."
    return task or step


def _hand_over(situation: Situation, settings: Settings, clock: Clock, ref: str) -> Task | None:
    """The task that follows the last message, once its days have passed."""
    last_on = exhausted_on(clock, settings) if settings.hand_over is not None else None
    if settings.hand_over is None or last_on is None:
        return None
    due_on = days_after(last_on, settings.hand_over.after_days)
    if situation.as_of < due_on:
        return None
    head = situation.account.customer
    verb = clock.were_sent if clock.last >= len(settings.levels) else f"{clock.were_sent} or had their days"
    return Task(
        rule=RULE,
        customer=head.ref,
        collector=head.collector,
        due_on=due_on,
        what=settings.hand_over.what,
        key=f"{RULE}/{clock.occurrence}/hand-over",
        reason=f"All {counted(len(settings.levels), 'level')} {verb}, the last on {last_on}; "
        f"{spoken(clock.asked)} of {situation.aged[ref].invoice.number or ref} is still asked for.",
    )


def _never(situation: Situation, row: AgedInvoice) -> str | None:
    """Why the invoice is not chased at all, whatever its age."""
    if (marked := no_contact(situation, row.invoice)) is not None:
        return marked
    if row.is_settled:
        return "A discount earned settles it."
    handed = situation.index.handed_over.get(row.invoice.ref)
    if handed is not None:
        return f"Handed over ({handed.what}) on {handed.on}: others write now."
    return f"The rest of {spoken(row.left)} is within the tolerance." if row.is_tolerated else None


def _send(
    situation: Situation, settings: Settings, steps: list[Step], unapplied: dict[str, Money]
) -> Iterator[Decision]:
    """The message about these invoices, or the skips of what holds it back. Uses up `unapplied`."""
    whose = turn(situation, steps)
    if whose.too_soon:
        yield from _skips(steps, whose.too_soon)
        return
    kept = steps
    for currency, why in _held_currencies(situation, settings, steps, unapplied):
        yield from _skips([step for step in kept if step.clock.asked.currency == currency], why)
        kept = [step for step in kept if step.clock.asked.currency != currency]
    if not kept:
        return
    level = settings.levels[max(step.level for step in kept) - 1]
    window = window_for(situation, settings.send_window, kept[0].invoice)
    closed = window.closed(situation.as_of) if window else None
    if closed:
        post = post_to("", window if level.channel in MAILED else None)
        puts_off = PutOff(key_of(kept), post.hours, post.open_days)
        yield from _skips(kept, f"Outside the send window: {closed}.", puts_off=puts_off)
        return
    whom = recipient(situation, kept[0].invoice)
    if level.channel in MAILED and not has_mailbox(whom):
        why = no_mailbox(whom)
        yield from _skips(kept, f"{why[:1].upper()}{why[1:]}.", mendable=True)
        return
    has_waited = (whose if kept is steps else turn(situation, kept)).has_waited
    yield from message(situation, settings, kept, post_to(whom.email or "", window), has_waited=has_waited)


def _skips(
    steps: Iterable[Step], why: str, *, mendable: bool = False, puts_off: PutOff | None = None
) -> Iterator[Skip]:
    for step in steps:
        yield Skip(RULE, step.invoice.ref, why, step.invoice.customer, mendable, puts_off)


def _held_currencies(
    situation: Situation, settings: Settings, steps: list[Step], unapplied: dict[str, Money]
) -> Iterator[tuple[str, str]]:
    """Currencies left out of the message, each with the reason."""
    minima = {minimum.currency or situation.account.company.currency: minimum for minimum in settings.min_overdue}
    for asked in sums(step.clock.asked for step in steps):
        currency = asked.currency
        free = unapplied.get(currency)
        if settings.when_unapplied_covers == "pause" and free is not None and free >= asked:
            unapplied[currency] = free - asked
            why = f"{spoken(free)} received or credited but on no invoice yet covers the {spoken(asked)} asked"
            yield currency, f"Paused: {why}."
        elif currency in minima and asked.amount < minima[currency].number:
            minimum = minima[currency].money(currency)
            yield currency, f"{spoken(asked)} asked is below the minimum of {spoken(minimum)}."


def _unapplied(situation: Situation) -> dict[str, Money]:
    """The family's money and credits on no invoice yet, by currency; none where they are netted already."""
    if situation.overdue.nets:
        return {}
    return {rest.currency: rest for rest in situation.index.unapplied_in_all}
