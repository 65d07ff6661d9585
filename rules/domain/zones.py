"""Whose clock a customer lives by, and whose public holidays it keeps.

The customer's own time zone; else that of its country, or of its state where a country has several, from a table with a
source for each row; else the company's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from rules.domain.calendars import is_known
from rules.domain.facts import Company, Customer
from rules.domain.places import of_customer
from rules.domain.zone_names import is_zone
from rules.tables import rows_of


def zone_of(customer: Customer, company: Company) -> str:
    """The IANA name of the zone the customer lives in, as far as is known."""
    found = customer.timezone
    if found is None:
        zones = _zones()
        found = next((zones[place] for place in of_customer(customer, company) if place in zones), None)
    return found if found is not None and is_zone(found) else company.timezone


def calendar_of(customer: Customer, company: Company) -> str | None:
    """The public holidays of the customer's region, else of its country; None where neither is known."""
    return next((place for place in of_customer(customer, company) if is_known(place)), None)


@cache
def _zones() -> Mapping[str, str]:
    return {row["place"]: row["zone"] for row in rows_of("timezones")}
