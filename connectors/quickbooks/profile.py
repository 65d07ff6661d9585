"""What a company's books are set to: currency, country, numbering, terms, customer types. A value that fits a cursor.

Read once and carried in the cursor, so that an idle poll needs no second request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rules.domain.facts import Company, Discount

# Used only where preferences do not say it.
_HOME_CURRENCIES = {"US": "USD", "CA": "CAD", "GB": "GBP", "AU": "AUD", "NZ": "NZD", "IE": "EUR", "FR": "EUR"}


@dataclass(frozen=True, slots=True)
class Term:
    """The discount of a payment term. `day` is set for terms that name a day of the month instead of days."""

    pct: str = "0"
    days: int | None = None
    day: int | None = None

    def discount(self, issued_on: date) -> Discount | None:
        """The discount an invoice of `issued_on` offers; None where the term gives none."""
        pct = Decimal(self.pct)
        if pct <= 0 or (self.days is None and self.day is None):
            return None
        until = issued_on + timedelta(days=self.days or 0) if self.day is None else _next_day(issued_on, self.day)
        return Discount(pct, until)


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of a company that reading and writing need."""

    company: Company
    multi_currency: bool = False
    sales_tax: bool = False
    terms: Mapping[str, Term] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Profile:
        """What `to_json` wrote, also of an earlier version that kept more."""
        terms = {ref: Term(**term) for ref, term in stored["terms"].items()}
        known = {one.name: stored[one.name] for one in fields(cls) if one.name in stored}
        return cls(**{**known, "company": Company(**stored["company"]), "terms": terms})


def profile_of(
    info: Mapping[str, Any],
    preferences: Mapping[str, Any],
    terms: Sequence[Mapping[str, Any]],
    types: Sequence[Mapping[str, Any]],
    timezone: str,
) -> Profile:
    """Put together CompanyInfo, Preferences, Terms and CustomerTypes as QuickBooks gives them."""
    currencies = preferences.get("CurrencyPrefs") or {}
    country = str(info.get("Country") or "").strip().upper() or None
    home = str((currencies.get("HomeCurrency") or {}).get("value") or _HOME_CURRENCIES.get(country or "US", "USD"))
    region = (info.get("CompanyAddr") or {}).get("CountrySubDivisionCode")
    return Profile(
        company=Company(str(info.get("CompanyName") or ""), home, timezone, country, str(region) if region else None),
        multi_currency=currencies.get("MultiCurrencyEnabled") is True,
        sales_tax=(preferences.get("TaxPrefs") or {}).get("UsingSalesTax") is True,
        terms={str(row["Id"]): term_of(row) for row in terms if row.get("Id")},
        types=types_of(types),
    )


def types_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Names of customer types by id."""
    return {str(row["Id"]): str(row.get("Name") or row["Id"]) for row in rows if row.get("Id")}


def term_of(row: Mapping[str, Any]) -> Term:
    """The discount side of a Term; odd numbers give no discount."""
    days, day = row.get("DiscountDays"), row.get("DiscountDayOfMonth")
    return Term(
        pct=str(row.get("DiscountPercent") or "0"),
        days=int(days) if isinstance(days, int | Decimal) else None,
        day=int(day) if isinstance(day, int | Decimal) and day > 0 else None,
    )


def _next_day(start: date, day: int) -> date:
    """The next such day of a month on or after `start`; the last day of a month too short for it."""
    month = start.replace(day=1)
    while True:
        following = (month + timedelta(days=32)).replace(day=1)
        found = min(month + timedelta(days=day - 1), following - timedelta(days=1))
        if found >= start:
            return found
        month = following
