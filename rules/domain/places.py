"""Where company and customer are, in the names that tables by place have: ``"US-AL"`` before ``"US"``."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from rules.domain.facts import Company, Customer

Places: TypeAlias = tuple[str, ...]
"""The names of one party's place, the narrowest first; none where nothing is known."""


@lru_cache(maxsize=1024)
def named(country: str | None, region: str | None) -> Places:
    """The names of a country and, where it is known, of a state or province in it."""
    land, part = (country or "").strip().upper(), (region or "").strip().upper()
    if not land:
        return ()
    return (f"{land}-{part}", land) if part else (land,)


def of_company(company: Company) -> Places:
    """Where the company is."""
    return named(company.country, company.region)


def of_customer(customer: Customer, company: Company) -> Places:
    """Where the customer is; a state without a country is taken to be in the company's."""
    return named(customer.country or (company.country if customer.region else None), customer.region)
