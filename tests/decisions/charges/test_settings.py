"""What the settings refuse, and in which words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from rules.finance_charges import Settings


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, 'kind "interest" needs annual_pct, reference or tiers'),
        ({"annual_pct": "18", "reference": "boe"}, "give one of annual_pct and reference"),
        ({"annual_pct": 18}, "decimal string"),
        ({"annual_pct": "18", "per_days": 30}, "per_days belongs to tiers"),
        ({"kind": "flat"}, 'kind "flat" needs flat'),
        ({"kind": "percent"}, 'kind "percent" needs percent'),
        ({"kind": "flat_then_percent", "flat": "5.00", "percent": "1"}, "needs repeat_every_days"),
        ({"tiers": [{"up_to_days": 30, "pct": "1"}]}, "the last has neither"),
        ({"tiers": [{"up_to_days": 60, "pct": "1"}, {"up_to_days": 30, "pct": "1"}, {"pct": "2"}]}, "from low to high"),
        ({"tiers": [{"up_to_days": 30, "pct": "1"}, {"up_to_amount": "5", "pct": "1"}, {"pct": "2"}]}, "every tier"),
        ({"annual_pct": "18", "assess_on": {}}, "give either day_of_month or every_days"),
        ({"annual_pct": "18", "assess_on": {"day_of_month": 32}}, "less than or equal to 31"),
        ({"annual_pct": "18", "cap": "legal"}, 'a cap is "jurisdiction", "none" or a yearly percentage'),
        ({"annual_pct": "18", "base": "principal_and_charges", "compound": "on_charge"}, "charge interest on it twice"),
        ({"annual_pct": "18", "compound": "monthly", "rounding": "daily"}, "stays unrounded until the end"),
        ({"annual_pct": "18", "grace": 5}, "Extra inputs are not permitted"),
        ({"annual_pct": "18", "minimum": 5}, "write money as a string"),
    ],
)
def test_what_cannot_stand_is_refused_in_words_that_help(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        Settings.model_validate(keys)


def test_the_defaults_are_the_ones_of_the_contract() -> None:
    found = Settings.model_validate({"annual_pct": "18"})
    assert found.model_dump(exclude={"annual_pct", "tax_code", "cap"}) == {
        "kind": "interest",
        "reference": None,
        "margin_pct": "0",
        "reference_mode": "fixed_at_start",
        "tiers": None,
        "per_days": None,
        "tier_mode": "whole",
        "flat": None,
        "percent": None,
        "percent_of": "balance",
        "repeat_every_days": None,
        "day_count": "act/365",
        "start_from": "due_date",
        "grace_days": 0,
        "grace_mode": "gate",
        "base": "principal",
        "unapplied_credits": "ignore",
        "credits_from": "credit_date",
        "payment_day": "bears",
        "appropriation": "principal",
        "paid_late": "ignore",
        "minimum": None,
        "minimum_mode": "raise",
        "minimum_per": "invoice",
        "maximum": None,
        "rounding": "final",
        "compound": "never",
        "stop_after_months": None,
        "fixed_sum": "none",
        "fixed_sum_mode": "single",
        "assess_on": None,
        "requires_terms": True,
        "debtors": "all",
        "during_dispute": "suspend",
        "after_dispute": "resume",
        "during_promise": "accrue",
        "during_plan": "accrue",
        "due_from": None,
        "terms_days": 0,
    }
    assert found.cap == "jurisdiction"
    assert (found.tax_code.interest, found.tax_code.fixed_sum) == ("none", "none")


def test_none_takes_back_what_a_pack_had_set() -> None:
    found = Settings.model_validate({"annual_pct": "18", "reference": "none", "minimum": "none", "assess_on": "none"})
    assert (found.reference, found.minimum, found.assess_on) == (None, None, None)
