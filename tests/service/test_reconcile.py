"""Our copy of the books against the provider's own figures."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest

from connectors import OpenBalance, Ref
from rules.domain.facts import Application, Book, Company, CreditNote, Customer, Invoice, Payment, Rate
from rules.domain.money import Money
from syncd.agreement import comparison
from syncd.cli.output import print_text
from syncd.cli.reconcile import _shown
from syncd.cli.root import run
from syncd.config import load_config
from syncd.cycle import pull_changes
from syncd.daemon import Daemon
from syncd.people.listing import name_of
from syncd.reconcile import KIND, is_due, read_again, reconcile
from syncd.store.findings import Findings
from tests.service.conftest import TODAY, trade

DAY = date(2026, 11, 20)


def money(text: str, currency: str = "USD") -> Money:
    return Money(Decimal(text), currency)


def invoice(ref: str, amount: Money, on: date = date(2026, 9, 1)) -> Invoice:
    return Invoice(ref, ref, "C-1", on, on + timedelta(days=30), amount, amount)


def book(*invoices: Invoice, payments=(), credit_notes=(), rates=()) -> Book:
    return Book(
        DAY, Company("Acme", "USD"), customers=(Customer("C-1", "Oak"),), invoices=invoices, payments=payments,
        credit_notes=credit_notes, rates=rates,
    )  # fmt: skip


def differences(held: Book, theirs: Money | None, beyond: Money | None = None):
    report = (OpenBalance("C-1", theirs),) if theirs else ()
    extra = (OpenBalance("C-1", beyond),) if beyond else ()
    return comparison(held, report, DAY).differences(extra)


def test_equal_figures_are_no_difference():
    held = book(
        invoice("I-1", money("100.00")),
        payments=(Payment("P-1", "C-1", DAY, money("30.00")),),
        credit_notes=(CreditNote("N-1", "C-1", DAY, money("20.00")),),
    )
    assert differences(held, money("50.00")) == ()


@pytest.mark.parametrize(
    ("theirs", "beyond", "why"),
    [
        ("120.00", "50.00", "journal"),
        ("100.00", None, "unapplied"),
        ("79.00", None, "basis"),
        ("71.00", None, None),
        ("120.00", "49.99", None),
    ],
)
def test_a_difference_is_explained_by_what_makes_it_to_the_cent_or_it_is_drift(theirs, beyond, why):
    held = book(
        invoice("I-1", money("100.00")),
        invoice("I-2", money("9.00"), on=DAY + timedelta(days=3)),
        payments=(Payment("P-1", "C-1", DAY, money("30.00")),),
    )
    (found,) = differences(held, money(theirs), money(beyond) if beyond else None)
    assert found.why == why
    assert found.is_drift == (why is None)


def test_a_payment_dated_after_the_day_is_in_our_balances_and_not_yet_in_the_report():
    """A cheque dated ahead, or what somebody in the evening enters under tomorrow's date."""
    paid = replace(invoice("I-1", money("100.00")), balance=money("40.00"))
    ahead = Payment("P-1", "C-1", DAY + timedelta(days=1), money("60.00"), (Application("I-1", money("60.00")),))
    (one,) = differences(book(paid, payments=(ahead,)), money("100.00"))
    assert (one.why, one.words) == ("basis", "60.00 USD was settled by what is dated after the day")
    credit = CreditNote(
        "N-1", "C-1", DAY, money("60.00"), (Application("I-1", money("60.00"), DAY + timedelta(days=1)),)
    )
    (one,) = differences(book(paid, credit_notes=(credit,)), money("100.00"))
    assert one.why == "basis"
    (one,) = differences(book(paid, payments=(replace(ahead, reversed_on=DAY),)), money("100.00"))
    assert one.is_drift
    (one,) = differences(book(paid, payments=(ahead,)), money("99.99"))
    assert one.is_drift


def test_a_customer_only_one_side_knows_is_drift():
    (ours,) = differences(book(invoice("I-1", money("100.00"))), None)
    (theirs,) = differences(book(), money("100.00"))
    assert (ours.is_drift, theirs.is_drift) == (True, True)


def test_a_report_in_the_home_currency_explains_a_foreign_balance_at_its_own_rate_only():
    rates = (Rate("EUR", "USD", date(2026, 9, 1), Decimal("1.10")),)
    held = book(invoice("I-1", money("100.00", "EUR")), invoice("I-2", money("10.00")), rates=rates)
    (near,) = differences(held, money("121.00"))
    (far,) = differences(held, money("160.00"))
    assert (near.why, far.why) == ("foreign", None)
    (unknown,) = differences(book(invoice("I-1", money("100.00", "EUR"))), money("110.00"))
    assert "no rate is known" in unknown.words


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_a_true_copy_agrees_and_nothing_was_missed(busy, kind):
    ledger = busy(kind)
    limits = load_config(ledger.config.file).limits
    found = reconcile(ledger, limits, everything=True)
    assert (found.drift, found.missed, found.customers) == ((), {}, 2)
    assert ledger.connections.standing().brake_why is None
    assert Findings(ledger.store, "acme").get(KIND).document["drift"] == 0


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_what_incremental_reading_missed_is_drift_then_found_and_mended_and_the_brake_stays_for_a_person(
    busy, site, kind
):
    ledger = busy(kind)
    limits = load_config(ledger.config.file).limits
    reconcile(ledger, limits)
    site.clock.advance(timedelta(hours=2))
    reconcile(ledger, limits)  # from now on nothing that happened before is read again
    _lose_an_invoice(ledger)
    found = reconcile(ledger, limits)
    assert len(found.drift) == 1
    assert found.missed == {"invoice": 1}
    assert found.after == ()
    assert "balances differ from the books (1 of 2)" in ledger.connections.standing().brake_why


def _lose_an_invoice(ledger) -> None:
    """As if a change had never been told: the mirror keeps no trace of one open invoice."""
    ref, _ = ledger.mirror.find("1001")
    with ledger.store.writing() as tx:
        tx.exec_driver_sql("DELETE FROM fact WHERE kind = 'invoice' AND id = ?", (ref.id,))


def test_reading_again_counts_what_changed_and_what_is_gone(busy, site):
    ledger = busy("quickbooks")
    limits = load_config(ledger.config.file).limits
    reconcile(ledger, limits)
    ref, _ = ledger.mirror.find("1003")
    site.companies["acme"].delete_invoice(ref.id, unnoticed=True)
    missed, fresh = read_again(ledger, limits)
    assert (missed["invoice"], fresh) == (1, False)
    assert ledger.mirror.fact(Ref("invoice", ref.id)) is None


def test_journal_lines_and_deposits_are_read_and_explain_a_difference(busy, site):
    ledger = busy("quickbooks")
    limits = load_config(ledger.config.file).limits
    reconcile(ledger, limits)
    company = site.companies["acme"]
    customers = {item.number: item.customer for item in company.open_items()}
    company.journal_entry(customers["1001"], 7_500, date(2026, 11, 10))
    company.deposit(customers["1003"], 2_500, date(2026, 11, 11))
    found = reconcile(ledger, limits)
    assert {each.why for each in found.differences} == {"journal"}
    assert len(found.differences) == 2
    assert ledger.connector.beyond_documents(frozenset(customers.values()), TODAY)


def test_the_command_leaves_with_1_on_drift_and_prints_every_customer_that_differs(live, capsys):
    trade(live, live.add("acme", "quickbooks"))
    assert run(["reconcile", "--config", str(live.config_file)]) == 0
    assert "2 customers agree" in capsys.readouterr().out
    with live.opened() as office:
        ref, _ = office.ledger("acme").mirror.find("1001")
    live.companies["acme"].delete_invoice(ref.id, unnoticed=True)
    assert run(["reconcile", "--json", "--config", str(live.config_file)]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["drift"], row["missed"]) == (1, {"invoice": 1})
    assert row["differences"][0]["difference"] == "-1200.00"
    assert run(["reconcile", "--full", "--config", str(live.config_file)]) == 0


def test_beside_a_running_daemon_the_command_only_compares(live, capsys):
    trade(live, live.add("acme", "quickbooks"))
    with live.opened(exclusive=True) as office:
        assert run(["reconcile", "--config", str(live.config_file)]) == 75
        pull_changes(office.ledger("acme"), office.config.limits)
        assert run(["reconcile", "--config", str(live.config_file)]) == 0
    assert "is left to it" in capsys.readouterr().out


def test_what_moved_between_our_reading_and_the_report_is_timing_and_no_drift(busy, site):
    ledger = busy("xero")
    limits = load_config(ledger.config.file).limits
    reconcile(ledger, limits)
    site.clock.advance(timedelta(minutes=30))  # credit notes are read by the hour
    company = site.companies["acme"]
    customer = company.open_items()[0].customer
    company.credit(customer, 1_000, ledger.today())
    found = reconcile(ledger, limits)
    assert {each.why for each in found.differences} == {"timing"}
    assert found.drift == ()
    assert ledger.connections.standing().brake_why is None
    assert reconcile(ledger, limits).differences == ()


def test_beside_a_daemon_the_books_are_read_by_it_before_anything_is_called_drift(live, capsys):
    trade(live, live.add("acme", "quickbooks"))
    live.head = 'state_dir = "state"\nmode = "review"\npoll_interval = "1h"\n'
    live.write()
    with live.opened(exclusive=True) as office:
        daemon = Daemon(office)
        loop = threading.Thread(target=daemon.loop)
        loop.start()
        try:
            _wait_until(lambda: office.ledger("acme").connections.standing().pulled_at is not None)
            company = live.companies["acme"]
            company.pay(company.open_items()[0].invoice, 5_000, office.ledger("acme").today())
            assert run(["reconcile", "--config", str(live.config_file)]) == 0
            assert office.ledger("acme").connections.standing().brake_why is None
        finally:
            daemon.stop()
            loop.join(60)
    assert "2 customers agree with the books" in capsys.readouterr().out


def _wait_until(what) -> None:
    ends = time.monotonic() + 60
    while not what():
        assert time.monotonic() < ends, "this never came"
        time.sleep(0.1)


def test_the_daemon_compares_once_a_night_by_itself(busy, site):
    ledger = busy("quickbooks")
    assert not is_due(ledger, None), "it was never pulled"
    office = site.doors.enter_context(site.opened())
    daemon = Daemon(office)
    daemon.pass_of(office.ledger("acme"))
    first = Findings(ledger.store, "acme").get(KIND)
    assert first is not None
    daemon.pass_of(office.ledger("acme"))
    assert Findings(ledger.store, "acme").get(KIND) == first
    site.clock.advance(timedelta(days=1))
    daemon.pass_of(office.ledger("acme"))
    assert Findings(ledger.store, "acme").get(KIND).at > first.at


def test_drift_is_told_with_the_customers_name_and_the_brake_says_where_to_look(busy, site, capsys):
    ledger = busy("quickbooks")
    limits = load_config(ledger.config.file).limits
    reconcile(ledger, limits)
    site.clock.advance(timedelta(hours=2))
    reconcile(ledger, limits)
    _lose_an_invoice(ledger)
    found = reconcile(ledger, limits)
    (customer,) = {each.customer for each in found.drift}
    print_text(_shown({**found.to_json(), "failure": None}, partial(name_of, ledger, "customer")))
    told = capsys.readouterr().out
    assert "reading everything again found 1 invoice missed before; they agree now" in told
    assert f"\n{name_of(ledger, 'customer', customer)}  " in told
    why = ledger.connections.standing().brake_why
    assert why.endswith("there; `syncd reconcile` lists them")
