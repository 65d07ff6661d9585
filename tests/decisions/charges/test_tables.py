"""The shipped rates, fixed sums and caps: each row sourced, none a guess, no day twice and none missing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from rules.domain.charging.caps import cap_for
from rules.domain.charging.fixed_sums import Band, FixedSums
from rules.domain.money import Money
from rules.domain.places import named
from rules.domain.references import STATUTORY, half_year, rate_table
from rules.tables import rows_of


@pytest.mark.parametrize("name", [*STATUTORY, "fixed_sums", "caps"])
def test_every_row_says_where_it_comes_from_and_how_sure_it_is(name: str) -> None:
    for row in rows_of(name):
        assert row["source"]
        assert row["confidence"] in {"H", "M"}
        assert date.fromisoformat(row["as_of"])


@pytest.mark.parametrize("name", STATUTORY)
def test_a_statutory_table_covers_whole_half_years_without_a_gap(name: str) -> None:
    table = rate_table(name)
    assert table is not None
    for row in table.rows:
        assert row.last_on is not None
        assert half_year(row.first_on)[0] == row.first_on
        assert half_year(row.last_on)[1] == row.last_on
    for row, following in pairwise(table.rows):
        assert row.last_on is not None
        assert row.last_on + timedelta(days=1) == following.first_on


def test_a_day_outside_a_table_has_no_rate() -> None:
    table = rate_table("boe")
    assert table is not None
    assert table.on(date(2010, 12, 31)) is None
    assert table.on(date(2027, 1, 1)) is None


def test_rates_of_ones_own_hold_until_the_next_and_the_last_until_further_notice() -> None:
    table = rate_table("pl", ((date(2020, 3, 18), Decimal("6.5")), (date(2016, 1, 1), Decimal(7))))
    assert table is not None
    found = [table.on(day) for day in (date(2015, 12, 31), date(2020, 3, 17), date(2020, 3, 18), date(2099, 1, 1))]
    assert [row and row.pct for row in found] == [None, Decimal(7), Decimal("6.5"), Decimal("6.5")]


def test_a_row_of_ones_own_continues_a_statutory_table_for_its_half_year_only() -> None:
    table = rate_table("ecb", ((date(2027, 3, 10), Decimal("2.00")),))
    assert table is not None
    found = [table.on(day) for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 6, 30), date(2027, 7, 1))]
    assert [row and row.pct for row in found] == [Decimal("2.40"), Decimal("2.00"), Decimal("2.00"), None]


def test_a_row_of_ones_own_takes_the_place_of_a_shipped_one() -> None:
    table = rate_table("boe", ((date(2025, 7, 1), Decimal("9.99")),))
    assert table is not None
    found = [table.on(day) for day in (date(2025, 6, 30), date(2025, 7, 1), date(2026, 1, 1))]
    assert [row and row.pct for row in found] == [Decimal("4.75"), Decimal("9.99"), None]


def test_nobody_knows_a_name_without_rows() -> None:
    assert rate_table("wibor") is None


def test_accumulated_bands_charge_each_slice() -> None:
    bands = (Band(Decimal(0), Decimal(10), Decimal(1)), Band(Decimal(100), Decimal(5), Decimal(2)))
    sums = FixedSums("own", "USD", bands, "accumulated")
    # 10 + 1 % of 100, 5 + 2 % of 50
    assert sums.sum_for(Decimal(150)) == Decimal(17)
    assert sums.sum_for(Decimal(99)) == Decimal("10.99")
    assert sums.sum_for(Decimal(0)) == 0


@pytest.mark.parametrize(
    ("places", "kind", "debt", "found"),
    [
        ((("US", "AL"), ("US", None)), "business", "1999.99 USD", ("US-AL", "8")),
        ((("US", "AL"), ("US", None)), "business", "2000.00 USD", None),
        ((("US", "AL"), (None, None)), "consumer", "1999.99 USD", None),
        ((("US", "NY"), (None, None)), "business", "1.00 USD", ("US-NY", "25")),
        ((("US", "NY"), (None, None)), "consumer", "1.00 USD", ("US-NY", "16")),
        ((("CA", "ON"), (None, None)), "business", "10000.00 CAD", ("CA", "35")),
        ((("CA", "ON"), (None, None)), "business", "10000.01 CAD", ("CA", "48")),
        ((("CA", "ON"), (None, None)), "business", "500000.00 CAD", ("CA", "48")),
        ((("CA", "ON"), (None, None)), "business", "500000.01 CAD", None),
        ((("CA", "ON"), (None, None)), "consumer", "600000.00 CAD", ("CA", "35")),
        ((("CA", "ON"), (None, None)), "business", "20000.00 USD", ("CA", "35")),
        ((("US", "AL"), ("CA", None)), "business", "100.00 USD", ("US-AL", "8")),
        ((("US", "NV"), ("US", "AL")), "business", "100.00 USD", ("US-AL", "8")),
        ((("US", "NY"), ("us", "al ")), "business", "100.00 USD", ("US-AL", "8")),
        ((("GB", None), (None, None)), "business", "100.00 GBP", None),
    ],
)
def test_the_lowest_cap_of_either_side_binds(places, kind, debt: str, found: tuple[str, str] | None) -> None:
    cap = cap_for([named(*place) for place in places], kind, Money.parse(debt))
    assert (cap and (cap.jurisdiction, str(cap.annual_pct))) == found
