"""Every scenario file under tests/scenarios holds, and the runner says clearly what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.scenarios import Outcome, run

FOLDER = Path(__file__).parent / "scenarios"


@pytest.mark.parametrize("outcome", run(FOLDER), ids=lambda outcome: f"{outcome.file}: {outcome.name}")
def test_the_scenario_holds(outcome: Outcome) -> None:
    assert outcome.holds, "\n".join(outcome.differences)
