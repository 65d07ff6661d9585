"""What holds whatever the book: order does not show, twice is once, paying never hurts, buckets sum to the total."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from rules.domain.facts import (
    Application,
    Book,
    Company,
    Contacted,
    CreditNote,
    Customer,
    Discount,
    Dispute,
    Hold,
    Installment,
    Invoice,
    Payment,
    Promise,
    Rate,
    ReminderSent,
    TaskDone,
)
from rules.domain.money import Money
from rules.domain.positions import STANDINGS
from rules.policy import Policies, PolicyRefused, load_policies, policies_of
from rules.policy.modules import rule_modules
from syncd.assess import assess
from tests.decisions.any_settings import tables

DAY = date(2025, 3, 31)
POLICIES = load_policies(
    [
        (
            "p.toml",
            """
            [select]
            default = "p"
            groups.trade = "firm"
            [policies.p]
            extends = "standard"
            [policies.p.overdue]
            grace_days = 2
            business_days = true
            [policies.p.reminders]
            one_per_customer = false
            min_gap_days = 0
            gap_counts_contacts = false
            severity_by_payer = {}
            send_window = { days = ["mon", "tue", "wed", "thu", "fri"] }
            [policies.p.credit_hold]
            hold = { any = { overdue = "200.00" } }
            [policies.p.discounts]
            remind_days_before = 30
            part_payment = "pro_rata"
            [policies.p.escalation]
            steps = [
              { step = "statement", at_days = 5, channel = "email", repeat_every_days = 5 },
              { step = "final_demand", after_level = 1, min_amount = ["50.00", "20.00 EUR"], channel = "letter" },
              { step = "credit_bureau", at_days = 15 },
              { step = "write_off", after_previous_days = 3, max_amount = "100.00" },
            ]
            """,
        )
    ]
)
days = st.integers(-120, 60).map(lambda offset: DAY + timedelta(days=offset))
past = st.integers(-120, 0).map(lambda offset: DAY + timedelta(days=offset))
currencies = st.sampled_from(["USD", "EUR", "JPY"])
seldom = st.sampled_from([*[False] * 7, True])  # whatever silences everything, where many examples are to speak


def money(number: int, currency: str) -> Money:
    return Money(Decimal(number), currency)


@st.composite
def invoices(draw: st.DrawFn, number: int, customer: str) -> Invoice:
    currency = draw(currencies)
    total = draw(st.integers(1, 500))
    due_on = None if draw(seldom) else draw(days)
    parts: tuple[Installment, ...] = ()
    if due_on is not None and draw(st.booleans()) and total > 1:
        first = draw(st.integers(1, total - 1))
        parts = (
            Installment(due_on - timedelta(days=30), money(first, currency)),
            Installment(due_on, money(total - first, currency)),
        )
    status = draw(st.sampled_from(["open", "open", "open", "draft", "voided"]))
    discount = draw(st.none() | st.just(Discount(Decimal(2), DAY - timedelta(days=50))))
    issued_on = (due_on or DAY) - timedelta(days=30)
    whole = money(total, currency)
    open_now = whole if status != "voided" else money(0, currency)
    return Invoice(
        f"I-{number}",
        f"{number}",
        customer,
        issued_on,
        due_on,
        whole,
        open_now,
        status=status,  # type: ignore[arg-type]
        discount=discount,
        installments=parts,
        origin=draw(st.none() | st.just("syncd:finance_charges")),
    )


STEPS = st.sampled_from(["statement", "final demand", "credit bureau", "write off"])


@st.composite
def books(draw: st.DrawFn) -> Book:
    parents = st.sampled_from([None, None, "C-0"])
    customers = [
        Customer(
            f"C-{number}",
            f"Customer {number}",
            parent=draw(parents) if number else None,
            email=None if draw(seldom) else "a@b.example",
            groups=draw(st.sampled_from([(), ("trade",)])),
            credit_limit=draw(st.none() | st.integers(0, 500).map(lambda number: money(number, "USD"))),
            do_not_contact=draw(seldom),
            stop_sell=draw(st.none() | st.booleans()),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    owed = [draw(invoices(number, draw(st.sampled_from(customers)).ref)) for number in range(draw(st.integers(1, 5)))]
    payments = []
    for number, invoice in enumerate(owed):
        if invoice.status == "open" and draw(st.booleans()):
            paid = money(draw(st.integers(1, int(invoice.balance.amount))), invoice.currency)
            owed[number] = replace(invoice, balance=invoice.balance - paid)
            part = Application(invoice.ref, paid)
            payments.append(Payment(f"P-{number}", invoice.customer, draw(past), paid, (part,)))
    refs = st.sampled_from(owed)
    some = st.none() | st.integers(1, 300)
    disputes = [
        Dispute(f"D-{number}", (one := draw(refs)).ref, draw(past), _some(draw(some), one.currency))
        for number in range(draw(st.integers(0, 2)))
    ]
    promises = [
        Promise(
            f"PR-{number}",
            (one := draw(refs)).customer,
            (one.ref,),
            made := draw(past),
            made + timedelta(days=draw(st.integers(0, 40))),
            _some(draw(some), one.currency),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    history: list[Any] = [
        ReminderSent((one := draw(refs)).customer, one.ref, draw(st.integers(1, 6)), draw(past))
        for _ in range(draw(st.integers(0, 3)))
    ]
    history += [Contacted(draw(refs).customer, "phone", draw(past)) for _ in range(draw(st.integers(0, 2)))]
    history += [
        TaskDone((one := draw(refs)).customer, "escalation", draw(STEPS), draw(past), (one.ref,))
        for _ in range(draw(st.integers(0, 2)))
    ]
    holds = [
        Hold(
            draw(refs).customer,
            draw(st.sampled_from(STANDINGS)),
            draw(past),
            draw(st.sampled_from(["person", "syncd:credit_hold"])),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    notes = [
        CreditNote(
            f"CN-{number}", (one := draw(refs)).customer, draw(past), money(draw(st.integers(1, 50)), one.currency)
        )
        for number in range(draw(st.integers(0, 1)))
    ]
    rates = [Rate("EUR", "USD", DAY - timedelta(days=3), Decimal("1.08"))] if draw(st.booleans()) else []
    return Book(
        as_of=DAY,
        company=Company("Acme", "USD", country="US"),
        rates=tuple(rates),
        customers=tuple(customers),
        invoices=tuple(owed),
        payments=tuple(payments),
        credit_notes=tuple(notes),
        promises=tuple(promises),
        disputes=tuple(disputes),
        holds=tuple(holds),
        history=tuple(history),
    )


def _some(number: int | None, currency: str) -> Money | None:
    return None if number is None else money(number, currency)


def assessed(book: Book) -> dict[str, Any]:
    return assess(book, POLICIES, book.as_of)


LISTS = ("customers", "invoices", "payments", "credit_notes", "promises", "disputes", "holds", "history", "rates")


@settings(max_examples=60)
@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_lists_never_shows_and_twice_is_once(book: Book, chance: Any) -> None:
    shuffled = replace(
        book, **{name: tuple(chance.sample(getattr(book, name), len(getattr(book, name)))) for name in LISTS}
    )
    first = json.dumps(assessed(book))
    assert json.dumps(assessed(shuffled)) == first
    assert json.dumps(assessed(book)) == first


@settings(max_examples=60)
@given(books())
def test_buckets_sum_to_what_is_open(book: Book) -> None:
    rows = assessed(book)["customers"]
    for row in rows:
        for currency, opened in row["open"].items():
            assert sum(Decimal(cell) for cell in row["aging"][currency].values()) == Decimal(opened)
            assert Decimal(row["overdue"][currency]) <= Decimal(opened)
    for currency in ("USD", "EUR", "JPY"):
        control = sum(one.balance.amount for one in book.invoices if one.currency == currency and one.status == "open")
        assert sum(Decimal(row["open"].get(currency, "0")) for row in rows) == control


@settings(max_examples=80)
@given(books(), st.data())
def test_one_more_payment_never_raises_a_level_or_a_standing(book: Book, data: st.DataObject) -> None:
    _check_one_more_payment(book, POLICIES, data)


def is_fair(policy: Mapping[str, Any]) -> bool:
    """Whether the policy looks at what is owed, not at how it was paid: paying late is what shows a late payer."""
    holds = json.dumps(policy["credit_hold"], default=str)
    return "payer_class" not in holds


LADDERS = st.sampled_from(
    [
        [{"at_days": days, "template": "friendly"} for days in (-5, 1, 14, 30)],
        [{"at_days": 0, "template": "a"}, {"after_previous_days": 7, "template": "b", "repeat_every_days": 3}],
        [{"at_days": 3, "template": "a", "fee": "5.00"}, {"at_days": 20, "end_of_month": True, "template": "b"}],
        [{"at_days": 1, "template": "a"}, {"at_days": 8, "template": "b", "channel": "letter"}],
    ]
)


PACES = st.fixed_dictionaries(
    {"levels": LADDERS},
    optional={
        "first_contact": st.sampled_from(["level_1", "matching_level"]),
        "thresholds": st.sampled_from(["reached", "passed"]),
        "catch_up_days": st.sampled_from([0, 3, 30]),
        "min_gap_days": st.sampled_from([0, 5]),
        "hold_back_days": st.sampled_from([0, 7]),
        "one_per_customer": st.booleans(),
        "gap_counts_contacts": st.booleans(),
        "when_unapplied_covers": st.sampled_from(["pause", "ignore"]),
        "min_overdue": st.just(["100.00"]),
    },
)


@st.composite
def fair_policies(draw: st.DrawFn) -> Policies:
    """Any policy of the rules that speak of levels and standings."""
    rules = ("overdue", "promises", "credit_hold")
    policy = {name: draw(tables(rule_modules()[name].Settings)) for name in rules}
    policy["reminders"] = draw(PACES)
    assume(is_fair(policy))
    try:
        return policies_of([("p.toml", {"policies": {"p": policy}})])
    except PolicyRefused:
        reject()


@settings(
    max_examples=60,
    derandomize=True,  # many policies are drawn and thrown away: which of them are met must not be luck
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(books(), fair_policies(), st.data())
def test_whatever_the_policy_one_more_payment_never_raises_a_level_or_a_standing(
    book: Book, policies: Policies, data: st.DataObject
) -> None:
    _check_one_more_payment(book, policies, data)


def _check_one_more_payment(book: Book, policies: Policies, data: st.DataObject) -> None:
    owed = [one for one in book.invoices if one.status == "open" and one.balance.amount > 0]
    if not owed:
        return
    paid = data.draw(st.sampled_from(owed))
    amount = money(data.draw(st.integers(1, int(paid.balance.amount))), paid.currency)
    payment = Payment("P-more", paid.customer, DAY, amount, (Application(paid.ref, amount),))
    after = replace(
        book,
        invoices=tuple(replace(one, balance=one.balance - amount) if one is paid else one for one in book.invoices),
        payments=(*book.payments, payment),
    )
    was, now = assess(book, policies, DAY), assess(after, policies, DAY)
    assert not _raised(_levels(was, book), _levels(now, after))
    assert not _raised(_standings(was, book), _standings(now, after))


def _raised(before: dict[str, int], after: dict[str, int]) -> list[str]:
    return [ref for ref, level in after.items() if level > before.get(ref, 0)]


def _levels(found: dict[str, Any], book: Book) -> dict[str, int]:
    """The level reached of each invoice without instalments: those count each part anew.

    A level that waits for another policy's message of the day is reached as well.
    """
    single = {one.ref for one in book.invoices if not one.installments}
    waiting = [
        (skip["subject"], re.match(r"Level (\d+) waits: one message", skip["reason"]))
        for skip in found["decisions"]
        if skip["kind"] == "skip"
    ]
    reached = {ref: int(told[1]) for ref, told in waiting if told and ref in single}
    return reached | {
        ref: decision["level"]
        for decision in found["decisions"]
        if decision["kind"] == "reminder" and decision["rule"] == "reminders"
        for ref in decision["invoices"]
        if ref in single
    }


def _standings(found: dict[str, Any], book: Book) -> dict[str, int]:
    """The standing each customer trades under: its own, or the graver one of a billing parent, which covers it."""
    standings = {row["customer"]: STANDINGS.index(row["credit_state"]) for row in found["customers"]}
    for decision in found["decisions"]:
        if decision["kind"] == "credit_state":
            standings[decision["customer"]] = STANDINGS.index(decision["to"])
    parent = {one.ref: one.parent for one in book.customers}

    def under(ref: str) -> int:
        above = parent.get(ref)
        return max(standings.get(ref, 0), under(above) if above else 0)

    return {ref: under(ref) for ref in standings}


@settings(max_examples=40)
@given(books())
def test_every_open_invoice_is_asked_for_or_its_silence_explained(book: Book) -> None:
    found = assessed(book)["decisions"]
    told = {row["subject"] for row in found if row["kind"] == "skip" and row["rule"] in ("reminders", "overdue")}
    asked = {ref for row in found if row["kind"] == "reminder" for ref in row["invoices"]}
    for one in book.invoices:
        if one.status == "open" and one.balance.amount > 0:
            assert one.ref in told | asked


@settings(max_examples=40)
@given(books())
def test_keys_are_unique_and_fit_a_marker(book: Book) -> None:
    keys = [row["key"] for row in assessed(book)["decisions"] if row["kind"] != "skip"]
    assert len(keys) == len(set(keys))
    assert not any(mark in key for key in keys for mark in " ]")
