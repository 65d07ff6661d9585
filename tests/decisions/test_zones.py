"""Where customers live by the clock: the table against the time zone database, and windows against plain counting."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.domain.calendars import WEEKDAYS
from rules.domain.courtesy import SendWindow
from rules.domain.facts import Company, Customer
from rules.domain.reminding.windows import days_there, window_at
from rules.domain.zone_names import is_zone
from rules.domain.zones import calendar_of, zone_of
from rules.tables import rows_of

ACME = Company("Acme", "USD", "America/New_York", "US")
ZONES = ("America/New_York", "Pacific/Auckland", "Asia/Kolkata", "Pacific/Kiritimati", "America/Adak", "UTC")


def zones_by_country() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country].append(zone)
    return found


def test_every_country_with_one_zone_has_it_and_no_row_names_a_zone_nobody_knows() -> None:
    table = {row["place"]: row["zone"] for row in rows_of("timezones")}
    single = {country: zones[0] for country, zones in zones_by_country().items() if len(zones) == 1}
    assert {place: zone for place, zone in table.items() if place in single} == single
    assert [zone for zone in table.values() if not is_zone(zone)] == []


def test_a_country_with_several_zones_has_one_of_its_own() -> None:
    zones = zones_by_country()
    assert [row["place"] for row in rows_of("timezones") if row["zone"] not in zones[row["place"][:2]]] == []


@pytest.mark.parametrize(
    ("more", "zone"),
    [
        ({"country": "NZ"}, "Pacific/Auckland"),
        ({"country": "nz "}, "Pacific/Auckland"),
        ({"country": "GB", "region": "London"}, "Europe/London"),
        ({"country": "US"}, "America/New_York"),
        ({"country": "US", "region": "CA"}, "America/Los_Angeles"),
        ({"region": "CA"}, "America/Los_Angeles"),
        ({"country": "AU", "region": "wa"}, "Australia/Perth"),
        ({"country": "ZZ"}, "America/New_York"),
        ({"country": "NZ", "timezone": "Pacific/Chatham"}, "Pacific/Chatham"),
        ({"country": "NZ", "timezone": "Pacific/Nowhere"}, "America/New_York"),
        ({}, "America/New_York"),
    ],
)
def test_the_closest_word_says_where_a_customer_lives(more: dict[str, str], zone: str) -> None:
    assert zone_of(Customer("C-1", "Oak", **more), ACME) == zone  # type: ignore[arg-type]


def test_the_holidays_are_the_regions_else_the_countrys() -> None:
    assert calendar_of(Customer("C-1", "Oak", country="US", region="NV"), ACME) == "US-NV"
    assert calendar_of(Customer("C-1", "Oak", country="GB", region="Kent"), ACME) == "GB"
    assert calendar_of(Customer("C-1", "Oak"), ACME) is None


def test_an_hour_that_is_skipped_when_the_clocks_are_put_on_is_never_open() -> None:
    hours = SendWindow.model_validate({"from": "02:00", "to": "03:00"})
    window = window_at(hours, Customer("C-1", "Oak", timezone="America/New_York"), Company("Acme", "USD", "UTC"))
    assert window.closed(date(2025, 3, 9)) == "in America/New_York its hours are not reached"
    assert window.closed(date(2025, 3, 10)) is None


def test_a_day_at_one_edge_of_the_world_reaches_two_days_ahead_at_the_other() -> None:
    # 25 hours apart: 5 March ends in Pago Pago when 7 March is an hour old on Kiritimati.
    ahead = days_there(date(2025, 3, 5), "Pacific/Pago_Pago", "Pacific/Kiritimati", ("00:00", "24:00"))
    assert ahead == (date(2025, 3, 6), date(2025, 3, 7))


@settings(max_examples=150)
@given(
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(1, 24),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
)
def test_a_day_is_open_where_one_of_its_minutes_is(
    day: date, here: str, there: str, first: int, last: int, days: set[str]
) -> None:
    if last <= first:
        first, last = last - 1, first + 1
    hours = {"from": f"{first:02}:00", "to": f"{last:02}:00"}
    window = window_at(
        SendWindow.model_validate({"days": sorted(days), **hours}),
        Customer("C-1", "Oak", timezone=there),
        Company("Acme", "USD", here),
    )
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(here)).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(here)).astimezone(UTC)
    quarters = int((end - start).total_seconds() // 900)
    moments = [(start + timedelta(minutes=15 * step)).astimezone(ZoneInfo(there)) for step in range(quarters)]
    is_open = any(WEEKDAYS[one.weekday()] in days and first <= one.hour < last for one in moments)
    assert (window.closed(day) is None) == is_open
