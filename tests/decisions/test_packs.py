"""Every pack that ships has a page that says when to choose it, and may be used as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.domain.charging.settings import Settings as ChargeSettings
from rules.policy import lint, load_policies, pack_names

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "packs.md").read_text(encoding="utf-8")
STATUTORY = ("uk-statutory", "eu-statutory", "de-statutory", "fr-statutory", "ie-statutory", "us-prompt-payment")


@pytest.mark.parametrize("name", pack_names())
def test_the_page_says_when_to_choose_it(name: str) -> None:
    section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert "Choose it" in section


@pytest.mark.parametrize("name", pack_names())
def test_it_holds_as_it_stands(name: str) -> None:
    policies = load_policies([("p.toml", f'[policies.p]\nextends = "{name}"\n')])
    assert [line for line in lint(policies) if "finance_charges" not in line] == []


@pytest.mark.parametrize("name", STATUTORY)
def test_a_statutory_pack_charges_businesses_alone_and_needs_no_terms(name: str) -> None:
    charges = load_policies([("p.toml", "")]).rule_settings(name)["finance_charges"]
    assert isinstance(charges, ChargeSettings)
    assert (charges.debtors, charges.requires_terms) == ("business", False)
