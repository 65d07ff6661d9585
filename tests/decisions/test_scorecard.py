"""A credit application adds up by hand: the card of the page for people, and each way to be refused."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rules.domain.credit.scorecard import Scorecard, Scored, score

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "what-people-record.md").read_text(encoding="utf-8")
CARD = next(text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "outcomes" in text)
OAK = {
    "years": "6",
    "references": "good",
    "insolvent": "no",
    "net_worth": "60000",
    "reference_1": "1000",
    "reference_2": "9000",
    "reference_3": "3000",
    "monthly_need": "2000.00",
}


def card(**more: Any) -> Scorecard:
    return Scorecard.model_validate({**tomllib.loads(CARD), **more})


def scored(**answers: str) -> Scored:
    found = score(card(), {**OAK, **answers})
    assert isinstance(found, Scored)
    return found


def test_points_add_up_and_the_limit_is_the_average_of_the_three() -> None:
    found = scored()
    assert found.points == 25 + 30 + 10 + 15
    assert str(found.limit) == "4000.00 USD"  # (6000 + 3000 + 3000) / 3
    assert found.told() == (
        "accept, limit 4,000.00 USD, 30 days: +25 years +30 references +10 insolvent +15 net_worth +0 reference_1 "
        "+0 reference_2 +0 reference_3 +0 monthly_need = 80."
    )


def test_no_limit_is_above_the_outcomes_own() -> None:
    assert str(scored(net_worth="900000").limit) == "5000.00 USD"


def test_bands_and_outcomes_are_reached_at_equality() -> None:
    assert scored(years="5").points == 80
    assert (scored(years="4.99").points, scored(years="4.99").decision) == (65, "accept")
    both = scored(years="4", net_worth="49999")
    assert (both.points, both.decision) == (50, "review")
    assert scored(years="1", net_worth="49999").decision == "prepay"
    assert scored(years="1", references="bad").decision == "refuse"


def test_below_the_lowest_outcome_it_is_refused() -> None:
    assert scored(years="0", references="bad", net_worth="0").decision == "refuse"


def test_one_answer_may_refuse_it_whatever_the_score() -> None:
    found = scored(insolvent="yes")
    assert (found.decision, found.limit) == ("refuse", None)
    assert found.told().startswith("refuse: insolvent = yes refuses it whatever the score (")


def test_every_problem_of_the_answers_is_said() -> None:
    answers = {**OAK, "references": "great", "years": "many", "net_worth": "-1", "colour": "red"}
    del answers["insolvent"]
    known = "years, references, insolvent, net_worth, reference_1, reference_2, reference_3, monthly_need"
    assert score(card(), answers) == (
        f'"colour" is no question of the card; known are {known}',
        'years: "many" is no number',
        'references: "great" is none of good, mixed, bad',
        "insolvent is not answered: Was there an insolvency in five years?",
        "net_worth: -1 is below 0, where the first band begins",
    )


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"questions": [{"id": "a", "ask": "?"}]}, "either bands or choices"),
        ({"questions": [{"id": "a", "ask": "?", "choices": {"x": 1}}] * 2}, 'two questions are called "a"'),
        ({"questions": [{"id": "a", "ask": "?", "choices": {"x": 1}, "stop": ["y"]}]}, "none of the choices"),
        ({"outcomes": [{"from": 9, "decision": "accept"}, {"from": 0, "decision": "refuse"}]}, "from low to high"),
        ({"limit_from": [{"questions": ["references"]}]}, "no question answered by a number"),
        ({"currency": "usd"}, "did you mean"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(more: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        card(**more)
