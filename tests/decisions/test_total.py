"""Evaluation is total: facts out of this world never raise, whatever the settings."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import evaluate
from rules.domain.accounts import accounts_of
from rules.domain.facts import (
    Application,
    Book,
    ChargeBilled,
    ChargeReversed,
    Company,
    Contacted,
    CreditNote,
    Customer,
    Discount,
    Dispute,
    Hold,
    Installment,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
    Rate,
    ReminderSent,
    StandingChanged,
    TaskDone,
)
from rules.domain.money import Money
from rules.domain.positions import STANDINGS
from rules.policy import Policies, lint, load_policies, pack_names
from syncd.assess import report
from tests.decisions.any_settings import policies as any_policies

EVERYTHING = """
[policies.p]
extends = "uk-statutory"
[policies.p.overdue]
unapplied_credits = "oldest_first"
business_days = true
holidays = "US"
[policies.p.promises]
call_when_broken = true
write_to_books = true
[policies.p.reminders]
min_overdue = ["10.00", "5.00 EUR"]
hand_over = { after_days = 3 }
first_contact = "matching_level"
[policies.p.escalation]
steps = [
  { step = "statement", at_days = 5, channel = "email", repeat_every_days = 5 },
  { step = "final_demand", after_level = 1, min_amount = ["50.00", "20.00 EUR"], channel = "letter" },
  { step = "credit_bureau", at_days = 15 },
  { step = "write_off", after_previous_days = 3, max_amount = "100.00" },
]
[policies.p.credit_review]
better = { payer_class = ["new", "prompt", "chronic"], min_invoices = 1, limit_used_pct = "0" }
worse = { any = { overdue = "1.00", payer_class = ["chronic"] } }
prepayment = { any = { days_past_due = 1 } }
terms_days = [0, 30]
[policies.p.discounts]
remind_days_before = 9
part_payment = "pro_rata"
[policies.p.credit_hold]
limit_counts = { drafts = true, unapplied = false }
stop = { all = { overdue = ["1.00", "1.00 EUR"], largest_overdue = "1.00" } }
"""
TEXTS = {"everything": EVERYTHING, **{name: f'[policies.p]\nextends = "{name}"\n' for name in pack_names()}}
POLICIES = {name: load_policies([("p.toml", text)]) for name, text in TEXTS.items()}
days = st.sampled_from(
    [date.min, date(1999, 12, 31), date(2025, 1, 31), date(2025, 3, 1), date(2025, 3, 31), date(2026, 7, 1), date.max]
)
currencies = st.sampled_from(["USD", "EUR", "GBP", "JPY"])


def money_in(currency: str) -> st.SearchStrategy[Money]:
    numbers = st.sampled_from(["-5.00", "0", "0.01", "100.00", "99999999999.99"])
    return numbers.map(lambda number: Money(Decimal(number), currency))


money = currencies.flatmap(money_in)
customers = st.sampled_from(["C-1", "C-2", "C-3"])
refs = st.sampled_from(["I-1", "I-2", "I-3", "I-unknown"])
maybe_days = st.none() | days
maybe_money = st.none() | money
parts = st.lists(st.builds(Installment, days, money), max_size=3).map(tuple)
applied = st.lists(st.builds(Application, refs, money, maybe_days), max_size=2).map(tuple)
several = st.lists(refs, max_size=2, unique=True).map(tuple)


def listed(one: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=most).map(tuple)


def invoices_in(currency: str) -> st.SearchStrategy[Invoice]:
    own = money_in(currency)
    return st.builds(
        Invoice,
        st.sampled_from(["I-1", "I-2", "I-3"]),
        st.just("1"),
        customers,
        days,
        maybe_days,
        own,
        own,
        tax=st.none() | own,
        status=st.sampled_from(["open", "paid", "voided", "draft"]),
        origin=st.none() | st.just("syncd:finance_charges"),
        discount=st.none() | st.builds(Discount, st.just(Decimal(2)), days),
        installments=st.lists(st.builds(Installment, days, own), max_size=3).map(tuple),
    )


books = st.builds(
    Book,
    as_of=days,
    company=st.builds(Company, st.just("Acme"), st.just("USD"), country=st.sampled_from([None, "US", "GB"])),
    rates=listed(st.builds(Rate, st.just("EUR"), st.just("USD"), days, st.sampled_from(["0", "1.08"]).map(Decimal))),
    customers=st.lists(
        st.builds(
            Customer,
            customers,
            st.just("Oak"),
            parent=st.none() | customers,
            email=st.none() | st.just("a@b.example"),
            credit_limit=maybe_money,
            kind=st.sampled_from(["business", "consumer"]),
            stop_sell=st.none() | st.booleans(),
            terms_accepted_on=maybe_days,
        ),
        max_size=3,
        unique_by=lambda customer: customer.ref,
    ).map(tuple),
    invoices=st.lists(currencies.flatmap(invoices_in), max_size=3, unique_by=lambda invoice: invoice.ref).map(tuple),
    payments=listed(st.builds(Payment, st.just("P-1"), customers, days, money, applied, maybe_days, maybe_days)),
    credit_notes=listed(st.builds(CreditNote, st.just("CN-1"), customers, days, money, applied)),
    promises=listed(st.builds(Promise, st.just("PR-1"), customers, several, days, days, maybe_money, maybe_days)),
    disputes=listed(st.builds(Dispute, st.just("D-1"), refs, days, maybe_money, st.just(""), maybe_days)),
    installment_plans=listed(st.builds(InstallmentPlan, st.just("IP-1"), customers, several, days, parts)),
    holds=listed(st.builds(Hold, customers, st.sampled_from(STANDINGS), days, st.just("person"), maybe_days)),
    history=listed(
        st.builds(ReminderSent, customers, refs, st.integers(0, 9), days)
        | st.builds(ChargeBilled, customers, refs, refs, days, days, money, money, money)
        | st.builds(ChargeReversed, customers, refs, refs, days, money)
        | st.builds(Contacted, customers, st.just("phone"), days, invoice=st.none() | refs)
        | st.builds(
            TaskDone,
            customers,
            st.just("escalation"),
            st.sampled_from(["statement", "final demand", "write off"]),
            days,
            st.lists(refs, max_size=2).map(tuple),
        )
        | st.builds(StandingChanged, customers, st.sampled_from(STANDINGS), st.sampled_from(STANDINGS), days)
    ),
)


@pytest.mark.parametrize("name", list(POLICIES))
@settings(max_examples=25)
@given(books)
def test_no_book_makes_evaluation_raise(name: str, book: Book) -> None:
    policies = POLICIES[name]
    evaluations = [evaluate(account, policies, book.as_of) for account in accounts_of(book)]
    assert report(evaluations, policies.version, book.as_of)["as_of"] == book.as_of.isoformat()


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(books, any_policies())
def test_no_settings_make_evaluation_raise(book: Book, policies: Policies) -> None:
    evaluations = [evaluate(account, policies, book.as_of) for account in accounts_of(book)]
    json.dumps(report(evaluations, policies.version, book.as_of))
    assert isinstance(lint(policies, book), tuple)
