"""Books as providers have them, with things missing: what is exported is read again and says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.file.completing import completed
from connectors.file.mapping import book_from
from connectors.file.write import json_text
from rules.domain import facts
from rules.domain.money import Money
from tests.links.file.test_round_trip import books

DAY = date(2025, 3, 31)


def usd(digits: str) -> Money:
    return Money(Decimal(digits), "USD")


def invoice(**changed: object) -> facts.Invoice:
    plain = facts.Invoice("I-1", "1", "C-1", date(2025, 3, 1), date(2025, 3, 15), usd("100.00"), usd("60.00"))
    return replace(plain, **changed)  # type: ignore[arg-type]


def paid(amount: str, on: str = "I-1", day: int = 10, **changed: object) -> facts.Payment:
    part = facts.Application(on, usd(amount))
    payment = facts.Payment("P-1", "C-1", date(2025, 3, day), usd("50.00"), (part,))
    return replace(payment, **changed)  # type: ignore[arg-type]


def again(**parts: object) -> facts.Book:
    plain = {"customers": (facts.Customer("C-1", "Oak"),), "invoices": (invoice(),), **parts}
    book = facts.Book(DAY, facts.Company("Acme", "USD", country=""), **plain)  # type: ignore[arg-type]
    return book_from(json.loads(json_text(book)), "again.json")


def test_what_is_gone_from_a_balance_without_a_paper_becomes_a_credit_on_the_invoices_own_day() -> None:
    book = again(payments=(paid("30.00"),))
    assert book.invoices[0].balance == usd("60.00")
    (note,) = book.credit_notes
    assert note.ref == "unexplained/I-1"
    assert (note.amount, note.applied[0].on, note.unapplied) == (usd("10.00"), date(2025, 3, 1), usd("0.00"))


def test_more_open_than_the_total_less_what_came_off_raises_the_total() -> None:
    book = again(payments=(paid("50.00"),), invoices=(invoice(installments=(facts.Installment(DAY, usd("100.00")),)),))
    assert book.invoices[0].total == usd("110.00")
    assert book.invoices[0].installments == ()


def test_money_spent_on_invoices_we_do_not_hold_is_spent() -> None:
    applied = (facts.Application("I-0", usd("10.00")), facts.Application("I-1", usd("40.00")))
    (payment,) = again(payments=(paid("1.00", applied=applied),)).payments
    assert (payment.amount, payment.unapplied) == (usd("40.00"), usd("0.00"))


def test_a_payment_dated_ahead_that_the_balance_has_already_counts_today() -> None:
    book = again(payments=(paid("40.00", received_on=date(2025, 4, 5), entered_on=date(2025, 3, 30)),))
    assert book.payments[0].received_on == DAY
    assert book.credit_notes == ()
    waiting = again(payments=(paid("40.00", received_on=date(2025, 4, 5)),), invoices=(invoice(balance=usd("100.00")),))
    assert waiting.payments[0].received_on == date(2025, 4, 5)


def test_records_about_nobody_are_left_out_and_papers_of_nobody_get_somebody() -> None:
    book = again(
        customers=(facts.Customer("C-2", "Elm", parent="gone"),),
        disputes=(facts.Dispute("D-1", "gone", DAY),),
        promises=(
            facts.Promise("PR-1", "C-1", ("I-1", "gone"), DAY, DAY),
            facts.Promise("PR-2", "C-1", ("gone",), DAY, DAY),
        ),
        holds=(facts.Hold("gone", "watch", DAY),),
        history=(facts.ReminderSent("C-1", "gone", 1, DAY), facts.Contacted("C-1", "phone", DAY)),
    )  # fmt: skip
    assert [(customer.ref, customer.parent) for customer in book.customers] == [("C-2", None), ("C-1", None)]
    assert book.disputes == book.holds == ()
    assert [promise.invoices for promise in book.promises] == [("I-1",)]
    assert [type(entry) for entry in book.history] == [facts.Contacted]


@settings(max_examples=60)
@given(book=books())
def test_a_book_that_adds_up_stays_as_it_is(book: facts.Book) -> None:
    assert completed(book) == book


cents = st.integers(0, 20_000).map(lambda amount: Money(Decimal(amount).scaleb(-2), "USD"))


@settings(max_examples=100)
@given(
    whole=cents,
    balance=cents,
    parts=st.lists(st.tuples(cents, st.integers(1, 60), st.sampled_from(("I-1", "gone"))), max_size=3),
    status=st.sampled_from(("open", "draft", "voided")),
)
def test_whatever_a_provider_says_can_be_read_again_with_its_balance(
    whole: Money, balance: Money, parts: list[tuple[Money, int, str]], status: facts.InvoiceStatus
) -> None:
    payments = tuple(
        facts.Payment(f"P-{n}", "C-1", date.fromordinal(date(2025, 3, 1).toordinal() + days), money,
                      (facts.Application(ref, money),))
        for n, (money, days, ref) in enumerate(parts)
    )  # fmt: skip
    book = again(payments=payments, invoices=(invoice(total=whole, balance=balance, status=status),))
    assert book.invoices[0].balance == balance
