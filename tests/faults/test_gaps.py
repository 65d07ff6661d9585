"""Rows L: what a provider never told us of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors import Ref
from connectors.simulator.http import Request, Response
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


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
@pytest.mark.parametrize("left", [0, 3])
def test_l2_a_page_with_fewer_rows_than_there_are_is_not_taken_for_all_of_them(
    build: Builder, provider: str, left: int
) -> None:
    """Of seven open invoices the provider shows three, or none, for a while, in lists that look well."""
    world = build(CHARGE, provider)
    due_on = world.today + timedelta(days=90)
    for number in range(6):
        world.company.add_invoice(world.customer, f"40{number}", world.today, due_on, 5_000)
    world.quiet()
    assert len(held(world)) >= 7

    def cut(request: Request, response: Response) -> Response:
        document = json.loads(response.body) if response.body.startswith(b"{") else {}
        place = document.get("QueryResponse", document)
        is_list = request.method == "GET" and not request.path.rsplit("/", 1)[-1].isdigit()
        if is_list and len(place.get("Invoices", place.get("Invoice", ()))) > left:
            key = "Invoices" if "Invoices" in place else "Invoice"
            place[key] = place[key][:left]
            return replace(response, body=json.dumps(document).encode())
        return response

    world.garble = cut
    before = held(world)
    with world.ledger() as (ledger, _):
        ledger.connections.forget_progress()
    for _ in range(2):
        world.one_pass()
    assert held(world) == before
    world.garble = None
    world.quiet()
    assert held(world) == before
    assert world.count == 1


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
