"""The figures of how a customer pays are plain arithmetic, checked here by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from rules.domain.account_index import AccountIndex
from rules.domain.accounts import accounts_of
from rules.domain.aging import OverdueSettings
from rules.domain.facts import Application, Book, Company, Customer, Invoice, Payment
from rules.domain.money import Money
from rules.domain.paying.behaviour import DueDays, Manners, manners
from rules.domain.paying.settings import DeterioratingSettings, PayerSettings

DUE = date(2024, 1, 31)
AS_OF = date(2025, 3, 31)
TWO = PayerSettings(deteriorating=DeterioratingSettings(recent_invoices=2, worse_by_days=5))


def paid(*rows: tuple[int, int], late_now: tuple[int, ...] = ()) -> Manners:
    """The manners of a customer with invoices of (amount, days after the due date they were paid)."""
    invoices, payments = [], []
    for number, (amount, days) in enumerate(rows):
        due_on = DUE + timedelta(days=40 * number)
        money = Money(Decimal(amount), "USD")
        ref, zero = f"I-{number}", Money.zero("USD")
        invoices.append(Invoice(ref, ref, "C-1", due_on - timedelta(30), due_on, money, zero, status="paid"))
        on = due_on + timedelta(days)
        payments.append(Payment(f"P-{number}", "C-1", on, money, (Application(ref, money),)))
    book = Book(AS_OF, Company("Acme", "USD"), (), (Customer("C-1", "Oak"),), tuple(invoices), tuple(payments))
    (account,) = accounts_of(book)
    return manners(AccountIndex(account, AS_OF), "C-1", late_now, TWO, DueDays(OverdueSettings()))


def test_days_late_weigh_by_amount_and_early_counts_as_zero() -> None:
    found = paid((100, 10), (300, -5), (100, 0))
    assert found.days_late == Decimal("2.0")  # (100 x 10 + 300 x 0 + 100 x 0) / 500
    assert (found.late, found.late_share_pct) == (1, Decimal("33.3"))


def test_the_trend_compares_the_latest_with_all_before() -> None:
    assert paid((10, 0), (10, 2), (10, 4), (10, 8)).trend == "worsening"  # 6.0 against 1.0
    assert paid((10, 0), (10, 2), (10, 3), (10, 8)).trend == "steady"  # 5.5 against 1.0
    assert paid((10, 8), (10, 4), (10, 2), (10, 0)).trend == "improving"
    assert paid((10, 8), (10, 4), (10, 2)).trend is None  # fewer before than are recent


def test_what_is_late_now_counts_as_the_latest() -> None:
    found = paid((10, 0), (10, 0), late_now=(30, 10))
    assert (found.recent, found.before, found.late, found.late_now) == (Decimal("20.0"), Decimal("0.0"), 2, 2)


def test_the_figures_are_told_in_one_sentence() -> None:
    assert paid((10, 0), (10, 0), late_now=(30, 10)).told() == (
        "Pays chronic: 2 invoices paid and 2 late now; 2 of them late (50.0 %); paid 0.0 days late on average by "
        "amount; the latest 20.0 days late, those before 0.0: worsening."
    )
    assert paid().told() == "Pays new: 0 invoices paid."
