"""A marker is text that anybody can type: what is ours is proved, what only says so is an invoice like any other."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors import Ref
from rules.domain.decisions import Decision, FinanceCharge, Problem
from rules.domain.facts import Invoice
from syncd import approval
from syncd.cycle import decide
from syncd.recover import recover
from tests.faults.cases import CASE
from tests.faults.test_disks import kept_tokens
from tests.faults.test_new_databases import start_anew
from tests.faults.world import Builder, World

CHARGE = CASE["finance charge"]
FORGED = "[syncd:finance_charges/I-1/2026-01-01]"


def decided(world: World) -> list[Decision]:
    with world.ledger() as (ledger, ground):
        return decide(ledger, ground.policies, ledger.mirror.all_heads(), ledger.today())


def charge_invoice(world: World) -> str:
    """The id of the charge in the books."""
    return next(item.invoice for item in world.company.open_items() if item.invoice != world.invoice)


def known(world: World, invoice: str) -> Invoice:
    """The invoice as the rules see it."""
    with world.ledger() as (ledger, _):
        accounts = ledger.accounts(ledger.mirror.all_heads())
        return next(one for account in accounts for one in account.invoices if one.ref == invoice)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_an_invoice_that_only_says_it_is_ours_is_charged_like_any_other_and_shown(
    build: Builder, provider: str
) -> None:
    world = build(CHARGE, provider, prepare=False)
    customer = world.company.add_customer("Oak Furniture", "accounts@oak.example")
    due_on = world.today - timedelta(days=40)
    days = (due_on - timedelta(days=30), due_on, 100_000)
    if provider == "xero":
        invoice = world.company.add_invoice(customer, "1001", *days, reference=f"PO 7 {FORGED}")
    else:
        invoice = world.company.add_invoice(customer, "1001", *days)
        world.company.edit_invoice(invoice, PrivateNote=f"{FORGED} finance charge")
    report = world.one_pass()
    assert report.problems == 1
    assert report.drained.confirmed == {"create_invoice": 1}
    (problem,) = [one for one in decided(world) if isinstance(one, Problem)]
    assert problem.subject == invoice
    assert "nothing shows that we made it" in problem.problem


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_our_own_charge_is_known_by_itself_also_to_a_database_that_never_saw_it(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    world.quiet()
    charge = charge_invoice(world)
    tokens = kept_tokens(world)
    shutil.rmtree(world.folder / "state")
    with world.ledger() as (ledger, _):
        ledger.vault.store(tokens)
    assert "syncd recover" in world.one_pass().brake
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")
    assert known(world, charge).is_ours
    for _ in range(3):  # no longer at once: a consent that is not used runs out
        world.advance(days=30)
        world.quiet()
    charged = {one.invoice for one in decided(world) if isinstance(one, FinanceCharge)}
    assert charge not in charged
    with world.ledger() as (ledger, _):
        billed = [one.decision.invoice for one in ledger.intents.of_kind("finance_charge")]
    assert set(billed) == {world.invoice}


@pytest.mark.parametrize("text", ["", FORGED])
def test_a_charge_whose_note_people_rewrote_is_still_ours_where_this_store_remembers_it(
    build: Builder, text: str
) -> None:
    world = build(CHARGE, "quickbooks")
    world.quiet()
    charge = charge_invoice(world)
    world.company.edit_invoice(charge, PrivateNote=text, DocNumber="2001")
    world.quiet()
    with world.ledger() as (ledger, _):
        fact = ledger.mirror.fact(Ref("invoice", charge))
    assert not text or fact.origin == "syncd:finance_charges"  # of our item, led by a marker: a charge of this office
    assert known(world, charge).is_ours


def test_a_fee_whose_note_people_took_away_is_still_ours_where_this_store_remembers_it(build: Builder) -> None:
    mail = CASE["SMTP e-mail"]
    world = build(replace(mail, rules=mail.rules.replace('"friendly"', '"friendly", fee = "10.00 USD"')), "quickbooks")
    world.quiet()
    fee = charge_invoice(world)
    world.company.edit_invoice(fee, PrivateNote="", DocNumber="2001")
    world.quiet()
    assert known(world, fee).origin == "syncd:reminders"


def renumber(world: World, **more: str) -> None:
    """A bookkeeper gives the charge a number of the office's own row."""
    if world.company.kind == "xero":
        world.company.renumber(charge_invoice(world), "2001", **more)
    else:
        world.company.edit_invoice(charge_invoice(world), DocNumber="2001")


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_charge_that_people_renumber_before_its_lost_answer_is_looked_for_is_found(
    build: Builder, provider: str
) -> None:
    world = build(CHARGE, provider)
    world.break_writes("reset_after")
    assert world.one_pass().drained.unclear == 1
    renumber(world)
    world.advance(minutes=30)  # no longer than this does Xero know our key again
    world.quiet()
    assert world.outcome() == "once"


def recover_anew(world: World) -> None:
    """The database is lost: a new one writes nothing until a person has recovered it and let it go on."""
    start_anew(world)
    assert "syncd recover" in world.one_pass().brake
    with world.office() as office:
        recover(office)
        approval.release(office.ledgers[0], "dana", "auto")


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_charge_that_people_renumbered_is_known_to_a_new_database(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    world.quiet()
    renumber(world)
    recover_anew(world)
    world.quiet()
    assert world.count == 1


def disguise(world: World) -> None:
    """People give the charge another number, and what shows what it is for they change as well."""
    charge = charge_invoice(world)
    renumber(world, **({"account": "200"} if world.company.kind == "xero" else {}))
    if world.company.kind == "quickbooks":
        world.company.late_fee(charge, 500)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_charge_in_disguise_is_still_ours_where_this_store_remembers_it(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    world.quiet()
    disguise(world)
    world.advance(days=1)  # the night's listing shows it as it is now
    world.quiet()
    assert world.count == 1
    assert known(world, charge_invoice(world)).origin == "syncd:finance_charges"


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_charge_in_disguise_whose_answer_was_lost_is_for_a_person_to_say(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    world.break_writes("reset_after")
    world.one_pass()
    disguise(world)
    world.advance(minutes=30)
    for _ in range(3):
        assert world.one_pass().unclear == 1
    assert world.outcome() == "once, shown as unclear"


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_charge_in_disguise_is_not_billed_again_by_a_new_database(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    world.quiet()
    disguise(world)
    recover_anew(world)
    for _ in range(3):
        assert world.one_pass().unclear == 1
    assert world.count == 1
