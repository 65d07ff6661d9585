"""What reminders and holds ask to be done in the books, verb by verb."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from rules import evaluate
from rules.domain.accounts import accounts_of
from rules.domain.actions import AddNote, CreateInvoice, EmailInvoice, SendMessage, SetStopSell
from rules.domain.decisions import CreditState, Decision, Reminder
from rules.domain.facts import Book, Company, Customer, Hold, Installment, Invoice, ReminderSent, StandingChanged
from rules.domain.money import Money
from rules.policy import load_policies

DAY = date(2025, 3, 31)
COMPANY = Company("Acme", "USD", country="US")
OAK = Customer("C-1", "Oak Ltd", email="ap@oak.example", collector="dana")


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


def invoice(ref: str = "I-1", due_days: int = 30, amount: str = "100.00", customer: str = "C-1") -> Invoice:
    due_on = DAY - timedelta(days=due_days)
    return Invoice(ref, f"N-{ref}", customer, due_on - timedelta(days=30), due_on, usd(amount), usd(amount))


def book(*invoices: Invoice, **parts: object) -> Book:
    return replace(Book(as_of=DAY, company=COMPANY, customers=(OAK,), invoices=invoices), **parts)  # type: ignore[arg-type]


def decide(rules: str, found: Book) -> list[Decision]:
    policies = load_policies([("p.toml", rules)])
    return [one for account in accounts_of(found) for one in evaluate(account, policies, DAY).decisions]


def reminder(level: str, found: Book) -> Reminder:
    (one,) = [one for one in decide(f"[policies.p.reminders]\nlevels = [{level}]", found) if isinstance(one, Reminder)]
    return one


def standing(rules: str, found: Book) -> list[CreditState]:
    return [one for one in decide(f"[policies.p.credit_hold]\n{rules}", found) if isinstance(one, CreditState)]


def test_an_email_is_sent_and_then_noted_on_each_invoice() -> None:
    one = reminder(
        '{ at_days = 5, template = "firm", copy_to_collector = true }', book(invoice("I-1"), invoice("I-2", 10, "5.00"))
    )
    message, *notes = one.operations
    assert isinstance(message, SendMessage)
    assert (message.to, message.template, message.channel, message.copy_to) == (
        "ap@oak.example",
        "firm",
        "email",
        "dana",
    )
    assert [(line.invoice, line.days_past_due, line.asked) for line in message.lines] == [
        ("I-1", 30, usd("100.00")),
        ("I-2", 10, usd("5.00")),
    ]
    assert notes == [
        AddNote("C-1", "invoice", "I-1", "Reminder level 1 sent on 2025-03-31: 100.00 USD asked."),
        AddNote("C-1", "invoice", "I-2", "Reminder level 1 sent on 2025-03-31: 5.00 USD asked."),
    ]


def test_a_message_names_the_earlier_ones_of_its_matter() -> None:
    sent = ReminderSent("C-1", "I-1", 1, DAY - timedelta(days=20), key="reminders/I-1/level-1")
    one = reminder('{ at_days = 1, template = "a" }, { at_days = 5, template = "b" }', book(invoice(), history=(sent,)))
    message = one.operations[0]
    assert isinstance(message, SendMessage)
    assert message.replies_to == ("reminders/I-1/level-1",)


def test_a_fee_is_billed_after_the_message_that_names_it() -> None:
    one = reminder('{ at_days = 5, template = "firm", fee = "10.00" }', book(invoice()))
    message, bill, note = one.operations
    assert isinstance(message, SendMessage)
    assert isinstance(bill, CreateInvoice)
    assert isinstance(note, AddNote)
    assert message.fee == usd("10.00")
    assert [(line.amount, line.kind) for line in bill.lines] == [(usd("10.00"), "fee")]
    assert (bill.invoice, bill.invoice_number, bill.issued_on) == ("I-1", "N-I-1", DAY)


def test_a_levels_fee_falls_once_per_invoice_even_where_instalments_start_its_levels_anew() -> None:
    parts = (Installment(DAY - timedelta(days=90), usd("50.00")), Installment(DAY - timedelta(days=10), usd("50.00")))
    half_paid = replace(invoice(), installments=parts, balance=usd("50.00"))
    sent = ReminderSent("C-1", "I-1", 1, DAY - timedelta(days=80))
    one = reminder('{ at_days = 5, template = "firm", fee = "10.00" }', book(half_paid, history=(sent,)))
    assert one.level == 1
    assert one.fee is None


def test_the_provider_mails_each_invoice_itself() -> None:
    one = reminder('{ at_days = 5, template = "firm", channel = "provider" }', book(invoice("I-1"), invoice("I-2")))
    due_on = invoice().due_on
    assert due_on is not None
    reached_on = due_on + timedelta(days=5)
    assert one.operations == tuple(
        EmailInvoice("C-1", ref, "ap@oak.example", usd("100.00"), reached_on=reached_on) for ref in ("I-1", "I-2")
    )


def test_what_is_mailed_carries_the_hours_of_the_window_and_paper_does_not() -> None:
    window = 'send_window = { from = "08:00", to = "18:00" }'
    for channel, hours in (("email", ("08:00", "18:00")), ("provider", ("08:00", "18:00")), ("letter", None)):
        level = f'{{ at_days = 5, template = "firm", channel = "{channel}" }}'
        rules = f"[policies.p.reminders]\nlevels = [{level}]\n{window}"
        (one,) = [one for one in decide(rules, book(invoice())) if isinstance(one, Reminder)]
        first = one.operations[0]
        assert isinstance(first, SendMessage | EmailInvoice)
        assert first.hours == hours


def test_without_hours_in_the_window_none_bind() -> None:
    message = reminder('{ at_days = 5, template = "firm" }', book(invoice())).operations[0]
    assert isinstance(message, SendMessage)
    assert message.hours is None


def test_a_call_is_for_people() -> None:
    assert reminder('{ at_days = 5, template = "firm", channel = "call" }', book(invoice())).operations == ()


def test_the_flag_goes_up_with_the_standing() -> None:
    (one,) = standing("hold = { days_past_due = 30 }", book(invoice()))
    assert one.operations == (SetStopSell("C-1", True, "hold", DAY, "hold: 30 days past due (30 or more)"),)


def test_a_flag_the_books_show_already_is_not_raised_again() -> None:
    (one,) = standing("hold = { days_past_due = 30 }", book(invoice(), customers=(replace(OAK, stop_sell=True),)))
    assert one.operations == ()


def test_from_watch_to_good_no_flag_moves() -> None:
    ours = Hold("C-1", "watch", DAY - timedelta(days=9), "syncd:credit_hold")
    (one,) = standing("hold = { days_past_due = 31 }", book(invoice(), holds=(ours,)))
    assert (one.before, one.after, one.operations) == ("watch", "good", ())


def test_the_flag_comes_down_with_our_own_hold() -> None:
    ours = Hold("C-1", "hold", DAY - timedelta(days=9), "syncd:credit_hold")
    (one,) = standing("hold = { days_past_due = 31 }", book(invoice(), holds=(ours,)))
    (flag,) = one.operations
    assert isinstance(flag, SetStopSell)
    assert (flag.on, flag.state) == (False, "good")


def test_a_flag_that_no_hold_explains_is_somebodys_own_and_stays() -> None:
    shown = replace(OAK, stop_sell=True, version="7")
    assert standing("hold = { days_past_due = 31 }", book(invoice(), customers=(shown,))) == []


def test_a_flag_taken_down_in_the_books_goes_up_again_once_per_state_of_the_record() -> None:
    shown = replace(OAK, stop_sell=False, version="7")
    ours = Hold("C-1", "hold", DAY - timedelta(days=9), "syncd:credit_hold")
    past = StandingChanged("C-1", "good", "hold", DAY - timedelta(days=9))
    (one,) = standing(
        "hold = { days_past_due = 30 }", book(invoice(), customers=(shown,), holds=(ours,), history=(past,))
    )
    assert (one.before, one.after, one.key) == ("hold", "hold", "credit_hold/C-1/hold/2/books-7")


def test_on_the_day_of_our_own_change_the_books_may_lag() -> None:
    shown = replace(OAK, stop_sell=False, version="7")
    ours = Hold("C-1", "hold", DAY, "syncd:credit_hold")
    past = StandingChanged("C-1", "good", "hold", DAY)
    found = book(invoice(), customers=(shown,), holds=(ours,), history=(past,))
    assert standing("hold = { days_past_due = 30 }", found) == []


def test_a_persons_hold_raises_the_flag_that_the_books_lack_and_its_end_lowers_it() -> None:
    placed = Hold("C-1", "stop", DAY - timedelta(days=9), "person", expires_on=DAY)
    rule = "hold = { days_past_due = 90 }"
    (one,) = standing(rule, book(invoice(), customers=(replace(OAK, stop_sell=False, version="7"),), holds=(placed,)))
    (flag,) = one.operations
    assert isinstance(flag, SetStopSell)
    assert (flag.on, flag.state) == (True, "stop")
    ended = replace(placed, expires_on=DAY - timedelta(days=1))
    (one,) = standing(rule, book(invoice(), customers=(replace(OAK, stop_sell=True, version="8"),), holds=(ended,)))
    (flag,) = one.operations
    assert isinstance(flag, SetStopSell)
    assert (flag.on, flag.state) == (False, "good")


def test_a_parents_standing_moves_the_flags_of_all_billed_through_it() -> None:
    family = (replace(OAK, credit_limit=usd("50.00")), Customer("C-2", "Oak North", parent="C-1"))
    found = book(invoice(customer="C-2", due_days=-10), customers=family)
    (one,) = standing('hold = { limit_used_pct = "100" }', found)
    assert one.customer == "C-1"
    assert [(flag.customer, flag.on) for flag in one.operations if isinstance(flag, SetStopSell)] == [
        ("C-1", True),
        ("C-2", True),
    ]


def test_what_the_parents_standing_covers_is_not_decided_twice() -> None:
    family = (replace(OAK, credit_limit=usd("50.00")), Customer("C-2", "Oak North", parent="C-1"))
    found = book(invoice(customer="C-2"), customers=family)
    states = standing('hold = { any = { limit_used_pct = "100", days_past_due = 30 } }', found)
    assert [(one.customer, one.after) for one in states] == [("C-1", "hold")]


def test_a_child_released_under_a_held_parent_keeps_its_flag() -> None:
    family = (OAK, Customer("C-2", "Oak North", parent="C-1"))
    holds = (
        Hold("C-1", "hold", DAY - timedelta(days=9), "person"),
        Hold("C-2", "hold", DAY - timedelta(days=9), "syncd:credit_hold"),
    )
    (one,) = standing("hold = { days_past_due = 90 }", book(invoice(customer="C-2"), customers=family, holds=holds))
    assert (one.customer, one.after, one.stop_sell, one.operations) == ("C-2", "good", True, ())
