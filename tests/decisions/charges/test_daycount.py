"""Day counts against QuantLib, and that cutting a span never gains or loses a day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import get_args

import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from rules.domain.charging.daycount import DIVISOR, DayCount, counted, year_fraction

DAYS = st.dates(date(1995, 1, 1), date(2040, 12, 31))
SPANS = st.tuples(DAYS, st.integers(0, 3000)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1])))
ORACLES = {
    "act/365": QuantLib.Actual365Fixed(),
    "act/360": QuantLib.Actual360(),
    "act/act": QuantLib.ActualActual(QuantLib.ActualActual.ISDA),
    "30/360": QuantLib.Thirty360(QuantLib.Thirty360.BondBasis),
    "30e/360": QuantLib.Thirty360(QuantLib.Thirty360.European),
}


def foreign(day: date) -> QuantLib.Date:
    return QuantLib.Date(day.day, day.month, day.year)


@pytest.mark.parametrize("convention", get_args(DayCount))
@given(span=SPANS)
def test_a_year_fraction_is_the_one_quantlib_finds(convention: DayCount, span: tuple[date, date]) -> None:
    expected = ORACLES[convention].yearFraction(foreign(span[0]), foreign(span[1]))
    assert abs(year_fraction(convention, *span) - Decimal(expected)) < Decimal("1e-12")


@pytest.mark.parametrize("convention", get_args(DayCount))
@given(span=SPANS, share=st.floats(0, 1))
def test_a_span_cut_in_two_counts_the_same(convention: DayCount, span: tuple[date, date], share: float) -> None:
    anchor, end = span
    middle = anchor + timedelta(days=int((end - anchor).days * share))
    first = counted(convention, anchor, middle)
    second = counted(convention, anchor, end) - counted(convention, anchor, middle)
    assert first >= 0
    assert second >= 0
    assert first + second == counted(convention, anchor, end)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2006, 8, 31), date(2007, 2, 28), 178),
        (date(2007, 2, 28), date(2007, 8, 31), 183),
        (date(2006, 1, 31), date(2006, 2, 28), 28),
        (date(2008, 2, 28), date(2008, 3, 31), 33),
    ],
)
def test_thirty_days_a_month_count_as_isda_publishes(start: date, end: date, days: int) -> None:
    # finance.md DC-01: lballabio/QuantLib test-suite/daycounters.cpp
    assert counted("30/360", start, end) == days


def test_act_act_weighs_each_day_by_its_own_year() -> None:
    # By hand: 15 days before 2024 begins (ISDA counts the day a period starts on), 15 after.
    fraction = year_fraction("act/act", date(2023, 12, 17), date(2024, 1, 16))
    assert fraction == (Decimal(15 * 366 + 15 * 365)) / DIVISOR["act/act"]
