"""`syncd rules diff` and `syncd rules simulate`: other rules, today and over a stretch of the past."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Syncd = Callable[..., Any]

RULES = """
[select]
default = "p"
[policies.p.overdue]
[policies.p.reminders]
levels = [{ at_days = 1, template = "friendly" }, { at_days = 10, template = "firm", fee = "5.00" }]
[policies.p.credit_hold]
hold = { any = { days_past_due = 20 } }
[policies.p.finance_charges]
kind = "interest"
annual_pct = "36.5"
requires_terms = false
assess_on = { day_of_month = 31 }
"""
# One invoice of a thousand, due on 1 March, paid on 25 March and entered the day after; our own history says that a
# reminder went out on 5 March and that April's charge was billed.
BOOK: dict[str, Any] = {
    "as_of": "2025-04-30",
    "company": {"name": "Acme", "currency": "USD"},
    "customers": [{"ref": "C-1", "name": "Oak Ltd", "email": "ap@oak.example"}],
    "invoices": [
        {
            "ref": "I-1", "number": "1001", "customer": "C-1", "issued_on": "2025-01-30", "due_on": "2025-03-01",
            "total": "1000.00 USD",
        },
        {
            "ref": "I-2", "number": "1002", "customer": "C-1", "issued_on": "2025-03-02", "due_on": "2025-04-01",
            "total": "500.00 USD",
        },
    ],
    "payments": [
        {
            "ref": "P-1", "customer": "C-1", "received_on": "2025-03-25", "entered_on": "2025-03-26",
            "amount": "1000.00 USD", "applied": [{"invoice": "I-1", "amount": "1000.00 USD"}],
        }
    ],
    "history": [
        {"kind": "reminder", "customer": "C-1", "invoice": "I-1", "level": 1, "on": "2025-03-05"},
        {"kind": "reminder", "customer": "C-1", "invoice": "I-2", "level": 1, "on": "2025-04-20"},
        {
            "kind": "finance_charge", "customer": "C-1", "invoice": "I-2", "charge": "I-9", "from": "2025-04-02",
            "to": "2025-04-10", "amount": "4.50 USD", "interest": "4.50 USD", "computed": "4.50 USD",
        },
    ],
}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "book.json").write_text(json.dumps(BOOK))
    (tmp_path / "old.toml").write_text(RULES)
    return tmp_path


def events(syncd: Syncd, files: Path, *words: str) -> list[tuple[str, str, str]]:
    ran = syncd("rules", "simulate", "--rules", files / "old.toml", "--book", files / "book.json", "--json", *words)
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)[0]["events"]
    return [(one["on"], one["kind"], str(one.get("level") or one.get("amount") or one.get("to"))) for one in found]


def test_a_replay_does_each_thing_on_its_day_and_once(syncd: Syncd, files: Path) -> None:
    march = events(syncd, files, "--from", "2025-02-20", "--to", "2025-03-31")
    assert march == [
        ("2025-03-02", "reminder", "1"),
        ("2025-03-11", "reminder", "2"),
        ("2025-03-21", "credit_state", "hold"),
        ("2025-03-26", "credit_state", "good"),
    ]


APART = "\nmin_gap_days = 5\ngap_counts_contacts = {}\n"
CALL = '[policies.p.escalation]\nsteps = [{ step = "call", at_days = 9 }]\n'


def reminded(syncd: Syncd, files: Path, counts: str, more: str = "") -> list[str]:
    rules = RULES.replace('fee = "5.00" }]', 'fee = "5.00" }]' + APART.format(counts)) + more
    (files / "old.toml").write_text(rules)
    march = events(syncd, files, "--from", "2025-02-20", "--to", "2025-03-31")
    return [on for on, kind, _ in march if kind == "reminder"]


@pytest.mark.parametrize(("counts", "second_on"), [("true", "2025-03-15"), ("false", "2025-03-11")])
def test_a_call_of_a_replay_keeps_reminders_apart_as_one_really_made_does(
    syncd: Syncd, files: Path, counts: str, second_on: str
) -> None:
    assert reminded(syncd, files, counts, CALL) == ["2025-03-02", second_on]


CALLED = {"kind": "contact", "customer": "C-1", "channel": "phone", "on": "2025-03-10"}
ASKED = {"kind": "task", "customer": "C-1", "rule": "escalation", "what": "call", "on": "2025-03-10"}
TOLD = {**CALLED, "channel": "email", "outcome": "discount", "invoice": "I-1"}


@pytest.mark.parametrize(
    ("history", "second_on"),
    [([CALLED], "2025-03-15"), ([ASKED, CALLED], "2025-03-11"), ([TOLD], "2025-03-11")],
    ids=["a person's own call", "a call our rule had asked for", "our word on a discount"],
)
def test_a_replay_keeps_what_people_did_and_leaves_out_what_came_of_our_rules(
    syncd: Syncd, files: Path, history: list[dict[str, str]], second_on: str
) -> None:
    (files / "book.json").write_text(json.dumps({**BOOK, "history": history}))
    assert reminded(syncd, files, "true") == ["2025-03-02", second_on]


def test_a_replay_starts_from_what_was_really_done_before_it(syncd: Syncd, files: Path) -> None:
    assert events(syncd, files, "--from", "2025-03-06", "--to", "2025-03-12") == [("2025-03-11", "reminder", "2")]


def test_a_replay_may_begin_on_the_first_day_of_the_calendar(syncd: Syncd, files: Path) -> None:
    assert events(syncd, files, "--from", "0001-01-01", "--to", "0001-01-03") == []


def test_a_replay_charges_and_counts_what_really_happened_beside_it(syncd: Syncd, files: Path) -> None:
    april = events(syncd, files, "--from", "2025-04-01", "--to", "2025-04-30")
    assert april == [
        ("2025-04-02", "reminder", "1"),
        ("2025-04-11", "reminder", "2"),
        ("2025-04-21", "credit_state", "hold"),
        ("2025-04-30", "finance_charge", "14.50 USD"),
    ]
    ran = syncd(
        "rules", "simulate", "--rules", files / "old.toml", "--book", files / "book.json", "--from", "2025-04-01"
    )
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["finance", "charge", "1", "14.50", "USD", "1"] in rows
    assert ["reminder,", "level", "1", "1", "1"] in rows
    assert ["reminder", "fees", "5.00", "USD"] in rows
    assert "1 customer would have been on hold or stop, 10 days in all" in ran.out


def test_the_events_of_a_replay_are_told_in_names_and_numbers(syncd: Syncd, files: Path) -> None:
    ran = syncd(
        "rules",
        "simulate",
        "--rules",
        files / "old.toml",
        "--book",
        files / "book.json",
        "--from",
        "2025-04-01",
        "--events",
    )
    line = next(line for line in ran.out.splitlines() if line.startswith("2025-04-11"))
    assert "Oak Ltd" in line
    assert "1002" in line
    assert "I-2" not in ran.out


def test_a_replay_of_the_future_or_of_no_days_is_refused(syncd: Syncd, files: Path) -> None:
    words = ("rules", "simulate", "--rules", files / "old.toml", "--book", files / "book.json")
    assert syncd(*words, "--to", "2025-05-01").err == "--to 2025-05-01 lies after 2025-04-30, the book's own day\n"
    ran = syncd(*words, "--from", "2025-04-02", "--to", "2025-04-01")
    assert (ran.code, ran.err) == (2, "--from 2025-04-02 is after --to 2025-04-01\n")


def compare(syncd: Syncd, files: Path, new: str, *words: str) -> Any:
    (files / "new.toml").write_text(new)
    return syncd("rules", "diff", files / "old.toml", files / "new.toml", "--book", files / "book.json", *words)


def test_rules_that_only_say_it_otherwise_decide_the_same(syncd: Syncd, files: Path) -> None:
    ran = compare(syncd, files, RULES.replace("days_past_due = 20", "days_past_due = 21"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Acme, as of 2025-04-30\nboth decide the same\n"


def test_a_sheet_without_a_company_is_named_all_the_same(syncd: Syncd, files: Path) -> None:
    (files / "open.csv").write_text("customer,number,issued_on,total,currency\nC-1,1,2025-04-30,5.00,USD\n")
    told = syncd("rules", "diff", files / "old.toml", files / "old.toml", "--book", files / "open.csv").out
    assert told.startswith("Receivables, as of 2025-04-30\n")
    replayed = syncd("rules", "simulate", "--rules", files / "old.toml", "--book", files / "open.csv").out
    assert replayed.startswith("Receivables, 2025-01-31 to 2025-04-30\n")


def test_what_new_rules_add_drop_and_change_is_told_with_reasons(syncd: Syncd, files: Path) -> None:
    new = RULES.replace('fee = "5.00"', 'fee = "9.00"').replace('annual_pct = "36.5"', 'annual_pct = "20"')
    new = new.replace("days_past_due = 20", "days_past_due = 60").replace("[policies.p.overdue]", "[policies.p.payer]")
    found = json.loads(compare(syncd, files, new, "--json").out)
    kinds = {(one["change"], (one["new"] or one["old"])["kind"]) for one in found["differences"]}
    assert kinds == {("changed", "reminder"), ("changed", "finance_charge"), ("dropped", "credit_state")}
    charge = next(one for one in found["differences"] if one["key"].startswith("finance_charges/"))
    assert (charge["old"]["amount"], charge["new"]["amount"]) == ("10.00 USD", "3.45 USD")
    table = compare(syncd, files, new).out
    assert "old only  Oak Ltd   credit state good to hold, stop-sell" in table
    assert "1 decided by the old rules only" in table
    assert "2 decided otherwise" in table
    assert "I-2" not in table


def test_customers_under_another_policy_are_named(syncd: Syncd, files: Path) -> None:
    new = RULES.replace("[select]", '[select]\ncustomers."C-1" = "q"') + '\n[policies.q]\nextends = "p"\n'
    ran = compare(syncd, files, new)
    assert "policy  Oak Ltd   p to q" in ran.out
    assert json.loads(compare(syncd, files, new, "--json").out)["differences"] == [
        {
            "connection": None,
            "change": "policy",
            "customer": "C-1",
            "key": None,
            "old": {"policy": "p"},
            "new": {"policy": "q"},
        }
    ]


def test_rules_that_are_wrong_are_refused_before_anything_is_compared(syncd: Syncd, files: Path) -> None:
    ran = compare(syncd, files, "[policies.p.overdu]")
    assert (ran.code, ran.out) == (78, "")
    assert syncd("rules", "diff", files / "old.toml", files / "none.toml").code == 2


def test_the_books_we_hold_are_compared_and_replayed_too(
    syncd: Syncd, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "config.toml").write_text(
        'state_dir = "state"\n[connections.acme]\nkind = "file"\npath = "books"\ntimezone = "UTC"\n'
    )
    for folder in ("rules.d", "books"):
        (files / folder).mkdir()
    (files / "rules.d" / "10.toml").write_text(RULES)
    (files / "books" / "book.json").write_text(json.dumps(BOOK))
    monkeypatch.setenv("SYNCD_CONFIG", str(files / "config.toml"))
    assert syncd("rules", "simulate").code == 75
    syncd("pull")
    replayed = json.loads(syncd("rules", "simulate", "--from", "2025-04-01", "--to", "2025-04-12", "--json").out)
    assert [(one["connection"], len(one["events"])) for one in replayed] == [("acme", 2)]
    same = syncd("rules", "diff", files / "old.toml", files / "rules.d")
    assert same.out.endswith("both decide the same\n")
