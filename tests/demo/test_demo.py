"""The demo is played once, whole, and everything its report claims is looked at; its script is checked by itself."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from connectors.errors import BookRefused
from connectors.file.factoring import Receivable
from rules.domain.money import Money
from syncd.cli.demo import _report, _went_well
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.demo.report import Proof
from syncd.demo.run import kept_folder, read, show
from syncd.demo.script import DAYS, scripts
from syncd.errors import DataRefused
from syncd.office import open_office

LAST = date(2025, 6, 30)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    days = []
    with show(None, folder, SystemClock(), days.append) as shown:
        effects = {cast.connection: cast.company.effects() for cast in shown.stage.casts}
        shown.stage.close_office()
        return shown.document, folder, days, effects


def test_it_lives_through_ninety_days_with_a_pass_a_day_in_each_company(played):
    document, _, days, _ = played
    assert days == list(range(1, DAYS + 1))
    assert [company["passes"] for company in document["companies"]] == [DAYS, DAYS]
    assert document["failures"] == []


def test_its_proof_holds_and_its_buckets_sum_to_what_the_books_say_is_open(played):
    document = played[0]
    assert document["proof"]["holds"]
    assert document["proof"]["found"] == document["proof"]["confirmed"] > 300
    assert all(company["agrees"] for company in document["companies"])
    assert _went_well(document)


@pytest.mark.parametrize("kind", ["reminder_email", "memo", "finance_charge", "stop_sell_on", "stop_sell_off"])
def test_every_kind_of_write_appears_in_both_companies(played, kind):
    assert all(company["written"][kind] > 0 for company in played[0]["companies"])


def test_what_is_counted_as_written_is_what_the_simulated_books_show(played):
    document, _, _, effects = played
    for company in document["companies"]:
        shown = Counter(effect.kind for effect in effects[company["connection"]])
        assert {kind: company["written"][kind] for kind in shown} == dict(shown)


def test_reminders_land_in_the_mailbox_and_grow_firmer(played):
    document, folder, _, _ = played
    messages = [message_from_bytes(file.read_bytes(), policy=default) for file in (folder / "mail").glob("*.eml")]
    assert len(messages) == sum(company["written"]["reminder_email"] for company in document["companies"])
    openings = {str(message["Subject"]).split()[0].rstrip(":") for message in messages}
    assert len(openings) >= 4, openings


def test_a_hold_is_lifted_only_after_it_was_placed(played):
    for effects in played[3].values():
        placed: Counter[str] = Counter()
        for effect in effects:
            placed[effect.customer] += {"stop_sell_on": 1, "stop_sell_off": -1}.get(effect.kind, 0)
            assert placed[effect.customer] in (0, 1)


def test_calls_are_told_by_company_and_day(played):
    for company in played[0]["companies"]:
        assert len(company["calls_by_day"]) >= DAYS
        assert all(sum(calls.values()) > 0 for calls in company["calls_by_day"].values())


def test_one_customers_story_is_told_with_its_reasons_in_order(played):
    lines = played[0]["story"]["lines"]
    assert len(lines) >= 8
    assert [line["on"] for line in lines] == sorted(line["on"] for line in lines)
    assert any("mailed as" in line["what"] for line in lines)


def test_the_report_for_people_says_the_same(played):
    text = "\n".join(str(part) for part in _report(played[0], kept=True))
    assert f"{played[0]['proof']['confirmed']} effects were meant" in text
    assert "each exactly once" in text
    json.dumps(played[0])


def test_what_it_keeps_opens_as_an_ordinary_office(played):
    _, folder, _, _ = played
    config = load_config(folder / "config.toml")
    with open_office(config, SystemClock(), exclusive=True) as office:
        assert [ledger.name for ledger in office.ledgers] == ["acme", "kauri"]
        assert all(ledger.intents.counts()["done"] > 0 for ledger in office.ledgers)
    assert (folder / "client-secret").stat().st_mode & 0o077 == 0


def test_a_proof_with_anything_twice_missing_or_unaccounted_does_not_hold():
    assert Proof(2, 2, (), (), ()).holds
    assert not Proof(2, 2, ("a",), (), ()).holds
    assert not Proof(2, 2, (), ("a",), ("b",)).holds
    assert not Proof(3, 2, (), (), ()).holds


def receivable(customer: str, issued: date, settled: date | None, *, disputed: bool = False) -> Receivable:
    amount = Money(Decimal("10.00"), "USD")
    return Receivable(customer, f"{customer}-{issued}", issued, issued + timedelta(days=30), amount, disputed, settled)


def test_dates_move_by_whole_days_so_that_the_newest_invoice_is_of_the_last_day():
    told, moved_by = scripts([receivable("A", date(2013, 12, 2), None), receivable("B", date(2013, 11, 2), None)], LAST)
    assert moved_by == (LAST - date(2013, 12, 2)).days
    assert told[0].events[0].on == LAST
    assert told[1].events[0].on == LAST - timedelta(days=30)


def test_customers_are_dealt_out_and_each_stays_with_one_company():
    rows = [receivable(name, LAST - timedelta(days=n), None) for n, name in enumerate("ABCDEF")]
    told, _ = scripts(rows, LAST)
    assert [script.customers for script in told] == [("A", "C", "E"), ("B", "D", "F")]


def test_a_late_disputed_invoice_is_contested_after_it_fell_due_and_settled_with_the_payment():
    issued = LAST - timedelta(days=60)
    rows = [receivable("A", issued, issued + timedelta(days=50), disputed=True), receivable("A", LAST, None)]
    kinds = [(event.kind, (event.on - issued).days) for event in scripts(rows, LAST)[0][0].events]
    assert kinds == [("invoice", 0), ("dispute", 34), ("dispute_end", 50), ("payment", 50), ("invoice", 60)]


def test_nothing_to_tell_is_refused():
    with pytest.raises(DataRefused, match="no receivables"):
        scripts([], LAST)


def test_a_plain_list_of_open_invoices_is_a_story_too(tmp_path):
    plain = tmp_path / "open-2025-06-30.csv"
    plain.write_text(
        "customer,number,issued_on,due_on,total,balance,currency\nOak Ltd,1,2025-05-01,2025-05-31,10.00,10.00,USD\n"
    )
    (row,) = read(plain)
    assert (row.customer, row.settled_on, str(row.amount)) == ("Oak Ltd", None, "10.00 USD")


def test_bad_rows_are_refused_with_their_numbers(tmp_path):
    bad = tmp_path / "bad.csv"
    sample = Path(__file__).parents[2] / "syncd" / "demo" / "sample.csv"
    header, first, *_ = sample.read_text().splitlines()
    bad.write_text("\n".join([header, first.replace("12/3/2024,1/2/2025", "13/3/2024,1/2/2025")]))
    with pytest.raises(BookRefused, match="row 2"):
        read(bad)


def test_a_kept_demo_never_overwrites_another(tmp_path):
    assert [kept_folder(tmp_path).name for _ in range(3)] == ["syncd-demo", "syncd-demo-2", "syncd-demo-3"]


@pytest.mark.shared_data
def test_real_receivables_are_read_as_they_are(shared_data):
    rows = read(shared_data / "receivables-2012-2013.csv")
    assert len(rows) == 2466
    told, _ = scripts(rows, LAST)
    assert sum(len(script.customers) for script in told) == 100
