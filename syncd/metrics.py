"""The figures of `syncd metrics` from a book: what was owed and sold when, in each currency by itself.

Receivables are open balances, charges of ours included, money on no invoice yet left out. Sales are the totals of what
was issued, drafts and voided invoices left out. The formulas are `rules.domain.metrics`.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from rules.domain import hindsight, metrics
from rules.domain.aging import OverdueSettings, aged, labels
from rules.domain.calendars import days_after
from rules.domain.eligibility import is_fully_paid, is_open
from rules.domain.facts import Book, Invoice
from rules.domain.metrics import Sold, shown
from rules.domain.money import Money
from syncd.errors import Usage

_ZERO = Decimal(0)
_ONE_DAY = timedelta(days=1)
_YEAR_DAYS = 364
_CUT = OverdueSettings()  # the usual buckets from the due date: figures compare between companies


@dataclass(frozen=True, slots=True)
class Period:
    """From `first_on` to `last_on`, both included."""

    first_on: date
    last_on: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_on - self.first_on).days + 1


def period_of(book: Book, first_on: date | None, last_on: date | None) -> Period:
    """The period asked for; else the year up to the book's day.

    Raises:
        Usage: it ends before it begins, or after the book does.
    """
    last = last_on or book.as_of
    if last > book.as_of:
        raise Usage(f"--to {last} lies after {book.as_of}, the book's own day")
    first = first_on or days_after(last, -_YEAR_DAYS)
    if first > last:
        raise Usage(f"--from {first} is after --to {last}")
    return Period(first, last)


def metrics_of(
    connection: str | None, book: Book, period: Period, reserve_pct: Sequence[Decimal] = ()
) -> dict[str, Any]:
    """All figures: at the top those of the base currency (or the only one there is), and each currency's."""
    looks = _Looks(book, period)
    by_currency = {currency: _figures(looks, currency, reserve_pct) for currency in looks.currencies}
    base = book.company.currency
    main = base if base in by_currency or len(by_currency) != 1 else next(iter(by_currency))
    return {
        "connection": connection,
        "company": book.company.name,
        "from": period.first_on.isoformat(),
        "to": period.last_on.isoformat(),
        "currency": main,
        **(by_currency.get(main) or _figures(looks, main, reserve_pct)),
        "by_currency": by_currency,
    }


@dataclass(frozen=True)
class _Looks:
    """The book as it stood at the points of time that the figures need."""

    book: Book
    period: Period

    @cached_property
    def closing(self) -> Book:
        return hindsight.as_of(self.book, self.period.last_on)

    @cached_property
    def opening(self) -> Book:
        return hindsight.as_of(self.book, days_after(self.period.first_on, -1))

    @cached_property
    def earlier(self) -> dict[int, Book]:
        """The book a bucket's length before the end, by that length."""
        lengths = {*_lengths()}
        return {length: hindsight.as_of(self.book, days_after(self.period.last_on, -length)) for length in lengths}

    @property
    def currencies(self) -> list[str]:
        return sorted({invoice.currency for invoice in self.closing.invoices if _counts(invoice)})


def _figures(looks: _Looks, currency: str, reserve_pct: Sequence[Decimal]) -> dict[str, Any]:
    period = looks.period
    opening, closing = _owed(looks.opening, currency), _owed(looks.closing, currency)
    aging = _aging(looks.closing, currency)
    current = aging[labels(_CUT.buckets)[0]]
    sales = _sold(looks.closing, currency, period.first_on, period.last_on)
    whole, best = metrics.dso(closing, sales, period.days), metrics.dso(current, sales, period.days)
    found = {
        "dso": whole,
        "best_possible_dso": best,
        "countback_dso": metrics.countback_dso(closing, _months(looks.closing, currency, period.last_on)),
        "add": metrics.average_days_delinquent(whole, best),
        "cei": metrics.collection_effectiveness(opening, sales, closing, current),
        "days_to_pay": metrics.weighted_days(_payments(looks.closing, currency, period)),
    }
    figures: dict[str, Any] = {name: _written(figure) for name, figure in found.items()}
    figures["roll_rates"] = {name: _written(rate) for name, rate in _roll_rates(looks, currency, aging)}
    if reserve_pct:
        figures["reserve"] = str(Money(metrics.reserve(aging, reserve_pct), currency).rounded())
    basis = {"receivables": closing, "current": current, "opening": opening, "sales": sales}
    figures["basis"] = {name: Money(amount, currency).digits for name, amount in basis.items()} | {"days": period.days}
    return figures


def _counts(invoice: Invoice) -> bool:
    return invoice.status in ("open", "paid")


def _owed(book: Book, currency: str) -> Decimal:
    return sum((one.balance.amount for one in book.invoices if is_open(one) and one.currency == currency), _ZERO)


def _sold(book: Book, currency: str, first_on: date, last_on: date) -> Decimal:
    return sum(
        (
            invoice.total.amount
            for invoice in book.invoices
            if _counts(invoice) and invoice.currency == currency and first_on <= invoice.issued_on <= last_on
        ),
        _ZERO,
    )


def _aging(book: Book, currency: str) -> dict[str, Decimal]:
    """What is open by bucket; what has no due date is current."""
    names = labels(_CUT.buckets)
    cells = dict.fromkeys(names, _ZERO)
    for invoice in book.invoices:
        if is_open(invoice) and invoice.currency == currency:
            parts = aged(invoice, book.as_of, _CUT, None, settled=False).parts
            for part in parts:
                cells[names[part.bucket]] += part.open.amount
            if not parts:
                cells[names[0]] += invoice.balance.amount
    return cells


def _months(book: Book, currency: str, last_on: date) -> Iterator[Sold]:
    """Sales by calendar month, newest first: of the newest what has passed, back to the first invoice."""
    first = min((one.issued_on for one in book.invoices if _counts(one) and one.currency == currency), default=last_on)
    month, days = last_on.replace(day=1), last_on.day
    while month >= first.replace(day=1):
        end = month + timedelta(days=days - 1)
        yield Sold(_sold(book, currency, month, end), days)
        before = month - _ONE_DAY
        month, days = before.replace(day=1), calendar.monthrange(before.year, before.month)[1]


def _payments(book: Book, currency: str, period: Period) -> Iterator[tuple[Decimal, int]]:
    """What came in within the period on invoices that are fully paid, with the days since they were issued."""
    paid = {one.ref: one for one in book.invoices if is_fully_paid(one) and one.currency == currency}
    for payment in book.payments:
        if payment.reversed_on is None:
            for part in payment.applied:
                on, invoice = part.on or payment.received_on, paid.get(part.invoice)
                if invoice is not None and period.first_on <= on <= period.last_on:
                    yield part.amount.amount, (on - invoice.issued_on).days


def _lengths() -> tuple[int, ...]:
    """How many days each bucket but the last lasts; what is current is taken to last as long as the first late one."""
    bounds = _CUT.buckets
    late = [bounds[0], *(high - low for low, high in pairwise(bounds))]
    return (late[0], *late)


def _roll_rates(looks: _Looks, currency: str, now: dict[str, Decimal]) -> Iterator[tuple[str, Decimal | None]]:
    names = labels(_CUT.buckets)
    for length, name, following in zip(_lengths(), names[:-1], names[1:], strict=True):
        earlier = _aging(looks.earlier[length], currency)[name]
        yield f"{name} to {following}", metrics.roll_rate(now[following], earlier)


def _written(figure: Decimal | None) -> str | None:
    rounded = shown(figure)
    return None if rounded is None else str(rounded)
