"""Rows L: what a provider never told us of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors import Ref
from tests.faults.cases import CASE
from tests.faults.world import Builder, World

CHARGE = CASE["finance charge"]


def held(world: World) -> set[str]:
    """The invoices we believe are open."""
    with world.ledger() as (ledger, _):
        facts = ledger.mirror.facts_of([world.customer])
    return {fact.ref for fact in facts if getattr(fact, "status", "") == "open"}


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_l1_after_weeks_without_reading_all_is_read_again_and_what_was_deleted_in_silence_is_gone(
    build: Builder, provider: str
) -> None:
    world = build(CHARGE, provider)
    world.quiet()
    due_on = world.today + timedelta(days=90)
    lasting, going = [
        world.company.add_invoice(world.customer, number, world.today, due_on, 5_000) for number in ("2001", "2002")
    ]
    world.one_pass()
    assert {lasting, going} <= held(world)
    if provider == "quickbooks":
        world.company.delete_invoice(going, unnoticed=True)
    else:
        world.company.void(going)
    late = world.company.add_invoice(world.customer, "2003", world.today, due_on, 5_000)
    world.advance(days=40)
    world.one_pass()
    assert {lasting, late} <= held(world)
    assert going not in held(world)


def test_l2_a_list_that_is_cut_short_without_a_word_loses_nothing(build: Builder) -> None:
    world = build(CHARGE, "quickbooks")
    world.quiet()
    due_on = world.today + timedelta(days=30)
    more = world.company.limits.cdc_rows + 10  # than it tells of at once
    made = {
        world.company.add_invoice(world.customer, f"{number:06}", world.today, due_on, 5_000) for number in range(more)
    }
    world.one_pass()
    with world.ledger() as (ledger, _):
        assert {ref for ref in made if ledger.mirror.fact(Ref("invoice", ref)) is None} == set()
