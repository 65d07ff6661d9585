"""Names from somebody's books are shown, and nothing more: they neither steer a terminal nor turn a line around."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.output import Table, print_text, tame

Syncd = Callable[..., Any]

RULES = """
[select]
default = "p"
[policies.p.credit_hold]
hold = { any = { days_past_due = 30 } }
[policies.p.reminders]
levels = [{ at_days = 5, template = "friendly" }]
"""
NAME = "Oak\x1b[2J\u202e\u2028Ltd\nBcc: x"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    document = {
        "as_of": "2025-03-31",
        "company": {"currency": "USD"},
        "customers": [{"ref": "C-1", "name": NAME}],
        "invoices": [
            {"ref": "I-1", "customer": "C-1", "issued_on": "2025-01-01", "due_on": "2025-01-31", "total": "5.00"}
        ],
    }
    file = tmp_path / "book.json"
    file.write_text(json.dumps(document))
    return file


def test_a_name_is_one_line_without_anything_that_steers(syncd: Syncd, book: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES)
    out = syncd("assess", "--book", book, "--rules", tmp_path / "rules.toml").out
    assert not set(out) & {"\x1b", "\u202e", "\u2028"}
    assert "Oak\ufffd[2J\ufffd\ufffdLtd Bcc: x" in out


def test_a_book_without_a_companys_name_has_a_heading_all_the_same(syncd: Syncd, book: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES)
    assert syncd("assess", "--book", book, "--rules", tmp_path / "rules.toml").out.startswith("Receivables, as of")
    assert syncd("aging", "--book", book).out.startswith("Receivables, as of")


@pytest.mark.parametrize("text", ["Söhne & Ko", "מסמך", "数字 株式会社", "naïve\tcafé", "two\nlines", "👩\u200d🔧"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert tame(text) == text


def test_in_a_pipe_columns_stand_under_each_other_whatever_the_letters_and_no_row_is_wrapped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # A letter of the East takes two columns, a mark over a letter none: so does a terminal that shows the pipe's text.
    rows = [("日本", "1.00", "x"), ("Cafe\u0301 Z", "1000.00", "y" * 2000), ("", "7.00", "two\nlines")]
    print_text([Table(("who", "sum", "why"), rows, right=("sum",))])
    assert capsys.readouterr().out.splitlines() == [
        "who          sum  why",
        "日本        1.00  x",
        "Cafe\u0301 Z  1,000.00  " + "y" * 2000,
        "            7.00  two lines",
    ]
