"""What `rules check` doubts in the steps past reminders."""

from __future__ import annotations

from rules.policy import lint, load_policies


def warnings(steps: str, more: str = "") -> tuple[str, ...]:
    text = f"[select]\ndefault = 'p'\n[policies.p.escalation]\nsteps = [{steps}]\n{more}"
    return tuple(one for one in lint(load_policies([("1.toml", text)])) if "escalation" in one or "hand_over" in one)


def test_a_hand_over_without_a_demand_is_doubted() -> None:
    assert warnings('{ step = "agency", at_days = 60 }') == (
        "1.toml: [policies.p.escalation] steps[1].step: agency without a final_demand before it",
    )
    assert warnings('{ step = "final_demand", at_days = 45 }, { step = "agency", at_days = 60 }') == ()


def test_a_step_that_is_due_before_the_one_above_it_is_doubted() -> None:
    assert warnings('{ step = "call", at_days = 60 }, { step = "statement", at_days = 30 }') == (
        "1.toml: [policies.p.escalation] steps[2].at_days: at 30 days, but it waits for call at 60 where that fits",
    )


def test_less_than_thirty_days_to_answer_are_doubted_for_private_persons_only() -> None:
    (found,) = warnings('{ step = "final_demand", at_days = 45, lock_days_private = 14 }')
    assert "leaves consumers and sole traders 14 days to answer" in found
    assert warnings('{ step = "final_demand", at_days = 45, lock_days_private = 14, debtor = "business" }') == ()


def test_two_ways_to_hand_over_are_doubted() -> None:
    both = '[policies.p.reminders]\nlevels = [{ at_days = 1, template = "firm" }]\nhand_over = {}\n'
    steps = '{ step = "final_demand", at_days = 45 }, { step = "attorney", at_days = 60 }'
    (found,) = warnings(steps, both)
    assert found.endswith("escalation hands over as well: the same debt would be handed over twice")
