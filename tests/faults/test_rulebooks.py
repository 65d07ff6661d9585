"""Rows G1 and G2: rules that change while work is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd import approval
from tests.faults.cases import CASE
from tests.faults.world import Builder, World

CHARGE = CASE["finance charge"]


def rewrite(world: World, change: Callable[[str], str]) -> None:
    file = world.folder / "rules.d" / "10.toml"
    file.write_text(change(file.read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        "[policies.standard.reminders",
        "[policies.standard.reminder]\n",
        "[policies.standard.payer]\nchronic = { late_share_pct = 50.5 }\n",
        '[policies.standard.finance_charges]\nkind = "interest"\n',
        "\x00\xff",
    ],
)
def test_g1_rules_that_are_wrong_leave_the_last_good_ones_in_force(build: Builder, wrong: str) -> None:
    world = build(CHARGE, "quickbooks")
    with world.office() as office:
        version = office.policies.version
        rewrite(world, lambda text: text + wrong)
        problems = office.rulebook.reload()
        assert problems
        assert all("10.toml" in problem for problem in problems)
        assert office.policies.version == version
        report = world.attempt(office.ledgers[0], world.ground(office))
        assert report.failure is None
        rewrite(world, lambda text: text.removesuffix(wrong))
        assert office.rulebook.reload() == ()
    assert world.outcome() == "once"


def test_g2_rules_right_and_dangerous_are_held_by_the_limits(build: Builder) -> None:
    world = build(CHARGE, "quickbooks", prepare=False)
    world.quiet()
    world.case.prepare(world)
    rewrite(world, lambda text: text.replace('annual_pct = "18"', 'annual_pct = "180000"'))
    report = world.one_pass()
    assert "max_charges_per_cycle" in report.brake
    assert world.count == 0


def test_g2_rules_first_used_for_many_are_held_and_released_by_a_person(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    world.quiet()
    rewrite(world, lambda text: text + CASE["stop-sell on"].rules)
    with world.ledger() as (ledger, ground):
        careful = replace(ground, limits=replace(ground.limits, max_actions_of_new_rules=0))
        report = world.attempt(ledger, careful)
        assert "rules not used before" in report.brake
        assert ledger.intents.counts().get("planned") is None
        approval.release(ledger, "dana", "auto")
        report = world.attempt(ledger, careful)
        assert report.brake is None
        assert report.drained.confirmed == {"set_stop_sell": 1}


def test_g2_a_first_plan_of_few_actions_goes_and_of_more_is_held(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        careful = replace(ground, limits=replace(ground.limits, first_plan="few", max_actions_of_new_rules=0))
        assert "rules not used before" in (world.attempt(ledger, careful).brake or "")
        assert world.writes == []
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        trusting = replace(ground, limits=replace(ground.limits, first_plan="few", max_actions_of_new_rules=20))
        assert world.attempt(ledger, trusting).brake is None
    assert world.outcome() == "once"


def test_g2_the_first_plan_of_a_connection_is_held_where_that_is_asked_for(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    with world.ledger() as (ledger, ground):
        careful = replace(ground, limits=replace(ground.limits, first_plan="hold"))
        report = world.attempt(ledger, careful)
        assert "the first plan" in report.brake
        assert world.writes == []
        approval.release(ledger, "dana", "auto")
        assert world.attempt(ledger, careful).brake is None
    assert world.outcome() == "once"


@given(pct=st.decimals(min_value=1, max_value=10**6, places=2), most=st.integers(min_value=0, max_value=200))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_g2_no_rate_of_interest_bills_more_than_the_limit_by_itself(build: Builder, pct: Decimal, most: int) -> None:
    world = build(CHARGE, "quickbooks", prepare=False)
    rewrite(world, lambda text: text.replace('annual_pct = "18"', f'annual_pct = "{pct}"'))
    world.case.prepare(world)
    with world.ledger() as (ledger, ground):
        world.attempt(ledger, replace(ground, limits=replace(ground.limits, max_charges_per_cycle=Decimal(most))))
    billed = sum(effect.cents for effect in world.company.effects() if effect.kind == "finance_charge")
    assert billed <= most * 100
