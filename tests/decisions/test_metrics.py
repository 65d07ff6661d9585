"""Figures of a whole book against the published worked examples (finance.md, KPI-01 to KPI-14)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rules.domain.metrics import (
    Sold,
    average_days_delinquent,
    collection_effectiveness,
    countback_dso,
    dso,
    reserve,
    roll_rate,
    shown,
    weighted_days,
)


def number(text: str) -> Decimal:
    return Decimal(text)


def test_dso_best_possible_dso_and_their_difference_as_creditguru_has_them():
    all_of_it = dso(number("15000"), number("10000"), 30)
    best = dso(number("4000"), number("10000"), 30)
    assert (all_of_it, best, average_days_delinquent(all_of_it, best)) == (45, 12, 33)


def test_collection_effectiveness_as_creditguru_has_it_with_a_months_sales():
    found = collection_effectiveness(number("6200"), number("10890") / 3, number("6340"), number("3590"))
    assert found.quantize(number("0.1")) == number("55.9")


def test_collection_effectiveness_as_gaviti_has_it():
    found = collection_effectiveness(number("100000"), number("1000000"), number("120000"), number("100000"))
    assert found == 98


def test_countback_takes_whole_months_and_the_last_pro_rata():
    months = [Sold(number(amount), 30) for amount in ("100000", "80000", "70000")]
    assert shown(countback_dso(number("212000"), months)) == number("73.71")


def test_countback_over_periods_of_four_weeks():
    months = [Sold(number(amount), 28) for amount in ("5.0", "6.0", "6.0")]
    assert shown(countback_dso(number("12.0"), months)) == number("60.67")


def test_countback_of_the_hyperion_example_with_its_arithmetic_put_right():
    months = [Sold(number(amount), days) for amount, days in (("1000", 31), ("1000", 30))]
    assert countback_dso(number("1500"), months) == 46


def test_countback_ends_at_a_month_without_sales():
    assert countback_dso(number("300"), [Sold(number("100"), 31), Sold(number("0"), 30), Sold(number("500"), 31)]) == 31
    assert countback_dso(number("300"), [Sold(number("0"), 31), Sold(number("500"), 30)]) is None
    assert countback_dso(number("0"), [Sold(number("100"), 31)]) == 0


def test_weighted_days_to_pay():
    paid = [(number("1000"), 15), (number("3000"), 30), (number("2000"), 45)]
    assert weighted_days(paid) == number("32.5")
    assert weighted_days([(number("1"), days) for days in (5, 10, 15)]) == 10


def test_roll_rate_of_one_bucket_into_the_next():
    assert roll_rate(number("200000"), number("1000000")) == 20
    assert roll_rate(number("600000"), number("1000000")) == 60


def test_reserve_by_the_aging_method():
    assert reserve([number(n) for n in ("80000", "15000", "5000")], [number(n) for n in ("3", "9", "25")]) == 5000
    amounts = [number(n) for n in ("200000", "60000", "25000", "12000", "8000")]
    assert reserve(amounts, [number(n) for n in ("1", "5", "15", "30", "50")]) - 10000 == number("6350")


def test_what_is_not_defined_is_none():
    assert dso(number("5"), number("0"), 30) is None
    assert average_days_delinquent(None, number("1")) is None
    assert collection_effectiveness(number("0"), number("0"), number("0"), number("0")) is None
    assert weighted_days([]) is None
    assert roll_rate(number("5"), number("0")) is None
    assert shown(None) is None
    with pytest.raises(ValueError, match="argument 2"):
        reserve([number("1")], [])
