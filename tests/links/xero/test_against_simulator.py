"""The connector beside a whole simulated organisation: what is delivered is what the books hold, each write once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from connectors import ConnectionSettings, Gone, Page, Record, Ref, Unreadable
from connectors.errors import ConnectorError, ConsentNeeded, OutcomeUnknown, Rejected, Throttled
from connectors.markers import marker
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Fault, Server
from connectors.simulator.xero import XeroCompany
from connectors.tokens import Tokens
from connectors.transport import Timing
from connectors.xero import auth
from connectors.xero.client import connect
from rules.domain.actions import (
    AddNote,
    ChargeLine,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    SetPromiseDate,
    SetStopSell,
)
from rules.domain.facts import Customer, Invoice
from rules.domain.money import Money
from tests.links.xero.schema import problems

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
KEY = "finance_charges/I-1/2026-03-02"


@dataclass
class Vault:
    """Refreshes for real, as the product's vault does."""

    settings: ConnectionSettings
    tokens: Tokens
    clock: SimulatedClock

    def access_token(self) -> str:
        if self.tokens.expires_at <= self.clock.now() + timedelta(minutes=1):
            self.tokens = auth.refresh(self.settings, self.tokens, self.clock.now())
        return self.tokens.access_token

    def replace(self, refused: str) -> str:
        if self.tokens.access_token == refused:
            self.tokens = auth.refresh(self.settings, self.tokens, self.clock.now())
        return self.tokens.access_token


@dataclass
class Mirror:
    """What a store keeps of the pages: records by reference, open invoices dropped by a full listing."""

    records: dict[Ref, Record] = field(default_factory=dict)
    seen: set[Ref] = field(default_factory=set)
    cursor: str | None = None
    unreadable: list[Unreadable] = field(default_factory=list)

    def take(self, page: Page) -> None:
        if page.replaces:
            self.seen = {ref for ref in self.seen if ref.kind not in page.replaces}
        for entry in page.records:
            self.seen.add(entry.ref)
            if isinstance(entry, Gone):
                self.records.pop(entry.ref, None)
            elif isinstance(entry, Record):
                self.records[entry.ref] = entry
            else:
                self.unreadable.append(entry)
        for ref in [ref for ref in self.records if ref.kind in page.complete_for and ref not in self.seen]:
            fact = self.records[ref].fact
            if isinstance(fact, Invoice) and fact.status == "open":
                del self.records[ref]
        self.cursor = page.cursor

    def pull(self, connector) -> None:
        for page in connector.changes(self.cursor):
            self.take(page)

    def of(self, kind: str) -> list:
        return [record.fact for ref, record in sorted(self.records.items(), key=str) if ref.kind == kind]


@pytest.fixture
def clock():
    return SimulatedClock(NOW)


@pytest.fixture
def company(clock):
    return XeroCompany(clock)


@pytest.fixture
def server(company):
    with Server(company.application) as server:
        yield server


@pytest.fixture
def settings(company, server):
    return ConnectionSettings(
        name="kiwi",
        kind="xero",
        timezone="Pacific/Auckland",
        account=company.account,
        client_id="demo-client",
        client_secret="demo-secret",
        api_url=server.url,
        auth_url=server.url,
        extra={"finance_charge_account": "260", "stop_sell_group": "Stop sell", "finance_charge_status": "AUTHORISED"},
    )


@pytest.fixture
def connector(settings, company, clock):
    tokens = auth.adopt(settings, company.issue_tokens(), clock.now())
    opened = connect(settings, Vault(settings, tokens, clock), Timing(clock.now, clock.monotonic, clock.sleep))
    yield opened
    opened.close()


@pytest.fixture
def mirror():
    return Mirror()


@pytest.fixture
def oak(company):
    return company.add_customer("Oak Ltd", "ap@oak.example")


@pytest.fixture
def owed(company, oak):
    return company.add_invoice(oak, "INV-1", date(2026, 1, 10), date(2026, 1, 24), 100_000)


def nzd(amount: str) -> Money:
    return Money(Decimal(amount), "NZD")


def charge(oak: str, owed: str) -> CreateInvoice:
    line = ChargeLine("Interest on INV-1", nzd("7.90"), "interest", "none")
    return CreateInvoice(oak, owed, "INV-1", TODAY, TODAY, (line,), "37 days at 18 %")


def assert_mirrors(mirror: Mirror, company: XeroCompany) -> None:
    open_now = {fact.ref: int(fact.balance.amount * 100) for fact in mirror.of("invoice") if fact.status == "open"}
    assert open_now == {item.invoice: item.balance_cents for item in company.open_items()}


def later(clock, **span) -> None:
    clock.advance(timedelta(**span))


def test_a_year_of_business_is_mirrored_by_a_first_load_and_by_polls_alike(
    connector, mirror, company, clock, oak, owed
):
    mirror.pull(connector)
    second = company.add_invoice(oak, "INV-2", TODAY, date(2026, 3, 16), 5_005)
    paid = company.pay(owed, 40_010, TODAY)
    for step in (
        lambda: company.pay(second, 5_005, TODAY),
        lambda: company.unpay(paid),
        lambda: company.credit(oak, 1_000, TODAY, invoice=owed),
        lambda: company.void(company.add_invoice(oak, "INV-3", TODAY, TODAY, 100)),
        lambda: company.add_invoice(company.add_customer("Elm Ltd"), "INV-4", TODAY, TODAY, 100),
    ):
        later(clock, minutes=5)
        step()
        mirror.pull(connector)
        assert_mirrors(mirror, company)
    fresh = Mirror()
    fresh.pull(connector)
    later(clock, hours=3)
    mirror.pull(connector)
    assert {ref: record.fact for ref, record in fresh.records.items()} == {
        ref: record.fact for ref, record in mirror.records.items()
    }
    assert not fresh.unreadable


def test_money_on_account_and_unused_credit_arrive_within_the_time_promised(
    connector, mirror, company, clock, oak, owed
):
    mirror.pull(connector)
    company.pay_on_account(oak, 5_000, TODAY)
    company.prepay(oak, 2_500, TODAY)
    company.credit(oak, 1_000, TODAY)
    for _ in range(15):
        later(clock, minutes=5)
        mirror.pull(connector)
    assert sorted(str(payment.unapplied) for payment in mirror.of("payment")) == ["25.00 NZD", "50.00 NZD"]
    assert [str(note.unapplied) for note in mirror.of("credit_note")] == ["10.00 NZD"]


def test_a_credit_used_on_an_invoice_arrives_with_the_next_poll(connector, mirror, company, clock, oak, owed):
    note = company.credit(oak, 1_000, TODAY)
    mirror.pull(connector)
    later(clock, minutes=10)
    company.allocate(note, owed, 400)
    mirror.pull(connector)
    (read,) = mirror.of("credit_note")
    assert [(used.invoice, str(used.amount)) for used in read.applied] == [(owed, "4.00 NZD")]


def test_a_due_date_moved_on_a_part_paid_invoice_is_seen_after_the_night(connector, mirror, company, clock, owed):
    company.pay(owed, 100, TODAY)
    later(clock, minutes=10)
    mirror.pull(connector)
    later(clock, minutes=10)
    company.set_due_date(owed, date(2026, 6, 1))
    mirror.pull(connector)
    assert mirror.of("invoice")[0].due_on == date(2026, 1, 24)
    for _ in range(288):
        later(clock, minutes=5)
        mirror.pull(connector)
    assert mirror.of("invoice")[0].due_on == date(2026, 6, 1)


def test_a_demo_reset_empties_the_mirror_by_the_night(connector, mirror, company, clock, owed):
    mirror.pull(connector)
    company.reset_demo()
    for _ in range(6):
        later(clock, hours=4)
        mirror.pull(connector)
    assert mirror.of("invoice") == []


def test_a_merge_moves_the_customer_to_its_survivor(connector, mirror, company, clock, oak, owed):
    elm = company.add_customer("Elm Ltd")
    mirror.pull(connector)
    company.merge(oak, elm)
    later(clock, hours=3)
    gone = [entry for page in connector.changes(mirror.cursor) for entry in page.records if isinstance(entry, Gone)]
    assert gone == [Gone(Ref("customer", oak), elm)]


def test_an_invoice_paid_between_two_pages_loses_no_other(connector, mirror, company, clock, oak):
    ids = [company.add_invoice(oak, f"N-{number}", TODAY, TODAY, 100) for number in range(1500)]
    mirror.pull(connector)
    first = min(ids)
    moved = []

    def pay_the_first(request) -> None:
        if request.query.get("Statuses") and request.query["page"] == "2" and not moved:
            moved.append(company.pay(first, 100, TODAY))

    company.switches.before_request = pay_the_first
    later(clock, hours=6)
    mirror.pull(connector)
    assert moved
    later(clock, minutes=5)
    mirror.pull(connector)
    assert_mirrors(mirror, company)


def test_a_lagging_list_loses_nothing(connector, mirror, company, clock, oak):
    mirror.pull(connector)
    company.switches.read_lag_s = 60
    for number in range(12):
        later(clock, minutes=5)
        company.add_invoice(oak, f"L-{number}", TODAY, TODAY, 100)
        mirror.pull(connector)
    later(clock, minutes=5)
    mirror.pull(connector)
    assert_mirrors(mirror, company)


@pytest.mark.parametrize("name", ["local_dates", "escape_slashes"])
def test_every_spelling_of_a_date_gives_the_same_facts(connector, company, owed, name):
    plain, spelt = Mirror(), Mirror()
    plain.pull(connector)
    setattr(company.switches, name, True)
    spelt.pull(connector)
    assert plain.records == spelt.records


def test_an_odd_record_is_quarantined_and_the_others_arrive(connector, mirror, company, oak, owed):
    company.add_invoice(oak, "INV-2", TODAY, TODAY, 100)
    company.switches.unknown_status_on.add(owed)
    mirror.pull(connector)
    assert [entry.ref.id for entry in mirror.unreadable] == [owed]
    assert [fact.number for fact in mirror.of("invoice")] == ["INV-2"]


def test_our_aging_agrees_with_the_companys_own_report(connector, company, oak, owed):
    company.pay(owed, 25_050, TODAY)
    company.credit(oak, 1_000, TODAY)
    company.pay_on_account(oak, 500, TODAY)
    (balance,) = connector.aged_receivables(TODAY)
    assert int(balance.balance.amount * 100) == company.owed_by(oak, TODAY) == 73_450


@pytest.fixture
def everything(oak, owed):
    """One of each operation but the credit note, which needs a charge to be there."""
    return [
        charge(oak, owed),
        AddNote(oak, "invoice", owed, "Reminder sent."),
        AddNote(oak, "customer", oak, "Called."),
        SetStopSell(oak, on=True, state="hold", since=TODAY, why="31 days past due"),
        EmailInvoice(oak, owed, "ap@oak.example", nzd("1000.00")),
        SetPromiseDate(oak, owed, date(2026, 3, 20)),
    ]


def test_each_operation_leaves_its_effect_once_and_can_be_proven(connector, company, everything):
    for number, operation in enumerate(everything):
        key = f"rule/I-1/{number}"
        connector.write(operation, key)
        assert connector.was_applied(operation, key, NOW) is not None
    kinds = Counter(effect.kind for effect in company.effects())
    assert kinds == {"finance_charge": 1, "memo": 4, "stop_sell_on": 1, "provider_email": 1, "promise_date": 1}


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "cut_short", "replace_after"])
def test_a_write_cut_off_anywhere_is_done_once_when_taken_up_by_evidence(connector, company, server, everything, fault):
    for number, operation in enumerate(everything):
        key, before = f"rule/I-1/{number}", len(company.effects())
        server.faults.extend(Fault(fault, method=method, times=1) for method in ("PUT", "POST"))
        settle(connector, operation, key)
        server.faults.clear()
        done = company.effects()[before:]
        assert len(done) == len({(effect.kind, effect.target) for effect in done}), operation


def settle(connector, operation, key: str) -> None:
    """As the outbox does: on an unknown outcome look, and send again only what is proven absent."""
    for _ in range(5):
        try:
            connector.write(operation, key)
        except OutcomeUnknown:
            try:
                if connector.was_applied(operation, key, NOW) is None:
                    continue
            except ConnectorError:
                return  # a mail: a person decides
        return
    raise AssertionError("never settled")


def test_a_charge_is_found_again_after_xero_forgot_the_idempotency_key(connector, company, clock, server, oak, owed):
    server.faults.append(Fault("reset_after", method="PUT"))
    with pytest.raises(OutcomeUnknown):
        connector.write(charge(oak, owed), KEY)
    later(clock, minutes=30)
    again = connector.write(charge(oak, owed), KEY)
    assert connector.was_applied(charge(oak, owed), KEY, NOW).remote_id == again.remote_id
    assert Counter(effect.kind for effect in company.effects()) == {"finance_charge": 1}


def test_our_charge_comes_back_as_ours_and_its_reversal_is_used_on_it(connector, mirror, company, clock, oak, owed):
    mirror.pull(connector)
    made = connector.write(charge(oak, owed), KEY).remote_id
    later(clock, minutes=5)
    mirror.pull(connector)
    (ours,) = [fact for fact in mirror.of("invoice") if fact.is_ours]
    assert (ours.ref, ours.origin, str(ours.balance)) == (made, "syncd:finance_charges", "7.90 NZD")
    reversal = CreateCreditNote(oak, owed, made, TODAY, nzd("2.40"), "Interest credited.", "none")
    connector.write(reversal, f"{KEY}/reversal")
    assert connector.was_applied(reversal, f"{KEY}/reversal", NOW) is not None
    later(clock, minutes=5)
    mirror.pull(connector)
    assert [str(fact.balance) for fact in mirror.of("invoice") if fact.is_ours] == ["5.50 NZD"]
    assert [note.origin for note in mirror.of("credit_note")] == ["syncd:finance_charges"]


def test_a_draft_charge_waits_for_a_person(settings, company, clock, mirror, oak, owed):
    tokens = auth.adopt(settings, company.issue_tokens(), clock.now())
    draft = replace(settings, extra={"finance_charge_account": "260"})
    connector = connect(draft, Vault(draft, tokens, clock), Timing(clock.now, clock.monotonic, clock.sleep))
    made = connector.write(charge(oak, owed), KEY).remote_id
    mirror.pull(connector)
    assert [fact.status for fact in mirror.of("invoice") if fact.is_ours] == ["draft"]
    company.approve(made)
    later(clock, minutes=5)
    mirror.pull(connector)
    assert [fact.status for fact in mirror.of("invoice") if fact.is_ours] == ["open"]
    connector.close()


def test_stop_sell_shows_with_the_next_pull_and_lifts_again(connector, mirror, company, clock, oak):
    mirror.pull(connector)
    for on in (True, False):
        later(clock, minutes=5)
        state = "hold" if on else "good"
        connector.write(SetStopSell(oak, on=on, state=state, since=TODAY, why="…"), f"credit_hold/{oak}/{state}/1")
        mirror.pull(connector)
        (customer,) = [fact for fact in mirror.of("customer") if isinstance(fact, Customer)]
        assert customer.stop_sell is on
    company.switches.strict_groups = True
    connector.write(SetStopSell(oak, on=False, state="good", since=TODAY, why="…"), f"credit_hold/{oak}/good/2")


def test_a_promise_on_a_part_paid_invoice_is_a_note(connector, company, oak, owed):
    company.pay(owed, 100, TODAY)
    connector.write(SetPromiseDate(oak, owed, date(2026, 3, 20)), "promises/I-1/1")
    (effect,) = company.effects()
    assert effect.kind == "memo"
    assert effect.text == f"Payment promised for 2026-03-20. {marker('promises/I-1/1')}"


def test_a_locked_period_is_seen_before_the_charge_is_sent(connector, company, server, oak, owed):
    company.lock_period(TODAY)
    with pytest.raises(Rejected, match="locked through 2026-03-02"):
        connector.write(charge(oak, owed), KEY)
    assert all(request.method == "GET" for request in server.seen if request.path.startswith("/api.xro"))


def test_a_lock_set_since_the_last_look_is_xeros_own_refusal(connector, mirror, company, oak, owed):
    mirror.pull(connector)
    company.lock_period(TODAY)
    with pytest.raises(Rejected):
        connector.write(charge(oak, owed), KEY)


def test_an_expired_token_is_refreshed_in_the_middle_of_a_pull(connector, mirror, company, clock, owed):
    company.expire_tokens()
    mirror.pull(connector)
    later(clock, hours=1)
    mirror.pull(connector)
    assert_mirrors(mirror, company)


def test_a_withdrawn_consent_parks_the_connection(connector, mirror, company):
    company.revoke_consent()
    with pytest.raises(ConsentNeeded):
        mirror.pull(connector)


def test_the_day_limit_parks_the_connection(connector, mirror, company):
    company.limits.per_day = 3
    with pytest.raises(Throttled) as caught:
        mirror.pull(connector)
    assert caught.value.limit == "day"


@pytest.mark.shared_data
def test_everything_said_to_the_simulator_is_described_by_xero(
    connector, mirror, company, clock, server, everything, shared_data
):
    mirror.pull(connector)
    for number, operation in enumerate(everything):
        connector.write(operation, f"rule/I-1/{number}")
        connector.was_applied(operation, f"rule/I-1/{number}", NOW)
    later(clock, hours=10)
    mirror.pull(connector)
    connector.aged_receivables(TODAY)
    assert list(problems(shared_data, server.seen)) == []


def test_a_custom_connection_works_without_a_consent_and_renews_itself(settings, company, clock, mirror, owed):
    vault = Vault(settings, auth.grant(settings, clock.now()), clock)
    connector = connect(settings, vault, Timing(clock.now, clock.monotonic, clock.sleep))
    mirror.pull(connector)
    later(clock, hours=1)
    mirror.pull(connector)
    assert_mirrors(mirror, company)
    connector.close()


def test_consent_at_the_simulators_page_ends_in_tokens_for_its_organisation(settings, company, clock, mirror, owed):
    place, verifier = "http://localhost:8418/callback", "v" * 43
    page = auth.authorization_url(settings, redirect_uri=place, state="s", verifier=verifier)
    answer = requests.get(page, allow_redirects=False, timeout=5)
    tokens = auth.exchange(
        settings,
        redirected=answer.headers["Location"],
        redirect_uri=place,
        state="s",
        verifier=verifier,
        now=clock.now(),
    )
    assert tokens.account == company.account
    connector = connect(settings, Vault(settings, tokens, clock), Timing(clock.now, clock.monotonic, clock.sleep))
    mirror.pull(connector)
    assert_mirrors(mirror, company)
    auth.revoke(settings, tokens)
    with pytest.raises(ConsentNeeded):
        auth.refresh(settings, tokens, clock.now())
    connector.close()
