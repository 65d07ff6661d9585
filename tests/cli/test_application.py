"""Applications for credit by command: tried out, filed with their answers, listed, removed, refused in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.decisions.test_scorecard import CARD, OAK

Syncd = Callable[..., Any]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syncd: Syncd) -> Path:
    (tmp_path / "config.toml").write_text(
        'state_dir = "state"\n[connections.acme]\nkind = "file"\npath = "books"\ntimezone = "UTC"\n'
    )
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text("[policies.p.overdue]\n")
    (tmp_path / "books").mkdir()
    book = {"as_of": "2025-03-31", "company": {"currency": "USD"}, "customers": [{"ref": "C-1", "name": "Oak Ltd"}]}
    (tmp_path / "books" / "book.json").write_text(json.dumps(book))
    (tmp_path / "card.toml").write_text(CARD)
    answer(tmp_path, OAK)
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    syncd("pull")
    return tmp_path


def answer(office: Path, answers: dict[str, str]) -> None:
    (office / "oak.toml").write_text("".join(f'{name} = "{said}"\n' for name, said in answers.items()))


def files(office: Path) -> list[str]:
    return ["--card", str(office / "card.toml"), "--answers", str(office / "oak.toml")]


def test_a_card_is_tried_out_without_filing_anything(syncd: Syncd, office: Path) -> None:
    ran = syncd("application", "score", *files(office))
    assert (ran.code, ran.out.partition(":")[0]) == (0, "accept, limit 4,000.00 USD, 30 days")
    first = json.loads(syncd("application", "score", *files(office), "--json").out)["answers"][0]
    assert first == {"question": "years", "answer": "6", "points": 25}
    assert syncd("application", "list").out == "no applications\n"


def test_an_application_is_filed_with_every_answer_and_goes_through_a_pass(syncd: Syncd, office: Path) -> None:
    added = syncd("application", "add", "Oak Ltd", *files(office))
    assert added.code == 0
    assert added.out.startswith("application-1: Oak Ltd: accept, limit 4,000.00 USD")
    assert "the limit itself is set in the books" in added.err
    (row,) = json.loads(syncd("application", "list", "--json").out)
    assert (row["customer"], row["points"], row["answers"][1]) == ("C-1", 80, ["references", "good", 30])
    assert "trade on" in syncd("application", "list").out
    assert syncd("cycle").code == 0
    assert syncd("explain", "Oak Ltd").code == 0
    exported = office / "out.json"
    assert syncd("export", str(exported)).code == 0
    assert "references" not in exported.read_text()


def test_it_is_removed_with_its_answers(syncd: Syncd, office: Path) -> None:
    syncd("application", "add", "Oak Ltd", *files(office))
    assert syncd("application", "remove", "Oak Ltd").code == 0
    assert syncd("application", "list").out == "no applications\n"


def test_what_is_wrong_is_said_with_its_place(syncd: Syncd, office: Path) -> None:
    (office / "oak.toml").write_text("years = 6.5\n")
    assert 'years: write it as a decimal string, "6.5"' in syncd("application", "score", *files(office)).err
    (office / "oak.toml").write_text("years = 6\n")
    ran = syncd("application", "score", *files(office))
    assert (ran.code, ran.out) == (2, "")
    assert "references is not answered" in ran.err
    answer(office, OAK)
    (office / "card.toml").write_text(re.sub("outcomes", "outcoms", CARD))
    assert 'unknown key; did you mean "outcomes"?' in syncd("application", "score", *files(office)).err
    (office / "card.toml").write_text(CARD)
    assert syncd("application", "add", "Elm Ltd", *files(office)).code == 2
