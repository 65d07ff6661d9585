"""`syncd worklist`: whom to call first, by points anybody can add up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clocks import TODAY

Syncd = Callable[..., Any]

CONFIG = 'state_dir = "state"\n[connections.acme]\nkind = "file"\npath = "books"\ntimezone = "UTC"\n'
RULES = """
[select]
default = "p"
groups.called = "called"
[policies.p.overdue]
[policies.p.credit_hold]
hold = { any = { days_past_due = 30 } }
[policies.called]
extends = "p"
[policies.called.reminders]
levels = [{ at_days = 1, template = "friendly", channel = "call" }]
"""


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def invoice(ref: str, customer: str, late_days: int, total: str) -> dict[str, Any]:
    issued, due = day(-late_days - 30), day(-late_days)
    return {"ref": ref, "number": f"N{ref}", "customer": customer, "issued_on": issued, "due_on": due, "total": total}


def customer(ref: str, name: str, **more: Any) -> dict[str, Any]:
    return {"ref": ref, "name": name, **more}


BOOK: dict[str, Any] = {
    "as_of": TODAY.isoformat(),
    "company": {"name": "Acme", "currency": "USD"},
    "customers": [
        customer("C-1", "Oak Ltd", collector="dana", email="ap@oak.example", phone="555 0100"),
        customer("C-2", "Elm Inc", collector="erin"),
        customer("C-3", "Ash", collector="Dana"),
        customer("C-4", "Fir", groups=["called"]),
        customer("C-5", "Yew"),
        customer("C-6", "Ivy", parent="C-2"),
    ],
    "invoices": [
        invoice("I-1", "C-1", 40, "600.00 USD"),
        invoice("I-2", "C-2", 3, "100.00 USD"),
        invoice("I-3", "C-3", 10, "200.00 EUR"),
        invoice("I-4", "C-4", 5, "50.00 USD"),
        invoice("I-5", "C-5", -5, "999.00 USD"),
        invoice("I-6", "C-6", 20, "50.00 USD"),
    ],
    "promises": [
        {
            "ref": "PR-1", "customer": "C-3", "invoices": ["I-3"], "made_on": day(-9), "promised_on": day(-2),
            "amount": "150.00 EUR",
        }
    ],
}  # fmt: skip


@pytest.fixture
def office(syncd: Syncd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "book.json").write_text(json.dumps(BOOK))
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    assert syncd("pull").code == 0
    return tmp_path


def ranked(syncd: Syncd, *words: str) -> list[tuple[str, int]]:
    return [(one["name"], one["score"]) for one in json.loads(syncd("worklist", "--json", *words).out)]


def test_the_most_urgent_comes_first_and_nobody_without_anything_to_do(syncd: Syncd, office: Path) -> None:
    # Ash: 30 for the broken promise, 10 days, all the euros. Oak: 40 days, 600 of 800 dollars, not held before a pass
    assert ranked(syncd) == [("Ash", 80), ("Oak Ltd", 70), ("Fir", 48), ("Elm Inc", 28)]


def test_a_hold_counts_once_it_stands(syncd: Syncd, office: Path) -> None:
    syncd("approve")
    syncd("cycle")
    assert dict(ranked(syncd))["Oak Ltd"] == 90


def test_the_reason_is_one_sentence_with_the_figures_and_the_customer_can_be_reached(
    syncd: Syncd, office: Path
) -> None:
    names = ("Ash", "Oak Ltd", "Fir", "Elm Inc")
    lines = dict(zip(names, syncd("worklist").out.splitlines()[1:], strict=True))
    assert f"Broke 1 promise, last for {day(-2)}; 200.00 EUR overdue, the oldest 10 days past due." in lines["Ash"]
    assert "555 0100, ap@oak.example" in lines["Oak Ltd"]
    assert "Call, reminder level 1; 50.00 USD overdue, the oldest 5 days past due." in lines["Fir"]
    assert "150.00 USD overdue, the oldest 20 days past due." in lines["Elm Inc"]


def test_a_task_that_waits_bears_the_number_to_approve_it_by(syncd: Syncd, office: Path) -> None:
    syncd("cycle")
    fir = next(one for one in json.loads(syncd("worklist", "--json").out) if one["name"] == "Fir")
    (task,) = fir["tasks"]
    assert fir["reason"].startswith(f"Call, reminder level 1 (no. {task['action']});")
    assert syncd("approve", str(task["action"])).code == 0
    syncd("cycle")
    assert dict(ranked(syncd))["Fir"] == 8


def test_a_collector_sees_their_own_and_whoever_bills_for_others_counts_with_them(syncd: Syncd, office: Path) -> None:
    assert [name for name, _ in ranked(syncd, "--collector", "dana")] == ["Ash", "Oak Ltd"]
    syncd("assign", "add", "Fir", "dana")
    assert [name for name, _ in ranked(syncd, "--collector", "DANA")] == ["Ash", "Oak Ltd", "Fir"]
    nothing = "nothing to do: none of the customers with something to do is looked after by"
    assert syncd("worklist", "--collector", "nobody").out == f'{nothing} "nobody"\n'
    assert syncd("worklist", "--collector", "dane").out == f'{nothing} "dane"; did you mean "dana"?\n'
    assert [name for name, _ in ranked(syncd, "--first", "1")] == ["Ash"]


def test_what_is_promised_or_contested_is_not_worked_on(syncd: Syncd, office: Path) -> None:
    syncd("promise", "add", "NI-3", "--by", day(3))
    syncd("dispute", "add", "NI-1", "--amount", "500")
    found = {one["name"]: one for one in json.loads(syncd("worklist", "--json").out)}
    assert "Ash" not in found
    assert found["Oak Ltd"]["overdue"] == {"USD": "100.00"}


def test_whoever_was_spoken_with_just_now_can_wait(syncd: Syncd, office: Path) -> None:
    before = dict(ranked(syncd))["Oak Ltd"]
    syncd("contact", "add", "Oak Ltd", "--outcome", "will pay")
    found = next(one for one in json.loads(syncd("worklist", "--json").out) if one["name"] == "Oak Ltd")
    assert found["score"] == before - 40
    assert found["reason"].endswith("last spoken with today.")


def test_a_worklist_before_the_first_pull_says_what_to_do(syncd: Syncd, office: Path) -> None:
    (office / "fresh.toml").write_text(CONFIG.replace('"state"', '"elsewhere"'))
    ran = syncd("worklist", "--config", office / "fresh.toml")
    assert (ran.code, ran.err) == (75, "acme was never read; run: syncd pull\n")
