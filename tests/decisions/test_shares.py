"""Deciding on a book in several processes gives the very answer of one; what fails in one fails here."""

from __future__ import annotations

import json
import os
from datetime import date

import pytest

from bench.open_book import AS_OF, open_book
from connectors.file.mapping import book_from
from rules.policy import load_policies
from syncd.assess import assess
from syncd.shares import processes_for, shared

RULES = '[select]\ndefault = "standard"\n[policies.standard]\nextends = "standard"\n'


@pytest.mark.parametrize("processes", [2, 3, 50])
def test_several_processes_give_the_answer_of_one(processes):
    book, policies = book_from(open_book(300), "book.json"), load_policies([("rules.toml", RULES)])
    alone = assess(book, policies, AS_OF)
    assert json.dumps(assess(book, policies, AS_OF, processes=processes)) == json.dumps(alone)


def test_an_empty_book_needs_no_process():
    policies = load_policies([("rules.toml", RULES)])
    document = {"as_of": "2025-03-31", "company": {"currency": "USD"}}
    assert assess(book_from(document, "book.json"), policies, date(2025, 3, 31), processes=4)["customers"] == []


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
