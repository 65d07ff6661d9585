"""The steps past reminders by command: a task waits, its letter goes out once approved, and the next one follows."""

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
[policies.p.escalation]
steps = [
  { step = "call", at_days = 5 },
  { step = "final_demand", at_days = 10, channel = "letter", lock_days = 0 },
  { step = "agency", at_days = 20 },
]
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "books").mkdir()
    due_on = TODAY - timedelta(days=40)
    bill = {"ref": "I-1", "number": "1001", "customer": "C-1", "total": "100.00 USD", "due_on": due_on.isoformat()}
    book = {
        "as_of": TODAY.isoformat(),
        "company": {"name": "Acme", "currency": "USD"},
        "customers": [{"ref": "C-1", "name": "Oak Ltd", "collector": "dana"}],
        "invoices": [{**bill, "issued_on": (due_on - timedelta(days=30)).isoformat()}],
    }
    (tmp_path / "books" / "book.json").write_text(json.dumps(book))
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path


def waiting(syncd: Syncd) -> str:
    syncd("cycle")
    (found,) = (one for one in json.loads(syncd("plan", "--json").out)["decisions"] if one["kind"] == "task")
    return str(found["what"])


def test_each_step_waits_for_a_person_and_the_next_one_follows(syncd: Syncd, office: Path) -> None:
    assert waiting(syncd) == "call"
    assert "for dana to do: call)" in syncd("plan").out
    answered = " ".join(syncd("approve").out.split())
    assert answered.startswith("connection no. what customer outcome acme 1 task: call by ")
    assert answered.endswith(" Oak Ltd recorded as done")
    assert waiting(syncd) == "final demand"
    assert "for dana to do: final demand; approve to send it" in syncd("plan").out
    assert "goes out with the next pass" in syncd("approve").out
    assert list((office / "state").rglob("*.html")) == []
    assert waiting(syncd) == "agency"
    (letter,) = (office / "state").rglob("*.html")
    assert "Final demand" in letter.read_text()
    assert "Final demand of" in (office / "books" / "outbox.jsonl").read_text()


def test_a_step_that_is_refused_is_decided_too(syncd: Syncd, office: Path) -> None:
    assert waiting(syncd) == "call"
    syncd("reject", "1")
    assert waiting(syncd) == "final demand"
