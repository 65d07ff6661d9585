"""What the provider does by itself is seen, and not done a second time; and a wrong clock stops charges and mail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors import OwnDunning
from connectors.simulator.http import Response, Server
from syncd import provider_clock
from syncd.attempt import attempt_pass
from syncd.checkup import examine
from tests.service.conftest import trade


def states(ledger, kind: str) -> list[tuple[str, str]]:
    return [(intent.state, intent.hold) for intent in ledger.intents.of_kind(kind)]


def test_our_reminders_are_held_while_xero_sends_its_own(site, ground):
    company = site.add("kauri", "xero")
    trade(site, company)
    company.books.organisation.reminders_enabled = True
    with site.opened() as office:
        ledger = office.ledger("kauri")
        attempt_pass(ledger, ground(office))
        assert set(states(ledger, "reminder")) == {("held", "unable")}
        assert "reminded twice" in ledger.intents.of_kind("reminder")[0].why
        company.books.organisation.reminders_enabled = False
        site.clock.advance(timedelta(days=1))
        attempt_pass(ledger, ground(office))
        assert set(states(ledger, "reminder")) == {("done", "")}


def test_whoever_comes_to_want_both_need_not_wait_for_the_next_day(site, ground):
    company = site.add("kauri", "xero")
    trade(site, company)
    company.books.organisation.reminders_enabled = True
    with site.opened() as office:
        attempt_pass(office.ledger("kauri"), ground(office))
        assert set(states(office.ledger("kauri"), "reminder")) == {("held", "unable")}
    site.write('own_reminders = "accept"\n')
    with site.opened() as office:
        attempt_pass(office.ledger("kauri"), ground(office))
        assert set(states(office.ledger("kauri"), "reminder")) == {("done", "")}


def test_a_person_may_want_both(site, ground):
    company = site.add("kauri", "xero", more='own_reminders = "accept"\n')
    trade(site, company)
    company.books.organisation.reminders_enabled = True
    with site.opened() as office:
        attempt_pass(office.ledger("kauri"), ground(office))
        assert set(states(office.ledger("kauri"), "reminder")) == {("done", "")}


def test_check_tells_of_the_providers_own_reminders_and_late_fees(site):
    xero = site.add("kauri", "xero")
    quickbooks = site.add("acme", "quickbooks")
    said = _said(site)
    assert not any("of its own" in words for words in said)
    assert any("does not tell programs whether it sends reminders" in words for words in said)
    xero.books.organisation.reminders_enabled = True
    oak = quickbooks.add_customer("Oak")
    late = quickbooks.add_invoice(oak, "1", date(2026, 9, 1), date(2026, 10, 1), 100_00)
    quickbooks.late_fee(late, 500)
    found = list(examine(site.config_file, site.clock))
    mine = {one.subject: one for one in found if "of its own" in one.words}
    assert (mine["kauri"].exit_code, "reminders" in mine["kauri"].words) == (1, True)
    assert (mine["acme"].exit_code, "late fees" in mine["acme"].words) == (1, True)


def test_an_invoice_that_bears_quickbooks_own_late_fee_is_not_charged_again(site, ground):
    company = site.add("acme", "quickbooks")
    oak = company.add_customer("Oak")
    late = company.add_invoice(oak, "1", date(2026, 9, 1), date(2026, 10, 1), 100_00)
    company.late_fee(late, 500)
    with site.opened() as office:
        ledger = office.ledger("acme")
        attempt_pass(ledger, ground(office))
        (charge,) = ledger.intents.of_kind("finance_charge")
        assert charge.state == "rejected"
        assert "own late fee" in charge.why


def test_a_provider_that_does_not_tell_is_no_reason_to_stop(site, ground):
    company = site.add("kauri", "xero")
    trade(site, company)

    def without_reminders(request):
        if "InvoiceReminders" in request.path:
            return Response(404, b"", {"Content-Type": "text/html"})
        return company.application(request)

    server = site.doors.enter_context(Server(without_reminders))
    site.tables[0] = site.tables[0].replace(site.servers["kauri"].url, server.url)
    site.write()
    with site.opened() as office:
        ledger = office.ledger("kauri")
        assert attempt_pass(ledger, ground(office)).failure is None
        assert ledger.own_dunning() == OwnDunning(None, None)
        assert ("done", "") in states(ledger, "reminder")


def _said(site) -> list[str]:
    return [one.words for one in examine(site.config_file, site.clock)]


def at(second: int) -> datetime:
    return datetime(2026, 11, 20, 12, 0, tzinfo=UTC) + timedelta(seconds=second)


@pytest.mark.parametrize(
    ("asked", "said", "answered", "ahead"),
    [(0, 1, 2, 0), (0, 0, 0, 0), (0, 302, 2, 300), (10, 4, 12, -6), (0, 100, 130, 0)],
)
def test_only_what_lies_outside_of_asking_and_answer_is_a_difference(asked, said, answered, ahead):
    assert provider_clock.ahead_s(at(asked), at(said), at(answered)) == ahead


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
@pytest.mark.parametrize("minutes", [-7, 7])
def test_a_clock_minutes_off_holds_charges_and_mail_until_it_is_right(site, ground, kind, minutes):
    company = site.add("acme", kind)
    trade(site, company)
    set_skew(company, minutes)
    site.clock.sleep(900)  # a provider's clock never goes back
    with site.opened() as office:
        ledger = office.ledger("acme")
        report = attempt_pass(ledger, ground(office))
        assert "charges and mail wait" in report.drained.clock_off
        assert report.needs_person
        assert set(states(ledger, "reminder")) == {("planned", "")}
        assert set(states(ledger, "finance_charge")) == {("planned", "")}
        assert ("done", "") in states(ledger, "credit_state")
        clock = [one for one in examine(site.config_file, site.clock) if one.subject == "clock"]
        assert [one.exit_code for one in clock] == [1]
        set_skew(company, 0)
        site.clock.sleep(900)
        report = attempt_pass(ledger, ground(office))
        assert report.drained.clock_off is None
        assert set(states(ledger, "reminder")) == {("done", "")}


def set_skew(company, minutes: int) -> None:
    if company.kind == "quickbooks":
        company.skew = timedelta(minutes=minutes)
    else:
        company.switches.clock_skew_s = 60 * minutes
