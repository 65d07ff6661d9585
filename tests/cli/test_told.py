"""What a command says where it refuses: what is wrong, in words of the trade, and what to do instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CONFIG = """
state_dir = "state"
[connections.acme]
kind = "file"
path = "books"
timezone = "UTC"
[connections.shop]
kind = "quickbooks"
realm_id = "1"
client_id = "c"
client_secret_file = "secret"
timezone = "UTC"
"""
RULES = """
[select]
default = "p"
[policies.p.overdue]
[policies.p.credit_hold]
hold = { any = { days_past_due = 1 } }
"""
INVOICE = {
    "ref": "I-1",
    "number": "1001",
    "customer": "C-1",
    "issued_on": "2026-09-01",
    "due_on": "2026-10-01",
    "total": "1000.00 USD",
}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "secret").write_text("s")
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "books").mkdir()
    book = {
        "as_of": "2026-11-20",
        "company": {"name": "Acme", "currency": "USD"},
        "customers": [{"ref": "C-1", "name": "Oak Ltd"}],
        "invoices": [INVOICE],
    }
    (tmp_path / "books" / "book.json").write_text(json.dumps(book))
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path


def test_a_workbook_and_a_sheet_in_another_encoding_are_told_how_to_save_them(syncd: Any, office: Path) -> None:
    (office / "open.xlsx").write_bytes(b"PK")
    (office / "open.csv").write_bytes("number,name\n1,Caf\u00e9\n".encode("cp1252"))
    for name in ("open.xlsx", "open.csv"):
        ran = syncd("assess", "--book", office / name)
        assert (ran.code, "in Excel: Save As, CSV UTF-8" in ran.err) == (65, True), ran.err


def test_a_quote_that_is_missing_is_called_that(syncd: Any, office: Path) -> None:
    (office / "rules.d" / "10.toml").write_text('[select]\ndefault = "p\n')
    ran = syncd("rules", "check")
    assert (ran.code, "no quote closes the text of this line (at line 2" in ran.err) == (78, True), ran.err


def test_a_policy_nobody_knows_is_answered_with_those_there_are(syncd: Any, office: Path) -> None:
    ran = syncd("assess", "--book", office / "books" / "book.json", "--policy", "zzz")
    assert ran.code == 2
    assert ran.err.startswith('there is no policy "zzz"; there are: p, ')


def test_what_was_answered_already_is_told_so(syncd: Any, office: Path) -> None:
    syncd("cycle", "--connection", "acme")
    assert syncd("reject", "1", "--connection", "acme").code == 0
    ran = syncd("approve", "1", "--connection", "acme")
    assert (ran.code, ran.err) == (2, "1 does not wait any more: it was refused; `syncd plan` lists what waits\n")


def test_a_state_folder_that_is_a_file_is_named_by_connect_and_check_too(syncd: Any, office: Path) -> None:
    (office / "state").write_text("")
    for command in (("connect", "shop"), ("check",), ("status",)):
        ran = syncd(*command)
        assert (ran.code, f"state_dir: {office}/state is not a folder" in ran.out + ran.err) == (78, True), command


def test_all_and_one_connection_are_two_answers(syncd: Any, office: Path) -> None:
    ran = syncd("backfill", "--all", "--connection", "shop")
    assert (ran.code, ran.err) == (2, "--all is every connection, --connection shop is one: take one of the two\n")


def test_explain_says_first_what_waits_for_a_word(syncd: Any, office: Path) -> None:
    syncd("cycle", "--connection", "acme")
    said = syncd("explain", "Oak Ltd", "--connection", "acme").out
    coming = said.partition("What comes next, if nothing changes in the books\n")[2].splitlines()
    assert coming == [
        "no. 1 waits for approval: credit state good to hold, stop-sell, Oak Ltd",
        "nothing else within four months",
    ]
