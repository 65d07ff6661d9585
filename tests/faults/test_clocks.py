"""Rows T: clocks that are wrong, days of 23 and 25 hours, and machines that slept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.cases import CASE, PAIRS, Case
from tests.faults.world import Builder, World

LADDER = """
[policies.standard.reminders]
levels = [
  { at_days = 1, template = "friendly", channel = "provider" },
  { at_days = 10, template = "firm", channel = "provider" },
  { at_days = 20, template = "final", channel = "provider" },
]
"""


mails = pytest.mark.parametrize(("case", "provider"), [pair for pair in PAIRS if pair[0].is_mail], ids=str)


def set_provider_ahead(world: World, minutes: int) -> None:
    if world.company.kind == "quickbooks":
        world.company.skew = timedelta(minutes=minutes)
    else:
        world.company.switches.clock_skew_s = minutes * 60


@pytest.mark.parametrize(
    ("case", "provider"),
    [pair for pair in PAIRS if pair[0].is_mail or pair[0].name == "finance charge"],
    ids=str,
)
@pytest.mark.parametrize("minutes", [10, -10])
def test_t1_with_a_wrong_clock_charges_and_mail_wait(build: Builder, case: Case, provider: str, minutes: int) -> None:
    world = build(case, provider)
    set_provider_ahead(world, minutes)
    assert world.one_pass().drained.clock_off
    assert world.count == 0

    set_provider_ahead(world, 0)
    for _ in range(3):
        world.one_pass()
    assert world.outcome() == "once"


# A moment before the clocks change, and the hours of passes around it; Cairo springs forward at midnight.
CHANGES = [
    ("America/New_York", datetime(2027, 3, 14, 6, 30, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 11, 7, 5, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 14, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 10, 2, 15, 15, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2027, 4, 29, 21, 30, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2027, 10, 28, 20, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "moment"), CHANGES)
@pytest.mark.parametrize("case", [CASE["finance charge"], CASE["SMTP e-mail"], CASE["provider e-mail"]], ids=str)
def test_t2_an_hour_that_comes_twice_or_never_does_nothing_twice(
    build: Builder, zone: str, moment: datetime, case: Case
) -> None:
    world = build(case, case.providers[CHANGES.index((zone, moment)) % len(case.providers)], start=moment)
    file = world.folder / "config.toml"
    file.write_text(file.read_text().replace(world.company.timezone, zone))
    for _ in range(5):
        world.advance(minutes=25)
        world.one_pass()
    assert world.outcome() == "once"


@mails
def test_t3_after_a_long_sleep_one_mail_goes_out_and_not_one_for_each_day_missed(
    build: Builder, case: Case, provider: str
) -> None:
    world = build(case, provider, prepare=False)
    ladder = LADDER if case.verb == "email_invoice" else LADDER.replace('"provider"', '"email"')
    (world.folder / "rules.d" / "10.toml").write_text(world.rules_with(ladder))
    world.case.prepare(world)
    world.quiet()
    assert world.count == 1
    world.advance(days=40)
    world.quiet()
    assert world.count == 2


@pytest.mark.parametrize(("case", "provider"), PAIRS, ids=str)
def test_t3_a_clock_that_jumps_back_does_nothing_again(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    world.quiet()
    world.advance(days=-3)
    world.one_pass()
    assert world.outcome() == "once"
