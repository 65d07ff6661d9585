"""Which reminder is due for one invoice: its due parts, what is asked, and the level that was reached.

Levels are worked out afresh from what was sent and how late the invoice is now; nothing like a next step is stored.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from rules.domain.aging import AgedInvoice, effective_due, late_after, rest_of
from rules.domain.calendars import days_after, month_end
from rules.domain.facts import InstallmentPlan, Invoice, ReminderSent, TaskDone
from rules.domain.money import Money, total
from rules.domain.paying.plans import share_of
from rules.domain.reminding.settings import ReminderSettings
from rules.domain.reminding.windows import Window, window_for
from rules.domain.situation import Situation
from rules.domain.wording import spoken


class Clock(NamedTuple):
    """What the levels of an invoice are counted from. `occurrence` tells one due part from another in a key.

    `last` is the highest level that was sent, 0 where none was.
    """

    as_of: date
    due_on: date
    days: int
    asked: Money
    occurrence: str
    sent: tuple[ReminderSent, ...]
    last: int
    window: Window | None = None  # which days were open, where days that were missed count

    @property
    def were_sent(self) -> str:
        """What became of the levels that are behind it, in words."""
        return "were sent" if all(entry.was_sent for entry in self.sent) else "were sent or refused by a person"


class Step(NamedTuple):
    """A reminder due for an invoice. `repeat` is 0 for a level's first message, else counts its repeats from 1.

    `reached_on` is the first day on which it could go out; None where its level follows one that was never sent.
    """

    row: AgedInvoice
    clock: Clock
    level: int
    repeat: int = 0
    reached_on: date | None = None

    @property
    def invoice(self) -> Invoice:
        """The invoice it is about."""
        return self.row.invoice


def clock_of(situation: Situation, row: AgedInvoice, settings: ReminderSettings) -> Clock | None:
    """The invoice's clock: its oldest open part, or the plan's row where a plan is kept. None without a due date."""
    invoice, as_of = row.invoice, situation.as_of
    plan = situation.kept_plan(invoice)
    parts = _parts_of(plan, situation, invoice) if plan else [(part.due_on, part.open) for part in row.parts]
    if not parts:
        return None
    parts = _uncovered(parts, row.covered) if row.covered else parts
    due_on = parts[0][0]
    fallen = parts[0][1]  # the oldest part can be asked for before it has fallen due
    if len(parts) > 1:
        fallen = total([fallen, *(amount for day, amount in parts[1:] if day <= as_of)], invoice.currency)
    several = plan is not None or len(invoice.installments) > 1
    sent = situation.index.reminders.get(invoice.ref, ())
    first_day = days_after(due_on, settings.levels[0].at_days or 0)
    if several:
        sent = [entry for entry in sent if entry.on >= first_day and is_about(situation, invoice, plan, entry, due_on)]
    minds_missed = settings.catch_up_days is not None or first_day < as_of < due_on
    return Clock(
        as_of=as_of,
        due_on=due_on,
        days=(as_of - due_on).days,
        asked=_asked(situation, invoice, fallen),
        occurrence=f"{invoice.ref}/{due_on}" if several else invoice.ref,
        sent=tuple(sent),
        last=max(entry.level for entry in sent) if sent else 0,
        window=window_for(situation, settings.send_window, invoice) if minds_missed else None,
    )


def _parts_of(plan: InstallmentPlan, situation: Situation, invoice: Invoice) -> list[tuple[date, Money]]:
    """The invoice's share of what is open of the plan's rows, oldest first. Rows fill the invoice due first."""
    aged, currency = situation.aged, invoice.currency
    refs = [ref for ref in plan.invoices if ref in aged and aged[ref].invoice.currency == currency]
    refs.sort(key=lambda ref: (aged[ref].invoice.due_on or date.max, ref))
    room = {ref: aged[ref].invoice.balance for ref in refs}
    schedule = [row for row in plan.schedule if row.amount.currency == currency]
    if not schedule:
        return []
    rest = rest_of(schedule, total(list(room.values()), currency), situation.overdue)
    parts = share_of(invoice.ref, rest, room)
    return [(effective_due(day, situation.overdue, situation.calendar), amount) for day, amount in parts]


def _uncovered(parts: list[tuple[date, Money]], covered: Money) -> list[tuple[date, Money]]:
    """What money on no invoice yet leaves of the parts, the oldest covered first; never no part at all."""
    found: list[tuple[date, Money]] = []
    for day, amount in parts:
        piece = min(amount, covered)
        covered -= piece
        if piece < amount:
            found.append((day, amount - piece))
    return found or [(parts[-1][0], Money.zero(parts[-1][1].currency))]


def is_about(
    situation: Situation, invoice: Invoice, plan: InstallmentPlan | None, entry: ReminderSent | TaskDone, due_on: date
) -> bool:
    """Whether a message or step was about the part due on `due_on`, the oldest one open then; True if none can tell.

    Where money of that very day changed the part, the key says whether it was known; without one, either is taken.
    """
    if plan is not None and plan.invoices != (invoice.ref,):
        return True
    parts = [_oldest_then(situation, invoice, plan, day) for day in (entry.on, days_after(entry.on, 1))]
    if parts[0] != parts[1] and f"/{invoice.ref}/" in entry.key:
        return f"/{invoice.ref}/{due_on}/" in entry.key
    return due_on in parts or None in parts


def _oldest_then(situation: Situation, invoice: Invoice, plan: InstallmentPlan | None, day: date) -> date | None:
    """The day of the part that was the oldest open one when `day` began; None where nothing was open."""
    since = [part.amount for part in situation.index.settlements.get(invoice.ref, ()) if part.on >= day]
    covered = situation.netted.get(invoice.ref) or Money.zero(invoice.currency)
    schedule = plan.schedule if plan else invoice.installments
    parts = rest_of(schedule, invoice.balance - covered + total(since, invoice.currency), situation.overdue)
    if not parts:
        return None
    due_by = situation.due_by(invoice) if plan is None else None
    due_on = parts[0].due_on if due_by is None or day <= due_by else min(parts[0].due_on, due_by)
    return late_after(invoice, due_on, situation.overdue, situation.calendar)


def due_step(row: AgedInvoice, clock: Clock, settings: ReminderSettings) -> Step | str:
    """The reminder that is due now, or why none is."""
    reached = _next_level(clock, settings)
    if isinstance(reached, str):
        return _repeat(row, clock, settings) or reached
    level, reached_on = reached
    return Step(row, clock, level, reached_on=reached_on)


def exhausted_on(clock: Clock, settings: ReminderSettings) -> date | None:
    """When the last message that will ever be sent was sent, or was to be; None while one may still come."""
    levels = len(settings.levels)
    if clock.last < levels:
        lost = all(_has_passed(settings, number, clock) for number in range(clock.last + 1, levels + 1))
        return _day_of(clock, settings, levels) if lost else None
    level = settings.levels[-1]
    sent = [entry.on for entry in clock.sent if entry.level >= clock.last]
    repeats = level.max_repeats if level.repeat_every_days is not None else 0
    return max(sent) if repeats is not None and len(sent) > repeats else None


def _next_level(clock: Clock, settings: ReminderSettings) -> tuple[int, date] | str:
    """The level that is reached, with the day it was; else why none is."""
    found: tuple[int, date] | None = None
    for number in range(clock.last + 1, len(settings.levels) + 1):
        if _has_passed(settings, number, clock):
            continue
        day = _day_of(clock, settings, number)
        if day is None or clock.as_of < day:
            return found or _comes_on(settings, number, day)
        if settings.first_contact == "level_1":
            return number, day
        found = number, day
    if found or clock.last == len(settings.levels):
        return found or f"all {len(settings.levels)} levels {clock.were_sent}"
    return (
        f"the days of all levels after {clock.last} have passed" if clock.last else "the days of all levels have passed"
    )


def _day_of(clock: Clock, settings: ReminderSettings, number: int) -> date | None:
    """The day the level is reached; None while the level it follows was not sent."""
    level = settings.levels[number - 1]
    if level.at_days is not None:
        late = 0 if level.is_before_due or settings.thresholds == "reached" else 1
        day = days_after(clock.due_on, level.at_days)
        day = month_end(day) if level.end_of_month else day
        return days_after(day, late) if late else day
    before = [entry.on for entry in clock.sent if entry.level == number - 1]
    if before:
        return days_after(max(before), level.after_previous_days or 0)
    if not _has_passed(settings, number - 1, clock):
        return None
    was_to_go = clock.due_on if settings.levels[number - 2].is_before_due else _day_of(clock, settings, number - 1)
    return days_after(was_to_go or clock.due_on, level.after_previous_days or 0)


def _comes_on(settings: ReminderSettings, number: int, day: date | None) -> str:
    told = f"level {number} of {len(settings.levels)}"
    return f"{told} is reached on {day}" if day else f"{told} follows once level {number - 1} was sent"


def _has_passed(settings: ReminderSettings, number: int, clock: Clock) -> bool:
    """Whether a level missed its day: one before the due date, or any by more days than are caught up.

    Days on which nothing goes out are not missed.
    """
    level = settings.levels[number - 1]
    if not level.is_before_due and settings.catch_up_days is None:
        return False
    if level.is_before_due and clock.days >= 0:
        return True
    day = _day_of(clock, settings, number)
    if day is None or clock.as_of <= day:
        return False
    left = 0 if level.is_before_due else settings.catch_up_days or 0
    while day < clock.as_of and left >= 0:
        left -= clock.window is None or clock.window.closed(day) is None
        day = days_after(day, 1)
    return left < 0


def _repeat(row: AgedInvoice, clock: Clock, settings: ReminderSettings) -> Step | str | None:
    last = clock.last
    if not 1 <= last <= len(settings.levels) or settings.levels[last - 1].repeat_every_days is None:
        return None
    level = settings.levels[last - 1]
    sent = [entry.on for entry in clock.sent if entry.level == last]
    if level.max_repeats is not None and len(sent) > level.max_repeats:
        return None
    due_on = days_after(max(sent), level.repeat_every_days or 0)
    if clock.as_of < due_on:
        return f"level {last} is repeated on {due_on}"
    return Step(row, clock, last, len(sent), due_on)


def _asked(situation: Situation, invoice: Invoice, fallen: Money) -> Money:
    """What has fallen due less what is contested or promised, not below zero."""
    ref, disputed, promised = invoice.ref, situation.disputed, situation.promised
    if ref not in disputed and ref not in promised:  # nearly always
        return fallen
    held = [found[ref] for found in (disputed, promised) if ref in found]
    return max(fallen - total(held, invoice.currency), Money.zero(invoice.currency))


def pause(situation: Situation, ref: str) -> str:
    """What is left out of the asking, in words; empty where nothing is."""
    parts = []
    left_out = (
        ("disputed", situation.disputed),
        ("promised", situation.promised),
        ("covered by money on no invoice yet", situation.netted),
    )
    for word, found in left_out:
        if found.get(ref):
            parts.append(f"{spoken(found[ref])} {word}")
    return " and ".join(parts)
