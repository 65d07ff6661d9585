"""The folder as a connection: real files in a real folder."""

from __future__ import annotations

import json
import resource
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors import ConnectionSettings, OpenBalance, Page, Record, Ref, open_connector
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from connectors.file.client import PAGE_SIZE, FileConnector, connect
from connectors.transport import Timing
from rules.domain import actions
from rules.domain.money import Money

NOW = datetime(2025, 3, 31, 12, tzinfo=UTC)


class NoTokens:
    """A folder needs none."""

    def access_token(self) -> str:
        raise AssertionError("a folder asked for a token")

    def replace(self, refused: str) -> str:
        raise AssertionError(refused)


TIMING = Timing(now=lambda: NOW, monotonic=lambda: 0.0, sleep=lambda _: None)


def settings(path: Path) -> ConnectionSettings:
    return ConnectionSettings("books", "file", "Europe/London", extra={"path": str(path)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "exports"
    path.mkdir()
    return path


@pytest.fixture
def link(folder: Path) -> FileConnector:
    return connect(settings(folder), NoTokens(), TIMING)


def book(**changed: Any) -> dict[str, Any]:
    return {
        "as_of": "2025-03-31",
        "company": {"name": "Acme", "currency": "USD"},
        "rates": [{"from": "EUR", "to": "USD", "on": "2025-03-01", "rate": "1.08"}],
        "customers": [{"ref": "C-1", "name": "Oak"}, {"ref": "C-2", "name": "Elm"}],
        "invoices": [
            {"ref": "I-1", "customer": "C-1", "issued_on": "2025-03-01", "due_on": "2025-03-15", "total": "100.00"},
            {"ref": "I-2", "customer": "C-2", "issued_on": "2025-03-01", "total": "70.00 EUR"},
        ],
        "payments": [{"ref": "P-1", "customer": "C-1", "received_on": "2025-03-20", "amount": "30.00",
                      "applied": [{"invoice": "I-1", "amount": "20.00"}]}],
        "promises": [{"ref": "PR-1", "customer": "C-1", "invoices": ["I-1"], "made_on": "2025-03-25",
                      "promised_on": "2025-04-04"}],
        "holds": [{"customer": "C-1", "state": "watch", "since": "2025-03-20"}],
        **changed,
    }  # fmt: skip


def put(folder: Path, name: str = "book.json", **changed: Any) -> None:
    (folder / name).write_text(json.dumps(book(**changed)), encoding="utf-8")


def pull(link: FileConnector, cursor: str | None = None) -> list[Page]:
    return list(link.changes(cursor))


def test_it_opens_by_its_kind(folder: Path) -> None:
    assert isinstance(open_connector(settings(folder), NoTokens(), TIMING), FileConnector)


def test_a_first_pull_brings_all_facts_and_what_people_recorded(folder: Path, link: FileConnector) -> None:
    put(folder)
    (page,) = pull(link)
    refs = [record.ref for record in page.records if isinstance(record, Record)]
    assert refs == [Ref("customer", "C-1"), Ref("customer", "C-2"), Ref("invoice", "I-1"), Ref("invoice", "I-2"),
                    Ref("payment", "P-1")]  # fmt: skip
    assert page.replaces == page.complete_for == ("customer", "invoice", "payment", "credit_note")
    assert page.company is not None
    assert (page.company.name, page.company.timezone) == ("Acme", "Europe/London")
    assert [rate.rate for rate in page.rates] == [Decimal("1.08")]
    assert page.people is not None
    assert [promise.ref for promise in page.people.promises] == ["PR-1"]
    assert [hold.state for hold in page.people.holds] == ["watch"]


def test_an_unchanged_folder_brings_nothing(folder: Path, link: FileConnector) -> None:
    put(folder)
    cursor = pull(link)[-1].cursor
    (page,) = pull(link, cursor)
    assert page == Page(cursor=cursor, server_time=NOW)


def test_a_byte_changed_brings_the_file_again_with_other_versions_only_where_facts_changed(
    folder: Path, link: FileConnector
) -> None:
    put(folder)
    (before,) = pull(link)
    put(folder, customers=[{"ref": "C-1", "name": "Oak"}, {"ref": "C-2", "name": "Elm & Sons"}])
    (after,) = pull(link, before.cursor)
    assert after.cursor != before.cursor
    changed = [record for record in after.records if record not in before.records]
    assert [record.ref.id for record in changed] == ["C-2"]


def test_the_newest_book_by_name_counts_and_a_csv_only_where_there_is_no_book(
    folder: Path, link: FileConnector
) -> None:
    (folder / "z.csv").write_text("customer,number,issued_on,total,currency\nC-9,9,2025-01-01,5.00,USD\n")
    assert Ref("invoice", "9") in [record.ref for record in pull(link)[0].records]
    put(folder, "book-2025-03-30.json", invoices=[], payments=[], promises=[])
    put(folder, "book-2025-03-31.json")
    (folder / ".book-9999.json").write_text("a draft")
    assert Ref("invoice", "I-1") in [record.ref for record in pull(link)[0].records]


def test_the_path_may_be_the_file_itself(folder: Path) -> None:
    put(folder, "mine.json")
    link = connect(settings(folder / "mine.json"), NoTokens(), TIMING)
    assert len(pull(link)[0].records) == 5
    link.write(NOTE, "k/1")
    assert (folder / "outbox.jsonl").is_file()


def test_a_csv_export_is_called_by_the_connections_name(folder: Path, link: FileConnector) -> None:
    (folder / "z.csv").write_text("customer,number,issued_on,total,currency\nC-9,9,2025-01-01,5.00,USD\n")
    company = pull(link)[0].company
    assert company is not None
    assert (company.name, company.timezone) == ("books", "Europe/London")


def test_a_half_written_file_is_unavailable_with_its_line_and_nothing_of_it_is_read(
    folder: Path, link: FileConnector
) -> None:
    (folder / "book.json").write_text(json.dumps(book(), indent=1)[:300])
    with pytest.raises(Unavailable, match=r"book\.json: line \d+"):
        pull(link)


def test_every_problem_of_a_book_is_told(folder: Path, link: FileConnector) -> None:
    put(folder, holds=[{"customer": "C-9", "state": "watch", "since": "2025-03-20"}], promises=[{}])
    with pytest.raises(Unavailable) as error:
        pull(link)
    assert len(str(error.value).splitlines()) == 6


def test_an_empty_or_absent_folder_is_unavailable_in_words(folder: Path, link: FileConnector) -> None:
    with pytest.raises(Unavailable, match="no book file"):
        pull(link)
    folder.rmdir()
    with pytest.raises(Unavailable, match="exports: cannot be read: No such file"):
        pull(link)
    with pytest.raises(Unavailable):
        link.write(NOTE, "k/1")


def test_a_big_book_comes_in_pages_and_only_the_last_moves_the_cursor(folder: Path, link: FileConnector) -> None:
    rows = [{"ref": f"C-{number}", "name": "x"} for number in range(1, 2 * PAGE_SIZE + 2)]
    put(folder, customers=rows)
    pages = pull(link, "old")
    assert [page.cursor == "old" for page in pages] == [True, True, False]
    assert [bool(page.replaces) for page in pages] == [True, False, False]
    assert [bool(page.complete_for) for page in pages] == [False, False, True]
    assert [page.people is not None for page in pages] == [False, False, True]
    assert sum(len(page.records) for page in pages) == len(rows) + 3


def test_fetch_reads_the_file_again(folder: Path, link: FileConnector) -> None:
    put(folder)
    pulled = {record.ref: record for record in pull(link)[0].records if isinstance(record, Record)}
    assert link.fetch(Ref("invoice", "I-1")) == pulled[Ref("invoice", "I-1")]
    assert link.fetch(Ref("invoice", "I-7")) is None
    put(folder, invoices=[{**book()["invoices"][0], "due_on": "2025-04-15"}, book()["invoices"][1]])
    found = link.fetch(Ref("invoice", "I-1"))
    assert found is not None
    assert found.fact != pulled[Ref("invoice", "I-1")].fact


def test_what_customers_owe_is_open_less_unapplied_by_currency_on_any_day(folder: Path, link: FileConnector) -> None:
    put(folder)
    elm = OpenBalance("C-2", Money(Decimal(70), "EUR"))
    assert link.aged_receivables(date(2025, 3, 31)) == (OpenBalance("C-1", Money(Decimal(70), "USD")), elm)
    assert link.aged_receivables(date(2025, 3, 19)) == (OpenBalance("C-1", Money(Decimal(100), "USD")), elm)
    assert link.aged_receivables(date(2025, 2, 1)) == ()


NOTE = actions.AddNote("C-1", "invoice", "I-1", "Reminder 2 sent — Größe €")
CHARGE = actions.CreateInvoice(
    customer="C-1",
    invoice="I-1",
    invoice_number="1001",
    issued_on=date(2025, 3, 31),
    due_on=date(2025, 4, 30),
    lines=(actions.ChargeLine("Interest", Money(Decimal("7.99"), "USD"), "interest"),),
    note="16 days",
    annual_pct=Decimal(18),
)
KEY = "finance_charges/I-1/2025-03-16"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "outbox.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_write_is_one_line_with_its_key_and_everything_a_person_needs(folder: Path, link: FileConnector) -> None:
    receipt = link.write(CHARGE, KEY)
    (line,) = lines(folder)
    assert line["key"] == KEY
    assert line["verb"] == "create_invoice"
    assert line["marker"] == f"[syncd:{KEY}]"
    assert line["origin"] == "syncd:finance_charges"
    assert line["operation"]["lines"] == [
        {"description": "Interest", "amount": "7.99 USD", "kind": "interest", "tax_code": None}
    ]
    assert line["operation"]["annual_pct"] == "18"
    assert receipt.remote_id == line["number"]
    assert line["number"].startswith("FC-")


def test_the_same_key_is_written_once_and_answers_the_same(folder: Path, link: FileConnector) -> None:
    first = link.write(CHARGE, KEY)
    assert link.write(CHARGE, KEY) == first
    assert link.was_applied(CHARGE, KEY, NOW - timedelta(hours=1)) == first
    assert len(lines(folder)) == 1
    with pytest.raises(Rejected, match="another content"):
        link.write(NOTE, KEY)


def test_a_key_never_written_is_proven_absent(link: FileConnector) -> None:
    assert link.was_applied(NOTE, "k/1", NOW) is None
    link.write(NOTE, "k/1")
    assert link.was_applied(NOTE, "k/2", NOW) is None


def test_a_line_that_a_crash_cut_off_counts_as_not_written_and_is_written_whole(
    folder: Path, link: FileConnector
) -> None:
    link.write(NOTE, "k/1")
    link.write(NOTE, "k/2")
    whole = (folder / "outbox.jsonl").read_bytes()
    (folder / "outbox.jsonl").write_bytes(whole[:-9])
    assert link.was_applied(NOTE, "k/2", NOW) is None
    link.write(NOTE, "k/2")
    assert [line["key"] for line in lines(folder)] == ["k/1", "k/2"]


def test_lines_set_aside_are_still_known(folder: Path, link: FileConnector) -> None:
    link.write(NOTE, "k/1")
    (folder / "outbox.jsonl").rename(folder / "outbox-done-1.jsonl")
    assert link.write(NOTE, "k/1") == link.was_applied(NOTE, "k/1", NOW)
    assert (folder / "outbox.jsonl").read_bytes() == b""


def test_lines_somebody_edited_do_not_stop_the_others(folder: Path, link: FileConnector) -> None:
    (folder / "outbox.jsonl").write_text("half a line\n[1]\n")
    link.write(NOTE, "k/1")
    assert link.was_applied(NOTE, "k/1", NOW) is not None


def test_a_disk_that_fails_while_writing_leaves_the_outcome_unknown_and_the_lines_whole(
    folder: Path, link: FileConnector
) -> None:
    link.write(NOTE, "k/1")
    size = (folder / "outbox.jsonl").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, before[1]))
    try:
        with pytest.raises(OutcomeUnknown, match="File too large"):
            link.write(NOTE, "k/2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert link.was_applied(NOTE, "k/2", NOW) is None
    link.write(NOTE, "k/2")
    assert [line["key"] for line in lines(folder)] == ["k/1", "k/2"]


def test_the_outbox_is_no_book(folder: Path, link: FileConnector) -> None:
    put(folder)
    cursor = pull(link)[-1].cursor
    link.write(NOTE, "k/1")
    assert pull(link, cursor)[0].records == ()


def test_mail_is_what_a_folder_cannot_do(link: FileConnector) -> None:
    mail = actions.EmailInvoice("C-1", "I-1", "ap@oak.example", Money(Decimal(1), "USD"))
    assert link.unsupported(NOTE) is None
    assert link.unsupported(CHARGE) is None
    assert "cannot send mail" in str(link.unsupported(mail))
    with pytest.raises(Rejected):
        link.write(mail, "k/1")


def test_calls_are_counted(folder: Path, link: FileConnector) -> None:
    put(folder)
    pull(link)
    link.write(NOTE, "k/1")
    assert dict(link.usage.take()) == {"read": 1, "write": 1}
    link.close()
    link.close()


def test_a_version_of_the_files_own_is_kept(folder: Path, link: FileConnector) -> None:
    put(folder, customers=[{"ref": "C-1", "name": "Oak", "version": "7"}, {"ref": "C-2", "name": "Elm"}])
    record = pull(link)[0].records[0]
    assert isinstance(record, Record)
    assert record.fact.version == "7"
