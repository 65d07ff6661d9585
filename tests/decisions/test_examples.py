"""The examples of the page for accountants run, and every rule has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.policy.modules import rule_modules
from syncd.scenarios import Outcome, run

EXAMPLES = Path(__file__).parents[2] / "docs" / "how-to" / "examples"


@pytest.mark.parametrize("outcome", run(EXAMPLES), ids=lambda outcome: f"{outcome.file}: {outcome.name}")
def test_the_example_comes_out_as_written(outcome: Outcome) -> None:
    assert outcome.holds, "\n".join(outcome.differences)


def test_every_rule_has_an_example() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.toml")) == sorted(rule_modules())
