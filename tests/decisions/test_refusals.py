"""Whatever is written in a file of settings is refused in our words: no key lets a library's own sentences through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from rules.domain.credit.scorecard import Scorecard
from rules.policy import PolicyRefused, lint, load_policies
from rules.policy.build import DisputesTable, LimitsTable, ReferenceTable
from rules.policy.modules import rule_modules
from rules.policy.problems import refusals
from rules.policy.select import Select
from syncd.config.companies import KIND_TABLES
from syncd.config.tables import ConfigTable
from syncd.toml_file import keys_of, model_problem

ODD = (
    *([], {}, "", "x", " ", "-5", "1e5", "nan", True, -1, 0, 10**30, date(2025, 1, 1)),
    *([1], [[]], [{}], ["x"], ["x", "x"], {"a": 1}, {"a": "b"}, [True], [-1]),
)
# How pydantic begins or ends its sentences.
FOREIGN = re.compile(r"should|valid (dict|list|tuple|string|integer|bool)|instance of|Extra inputs|Field required")
RULES = [*(module.Settings for module in rule_modules().values()), Select, LimitsTable, DisputesTable, ReferenceTable]


def tables(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """The model and every table below it."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for below in _within(field.annotation):
            yield from tables(below, seen)


def _within(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _within(part)


def refused(model: type[BaseModel]) -> Iterator[tuple[str, object, ValidationError]]:
    """Each key given each odd value that it does not take."""
    for key in (*keys_of(model), "graze"):
        for odd in ODD:
            try:
                model.model_validate({key: odd})
            except ValidationError as error:
                yield key, odd, error


@pytest.mark.parametrize("model", [*RULES, Scorecard], ids=lambda model: f"{model.__module__}.{model.__name__}")
def test_what_a_rules_file_gets_wrong_is_told_in_our_words(model: type[BaseModel]) -> None:
    for table in tables(model, set()):
        for key, odd, error in refused(table):
            said = [words for _, words in refusals(error, table)]
            assert said, (table, key, odd)
            assert not any(FOREIGN.search(words) for words in said), (table, key, odd, said)


@pytest.mark.parametrize("model", [ConfigTable, *KIND_TABLES.values()], ids=lambda model: model.__name__)
def test_what_a_configuration_gets_wrong_is_told_in_our_words(model: type[BaseModel]) -> None:
    for table in tables(model, set()):
        for key, odd, error in refused(table):
            for one in error.errors(include_url=False):
                if not one["type"].startswith("union_tag"):  # told by the kind's own sentence
                    words = model_problem(Path("config.toml"), one["loc"] or (key,), one, keys_of(table))
                    assert not FOREIGN.search(words), (table, key, odd, words)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[policies.p.reminders]\nlevels = []",
            "[policies.p.reminders] levels: the list is empty; write at least one entry",
        ),
        (
            "[policies.p.reminders]\nlevels = [{ at_days = 1, template = 'a' }]\nsend_window.days = []",
            "[policies.p.reminders.send_window] days: the list is empty; write at least one entry",
        ),
        (
            "[policies.p.finance_charges]\ntiers = []",
            "[policies.p.finance_charges] tiers: the list is empty; write at least one entry",
        ),
        (
            "[policies.p.finance_charges]\nkind = 'flat'\nflat = []",
            "[policies.p.finance_charges] flat: the list is empty; write at least one entry",
        ),
        (
            "[policies.p.credit_hold]\nhold.overdue = []",
            "[policies.p.credit_hold.hold] overdue: the list is empty; write at least one entry",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '8'\nfixed_sum = 'eu'",
            '[policies.p.finance_charges] fixed_sum: "eu" is not one of none, uk, eu40; did you mean "eu40"?',
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '8'\nfixed_sum = [{ amount = '40.00' }]",
            "[policies.p.finance_charges] fixed_sum[1].from: is missing",
        ),
        (
            "[policies.p.reminders]\nlevels = [{ at_days = 1, template = '' }]",
            "[policies.p.reminders] levels[1].template: is empty; write something in the quotes",
        ),
        (
            "[policies.p.reminders]\nlevels = [{ at_days = 1, template = 'a', channel = 'mail' }]",
            (
                '[policies.p.reminders] levels[1].channel: "mail" is not one of email, provider, letter, call, none; '
                'did you mean "email"?'
            ),
        ),
        (
            "[policies.p.reminders]\nlevels = { at_days = 1, template = 'a' }",
            "[policies.p.reminders] levels: write a list in [ ]",
        ),
        (
            "[policies.p.payer]\nchronic = '50'",
            '[policies.p.payer] chronic: write a table, such as { key = value }, not "50"',
        ),
        (
            "disputes.codes = ['Wrong price']",
            (
                '[disputes] codes[1]: "Wrong price" is no reason code; write small letters, digits and _, '
                "such as wrong_price"
            ),
        ),
    ],
)
def test_a_refusal_names_the_place_and_how_to_mend_it(text: str, problem: str) -> None:
    with pytest.raises(PolicyRefused) as caught:
        load_policies([("p.toml", text)])
    assert caught.value.problems == (f"p.toml: {problem}",)


@pytest.mark.parametrize("odd", ["3", "[]", "'x'", "[3]", "true", "2025-01-01", "{ a = 1 }", "[[1]]", "[{ a = [] }]"])
@pytest.mark.parametrize(
    "key",
    [
        *("policies", "select", "references", "credit_limits", "disputes", "policies.p", "references.x"),
        *("policies.p.extends", "policies.p.without", "policies.standard.overdue", "select.groups", "select.amounts"),
    ],
)
def test_whatever_stands_in_place_of_a_table_is_refused_in_a_sentence_or_taken(key: str, odd: str) -> None:
    try:
        said = lint(load_policies([("p.toml", f"{key} = {odd}")]))
    except PolicyRefused as refused:
        said = refused.problems
    assert not any(FOREIGN.search(words) for words in said), said
