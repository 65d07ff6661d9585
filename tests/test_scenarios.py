"""Every scenario file under tests/scenarios holds, and the runner says clearly what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.scenarios import Outcome, run

FOLDER = Path(__file__).parent / "scenarios"


@pytest.mark.parametrize("outcome", run(FOLDER), ids=lambda outcome: f"{outcome.file}: {outcome.name}")
def test_the_scenario_holds(outcome: Outcome) -> None:
    assert outcome.holds, "\n".join(outcome.differences)


BOOK = """
[book]
as_of = 2025-03-31
customers = [{ ref = "C-1", name = "Oak Ltd", email = "ap@oak.example" }]

[[book.invoices]]
ref = "I-1"
number = "1"
customer = "C-1"
issued_on = 2025-01-30
due_on = 2025-03-01
total = "9.00"

[rules.policies.p.reminders]
levels = [{ at_days = 5, template = "friendly" }]
"""


def only(text: str) -> tuple[str, ...]:
    (outcome,) = run(BOOK + text)
    return outcome.differences


def test_what_holds_has_no_differences() -> None:
    assert only('[[scenario]]\nexpect.decisions = [{ level = 1, amounts = { USD = "9.00" }, fee = "null" }]') == ()


def test_a_wrong_value_is_shown_beside_the_right_one() -> None:
    expected, unexpected = only('[[scenario]]\nexpect.decisions = [{ kind = "reminder", level = 2 }]')
    assert expected.startswith(
        'decision expected but not made: {kind = "reminder", level = 2}; in the nearest, level is 1'
    )
    assert unexpected.startswith('decision made but not expected: {kind = "reminder", rule = "reminders"')


def test_a_word_that_no_customer_has_is_told_with_the_one_that_was_meant() -> None:
    (found,) = only('[[scenario]]\nexpect.customers = [{ state = "good" }]')
    assert "in the nearest, there is no state; known are aging, credit_state," in found
    assert '"90+" = "0.00"' in found, "as it could be copied into the file"


def test_a_decision_nobody_expected_is_shown() -> None:
    (found,) = only("[[scenario]]\nexpect.decisions = []")
    assert found.startswith("decision made but not expected")


def test_two_rows_never_match_one_decision() -> None:
    (found,) = only("[[scenario]]\nexpect.decisions = [{ level = 1 }, { level = 1 }]")
    assert found == "decision expected but not made: {level = 1}; there is none"


def test_a_skip_or_a_customer_that_is_not_there_is_shown() -> None:
    assert (
        len(only('[[scenario]]\nexpect.skips = [{ subject = "I-2" }]\nexpect.customers = [{ customer = "C-2" }]')) == 2
    )


def test_a_problem_nobody_expected_is_shown() -> None:
    (found,) = only('[[scenario]]\npolicy = "q"')
    assert found == 'problem made but not expected: {subject = "C-1", problem = "no policy "q""}'


def test_refused_rules_are_shown_as_they_are() -> None:
    (found,) = only("[[scenario]]\nrules.policies.p.overdue = { graze_days = 1 }")
    assert found == 'refused: rules: [policies.p.overdue] graze_days: unknown key; did you mean "grace_days"?'


def test_a_mistyped_key_of_the_scenario_is_named() -> None:
    assert only("[[scenario]]\nexpct.decisions = []") == ('unknown key expct; did you mean "expect"?',)
    assert only("[[scenario]]\nexpect.decision = []") == ('unknown key expect.decision; did you mean "decisions"?',)


def test_what_is_no_toml_is_said_and_not_raised() -> None:
    (outcome,) = run("[[scenario")
    assert not outcome.holds
    assert "not valid TOML" in outcome.differences[0]
