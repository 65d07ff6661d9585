"""Files nobody meant to write: whatever stands in them, a command ends with a sentence and a code, and writes nothing.

Each example is a sound file spoiled in a few places and given to the commands that read such a file, as they are typed.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.cli.root import run
from tests.cli.hostile_files import spoiled_bytes, spoiled_document, spoiled_toml

REPOSITORY = Path(__file__).resolve().parents[2]
TOLD = {0, 1, 2, 65, 69, 75, 78}
SEEDS = st.integers(0, 2**32).map(random.Random)
hostile = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
CONFIG = """
state_dir = "state"
mode = "review"
poll_interval = "5m"
[limits]
max_actions_per_cycle = 50
max_charges_per_cycle = "2000.00"
max_vanished_share = "0.2"
[connections.acme]
kind = "file"
path = "books"
timezone = "America/New_York"
policy = "standard"
[email]
host = "smtp.example"
port = 587
security = "starttls"
from = "Accounts <ar@example>"
bcc = []
[serve]
listen = "127.0.0.1:8600"
"""
BOOK: dict[str, Any] = {
    "as_of": "2025-03-31",
    "company": {"name": "Acme", "currency": "USD", "timezone": "America/Los_Angeles", "country": "US", "region": "NV"},
    "rates": [{"from": "EUR", "to": "USD", "on": "2025-03-01", "rate": "1.08"}],
    "customers": [
        {"ref": "C-1", "name": "Oak Ltd", "parent": None, "email": "ap@oak.example", "groups": ["trade"],
         "credit_limit": "5000.00 USD", "since": "2021-05-01", "terms_accepted_on": "2021-05-01"}
    ],
    "invoices": [
        {"ref": "I-1", "number": "1001", "customer": "C-1", "issued_on": "2025-01-30", "due_on": "2025-03-01",
         "total": "1250.00 USD", "balance": "1000.00 USD", "discount": {"pct": "2", "until": "2025-02-09"}}
    ],
    "payments": [
        {"ref": "P-1", "customer": "C-1", "received_on": "2025-03-10", "entered_on": "2025-03-12",
         "amount": "240.00 USD", "applied": [{"invoice": "I-1", "amount": "240.00 USD"}]}
    ],
    "credit_notes": [
        {"ref": "CN-1", "customer": "C-1", "issued_on": "2025-03-05", "amount": "10.00 USD",
         "applied": [{"invoice": "I-1", "amount": "10.00 USD", "on": "2025-03-05"}]}
    ],
    "promises": [{"ref": "PR-1", "customer": "C-1", "invoices": ["I-1"], "made_on": "2025-03-25",
                  "promised_on": "2025-04-04", "amount": "400.00 USD"}],
    "holds": [{"customer": "C-1", "state": "watch", "since": "2025-03-20", "origin": "person"}],
    "history": [{"kind": "reminder", "customer": "C-1", "invoice": "I-1", "level": 2, "on": "2025-03-03"}],
}  # fmt: skip
BOOK_TOML = """
as_of = 2025-03-31
[company]
name = "Acme"
currency = "USD"
[[customers]]
ref = "C-1"
name = "Oak Ltd"
credit_limit = "5000.00 USD"
[[invoices]]
ref = "I-1"
customer = "C-1"
issued_on = 2025-01-30
due_on = 2025-03-01
total = "1250.00 USD"
"""
PLAIN_CSV = """customer,number,issued_on,due_on,total,balance,currency
Oak Ltd,1001,2025-01-30,2025-03-01,"1,250.00",1000.00,USD
Elm Ltd,1002,2025-02-28,2025-03-30,80.00,80.00,USD
"""
RULES = """
[select]
default = "standard"
[policies.standard.overdue]
buckets = [30, 60, 90]
grace_days = 3
[policies.standard.reminders]
levels = [{ at_days = 1, template = "friendly" }, { at_days = 14, template = "firm", fee = "10.00" }]
min_gap_days = 5
min_overdue = ["150.00 EUR", "100.00 USD"]
[policies.standard.credit_hold]
hold = { any = { days_past_due = 30, overdue = "1000.00", limit_used_pct = "100" } }
stop_sell_from = "hold"
[policies.standard.finance_charges]
kind = "interest"
annual_pct = "18"
grace_days = 5
minimum = "5.00"
maximum = "250.00"
assess_on = { day_of_month = 1 }
[credit_limits]
groups.trade = "5000.00 USD"
"""
ANSWERS = """
years = 6
references = "good"
insolvent = "no"
net_worth = "100000.00"
reference_1 = 1
reference_2 = 2
reference_3 = 3
monthly_need = 9
"""


def block_of(page: str, word: str) -> str:
    """The TOML example of a page that holds a word."""
    blocks = re.findall(r"```toml\n(.*?)```", (REPOSITORY / "docs" / "how-to" / page).read_text(), re.DOTALL)
    return next(block for block in blocks if word in block)


CARD = block_of("what-people-record.md", "outcomes")
SCENARIOS = {path.name: path.read_text() for path in sorted((REPOSITORY / "tests" / "scenarios").glob("*.toml"))}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with sound files of every kind."""
    for name in ("books", "rules.d"):
        (tmp_path / name).mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "rules.toml").write_text(RULES)
    (tmp_path / "book.json").write_text(json.dumps(BOOK))
    (tmp_path / "books" / "book.json").write_text(json.dumps(BOOK))
    (tmp_path / "card.toml").write_text(CARD)
    (tmp_path / "answers.toml").write_text(ANSWERS)
    return tmp_path


def tried(*arguments: str | Path) -> None:
    """Run a command as it is typed; whatever nobody expected is raised, and fails the test."""
    assert run([str(argument) for argument in arguments]) in TOLD


@hostile
@given(SEEDS)
def test_a_spoiled_book_file(desk: Path, luck: random.Random) -> None:
    file = desk / "spoiled.json"
    as_bytes = luck.random() < 0.3
    file.write_bytes(spoiled_bytes(json.dumps(BOOK).encode(), luck) if as_bytes else spoiled_document(BOOK, luck))
    tried("assess", "--book", file, "--rules", desk / "rules.toml", "--json")
    tried("assess", "--book", file, "--rules", desk / "rules.toml", "--as-of", "2025-03-01")
    tried("aging", "--book", file)
    tried("metrics", "--book", file, "--from", "2025-01-01", "--to", "2025-03-31")
    toml = desk / "spoiled.toml"
    toml.write_bytes(spoiled_toml(BOOK_TOML, luck))
    tried("assess", "--book", toml, "--rules", desk / "rules.toml")


@hostile
@given(SEEDS)
def test_a_spoiled_csv_file(desk: Path, luck: random.Random) -> None:
    sample = b"\n".join((REPOSITORY / "syncd" / "demo" / "sample.csv").read_bytes().split(b"\n")[:20]) + b"\n"
    file = desk / "open-2025-03-31.csv"
    file.write_bytes(spoiled_bytes(luck.choice([PLAIN_CSV.encode(), sample]), luck))
    tried("assess", "--book", file, "--rules", desk / "rules.toml")
    tried("aging", "--book", file)


@hostile
@given(SEEDS)
def test_spoiled_rules_and_scenarios(desk: Path, luck: random.Random) -> None:
    file = desk / "spoiled.toml"
    file.write_bytes(spoiled_toml(RULES, luck))
    tried("rules", "check", file)
    tried("assess", "--book", desk / "book.json", "--rules", file)
    whole = SCENARIOS[luck.choice(sorted(SCENARIOS))]
    file.write_bytes(spoiled_toml("\n[[scenario]]".join(whole.split("\n[[scenario]]")[:5]), luck))
    tried("rules", "test", file)


@hostile
@given(SEEDS)
def test_a_spoiled_scorecard_or_its_answers(desk: Path, luck: random.Random) -> None:
    card, answers = desk / "spoiled-card.toml", desk / "spoiled-answers.toml"
    card.write_bytes(spoiled_toml(CARD, luck))
    answers.write_bytes(spoiled_toml(ANSWERS, luck))
    tried("application", "score", "--card", card, "--answers", desk / "answers.toml")
    tried("application", "score", "--card", desk / "card.toml", "--answers", answers)


@hostile
@given(SEEDS)
def test_a_spoiled_configuration(desk: Path, luck: random.Random) -> None:
    file = desk / "spoiled-config.toml"
    file.write_bytes(spoiled_toml(CONFIG, luck))
    tried("check", "--config", file)
    tried("status", "--config", file)
    tried("cycle", "--config", file)


@hostile
@given(SEEDS)
def test_spoiled_books_in_a_connections_folder_are_read_whole_or_not_at_all_and_nothing_is_asked_for(
    desk: Path, luck: random.Random
) -> None:
    (desk / "books" / "book.json").write_bytes(spoiled_document(BOOK, luck))
    tried("cycle", "--config", desk / "config.toml")
    tried("plan", "--config", desk / "config.toml")
    tried("import", desk / "books" / "book.json", "--config", desk / "config.toml")
    assert not list((desk / "books").glob("outbox*"))


@pytest.mark.parametrize("text", ["[" * 100_000, "a = " + "[" * 100_000, "a = " + "1" * 5000, 'a = "\\u0000"', "\x00"])
def test_files_too_deep_too_long_or_empty_inside_are_refused_in_a_sentence(desk, capsys, text):
    file = desk / "deep.toml"
    file.write_text(text)
    for command in (["rules", "check", file], ["check", "--config", file], ["assess", "--book", file]):
        more = ["--rules", desk / "rules.toml"] if command[0] == "assess" else []
        assert run([str(part) for part in [*command, *more]]) in (65, 78)
        said = capsys.readouterr()
        assert "deep.toml" in said.out + said.err
    assert run(["rules", "test", str(file)]) == 1


@pytest.mark.parametrize("name", ["Oak \ud83d", "Oak\x00"])
def test_half_a_character_in_a_book_is_refused_with_its_place(desk, capsys, name):
    book = {**BOOK, "customers": [{**BOOK["customers"][0], "name": name}]}
    (desk / "half.json").write_text(json.dumps(book))
    assert run(["assess", "--book", str(desk / "half.json"), "--rules", str(desk / "rules.toml")]) == 65
    assert "customers[0].name: half a character, or an empty one" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"caf\xe9", b"\xff\xfe\x00", b"\x80" * 10])
def test_files_in_another_encoding_are_refused_where_it_shows(desk, capsys, content):
    file = desk / "latin.toml"
    file.write_bytes(b"# " + content)
    assert run(["rules", "check", str(file)]) == 78
    assert run(["rules", "test", str(file)]) == 1
    said = capsys.readouterr()
    assert (said.out + said.err).count("is not UTF-8") == 2
