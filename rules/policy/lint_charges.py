"""Lint of finance charges: rates above a cap, amounts that contradict each other, tables that end, wrong debtors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from rules.domain.caps import cap_for
from rules.domain.charge_settings import Settings as ChargeSettings
from rules.domain.facts import Company, Customer
from rules.domain.money import Money
from rules.domain.references import STATUTORY, rate_table
from rules.policy.documents import Path
from rules.policy.policies import Policies
from rules.policy.problems import meant

STALE_DAYS = 366  # a statutory table that has no row this recent was not kept up
_BUSINESS_ONLY = ("boe", "ecb", "us-treasury")


def charge_warnings(
    policies: Policies, name: str, parties: tuple[Company | None, Sequence[Customer]], day: date | None
) -> Iterator[tuple[Path, str]]:
    """What is doubtful in one policy's finance charges between the company and the customers it governs."""
    company, governed = parties
    settings = policies.rule_settings(name).get("finance_charges")
    if isinstance(settings, ChargeSettings):
        yield from _amounts(settings)
        yield from _debtors(settings, governed)
        if company is not None:
            yield from _above_the_law(settings, company, governed)
        if settings.reference is not None:
            yield from _reference(policies, settings.reference, day)


def _amounts(settings: ChargeSettings) -> Iterator[tuple[Path, str]]:
    rate, cap = settings.annual_pct, settings.cap
    if rate is not None and not isinstance(cap, str) and rate > cap:
        yield ("finance_charges", "annual_pct"), f"{rate} % is above the cap of {cap} %: every charge is cut"
    for low in settings.minimum or ():
        for high in settings.maximum or ():
            if low.currency == high.currency and low.number > high.number:
                why = f"{low} is above the maximum of {high}: no charge ever reaches it"
                yield ("finance_charges", "minimum"), why
    if settings.grace_mode == "gate" and settings.kind != "interest" and settings.start_from == "invoice_date":
        yield ("finance_charges", "start_from"), f'kind "{settings.kind}" does not count days: this has no effect'


def _debtors(settings: ChargeSettings, governed: Sequence[Customer]) -> Iterator[tuple[Path, str]]:
    """A right between businesses charged to consumers, or a contract's right without its terms."""
    if settings.reference in _BUSINESS_ONLY or settings.fixed_sum in ("uk", "eu40"):
        consumers = [one.ref for one in governed if one.kind == "consumer"]
        if consumers:
            why = f"a statutory right between businesses, but it governs consumers: {', '.join(consumers[:5])}"
            yield ("finance_charges",), why
    if settings.reference is None and not settings.requires_terms:
        yield ("finance_charges", "requires_terms"), "a rate of your own without agreed terms is owed by nobody"
    if settings.requires_terms and governed and not any(one.terms_accepted_on for one in governed):
        yield ("finance_charges",), "nobody it governs has accepted terms: nothing will ever be charged"


def _above_the_law(
    settings: ChargeSettings, company: Company, governed: Sequence[Customer]
) -> Iterator[tuple[Path, str]]:
    """A rate above what the shipped table of caps allows on the smallest of debts."""
    if settings.cap != "jurisdiction" or settings.annual_pct is None:
        return
    cut: dict[tuple[str, Decimal], list[str]] = {}
    for customer in governed:
        places = ((company.country, company.region), (customer.country, None))
        row = cap_for(places, customer.kind, Money(Decimal(1), company.currency))
        if row is not None and row.annual_pct is not None and row.annual_pct < settings.annual_pct:
            cut.setdefault((row.jurisdiction, row.annual_pct), []).append(customer.ref)
    for (place, most), refs in sorted(cut.items()):
        why = f"{settings.annual_pct} % is above the cap of {most} % in {place}, which holds for {', '.join(refs[:5])}"
        yield ("finance_charges", "annual_pct"), why


def _reference(policies: Policies, reference: str, day: date | None) -> Iterator[tuple[Path, str]]:
    """A rate nobody defined, or one that was not kept up until `day`."""
    own = tuple((row.first_on, row.pct) for row in policies.references.get(reference, ()))
    table = rate_table(reference, own)
    if table is None or not table.rows:
        known = (*STATUTORY, *policies.references)
        yield ("finance_charges", "reference"), f'no reference rate "{reference}"{meant(reference, known)}'
        return
    last = table.rows[-1]
    if day is None:
        return
    if last.last_on is not None and last.last_on < day:
        yield ("finance_charges", "reference"), f"the rates of {reference} end on {last.last_on}: {day} has none"
    elif reference not in STATUTORY and last.first_on + timedelta(days=STALE_DAYS) < day:
        yield (
            ("finance_charges", "reference"),
            f"the last rate of {reference} is of {last.first_on}: check it still holds",
        )
