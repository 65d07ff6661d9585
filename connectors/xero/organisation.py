"""The organisation whose books answer: which it is, and what of it reading and writing need."""

from __future__ import annotations

from datetime import date

from connectors.errors import Unavailable
from connectors.xero.values import Row, day, needed, rows, text
from rules.domain.facts import Company


def organisation_in(document: Row) -> Row:
    """The one organisation whose books an answer is about.

    Raises:
        Unavailable: Xero names another number of them than one.
    """
    found = rows(document, "Organisations")
    if len(found) != 1:
        raise Unavailable(f"Xero named {len(found)} organisations where one was expected")
    return found[0]


def company_of(row: Row, timezone: str) -> Company:
    """The organisation. Its own time zone is a Windows name; the connection's is the one that counts."""
    return Company(
        name=text(row, "Name"),
        currency=needed(text(row, "BaseCurrency"), "BaseCurrency"),
        timezone=timezone,
        country=text(row, "CountryCode") or None,
    )


def locked_through(row: Row) -> date | None:
    """The last day of an organisation's locked period: the later of its two lock dates, None where neither is set."""
    days = [found for found in (day(row, "PeriodLockDate"), day(row, "EndOfYearLockDate")) if found]
    return max(days, default=None)
