"""A book as it stood on another day: worked by hand on one small company."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.domain import facts
from rules.domain.hindsight import as_of
from rules.domain.money import Money


def usd(digits: str) -> Money:
    return Money(Decimal(digits), "USD")


def march(day: int) -> date:
    return date(2025, 3, day)


BOOK = facts.Book(
    as_of=march(31),
    company=facts.Company("Acme", "USD"),
    rates=(facts.Rate("EUR", "USD", march(1), Decimal("1.08")), facts.Rate("EUR", "USD", march(20), Decimal("1.10"))),
    customers=(facts.Customer("C-1", "Oak Ltd", stop_sell=True, terms_accepted_on=march(11)),),
    invoices=(
        facts.Invoice("I-1", "1001", "C-1", march(1), march(8), usd("1250.00"), usd("1000.00")),
        facts.Invoice("I-2", "1002", "C-1", march(15), march(22), usd("80.00"), usd("0.00"), status="paid"),
        facts.Invoice("I-3", "1003", "C-1", march(2), march(9), usd("60.00"), usd("60.00")),
        facts.Invoice("I-4", "1004", "C-1", march(2), march(9), usd("99.00"), usd("0.00"), status="voided"),
    ),
    payments=(
        facts.Payment(
            "P-1", "C-1", march(10), usd("240.00"), (facts.Application("I-1", usd("240.00")),), entered_on=march(12)
        ),
        facts.Payment("P-2", "C-1", march(18), usd("80.00"), (facts.Application("I-2", usd("80.00"), march(20)),)),
        facts.Payment(
            "P-3", "C-1", march(5), usd("60.00"), (facts.Application("I-3", usd("60.00")),), reversed_on=march(14)
        ),
    ),
    credit_notes=(
        facts.CreditNote("CN-1", "C-1", march(5), usd("25.00"), (facts.Application("I-1", usd("10.00"), march(9)),)),
    ),
    promises=(
        facts.Promise("PR-1", "C-1", ("I-1",), march(12), march(20), usd("400.00"), withdrawn_on=march(19)),
        facts.Promise("PR-2", "C-1", ("I-1",), march(25), march(30)),
    ),
    disputes=(facts.Dispute("D-1", "I-1", march(10), usd("50.00"), closed_on=march(20)),),
    installment_plans=(
        facts.InstallmentPlan("IP-1", "C-1", ("I-3",), march(16), (facts.Installment(march(30), usd("60.00")),)),
    ),
    holds=(
        facts.Hold("C-1", "stop", march(28), origin="syncd:credit_hold"),
        facts.Hold("C-1", "watch", march(6), expires_on=march(20)),
    ),
    history=(
        facts.ReminderSent("C-1", "I-1", 1, march(9)),
        facts.ChargeBilled("C-1", "I-1", "I-9", march(9), march(15), usd("3.00"), usd("3.00"), usd("3.00")),
        facts.ChargeReversed("C-1", "I-1", "I-9", march(20), usd("0.50")),
        facts.StandingChanged("C-1", "watch", "hold", march(13)),
        facts.StandingChanged("C-1", "hold", "stop", march(28)),
    ),
)


def then(day: int) -> facts.Book:
    return as_of(BOOK, march(day))


def balances(day: int) -> dict[str, str]:
    return {invoice.ref: f"{invoice.status} {invoice.balance.digits}" for invoice in then(day).invoices}


def test_on_its_own_day_a_book_stays_as_it_is() -> None:
    assert then(31) == BOOK


@pytest.mark.parametrize(
    ("day", "balance"), [(8, "1250.00"), (9, "1240.00"), (11, "1240.00"), (12, "1000.00"), (30, "1000.00")]
)
def test_a_payment_takes_off_once_it_is_both_received_and_entered(day: int, balance: str) -> None:
    assert balances(day)["I-1"] == f"open {balance}"


def test_a_payment_not_yet_entered_is_not_in_the_book() -> None:
    assert [payment.ref for payment in then(11).payments] == ["P-3"]
    assert [payment.ref for payment in then(12).payments] == ["P-1", "P-3"]


def test_an_invoice_paid_since_was_open_and_one_written_later_was_not_there() -> None:
    assert "I-2" not in balances(14)
    assert balances(15)["I-2"] == "open 80.00"
    assert balances(19)["I-2"] == "open 80.00"
    assert balances(20)["I-2"] == "paid 0.00"


def test_money_received_and_not_yet_put_on_an_invoice_was_unapplied() -> None:
    assert {payment.ref: payment.unapplied.digits for payment in then(19).payments}["P-2"] == "80.00"


def test_a_payment_that_bounced_later_had_paid_the_invoice() -> None:
    assert balances(4)["I-3"] == "open 60.00"
    assert balances(13)["I-3"] == "paid 0.00"
    assert balances(14)["I-3"] == "open 60.00"
    bounced = {day: {payment.ref: payment.reversed_on for payment in then(day).payments}["P-3"] for day in (13, 14)}
    assert bounced == {13: None, 14: march(14)}


def test_a_voided_invoice_stays_voided_because_nobody_wrote_down_when() -> None:
    assert balances(5)["I-4"] == "voided 0.00"


def test_a_credit_note_counts_on_an_invoice_from_the_day_it_was_used_there() -> None:
    assert [note.unapplied.digits for note in then(8).credit_notes] == ["25.00"]
    assert [note.unapplied.digits for note in then(9).credit_notes] == ["15.00"]
    assert then(4).credit_notes == ()


def test_what_people_recorded_later_was_not_known() -> None:
    book = then(18)
    assert [(promise.ref, promise.withdrawn_on) for promise in book.promises] == [("PR-1", None)]
    assert [dispute.closed_on for dispute in book.disputes] == [None]
    assert [plan.ref for plan in book.installment_plans] == ["IP-1"]
    assert then(9).disputes == ()
    assert then(9).promises == ()
    assert then(15).installment_plans == ()
    assert then(20).disputes[0].closed_on == march(20)
    assert then(19).promises[0].withdrawn_on == march(19)


def test_a_hold_of_ours_is_what_our_history_says_it_was() -> None:
    def ours(day: int) -> list[tuple[str, date]]:
        return [(hold.state, hold.since) for hold in then(day).holds if hold.is_ours]

    assert ours(12) == []
    assert ours(13) == [("hold", march(13))]
    assert ours(27) == [("hold", march(13))]
    assert ours(28) == [("stop", march(28))]
    assert [hold.state for hold in then(6).holds] == ["watch"]
    assert then(5).holds == ()


def test_a_hold_we_lifted_since_was_still_on() -> None:
    lifted = replace(BOOK, holds=(), history=(*BOOK.history, facts.StandingChanged("C-1", "stop", "good", march(30))))
    assert [hold.state for hold in as_of(lifted, march(29)).holds] == ["stop"]
    assert as_of(lifted, march(30)).holds == ()


@given(st.permutations(range(4)))
def test_changes_of_one_day_follow_each_other_in_whatever_order_the_book_lists_them(order: list[int]) -> None:
    moves = (
        facts.StandingChanged("C-1", "good", "hold", march(12)),
        facts.StandingChanged("C-1", "hold", "good", march(14)),
        facts.StandingChanged("C-1", "good", "hold", march(14)),
        facts.StandingChanged("C-1", "hold", "good", march(30)),
    )
    book = replace(BOOK, holds=(), history=tuple(moves[place] for place in order))
    assert [hold.state for hold in as_of(book, march(14)).holds] == ["hold"]


def test_our_own_later_work_is_left_out() -> None:
    assert [type(entry).__name__ for entry in then(14).history] == ["ReminderSent", "StandingChanged"]
    assert [type(entry).__name__ for entry in then(15).history][1] == "ChargeBilled"


def test_a_charge_is_known_from_the_day_its_invoice_bears() -> None:
    charge = facts.Invoice(
        "I-9", "FC", "C-1", march(17), None, usd("3.00"), usd("3.00"), origin="syncd:finance_charges"
    )
    book = replace(BOOK, invoices=(*BOOK.invoices, charge))
    kinds = [{type(entry) for entry in as_of(book, march(day)).history} for day in (16, 17)]
    assert facts.ChargeBilled not in kinds[0]
    assert facts.ChargeBilled in kinds[1]


def test_the_books_flag_of_an_earlier_day_is_not_known_and_terms_were_not_accepted_before_their_day() -> None:
    assert then(10).customers[0] == facts.Customer("C-1", "Oak Ltd")
    assert then(11).customers[0].terms_accepted_on == march(11)


def test_rates_of_later_days_are_left_out() -> None:
    assert [rate.on for rate in then(19).rates] == [march(1)]


def test_a_discount_that_settled_an_invoice_had_not_been_taken_before_the_payment() -> None:
    invoice = facts.Invoice(
        "I-5", "5", "C-1", march(1), march(30), usd("100.00"), usd("0.00"), status="paid",
        discount=facts.Discount(Decimal(2), march(10)),
    )  # fmt: skip
    payment = facts.Payment("P-5", "C-1", march(10), usd("98.00"), (facts.Application("I-5", usd("98.00")),))
    book = facts.Book(march(31), BOOK.company, customers=BOOK.customers, invoices=(invoice,), payments=(payment,))
    assert as_of(book, march(9)).invoices[0].balance == usd("100.00")
    assert as_of(book, march(10)).invoices[0].balance == usd("0.00")


def test_on_a_later_day_a_payment_dated_ahead_has_come_in() -> None:
    ahead = facts.Payment("P-9", "C-1", date(2025, 4, 2), usd("1000.00"), (facts.Application("I-1", usd("1000.00")),))
    book = replace(BOOK, payments=(*BOOK.payments, ahead))
    assert ahead not in as_of(book, march(31)).payments
    assert as_of(book, date(2025, 4, 1)).invoices[0].balance == usd("1000.00")
    assert as_of(book, date(2025, 4, 2)).invoices[0].status == "paid"


@given(near=st.integers(0, 31), far=st.integers(0, 31))
def test_looking_back_twice_is_looking_back_once(near: int, far: int) -> None:
    middle, first = BOOK.as_of - timedelta(near), BOOK.as_of - timedelta(near + far)
    assert as_of(as_of(BOOK, middle), first) == as_of(BOOK, first)


@given(day=st.integers(1, 31))
def test_balances_and_unapplied_cash_always_sum_to_what_was_billed_less_what_came_in(day: int) -> None:
    book = then(day)
    live = [invoice for invoice in book.invoices if invoice.status != "voided"]
    billed = sum((invoice.total.amount for invoice in live), Decimal(0))
    came = sum((paper.amount.amount for paper in book.payments if paper.reversed_on is None), Decimal(0))
    came += sum((note.amount.amount for note in book.credit_notes), Decimal(0))
    unapplied = sum((paper.unapplied.amount for paper in (*book.payments, *book.credit_notes)), Decimal(0))
    assert sum((invoice.balance.amount for invoice in live), Decimal(0)) == billed - came + unapplied
