"""Rows C: the books move under us, or say no for good."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connectors import Ref
from connectors.simulator.http import Request
from rules.domain.actions import EmailInvoice, SendMessage
from rules.domain.facts import Dispute, Hold
from syncd.ledger import Ledger
from tests.faults.cases import CASE, CASES, Case
from tests.faults.matrix import REFUSED, ROWS, pairs
from tests.faults.test_lines import ends
from tests.faults.world import Builder, World, is_write

MAILS = [case for case in CASES if case.is_mail]


def each(row: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("case", "provider"), pairs(row), ids=str)


@each("C1")
def test_c1_a_person_edits_the_record_between_our_look_and_our_write(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    edits = []

    def edited(request: Request | None = None) -> None:
        if (request is None or is_write(request)) and not edits:
            edits.append(1)
            edits_both(world)

    if case.verb == "send_message":
        world.mailbox.on_delivery = edited
    else:
        world.before_commit = edited
    report = world.one_pass()
    assert edits
    has_versions = provider == "quickbooks" and case.verb in ("add_note", "set_stop_sell")
    assert (report.drained.stale, world.count) == ((1, 0) if has_versions else (0, 1))
    ends("C1", world, provider)
    assert edits_stand(world), "what the person wrote is still there"


def edits_both(world: World) -> None:
    """A person writes on the customer and on the invoice, in the fields each provider has for that."""
    if world.company.kind == "quickbooks":
        world.company.edit_customer(world.customer, CompanyName="Oak & Sons")
        world.company.edit_invoice(world.invoice, CustomerMemo={"value": "Thank you"})
    else:
        world.company.write_note(world.invoice, "Thank you")
        world.company.set_stop_sell(world.customer, "Good payers", member=True)


def edits_stand(world: World) -> bool:
    books = world.company.books
    if world.company.kind == "quickbooks":
        customer, invoice = books.need("Customer", world.customer), books.need("Invoice", world.invoice)
        return (customer.body["CompanyName"], invoice.body["CustomerMemo"]["value"]) == ("Oak & Sons", "Thank you")
    groups = [group.name for group in books.groups.values() if world.customer in group.members]
    notes = [note.details for note in books.invoices.get(world.invoice).history]
    return "Good payers" in groups and "Thank you" in notes


@each("C2")
def test_c2_paid_between_our_reading_and_our_writing(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    with world.ledger() as (ledger, ground):
        world.before_drain(ledger, ground)
        open_cents = sum(item.balance_cents for item in world.company.open_items() if item.invoice == world.invoice)
        if open_cents:
            world.company.pay(world.invoice, open_cents, world.today)
        ledger.outbox().drain()
    ends("C2", world, provider)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_c2_a_flag_is_not_lifted_for_a_payment_that_was_taken_back_meanwhile(build: Builder, provider: str) -> None:
    world = build(CASE["stop-sell on"], provider)
    world.quiet()
    payment = world.company.pay(world.invoice, 100_000, world.today)
    with world.ledger() as (ledger, ground):
        world.before_drain(ledger, ground)
        assert [one.decision.after for one in ledger.intents.actions(("planned",))] == ["good"]
        world.company.unpay(payment)
        assert ledger.outbox().drain().stale == 1
    assert CASE["stop-sell off"].count(world) == 0
    world.quiet()
    assert CASE["stop-sell off"].count(world) == 0
    assert world.count == 1


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_c2_the_look_before_a_flag_is_one_request_however_much_is_open(build: Builder, provider: str) -> None:
    world = build(CASE["stop-sell on"], provider)
    for number in range(30):
        due_on = world.today - timedelta(days=40)
        world.company.add_invoice(world.customer, f"20{number}", due_on - timedelta(days=30), due_on, 10_000)
    with world.ledger() as (ledger, ground):
        world.before_drain(ledger, ground)
        world.server.seen.clear()
        assert ledger.outbox().drain().stale == 0
    looked_at_invoices = [one for one in world.server.seen if "Invoice" in one.path + str(one.query)]
    assert world.count == 1
    assert len(looked_at_invoices) == 1


@pytest.mark.parametrize("case", MAILS, ids=str)
@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
@pytest.mark.parametrize("what", ["voided", "deleted", "given more time", "disputed"])
def test_c2_no_mail_about_an_invoice_that_is_not_what_it_was(
    build: Builder, case: Case, provider: str, what: str
) -> None:
    world = build(case, provider)
    with world.ledger() as (ledger, ground):
        world.before_drain(ledger, ground)
        happens(world, ledger, what)
        drained = ledger.outbox().drain()
    assert drained.stale == (what != "disputed")
    assert world.count == 0
    world.one_pass()
    assert world.count == 0


def happens(world: World, ledger: Ledger, what: str) -> None:
    company, invoice = world.company, world.invoice
    match what:
        case "voided":
            company.void(invoice)
        case "deleted" if company.kind == "quickbooks":
            company.delete_invoice(invoice)
        case "deleted":
            company.reset_demo()
        case "disputed":
            dispute = Dispute("D-1", invoice, world.today, reason="never delivered")
            ledger.desk.put(dispute, ref="D-1", customer=world.customer, who="dana", now=world.clock.now())
            ledger.mirror.touch([world.customer])
        case "given more time":
            later = world.today + timedelta(days=30)
            set_due = company.edit_due_date if company.kind == "quickbooks" else company.set_due_date
            set_due(invoice, later)


@pytest.mark.parametrize("case", MAILS, ids=str)
def test_c3_what_was_open_when_a_mail_left_is_on_record_and_was_more_than_nothing(build: Builder, case: Case) -> None:
    world = build(case, "quickbooks")
    world.quiet()
    with world.ledger() as (ledger, _):
        sent = [operation for _, operation in ledger.intents.confirmed()]
    balances = [operation.balance for operation in sent if isinstance(operation, EmailInvoice)]
    balances += [line.balance for operation in sent if isinstance(operation, SendMessage) for line in operation.lines]
    assert [str(balance) for balance in balances] == ["1000.00 USD"]
    assert any(entry.event == "operation.sent" for entry in world.journal())


@each("C4")
def test_c4_the_period_is_closed(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    if provider == "quickbooks":
        world.company.close_books(date(2026, 12, 31))
    else:
        world.company.lock_period(date(2026, 12, 31))
    report = world.one_pass()
    refusals = {entry.key: entry.detail["why"] for entry in world.journal() if entry.event == "operation.rejected"}
    for why in refusals.values():
        assert "closed" in why or "lock" in why, "in the provider's own words"
    assert report.needs_person == bool(refusals)
    is_ours = [key for key in refusals if ("/add_note-" in key) == (case.name == "memo")]
    assert len(is_ours) == (ROWS["C4"].expected(case, provider) == (REFUSED,))
    ends("C4", world, provider)


def test_our_standing_and_a_persons_hold_go_with_a_customer_that_quickbooks_merges(build: Builder) -> None:
    world = build(CASE["stop-sell on"], "quickbooks")
    elm = world.company.add_customer("Elm", "elm@elm.example")
    world.quiet()
    with world.ledger() as (ledger, _):
        hold = Hold(world.customer, "hold", world.today, reason="cheques bounced")
        ledger.desk.put(hold, ref="H-1", customer=world.customer, who="dana", now=world.clock.now())
    world.advance(days=2)
    world.company.merge_customers(world.customer, elm)
    world.quiet()
    with world.ledger() as (ledger, _):
        (account,) = ledger.accounts([elm])
        assert {(one.customer, one.state, one.is_ours) for one in account.holds} == {
            (elm, "hold", True),
            (elm, "hold", False),
        }
        assert ledger.mirror.fact(Ref("customer", elm)).stop_sell is True
