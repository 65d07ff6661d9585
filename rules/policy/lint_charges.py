"""Lint of finance charges: rates above a cap, keys without effect, tables that end, wrong debtors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from rules.domain.charging.caps import cap_for, caps_at
from rules.domain.charging.settings import Settings as ChargeSettings
from rules.domain.facts import Company, Customer
from rules.domain.money import Money
from rules.domain.places import of_company, of_customer
from rules.domain.references import STATUTORY, RateTable, rate_table
from rules.policy.documents import Path
from rules.policy.policies import Policies

STALE_DAYS = 366  # a statutory table that has no row this recent was not kept up
_BUSINESS_ONLY = ("boe", "ecb", "us-treasury")
_CONSUMER_MARGIN_PCT = 5  # BGB 288: five points over the base rate for consumers, nine between businesses


def charge_warnings(policies: Policies, name: str) -> Iterator[tuple[Path, str]]:
    """What contradicts itself in one policy's finance charges."""
    settings = policies.rule_settings(name).get("finance_charges")
    if isinstance(settings, ChargeSettings):
        yield from _amounts(settings)
        if settings.reference is None and not settings.requires_terms:
            yield ("finance_charges", "requires_terms"), "a rate of your own without agreed terms is owed by nobody"


def law_warnings(
    policies: Policies, name: str, parties: tuple[Company | None, Sequence[Customer]], day: date | None
) -> Iterator[tuple[Path, str]]:
    """What has become doubtful in one policy's charges, a pack's included, by the day and by whom it governs."""
    company, governed = parties
    settings = policies.rule_settings(name).get("finance_charges")
    if isinstance(settings, ChargeSettings):
        table = _table(policies, settings)
        yield from _debtors(settings, governed)
        if company is not None:
            yield from _above_the_law(settings, table, company, governed)
            yield from _old_caps(settings, company, governed, day)
        if table is not None and day is not None:
            yield from _old_rates(table, day)


def _table(policies: Policies, settings: ChargeSettings) -> RateTable | None:
    """The rates the policy refers to; None where it refers to none."""
    if settings.reference is None:
        return None
    own = tuple((row.first_on, row.pct) for row in policies.references.get(settings.reference, ()))
    return rate_table(settings.reference, own)


def _amounts(settings: ChargeSettings) -> Iterator[tuple[Path, str]]:
    rate, cap = _highest_pct(settings, None), settings.cap
    if rate is not None and not isinstance(cap, str) and rate > cap:
        yield _rate_key(settings), f"{_pct(rate)} % is above the cap of {cap} %: every charge is cut"
    daily = settings.kind == "interest" and settings.assess_on is None and settings.minimum is not None
    if daily and settings.minimum_per == "charge" and settings.minimum_mode == "raise":
        why = "each day's interest is raised to the minimum: say assess_on"
        yield ("finance_charges", "minimum_per"), why
    yield from _without_effect(settings)
    if settings.grace_mode == "gate" and settings.kind != "interest" and settings.start_from == "invoice_date":
        yield ("finance_charges", "start_from"), f'kind "{settings.kind}" does not count days: this has no effect'


def _without_effect(settings: ChargeSettings) -> Iterator[tuple[Path, str]]:
    """Keys that say something the rest of the table never asks for."""
    idle = {
        "annual_pct": settings.kind != "interest",
        "tiers": settings.kind != "interest",
        "percent": settings.kind in ("interest", "flat"),
        "flat": settings.kind in ("interest", "percent"),
        "repeat_every_days": settings.kind == "interest",
        "margin_pct": settings.reference is None,
        "reference_mode": settings.reference is None,
        "fixed_sum_mode": isinstance(settings.fixed_sum, str),
        "minimum_mode": settings.minimum is None,
        "minimum_per": settings.minimum is None,
        "after_dispute": settings.during_dispute == "accrue",
    }
    unset = ChargeSettings.model_fields
    for name, has_no_effect in idle.items():
        if has_no_effect and getattr(settings, name) != unset[name].default:
            yield ("finance_charges", name), "has no effect beside the other keys of this table"


def _debtors(settings: ChargeSettings, governed: Sequence[Customer]) -> Iterator[tuple[Path, str]]:
    """A right between businesses charged to consumers, or a contract's right without its terms."""
    between = settings.reference == "bundesbank" and settings.margin_pct > _CONSUMER_MARGIN_PCT
    if between or settings.reference in _BUSINESS_ONLY or settings.fixed_sum in ("uk", "eu40"):
        consumers = [one.ref for one in governed if one.kind == "consumer"]
        if consumers:
            why = f"a statutory right between businesses, but it governs consumers: {', '.join(consumers[:5])}"
            yield ("finance_charges",), why
    if settings.requires_terms and governed and not any(one.terms_accepted_on for one in governed):
        yield ("finance_charges",), "nobody it governs has accepted terms: nothing will ever be charged"


def _highest_pct(settings: ChargeSettings, table: RateTable | None) -> Decimal | None:
    """The most it charges a year, by its latest reference rate; None where it charges no interest by the day."""
    if settings.kind != "interest":
        return None
    if settings.tiers is not None:
        days = Decimal(365) / settings.per_days if settings.per_days else Decimal(1)
        return max(tier.pct for tier in settings.tiers) * days
    return table.rows[-1].pct + settings.margin_pct if table is not None else settings.annual_pct


def _rate_key(settings: ChargeSettings) -> Path:
    names = ("tiers", "reference", "annual_pct")
    return "finance_charges", next((name for name in names if getattr(settings, name) is not None), "annual_pct")


def _above_the_law(
    settings: ChargeSettings, table: RateTable | None, company: Company, governed: Sequence[Customer]
) -> Iterator[tuple[Path, str]]:
    """A rate above what the shipped table of caps allows on the smallest of debts."""
    rate = _highest_pct(settings, table)
    if settings.cap != "jurisdiction" or rate is None:
        return
    cut: dict[tuple[str, Decimal], list[str]] = {}
    for customer in governed:
        places = (of_company(company), of_customer(customer, company))
        row = cap_for(places, customer.kind, Money(Decimal(1), company.currency))
        if row is not None and row.annual_pct is not None and row.annual_pct < rate:
            cut.setdefault((row.jurisdiction, row.annual_pct), []).append(customer.ref)
    for (place, most), refs in sorted(cut.items()):
        why = f"{_pct(rate)} % is above the cap of {most} % in {place}, which holds for {', '.join(refs[:5])}"
        yield _rate_key(settings), why


def _old_caps(
    settings: ChargeSettings, company: Company, governed: Sequence[Customer], day: date | None
) -> Iterator[tuple[Path, str]]:
    """Legal limits that bind somebody it governs and were not looked at for a year."""
    if settings.cap != "jurisdiction" or day is None:
        return
    places = {of_company(company), *(of_customer(customer, company) for customer in governed)}
    for row in caps_at(places) if governed else ():
        if row.as_of + timedelta(days=STALE_DAYS) < day:
            why = f"the legal limit of {row.jurisdiction} is known as of {row.as_of}: check that it still holds"
            yield ("finance_charges", "cap"), why


def _old_rates(table: RateTable, day: date) -> Iterator[tuple[Path, str]]:
    """Rates that were not kept up until `day`."""
    last = table.rows[-1]
    path: Path = ("finance_charges", "reference")
    if last.last_on is not None and last.last_on < day:
        why = f"the rates of {table.name} end on {last.last_on}: {day} has none"
        yield path, f"{why}; add it under [references.{table.name}]"
    elif table.name not in STATUTORY and last.first_on + timedelta(days=STALE_DAYS) < day:
        yield path, f"the last rate of {table.name} is of {last.first_on}: check it still holds"


def _pct(rate: Decimal) -> str:
    """A percentage with two decimals at most, and no more of them than it has."""
    return f"{rate.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")
