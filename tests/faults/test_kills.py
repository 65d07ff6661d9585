"""Rows K: the process is killed for real at every point of a write, and what is found in the books afterwards."""

from __future__ import annotations

import pytest

from tests.faults.cases import CASE, PAIRS, Case
from tests.faults.matrix import ROWS
from tests.faults.pipe import Pipe, message_content, whole_write
from tests.faults.world import KILLED, Builder, World

each_effect = pytest.mark.parametrize(("case", "provider"), PAIRS, ids=str)


def recovers(row: str, world: World, provider: str) -> None:
    """Two passes after the crash the effect is as the matrix says, and it stays so."""
    world.check_promise()
    world.child()
    found = world.outcome()
    assert found in ROWS[row].expected(world.case, provider), found
    world.advance(days=1)
    world.quiet_child()
    assert world.outcome() == found


def dies_at(world: World, point: str) -> None:
    assert world.child(crash_at=point.format(verb=world.case.verb)) == KILLED


@each_effect
def test_k0_killed_before_the_plan_is_stored(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    dies_at(world, "before_intent")
    assert world.count == 0
    recovers("K0", world, provider)


@each_effect
def test_k1_killed_after_the_plan_is_stored(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    dies_at(world, "after_intent")
    assert world.count == 0
    recovers("K1", world, provider)


@each_effect
def test_k2_killed_after_the_claim_before_the_first_byte(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    dies_at(world, "after_claim/{verb}")
    assert world.count == 0
    recovers("K2", world, provider)


@each_effect
def test_k3_killed_with_half_of_the_request_sent(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    is_smtp = case.verb == "send_message"
    target, is_due = (world.mailbox.port, message_content) if is_smtp else (world.server.port, whole_write)
    with Pipe(target, is_due, world.kill) as pipe:
        with world.lines_at(mail=pipe.port) if is_smtp else world.lines_at(api=pipe.port):
            assert world.child() == KILLED
        assert world.count == 0
        recovers("K3", world, provider)


@each_effect
def test_k4_killed_after_the_provider_committed(build: Builder, case: Case, provider: str) -> None:
    for number in range(1, 6):
        world = build(case, provider)
        if world.child_killed_after(number) != KILLED:
            assert number > 1
            return
        recovers("K4", world, provider)
    raise AssertionError("an effect that takes more than five requests")


@each_effect
def test_k5_killed_after_the_answer_before_it_is_stored(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    dies_at(world, "before_result/{verb}")
    assert world.count == 1
    recovers("K5", world, provider)


@each_effect
def test_k6_killed_after_the_result_is_stored(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    dies_at(world, "after_result/{verb}")
    assert world.count == 1
    recovers("K6", world, provider)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
@pytest.mark.parametrize("point", ["after_claim", "before_result"])
def test_k2_and_k5_as_people_run_it_a_killed_command_and_the_same_command_again(
    build: Builder, provider: str, point: str
) -> None:
    world = build(CASE["finance charge"], provider, on_machine_clock=True)
    assert world.cli("cycle", crash_at=point).returncode == KILLED
    assert world.cli("cycle").returncode == 0
    assert world.outcome() == "once"
