"""The mirror takes pages in whole, knows who changed, and counts what a pull made vanish."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select, text

import syncd.store
from connectors import Gone, Page, Receipt, Record, Ref, Unreadable
from connectors.errors import Rejected
from rules.domain.facts import Customer, Dispute, Invoice, Rate
from rules.domain.money import Money
from syncd.cycle import run_pass
from syncd.errors import ConfigError
from syncd.store import schema
from syncd.store.connections import Connections
from syncd.store.desk import Desk, Paper
from syncd.store.engine import HEAD, Store, open_store
from syncd.store.mirror import Mirror
from syncd.store.schema import metadata

NOW = datetime(2025, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(database):
    opened = open_store(database.url)
    yield opened
    opened.close()


@pytest.fixture
def mirror(store: Store) -> Mirror:
    Connections(store, "acme").register("realm")
    return Mirror(store, "acme")


def customer(ref: str, parent: str | None = None) -> Record:
    return Record(Ref("customer", ref), Customer(ref, f"Name {ref}", parent=parent))


def invoice(ref: str, of: str, balance: str = "100.00", **more: object) -> Record:
    money = Money(Decimal(balance), "USD")
    fact = Invoice(ref, f"N{ref}", of, date(2025, 1, 1), date(2025, 1, 31), Money(Decimal("100.00"), "USD"), money)
    return Record(Ref("invoice", ref), replace(fact, **more))


def page(cursor: str, *records: object, **more: object) -> Page:
    return Page(cursor=cursor, records=tuple(records), **more)


def test_a_page_is_stored_with_its_cursor_and_marks_whom_it_changed(mirror, store):
    applied = mirror.apply(page("1", customer("C-1"), invoice("I-1", "C-1")), NOW)
    assert applied.changed == 2
    assert mirror.changed_heads() == ["C-1"]
    assert Connections(store, "acme").standing().cursor == "1"
    assert mirror.fact(Ref("invoice", "I-1")).balance == Money(Decimal("100.00"), "USD")


def test_the_same_page_again_changes_nothing(mirror):
    first = page("1", customer("C-1"), invoice("I-1", "C-1"))
    mirror.apply(first, NOW)
    mirror.settled(["C-1"])
    assert mirror.apply(first, NOW).changed == 0
    assert mirror.changed_heads() == []


def test_an_invoice_that_moves_to_another_customer_changes_both(mirror):
    mirror.apply(page("1", customer("C-1"), customer("C-2"), invoice("I-1", "C-1")), NOW)
    mirror.settled(["C-1", "C-2"])
    mirror.apply(page("2", invoice("I-1", "C-2")), NOW)
    assert mirror.changed_heads() == ["C-1", "C-2"]


def test_a_family_is_known_by_its_billing_head(mirror):
    mirror.apply(page("1", customer("P"), customer("K", parent="P"), customer("G", parent="K"), invoice("I", "G")), NOW)
    assert mirror.changed_heads() == ["P"]
    assert mirror.family(["P"]) == {"P": ["P", "G", "K"]}
    assert mirror.open_heads() == ["P"]


def test_a_circle_of_parents_ends_instead_of_hanging(mirror):
    mirror.apply(page("1", customer("A", parent="B"), customer("B", parent="A")), NOW)
    assert mirror.changed_heads() == ["A"]


def test_a_deleted_or_voided_open_invoice_counts_as_vanished_and_a_paid_one_does_not(mirror):
    mirror.apply(page("1", customer("C"), *(invoice(f"I-{n}", "C") for n in range(3))), NOW)
    applied = mirror.apply(
        page(
            "2",
            Gone(Ref("invoice", "I-0")),
            invoice("I-1", "C", "0.00", status="voided"),
            invoice("I-2", "C", "0.00", status="paid"),
        ),
        NOW,
    )
    assert applied.vanished == 2
    assert mirror.fact(Ref("invoice", "I-0")) is None


def test_a_full_listing_drops_the_open_invoices_it_did_not_show(mirror):
    mirror.apply(page("1", customer("C"), *(invoice(f"I-{n}", "C") for n in range(3))), NOW)
    mirror.apply(page("2", invoice("I-0", "C"), replaces=("invoice",)), NOW)
    applied = mirror.apply(page("3", invoice("I-2", "C"), complete_for=("invoice",)), NOW)
    assert applied.vanished == 1
    assert mirror.fact(Ref("invoice", "I-1")) is None
    assert mirror.fact(Ref("invoice", "I-2")) is not None


def test_a_full_listing_keeps_what_it_showed_in_a_form_we_cannot_read(mirror):
    mirror.apply(page("1", customer("C"), invoice("I-1", "C")), NOW)
    odd = Unreadable(Ref("invoice", "I-1"), "no Status")
    applied = mirror.apply(page("2", odd, replaces=("invoice",), complete_for=("invoice",)), NOW)
    assert applied.vanished == 0
    assert mirror.fact(Ref("invoice", "I-1")) is not None


def test_a_merged_customer_hands_everything_to_the_survivor(mirror, store):
    desk = Desk(store, "acme")
    mirror.apply(page("1", customer("OLD"), customer("NEW"), invoice("I-1", "OLD")), NOW)
    desk.put(Dispute("D-1", "I-1", date(2025, 2, 1)), ref="D-1", customer="OLD", who="dana", now=NOW)
    mirror.apply(page("2", Gone(Ref("customer", "OLD"), merged_into="NEW")), NOW)
    assert mirror.fact(Ref("invoice", "I-1")).customer == "NEW"
    assert [kind for kind, _, _ in desk.of(["NEW"])] == ["dispute"]


def test_an_unreadable_record_is_quarantined_until_it_can_be_read(mirror):
    mirror.apply(page("1", customer("C"), Unreadable(Ref("invoice", "I-1"), "no Balance")), NOW)
    assert [(ref.id, problem) for ref, problem, _ in mirror.quarantined()] == [("I-1", "no Balance")]
    mirror.apply(page("2", invoice("I-1", "C")), NOW)
    assert mirror.quarantined() == []


def test_a_listing_that_hides_a_record_counts_none_as_gone_and_the_next_whole_one_does(mirror):
    whole = {"replaces": ("invoice",), "complete_for": ("invoice",)}
    mirror.apply(page("1", customer("C"), invoice("I-1", "C"), invoice("I-2", "C")), NOW)
    hidden = Unreadable.in_row("invoice", 2, "nothing is shown in this row")
    assert mirror.apply(page("2", invoice("I-1", "C"), hidden, **whole), NOW).vanished == 0
    assert mirror.fact(Ref("invoice", "I-2")) is not None
    assert [ref.id for ref, _, _ in mirror.quarantined()] == ["row 2"]
    assert mirror.apply(page("3", invoice("I-1", "C"), **whole), NOW).vanished == 1
    assert mirror.quarantined() == []


def test_a_row_that_shows_no_record_is_told_of_no_longer_than_it_is_seen(mirror):
    mirror.apply(page("1", Unreadable.in_row("customer", 7, "nothing is shown in this row")), NOW)
    mirror.apply(page("2", customer("C")), NOW + timedelta(hours=23))
    assert len(mirror.quarantined()) == 1, "contacts are listed once a night"
    mirror.apply(page("3", customer("C")), NOW + timedelta(hours=25))
    assert mirror.quarantined() == []


def test_rates_are_kept_by_day(mirror):
    rate = Rate("EUR", "USD", date(2025, 3, 1), Decimal("1.08"))
    mirror.apply(page("1", rates=(rate, rate)), NOW)
    assert mirror.rates() == (rate,)


def test_a_customer_or_invoice_is_found_by_id_number_or_name(mirror):
    mirror.apply(page("1", customer("C-1"), invoice("I-1", "C-1")), NOW)
    assert mirror.find("C-1") == (Ref("customer", "C-1"), "C-1")
    assert mirror.find("Name C-1") == (Ref("customer", "C-1"), "C-1")
    assert mirror.find("NI-1") == (Ref("invoice", "I-1"), "C-1")
    assert mirror.find("nobody") is None


def test_records_of_one_source_are_replaced_as_a_whole_and_say_whom_they_changed(store, mirror):
    desk = Desk(store, "acme")
    one = Paper(Dispute("D-1", "I-1", date(2025, 2, 1)), "D-1", "C-1")
    two = Paper(Dispute("D-2", "I-2", date(2025, 2, 1)), "D-2", "C-2")
    assert desk.replace_all([one, two], "book", NOW) == {"C-1", "C-2"}
    assert desk.replace_all([one, two], "book", NOW) == set()
    assert desk.replace_all([one], "book", NOW) == {"C-2"}
    assert [dispute.ref for dispute in desk.all("dispute")] == ["D-1"]


def test_another_company_under_the_same_name_is_refused(store, mirror):
    mirror.apply(page("1", customer("C-1")), NOW)
    with pytest.raises(ConfigError, match="already holds the books or the consent of company realm"):
        Connections(store, "acme").register("another")


def test_what_a_provider_says_at_length_fits_the_columns_of_a_stricter_database(desk):
    long = "x" * 500
    desk.books.put(Customer("C-1", long))
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    desk.books.write = lambda operation, key: Receipt(remote_id="R-1", trace=long)
    run_pass(desk.ledger, desk.ground)
    with desk.office.store.reading() as tx:
        for table in (schema.fact, schema.operation):
            for row in tx.execute(select(table)):
                for column in table.c:
                    if isinstance(value := getattr(row, column.name), str) and getattr(column.type, "length", None):
                        assert len(value) <= column.type.length, column


def test_ids_and_keys_of_any_usual_length_go_all_the_way(desk):
    """A CSV without ids is known by its names and numbers, and those may be long."""
    customer, invoice = "The board of " + "trustees of " * 20, "Invoice " + "1" * 280
    desk.books.customer(customer)
    desk.books.invoice(invoice, customer, date(2025, 2, 20))
    report = run_pass(desk.ledger, desk.ground)
    assert sum(report.drained.confirmed.values()) > 0
    assert any(invoice in key for key in desk.states())


def test_a_record_with_an_id_no_provider_has_is_quarantined(mirror):
    endless, blank = "x" * 5_000, "C-\x00"
    applied = mirror.apply(page("1", customer(endless), customer("C-1"), customer(blank), invoice("I-1", endless)), NOW)
    assert (applied.changed, applied.quarantined) == (1, 3)
    said = {ref.id[:4]: problem for ref, problem, _ in mirror.quarantined()}
    assert said["xxxx"].startswith("an id in it has 5000 bytes; no more than 1200")
    assert said["C-\ufffd"].startswith("an id in it has 3 bytes")


def test_what_cannot_be_written_in_a_text_does_not_end_a_pass(desk):
    desk.books.put(Customer("C-1", "Oak \x00 Ltd", email="a@oak.example"))
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    desk.books.fail_writes = Rejected("1", "no \x00 no")
    assert run_pass(desk.ledger, desk.ground).drained.rejected
    assert run_pass(desk.ledger, desk.ground).failure is None


def test_the_newest_migration_is_the_one_the_program_expects():
    versions = Path(syncd.store.__file__).parent / "migrations" / "versions"
    assert max(file.name[1:5] for file in versions.glob("m*.py")) == HEAD


def test_a_migrated_store_has_exactly_the_tables_the_program_uses(database):
    open_store(database.url).close()
    engine = create_engine(database.url)
    found = inspect(engine)
    for table in metadata.sorted_tables:
        columns = {column["name"] for column in found.get_columns(table.name)}
        assert columns == {column.name for column in table.columns}
    engine.dispose()


def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database, whatever its name says" * 50)
    with pytest.raises(ConfigError, match="not a database"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is no database")


def test_every_connection_to_the_database_syncs_each_commit(store):
    asked = {
        "sqlite": {"PRAGMA synchronous": 2, "PRAGMA journal_mode": "wal", "PRAGMA foreign_keys": 1},
        "postgresql": {"SHOW synchronous_commit": "on", "SHOW lock_timeout": "10s"},
    }
    with store.writing() as tx:
        found = {question: tx.execute(text(question)).scalar() for question in asked[store.dialect]}
    assert found == asked[store.dialect]


def test_a_store_damaged_inside_is_told_to_whoever_only_looks(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = open_store(f"sqlite:///{path}")
    Connections(store, "acme").register("1")
    store.close()
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"damaged|malformed"):
        Connections(open_store(f"sqlite:///{path}", check=False), "acme").standing()
