"""What people record, carried into simulated QuickBooks and Xero books over the wire, and read from there again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syncd import approval
from syncd.office import Office
from syncd.people import holds, promises, waivers
from syncd.people.clerk import Clerk
from syncd.recover import recover
from tests.faults.cases import CHARGES, HOLDS, Case, overdue
from tests.faults.test_disks import kept_tokens
from tests.faults.world import Builder, World

PROMISES = "[policies.standard.promises]\nwrite_to_books = true\n"


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Builder]:
    with Builder(tmp_path, lambda: None) as builder:
        yield builder


def world_of(build: Builder, provider: str, rules: str, days: int = 40) -> World:
    return build(Case("people", "", rules, overdue(days), lambda _: 0), provider)


def clerk(office: Office) -> Clerk:
    return Clerk(office.ledgers, office.policies, "dana")


def deeds(world: World) -> Counter[str]:
    return Counter(effect.kind for effect in world.company.effects())


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_waived_charge_is_credited_once_in_the_books_and_used_on_the_charge(build, provider):
    world = world_of(build, provider, CHARGES)
    world.quiet()
    with world.office() as office:
        noted = waivers.add(clerk(office), "1001", reason="goodwill")
        amount = noted.filed.value.amount
    world.quiet()
    world.advance(days=1)
    world.quiet()

    credits_made = [effect for effect in world.company.effects() if effect.kind == "charge_reversal"]
    assert [effect.cents for effect in credits_made] == [int(amount.amount * 100)]
    with world.office() as office:
        assert waivers.state_of(office.ledgers[0], noted.filed) == "done"
        account = clerk(office).account(office.ledgers[0], world.customer)
        charges = [invoice for invoice in account.invoices if invoice.is_ours]
        assert [invoice.balance.amount for invoice in charges] == [0]
    assert deeds(world)["finance_charge"] == 1


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_waiver_that_a_lost_store_forgot_is_remembered_from_its_credit(build, provider):
    world = world_of(build, provider, CHARGES)
    world.quiet()
    with world.office() as office:
        amount = waivers.add(clerk(office), "1001", reason="goodwill").filed.value.amount
    world.quiet()
    tokens = kept_tokens(world)
    for file in (world.folder / "state").glob("syncd.db*"):
        file.unlink()
    with world.ledger() as (ledger, _):
        ledger.vault.store(tokens)
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")
        (filed,) = office.ledgers[0].desk.filed("waive")
        assert (filed.who, filed.value.amount, filed.value.reason) == ("syncd", amount, "found in the books")
        assert waivers.state_of(office.ledgers[0], filed) == "done"
        account = clerk(office).account(office.ledgers[0], world.customer)
        assert waivers.standings(account) == []
    world.advance(days=1)
    world.quiet()
    assert (deeds(world)["charge_reversal"], deeds(world)["finance_charge"]) == (1, 1)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_persons_hold_and_release_move_the_flag_in_the_books(build, provider):
    world = world_of(build, provider, HOLDS, days=5)
    world.quiet()
    with world.office() as office:
        holds.add(clerk(office), "oak furniture", "hold", reason="cheque bounced")
    world.quiet()
    assert deeds(world)["stop_sell_on"] == 1

    with world.office() as office:
        holds.release(clerk(office), "Oak Furniture")
    world.quiet()
    world.advance(days=1)
    world.quiet()
    assert (deeds(world)["stop_sell_on"], deeds(world)["stop_sell_off"]) == (1, 1)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_release_of_our_own_hold_stays_in_the_books(build, provider):
    world = world_of(build, provider, HOLDS)
    world.quiet()
    assert deeds(world)["stop_sell_on"] == 1
    with world.office() as office:
        holds.release(clerk(office), "Oak Furniture", reason="agreed")
    for _ in range(3):
        world.quiet()
        world.advance(days=1)
    assert (deeds(world)["stop_sell_on"], deeds(world)["stop_sell_off"]) == (1, 1)


def test_a_promised_day_is_written_where_xero_has_a_place_for_it(build):
    world = world_of(build, "xero", PROMISES)
    world.quiet()
    with world.office() as office:
        promises.add(clerk(office), ["1001"], world.today + timedelta(days=7))
    world.quiet()
    world.quiet()
    assert deeds(world)["promise_date"] == 1
