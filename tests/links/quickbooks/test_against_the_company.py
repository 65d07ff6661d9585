"""The connector against the simulated company, which was written from Intuit's facts by other hands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors import ConnectionSettings, Gone, Record, Ref, Unreadable
from connectors.errors import ConsentNeeded, OutcomeUnknown, Rejected
from connectors.quickbooks import auth
from connectors.quickbooks.client import connect
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Fault, Server
from connectors.simulator.quickbooks import QuickBooksCompany, faults
from connectors.transport import Timing
from rules.domain.actions import AddNote, ChargeLine, CreateCreditNote, CreateInvoice, EmailInvoice, SetStopSell
from rules.domain.money import Money

DAY = date(2026, 11, 20)
KEY = "finance_charges/1/2026-11-01"


class Vault:
    """Keeps tokens as the real vault does: refreshes when they run out or are refused."""

    def __init__(self, settings, tokens, clock):
        self.settings, self.tokens, self.clock = settings, tokens, clock

    def access_token(self):
        if self.tokens.expires_at - self.clock.now() < timedelta(minutes=1):
            self.replace(self.tokens.access_token)
        return self.tokens.access_token

    def replace(self, refused):
        assert refused == self.tokens.access_token
        self.tokens = auth.refresh(self.settings, self.tokens, self.clock.now())
        return self.tokens.access_token


class Office:
    """One simulated company with a connection to it."""

    def __init__(self, server, company, clock, **extra):
        self.server, self.company, self.clock = server, company, clock
        settings = ConnectionSettings(
            "acme",
            "quickbooks",
            company.timezone,
            company.account,
            "demo-client",
            "demo-secret",
            api_url=server.url,
            auth_url=server.url,
            extra=extra,
        )
        tokens = auth.adopt(settings, company.issue_tokens(), clock.now())
        self.vault = Vault(settings, tokens, clock)
        self.books = connect(settings, self.vault, Timing(clock.now, clock.monotonic, clock.sleep))
        self.cursor = None

    def pull(self):
        pages = list(self.books.changes(self.cursor))
        self.cursor = pages[-1].cursor
        return [record for page in pages for record in page.records]

    def facts(self, kind):
        return {each.ref.id: each.fact for each in self.pull() if isinstance(each, Record) and each.ref.kind == kind}

    def now(self, kind, ref):
        return self.books.fetch(Ref(kind, ref)).fact


@pytest.fixture
def office():
    clock = SimulatedClock(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    company = QuickBooksCompany(clock, account="4620816365000000001")
    with Server(company.application) as server:
        opened = Office(server, company, clock)
        yield opened
        opened.books.close()


@pytest.fixture
def oak(office):
    return office.company.add_customer("Oak Ltd", "ap@oak.example")


@pytest.fixture
def bill(office, oak):
    return office.company.add_invoice(oak, "1001", date(2026, 9, 1), date(2026, 10, 1), 125_000)


def charge(oak, bill, amount="7.99", **more):
    line = ChargeLine("Finance charge", Money(Decimal(amount), "USD"), "interest", "none")
    return CreateInvoice(oak, bill, "1001", DAY, DAY, (line,), "Finance charge on invoice 1001", **more)


def kinds(office):
    return [effect.kind for effect in office.company.effects()]


def test_everything_people_do_arrives(office, oak, bill):
    job = office.company.add_customer("Roof", parent=oak)
    money = office.company.pay_on_account(oak, 5_000, DAY)
    memo = office.company.credit(oak, 10_000, DAY, invoice=bill)
    part = office.company.pay(bill, 15_000, DAY)
    records = {each.ref: each.fact for each in office.pull()}
    assert records[Ref("customer", job)].parent == oak
    assert records[Ref("invoice", bill)].balance == Money(Decimal("1000.00"), "USD")
    assert records[Ref("payment", money)].unapplied == Money(Decimal("50.00"), "USD")
    assert [(each.invoice, str(each.amount)) for each in records[Ref("payment", part)].applied] == [
        (bill, "150.00 USD")
    ]
    assert [(each.invoice, str(each.amount)) for each in records[Ref("credit_note", memo)].applied] == [
        (bill, "100.00 USD")
    ]
    assert not records[Ref("credit_note", memo)].unapplied


def test_what_changes_later_arrives_with_the_next_poll(office, oak, bill):
    payment = office.company.pay(bill, 100, DAY)
    other = office.company.add_invoice(oak, "1002", DAY, None, 9_900)
    office.pull()
    office.clock.advance(timedelta(hours=1))
    office.company.void(other)
    office.company.unpay(payment)
    records = office.pull()
    assert Gone(Ref("payment", payment)) in records
    now = {each.ref.id: each.fact for each in records if isinstance(each, Record) and each.ref.kind == "invoice"}
    assert (now[other].status, str(now[bill].balance)) == ("voided", "1250.00 USD")


def test_an_idle_poll_is_one_read(office, bill):
    office.pull()
    office.clock.advance(timedelta(hours=1))
    office.pull()
    before = office.company.calls_by_day()[DAY]["read"]
    office.clock.advance(timedelta(minutes=10))
    assert office.pull() == []
    assert office.company.calls_by_day()[DAY]["read"] == before + 1


def test_a_skewed_clock_loses_nothing(office, oak):
    office.company.skew = timedelta(minutes=40)
    office.pull()
    late = office.company.add_invoice(oak, "1003", DAY, None, 100)
    assert late in office.facts("invoice")


def test_a_merged_customer_is_gone_and_its_invoices_belong_to_the_other(office, oak, bill):
    other = office.company.add_customer("Elm Ltd")
    office.pull()
    office.company.merge_customers(oak, other)
    records = office.pull()
    assert Gone(Ref("customer", oak)) in records
    assert office.now("invoice", bill).customer == other


def test_one_record_quickbooks_cannot_show_costs_only_itself(office, oak):
    refs = [office.company.add_invoice(oak, str(number), DAY, None, 100) for number in range(20)]
    office.company.poison("Invoice", refs[7])
    records = office.pull()
    assert {each.ref.id for each in records if isinstance(each, Record) and each.ref.kind == "invoice"} == {*refs} - {
        refs[7]
    }
    assert [each.ref.kind for each in records if isinstance(each, Unreadable)] == ["invoice"]
    office.company.edit_invoice(refs[3], PrivateNote="hello")
    office.company.poison("Invoice", refs[7])
    assert office.now("invoice", refs[3]).note == "hello"
    assert refs[3] in office.facts("invoice"), "a poisoned change data capture falls back to listing"


def test_a_record_that_makes_no_sense_is_set_aside(office, bill):
    office.company.malform("Invoice", bill, Balance=None)
    assert Unreadable(Ref("invoice", bill), "no Balance") in office.pull()


def test_rows_that_change_between_pages_are_not_lost(office, oak, monkeypatch):
    monkeypatch.setattr("connectors.quickbooks.listings.PAGE_ROWS", 10)
    refs = [office.company.add_invoice(oak, str(number), DAY, None, 100) for number in range(35)]

    def delete_one(request, seen=[]):  # noqa: B006 - once
        if "Invoice" in request.query.get("query", "") and "STARTPOSITION 10 " in request.query["query"] and not seen:
            seen.append(1)
            office.company.delete_invoice(refs[2])

    office.company.on_request = delete_one
    assert set(office.facts("invoice")) >= {*refs} - {refs[2]}


def test_a_token_that_expires_between_pages_is_renewed(office, oak, bill):
    pages = office.books.changes(None)
    next(pages)
    office.company.expire_access_tokens()
    assert [page.complete_for for page in pages][-1] == ("credit_note",)


def test_a_consent_that_is_gone_is_said(office, bill):
    office.company.revoke_consent()
    office.company.expire_access_tokens()
    with pytest.raises(ConsentNeeded):
        office.pull()


def test_the_budget_of_ten_a_second_is_kept(office, oak, bill):
    for _ in range(60):
        assert office.now("invoice", bill)
    assert office.company.calls_by_day()[DAY]["read"] < 70, "nothing was throttled and asked again"


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "replace_after", "cut_short"])
@pytest.mark.parametrize("what", ["charge", "memo", "hold", "mail"])
def test_every_write_has_one_effect_whatever_happens_to_the_line(office, oak, bill, kind, what):
    operations = {
        "charge": charge(oak, bill),
        "memo": AddNote(oak, "invoice", bill, "Reminder sent"),
        "hold": SetStopSell(oak, True, "hold", DAY, "late [very]"),
        "mail": EmailInvoice(oak, bill, "ap@oak.example", Money(Decimal("1250.00"), "USD")),
    }
    place = {"charge": "/invoice", "memo": "/invoice", "hold": "/customer", "mail": "/send"}[what]
    office.server.faults += [Fault(kind, "POST", place, response=faults.bad_gateway())]
    since = office.clock.now()
    with pytest.raises(OutcomeUnknown):
        office.books.write(operations[what], KEY)
    if what != "mail" and office.books.was_applied(operations[what], KEY, since) is None:
        office.books.write(operations[what], KEY)
    if what == "mail":
        office.books.write(operations[what], KEY)  # the request id alone keeps a second mail from going out
    assert office.books.was_applied(operations[what], KEY, since) is not None
    assert kinds(office) == [
        {"charge": "finance_charge", "memo": "memo", "hold": "stop_sell_on", "mail": "provider_email"}[what]
    ]


def test_a_hold_and_its_release_leave_the_notes_as_they_were(office, oak):
    office.company.edit_customer(oak, Notes="Likes calls\nbefore noon")
    office.books.write(SetStopSell(oak, True, "hold", DAY, "late"), "credit_hold/1/hold/1")
    assert office.now("customer", oak).stop_sell is True
    office.books.write(SetStopSell(oak, False, "good", DAY, "paid"), "credit_hold/1/good/2")
    assert office.now("customer", oak).stop_sell is False
    assert office.company.books.need("Customer", oak).body["Notes"] == "Likes calls\nbefore noon"
    assert kinds(office) == ["stop_sell_on", "stop_sell_off"]


@pytest.mark.parametrize("before", ["Trade", None])
def test_the_hold_type_is_put_on_and_taken_off(office, oak, before):
    held = office.company.add_customer_type("Credit hold")
    if before:
        office.company.set_customer_type(oak, office.company.add_customer_type(before))
    books = Office(office.server, office.company, office.clock, hold_customer_type="Credit hold")
    was = books.now("customer", oak).groups
    books.books.write(SetStopSell(oak, True, "hold", DAY, "late"), "credit_hold/1/hold/1")
    assert office.company.books.need("Customer", oak).body["CustomerTypeRef"]["value"] == held
    books.books.write(SetStopSell(oak, False, "good", DAY, "paid"), "credit_hold/1/good/2")
    assert books.now("customer", oak).groups == was == ((before,) if before else ())


def test_a_hold_type_that_is_gone_or_changed_by_a_person_does_not_keep_the_hold(office, oak):
    office.company.add_customer_type("Credit hold")
    books = Office(office.server, office.company, office.clock, hold_customer_type="Credit hold")
    books.books.write(SetStopSell(oak, True, "hold", DAY, "late"), "credit_hold/1/hold/1")
    chosen = office.company.add_customer_type("Friends")
    office.company.set_customer_type(oak, chosen)
    for extra in ("Credit hold", "No such type"):
        again = Office(office.server, office.company, office.clock, hold_customer_type=extra)
        again.books.write(SetStopSell(oak, False, "good", DAY, "paid"), "credit_hold/1/good/2")
    assert office.company.books.need("Customer", oak).body["CustomerTypeRef"]["value"] == chosen
    assert office.now("customer", oak).stop_sell is False


def test_a_charge_comes_back_as_ours_and_a_memo_leaves_the_invoice_the_customers(office, oak, bill):
    made = office.books.write(charge(oak, bill), KEY)
    office.books.write(AddNote(oak, "invoice", bill, "Finance charge billed"), f"{KEY}/note/{bill}")
    found = office.facts("invoice")
    assert found[made.remote_id].origin == "syncd:finance_charges"
    assert found[bill].origin is None
    assert str(found[made.remote_id].balance) == "7.99 USD"


def test_a_reversal_is_used_on_the_charge(office, oak, bill):
    made = office.books.write(charge(oak, bill), KEY)
    back = CreateCreditNote(oak, bill, made.remote_id, DAY, Money(Decimal("2.50"), "USD"), "Taken back", "none")
    receipt = office.books.write(back, f"{KEY}/reversal")
    assert str(office.now("invoice", made.remote_id).balance) == "5.49 USD"
    note = office.now("credit_note", receipt.remote_id)
    assert (note.origin, str(note.unapplied)) == ("syncd:finance_charges", "0.00 USD")
    assert office.books.write(back, f"{KEY}/reversal").remote_id == receipt.remote_id
    assert str(office.now("invoice", made.remote_id).balance) == "5.49 USD"


@pytest.mark.parametrize("numbered_by_us", [True, False])
def test_a_charge_is_found_however_quickbooks_numbers_it(office, oak, bill, numbered_by_us):
    office.company.set_preferences("SalesFormsPrefs", CustomTxnNumbers=numbered_by_us)
    since = office.clock.now()
    made = office.books.write(charge(oak, bill), KEY)
    assert office.books.was_applied(charge(oak, bill), KEY, since).remote_id == made.remote_id
    assert office.books.was_applied(charge(oak, bill), f"{KEY}x", since) is None


def test_after_the_request_id_is_forgotten_the_number_still_forbids_a_second_charge(office, oak, bill):
    office.company.api.remembers_for = timedelta(0)
    first = office.books.write(charge(oak, bill), KEY)
    office.clock.advance(timedelta(minutes=5))
    assert office.books.write(charge(oak, bill), KEY).remote_id == first.remote_id
    assert kinds(office) == ["finance_charge"]


def test_a_reversal_whose_answer_was_lost_is_taken_up_again_and_used(office, oak, bill):
    made = office.books.write(charge(oak, bill), KEY)
    back = CreateCreditNote(oak, bill, made.remote_id, DAY, Money(Decimal("2.50"), "USD"), "Taken back", "none")
    since = office.clock.now()
    office.server.faults += [Fault("reset_after", "POST", "/creditmemo")]
    with pytest.raises(OutcomeUnknown):
        office.books.write(back, f"{KEY}/reversal")
    assert office.books.was_applied(back, f"{KEY}/reversal", since) is not None
    office.company.api.remembers_for = timedelta(0)
    office.company.set_preferences("SalesFormsPrefs", CustomTxnNumbers=False)
    receipt = office.books.write(back, f"{KEY}/reversal")
    assert office.books.was_applied(back, f"{KEY}/reversal", since).remote_id == receipt.remote_id
    assert str(office.now("invoice", made.remote_id).balance) == "5.49 USD"
    assert kinds(office) == ["finance_charge", "charge_reversal"]


def test_an_invoice_with_quickbooks_own_late_fee_is_not_charged_again(office, oak, bill):
    office.company.late_fee(bill, 1_500)
    with pytest.raises(Rejected, match="own late fee"):
        office.books.write(charge(oak, bill), KEY)
    assert kinds(office) == []


def test_a_closed_period_is_a_definite_no(office, oak, bill):
    office.company.close_books(DAY)
    with pytest.raises(Rejected) as caught:
        office.books.write(charge(oak, bill), KEY)
    assert caught.value.code == "6210"


def test_the_report_agrees_with_the_books(office, oak, bill):
    job = office.company.add_customer("Roof", parent=oak)
    office.company.add_invoice(job, "1002", DAY, None, 9_900)
    office.company.pay_on_account(oak, 5_000, DAY)
    found = {line.customer: str(line.balance) for line in office.books.aged_receivables(DAY)}
    assert found == {oak: "1200.00 USD", job: "99.00 USD"}


def test_foreign_invoices_keep_their_currency_and_bring_rates():
    clock = SimulatedClock(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    company = QuickBooksCompany(clock, multi_currency=True)
    with Server(company.application) as server:
        office = Office(server, company, clock)
        company.set_rate("EUR", date(2026, 1, 1), Decimal("1.08"))
        berta = company.add_customer("Berta GmbH", currency="EUR")
        bill = company.add_invoice(berta, "1", DAY, None, 50_000)
        pages = list(office.books.changes(None))
        assert [(rate.source, rate.target, rate.rate) for page in pages for rate in page.rates] == [
            ("EUR", "USD", Decimal("1.08"))
        ]
        line = ChargeLine("Finance charge", Money(Decimal("5.00"), "EUR"), "interest")
        made = office.books.write(replace(charge(berta, bill), lines=(line,)), KEY)
        assert str(office.now("invoice", made.remote_id).balance) == "5.00 EUR"
