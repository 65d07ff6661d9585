"""A policy's send window as it stands at one customer: on which days of ours a message can go out there at all.

The day a rule decides about is the company's; the window's days, hours and holidays are those of whoever is written to.
A day is open where some moment of it falls into the window there. Which moment, only the outbox can say.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules.domain.actions import OpenDays
from rules.domain.calendars import WEEKDAYS, is_holiday
from rules.domain.courtesy import SendWindow
from rules.domain.facts import Company, Customer, Invoice
from rules.domain.reminding.mailbox import has_mailbox
from rules.domain.situation import Situation
from rules.domain.zones import calendar_of, zone_of

_DAY = timedelta(days=1)
_FIRST, _LAST = date(2, 1, 1), date(9998, 12, 31)


class Window(NamedTuple):
    """The window, read by the clock of `zone`; `here` is the company's. `calendars` are the holidays that count."""

    settings: SendWindow
    zone: str
    here: str
    calendars: tuple[str, ...]

    def closed(self, day: date) -> str | None:
        """Why nothing can go out on the company's `day`; None where something can."""
        if self.zone == self.here or not _FIRST <= day <= _LAST:
            return closed_on(day, self.settings.days, self.calendars)
        why: list[str] = []
        for local in days_there(day, self.here, self.zone, (self.settings.from_, self.settings.to)):
            closed = closed_on(local, self.settings.days, self.calendars)
            if closed is None:
                return None
            why.append(closed)
        return f"in {self.zone} {' and '.join(dict.fromkeys(why)) or 'its hours are not reached'}"

    @property
    def open_days(self) -> OpenDays:
        """The same for the outbox, which knows what time it is."""
        return OpenDays(self.zone, self.settings.days, self.calendars)


def recipient(situation: Situation, invoice: Invoice) -> Customer:
    """Who is written to about the invoice: who is billed, else, without a mailbox, who it was written to."""
    head, own = situation.account.customer, situation.index.family[invoice.customer]
    return own if not has_mailbox(head) and has_mailbox(own) else head


def window_for(situation: Situation, settings: SendWindow | None, invoice: Invoice) -> Window | None:
    """The window for messages about the invoice; None where there is none."""
    if settings is None:
        return None
    return window_at(settings, recipient(situation, invoice), situation.account.company)


def window_at(settings: SendWindow, customer: Customer, company: Company) -> Window:
    """The window for messages to the customer."""
    zone = zone_of(customer, company) if settings.clock == "customer" else company.timezone
    theirs = calendar_of(customer, company) if settings.customer_holidays else None
    calendars = tuple(dict.fromkeys(name for name in (settings.holidays, theirs) if name is not None))
    return Window(settings, zone, company.timezone, calendars)


def closed_on(day: date, days: tuple[str, ...], calendars: tuple[str, ...]) -> str | None:
    """Why the local `day` is closed; None where it is open."""
    name = WEEKDAYS[day.weekday()]
    if name not in days:
        return f"{name} is no day to send"
    return next((f"a public holiday ({calendar})" for calendar in calendars if is_holiday(day, calendar)), None)


@lru_cache(maxsize=4096)
def days_there(day: date, here: str, there: str, hours: tuple[str, str]) -> tuple[date, ...]:
    """The local days in `there` of which the hours fall into `day` as it is counted in `here`."""
    start, end = _instant(day, "00:00", here), _instant(day, "24:00", here)
    near = (day + step * _DAY for step in range(-2, 3))  # clocks are up to 26 hours apart
    # The hour that is skipped when clocks are put on begins and ends at one moment: no time is left in it.
    return tuple(
        local
        for local in near
        if max(start, _instant(local, hours[0], there)) < min(end, _instant(local, hours[1], there))
    )


def _instant(day: date, hour: str, zone: str) -> datetime:
    """The moment at which it is `hour` there; "24:00" is the end of the day."""
    if hour == "24:00":
        day, hour = day + _DAY, "00:00"
    return datetime.combine(day, time.fromisoformat(hour), ZoneInfo(zone)).astimezone(UTC)
