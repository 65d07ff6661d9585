"""What is sent before a discount lapses, and how it is remembered."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from rules import evaluate
from rules.domain.accounts import accounts_of
from rules.domain.actions import AddNote, SendMessage
from rules.domain.decisions import Reminder
from rules.domain.facts import Book, Company, Contacted, Customer, Discount, Invoice
from rules.domain.money import Money
from rules.policy import load_policies
from syncd.history import history_of
from syncd.store.intent_rows import Intent

DAY = date(2025, 3, 10)
USD = Money(Decimal("850.00"), "USD")
OFFER = Discount(Decimal(2), DAY + timedelta(1))
BILL = Invoice("I-1", "1001", "C-1", DAY, DAY + timedelta(30), USD, USD, discount=OFFER)


def reminded() -> Reminder:
    policies = load_policies([("p.toml", "[policies.p.discounts]\nremind_days_before = 3")])
    oak = Customer("C-1", "Oak Ltd", email="ap@oak.example")
    book = Book(as_of=DAY, company=Company("Acme", "USD"), customers=(oak,), invoices=(BILL,))
    (account,) = accounts_of(book)
    (found,) = evaluate(account, policies, DAY).decisions
    assert isinstance(found, Reminder)
    return found


def test_the_message_asks_for_the_discounted_amount_by_the_last_day() -> None:
    message, note = reminded().operations
    assert isinstance(message, SendMessage)
    assert (message.template, message.answer_by) == ("discount", date(2025, 3, 11))
    assert [(line.asked, line.balance) for line in message.lines] == [(Money(Decimal("833.00"), "USD"), USD)]
    assert note == AddNote("C-1", "invoice", "I-1", "Reminded of the discount until 2025-03-11.")


def test_it_is_remembered_as_a_contact_and_no_level() -> None:
    found = reminded()
    intent = Intent(
        id=1,
        plan=1,
        key=found.key,
        customer="C-1",
        state="done",
        hold="",
        why="",
        approved_by=None,
        decided_on=DAY,
        done_on=DAY,
        policy_version="",
        decision=found,
    )
    assert list(history_of(intent, None)) == [Contacted("C-1", "email", DAY, "discount", "I-1")]
