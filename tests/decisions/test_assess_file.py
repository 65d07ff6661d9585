"""A large book is cut into parts that several processes decide on: answer and refusals are those of the whole."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest

from connectors.errors import BookRefused
from connectors.file.mapping import book_from
from connectors.file.parts import parts_of
from connectors.file.read import read_book
from rules.policy import load_policies
from syncd.assess import assess
from syncd.assess_file import Question, assess_file
from syncd.shares import processes_for, shared

RULES = '[select]\ndefault = "standard"\n[policies.standard]\nextends = "standard"\n'
QUESTION = Question(load_policies([("rules.toml", RULES)]))


def tangled(seed: int) -> dict[str, Any]:
    """Families under billing parents, papers that name two of them, and people's notes about either."""
    dice = random.Random(seed)  # noqa: S311 - the same book for the same number
    customers: list[dict[str, Any]] = [{"ref": f"C-{number}", "name": f"Customer {number}"} for number in range(40)]
    for number in range(0, 40, 3):
        customers[number]["parent"] = f"C-{dice.randrange(number, 40)}" if number else None
    customers = [one if one.get("parent") != one["ref"] else {**one, "parent": None} for one in customers]
    invoices = [
        {
            "ref": f"I-{number}",
            "customer": f"C-{dice.randrange(40)}",
            "issued_on": f"2025-0{dice.randrange(1, 4)}-10",
            "due_on": f"2025-0{dice.randrange(1, 4)}-28",
            "total": "100.00 USD",
        }
        for number in range(90)
    ]
    payments = [
        {
            "ref": f"P-{number}",
            "customer": f"C-{dice.randrange(40)}",
            "received_on": "2025-03-20",
            "amount": "20.00 USD",
            "applied": [{"invoice": f"I-{ref}", "amount": "10.00 USD"} for ref in dice.sample(range(90), 2)],
        }
        for number in range(8)
    ]
    about = [{"customer": one["customer"], "invoice": one["ref"]} for one in invoices[:30]]
    told = [{"kind": "reminder", **one, "level": 1, "on": "2025-03-05"} for one in about]
    word = {"made_on": "2025-03-02", "promised_on": "2025-03-09"}
    promised = [
        {"ref": f"R-{at}", "customer": one["customer"], "invoices": [one["invoice"]], **word}
        for at, one in enumerate(about[::5])
    ]
    return {
        "as_of": "2025-03-31", "company": {"currency": "USD"}, "customers": customers, "invoices": invoices,
        "payments": payments, "history": told, "promises": promised,
        "disputes": [{"ref": "D-1", "invoice": "I-7", "opened_on": "2025-03-15"}],
        "holds": [{"customer": "C-3", "state": "watch", "since": "2025-03-20"}],
    }  # fmt: skip


@pytest.mark.parametrize("processes", [1, 2, 3, 50])
@pytest.mark.parametrize("seed", range(4))
def test_several_processes_give_the_answer_of_one(tmp_path, seed, processes):
    path = tmp_path / "book.json"
    path.write_text(json.dumps(tangled(seed)))
    book = read_book(path)
    alone = assess(book, QUESTION.policies, book.as_of)
    found = assess_file(path, QUESTION, processes)
    lists = {name: [json.loads(row) for row in part] for name, part in found.items() if isinstance(part, list)}
    assert json.dumps({**found, **lists}) == json.dumps(alone)


@pytest.mark.parametrize("seed", range(4))
def test_every_part_is_a_sound_book_and_together_they_hold_everything_once(seed):
    document = tangled(seed)
    parts = parts_of(document, 3)
    assert len(parts) == 3
    for part in parts:
        book_from(part, "part")
    for name in ("customers", "invoices", "payments", "history", "promises", "disputes", "holds"):
        held = sorted(json.dumps(item) for part in parts for item in part.get(name, ()))
        assert held == sorted(json.dumps(item) for item in document[name])


@pytest.mark.parametrize(
    "wrong",
    [
        {"customers": 5},
        {"customers": [{"ref": ["C"]}]},
        {"payments": [{"ref": "P", "customer": "C-1", "applied": [{"invoice": "I-none"}]}]},
        {"disputes": [{"ref": "D", "invoice": "I-1", "opened_on": "2025-02-30"}]},
        {"history": [{"kind": "nothing"}]},
        {"holds": ["C-1"]},
        {"invoices": [*tangled(1)["invoices"], tangled(1)["invoices"][0]]},
        {"nonsense": 1},
    ],
)
def test_a_book_that_does_not_hold_together_is_refused_in_the_words_of_the_whole(tmp_path, wrong):
    path = tmp_path / "book.json"
    path.write_text(json.dumps(tangled(1) | wrong))
    with pytest.raises(BookRefused) as whole:
        read_book(path)
    with pytest.raises(BookRefused) as parted:
        assess_file(path, QUESTION, 4)
    assert parted.value.problems == whole.value.problems


def test_an_empty_book_needs_no_process(tmp_path):
    path = tmp_path / "book.json"
    path.write_text('{"as_of": "2025-03-31", "company": {"currency": "USD"}}')
    assert assess_file(path, QUESTION, 4)["customers"] == []


def test_what_fails_in_another_process_is_raised_here():
    here = os.getpid()

    def work(items):
        if 7 in items:
            raise ValueError("seven")
        return [os.getpid(), list(items)]

    with pytest.raises(ValueError, match="seven"):
        shared(range(10), work, 5)
    found = shared(range(6), work, 3)
    assert [items for _, items in found] == [[0, 1], [2, 3], [4, 5]]
    assert found[0][0] == here
    assert here not in {process for process, _ in found[1:]}


def test_few_accounts_are_not_worth_a_process():
    assert processes_for(999) == 1
    assert processes_for(10**9) >= 1
