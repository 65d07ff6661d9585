"""The pace of a connection: what is on the wire, and what was answered a moment ago, both keep the next one back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from connectors.simulator.clock import SimulatedClock
from connectors.transport import Lanes, Pacer, Timing, Usage


@pytest.fixture
def clock():
    return SimulatedClock(datetime(2026, 6, 15, tzinfo=UTC))


@pytest.fixture
def lanes(clock):
    return Lanes(2, 1.0, Timing(clock.now, clock.monotonic, clock.sleep), Usage())


def test_a_lane_rests_a_second_after_its_answer(clock, lanes):
    for after_s in (0, 0, 1, 1, 2):
        with lanes.one():
            assert clock.monotonic() == after_s


def test_a_late_answer_keeps_its_lane_so_that_no_second_sees_more_than_there_are_lanes(clock, lanes):
    with lanes.one():
        for after_s in (0, 1, 2):
            with lanes.one():
                assert clock.monotonic() == after_s
        clock.advance(timedelta(seconds=8))
    with lanes.one():
        assert clock.monotonic() == 10  # rested long ago
    with lanes.one():
        assert clock.monotonic() == 11  # a second after the late answer, and after the one just given


def test_a_request_that_fails_gives_its_lane_back(clock, lanes):
    for _ in range(6):
        with pytest.raises(ValueError, match="no line"), lanes.one():
            raise ValueError("no line")
    assert clock.monotonic() == 2


def test_a_share_of_the_lanes_is_all_that_is_used_until_it_grows_again(clock):
    usage = Usage(share=Fraction(1, 4))
    lanes = Lanes(9, 1.0, Timing(clock.now, clock.monotonic, clock.sleep), usage)
    for after_s in (0, 0, 1, 1, 2):
        with lanes.one():
            assert clock.monotonic() == after_s
    usage.share = Fraction(1)
    for _ in range(8):
        with lanes.one():
            assert clock.monotonic() == 2


def test_a_share_of_a_minute_is_all_that_is_used_and_never_nothing(clock):
    usage = Usage(share=Fraction(3, 4))
    pacer = Pacer(8, 60.0, Timing(clock.now, clock.monotonic, clock.sleep), usage)
    sent = []
    for _ in range(12):
        pacer.wait()
        sent.append(clock.monotonic())
    assert sent == [0] * 6 + [60] * 6
    usage.share = Fraction(1, 100)
    pacer.wait()
    assert clock.monotonic() == 120
