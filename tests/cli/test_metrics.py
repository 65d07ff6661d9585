"""`syncd metrics` on a book file and on the books we hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Syncd = Callable[..., Any]


def invoice(ref: str, issued_on: str, due_on: str, total: str, **more: Any) -> dict[str, Any]:
    return {"ref": ref, "customer": "C-1", "issued_on": issued_on, "due_on": due_on, "total": total, **more}


def paid(ref: str, on: str, invoice_ref: str, amount: str) -> dict[str, Any]:
    applied = [{"invoice": invoice_ref, "amount": amount}]
    return {"ref": ref, "customer": "C-1", "received_on": on, "amount": amount, "applied": applied}


# creditguru's example: 15,000 owed, 4,000 of it not yet due, 10,000 sold in thirty days; and some euros beside it.
BOOK: dict[str, Any] = {
    "as_of": "2025-06-30",
    "company": {"name": "Acme", "currency": "USD"},
    "customers": [{"ref": "C-1", "name": "Oak Ltd"}],
    "invoices": [
        invoice("I-1", "2025-04-01", "2025-05-01", "9000.00 USD"),
        invoice("I-2", "2025-06-05", "2025-06-20", "2000.00 USD"),
        invoice("I-3", "2025-06-10", "2025-07-10", "4000.00 USD"),
        invoice("I-4", "2025-06-11", "2025-06-20", "4000.00 USD"),
        invoice("I-5", "2025-06-11", "2025-06-20", "700.00 USD", status="voided", balance="0.00 USD"),
        invoice("I-6", "2025-06-11", "2025-06-20", "800.00 USD", status="draft"),
        invoice("I-7", "2025-06-01", "2025-06-20", "500.00 EUR"),
    ],
    "payments": [
        paid("P-1", "2025-06-21", "I-4", "1000.00 USD"),
        paid("P-2", "2025-06-26", "I-4", "3000.00 USD"),
    ],
}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.json"
    path.write_text(json.dumps(BOOK))
    return path


def test_the_figures_of_a_month(syncd: Syncd, book: Path) -> None:
    ran = syncd("metrics", "--book", book, "--from", "2025-06-01", "--to", "2025-06-30", "--json")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert {name: found[name] for name in ("dso", "best_possible_dso", "add")} == {
        "dso": "45.00", "best_possible_dso": "12.00", "add": "33.00",
    }  # fmt: skip
    # 9,000 at the start and 10,000 sold make 19,000; 4,000 came in of the 15,000 that were not yet due at the end
    assert found["cei"] == "26.67"
    # June's 10,000 take its 30 days, May sold nothing
    assert found["countback_dso"] == "30.00"
    assert found["days_to_pay"] == "13.75"  # (1,000 x 10 + 3,000 x 15) / 4,000
    # thirty days earlier, on 31 May, 9,000 had been due for thirty days; now they are sixty days late
    assert found["roll_rates"]["1-30 to 31-60"] == "100.00"
    assert found["roll_rates"]["31-60 to 61-90"] is None
    assert (found["currency"], found["from"], found["to"]) == ("USD", "2025-06-01", "2025-06-30")


def test_each_currency_stands_by_itself(syncd: Syncd, book: Path) -> None:
    found = json.loads(syncd("metrics", "--book", book, "--json").out)
    assert set(found["by_currency"]) == {"EUR", "USD"}
    euros = found["by_currency"]["EUR"]
    assert (euros["basis"]["receivables"], euros["basis"]["sales"]) == ("500.00", "500.00")
    assert (euros["dso"], euros["countback_dso"], euros["days_to_pay"]) == ("365.00", "30.00", None)
    table = syncd("metrics", "--book", book).out
    assert table.startswith("Acme, 2024-07-01 to 2025-06-30\n")
    assert table.splitlines()[1].split() == ["figure", "EUR", "USD"]


def test_an_earlier_end_sees_the_book_of_that_day(syncd: Syncd, book: Path) -> None:
    found = json.loads(syncd("metrics", "--book", book, "--from", "2025-04-01", "--to", "2025-04-30", "--json").out)
    assert (found["dso"], found["best_possible_dso"], found["cei"]) == ("30.00", "30.00", None)


def test_nothing_sold_leaves_what_is_not_defined_empty(syncd: Syncd, tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text(json.dumps({"as_of": "2025-06-30", "company": {"name": "Acme", "currency": "USD"}}))
    found = json.loads(syncd("metrics", "--book", path, "--json").out)
    figures = ("dso", "best_possible_dso", "add", "cei", "days_to_pay")
    assert {name: found[name] for name in figures} == dict.fromkeys(figures)
    assert set(found["roll_rates"].values()) == {None}
    assert syncd("metrics", "--book", path).code == 0


def test_a_reserve_by_bucket(syncd: Syncd, book: Path) -> None:
    found = json.loads(syncd("metrics", "--book", book, "--reserve", "1,5,10,30,50", "--json").out)
    assert found["reserve"] == "1040.00 USD"  # 4,000 at 1 %, 2,000 at 5 %, 9,000 at 10 %
    assert "reserve" in syncd("metrics", "--book", book, "--reserve", "1,5,10,30,50").out


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--to", "2025-07-01"], "--to 2025-07-01 lies after 2025-06-30, the book's own day"),
        (["--from", "2025-06-02", "--to", "2025-06-01"], "--from 2025-06-02 is after --to 2025-06-01"),
        (["--reserve", "1,2"], '"1,2" has 2 percentages; write one for each of the 5 buckets'),
        (["--reserve", "1,2,3,4,x"], '"x" is not a decimal number'),
        (["--from", "june"], '"june" is not a day such as 2025-03-31'),
    ],
)
def test_what_makes_no_period_is_refused_in_words(syncd: Syncd, book: Path, words: list[str], refusal: str) -> None:
    ran = syncd("metrics", "--book", book, *words)
    assert (ran.code, ran.out) == (2, "")
    assert refusal in ran.err


def test_the_books_we_hold_give_one_answer_a_connection(
    syncd: Syncd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text(
        'state_dir = "state"\n[connections.acme]\nkind = "file"\npath = "books"\ntimezone = "UTC"\n'
    )
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text('[select]\ndefault = "p"\n[policies.p.overdue]\n')
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "book.json").write_text(json.dumps(BOOK))
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    assert syncd("metrics").code == 75
    syncd("pull")
    found = json.loads(syncd("metrics", "--from", "2025-06-01", "--to", "2025-06-30", "--json").out)
    assert [(one["connection"], one["dso"]) for one in found] == [("acme", "45.00")]
