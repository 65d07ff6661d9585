"""The pages keep their word: links lead somewhere, dependencies have their reason, examples run."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.root import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
Syncd = Callable[..., Any]


def dependencies() -> Iterator[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    for requirement in chain(project["dependencies"], *project["optional-dependencies"].values()):
        yield re.split(r"[\[<>=~!; ]", requirement)[0]


def test_every_dependency_has_its_reason() -> None:
    table = (REPOSITORY / "docs" / "decisions.md").read_text().partition("## Dependencies")[2]
    named = {
        name.strip() for line in table.splitlines() if line.startswith("|") for name in line.split("|")[1].split(",")
    }
    assert sorted(set(dependencies()) - named) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_command_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"(?:`|\$ |bin/)syncd ([a-z]+)", page.read_text()))
    assert named - set(COMMANDS) == set()


def test_the_ten_minutes_of_the_readme_work_as_written(syncd: Syncd, tmp_path: Path) -> None:
    page = (REPOSITORY / "README.md").read_text()
    [sheet] = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    (tmp_path / "open.csv").write_text(sheet)
    assert syncd("init", tmp_path / "trial").code == 0
    ran = syncd("assess", "--book", tmp_path / "open.csv", "--rules", tmp_path / "trial" / "rules.d")
    assert ran.code == 0
    assert "1,080.00" in ran.out
    assert "reminder, level 1 (friendly, email)" in ran.out


def test_the_examples_for_accountants_are_right(syncd: Syncd, tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "how-to" / "rules.md").read_text()
    first, second, placed, more, window, scenario = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "10.toml").write_text(first)
    assert syncd("rules", "check", tmp_path / "10.toml").code == 0
    policies = (
        first.partition("\n\n")[2]
        + "\n[policies.trade]\nextends = 'standard'\n[policies.lenient]\nextends = 'gentle'\n"
    )
    (tmp_path / "10.toml").write_text(second + policies)
    ran = syncd("rules", "check", tmp_path / "10.toml")
    assert (ran.code, ran.err) == (0, "")
    (tmp_path / "10.toml").write_text(placed + policies + second[second.index("[policies.strict]") :] + more + window)
    ran = syncd("rules", "check", tmp_path / "10.toml")
    assert (ran.code, ran.err) == (0, "")
    (tmp_path / "s.toml").write_text(scenario)
    ran = syncd("rules", "test", tmp_path / "s.toml")
    assert ran.code == 0, ran.out


def test_the_starter_rules_are_right_as_they_are_and_switched_on(syncd: Syncd, tmp_path: Path) -> None:
    syncd("init", tmp_path)
    rules = tmp_path / "rules.d" / "10-rules.toml"
    assert syncd("rules", "check", rules).code == 0
    lines = rules.read_text().splitlines()
    rules.write_text("\n".join(line.removeprefix("#") if re.match(r"#[a-z\[]", line) else line for line in lines))
    rules.write_text(rules.read_text() + "\n[policies.strict]\nextends = 'standard'\n")
    ran = syncd("rules", "check", rules)
    assert (ran.code, ran.err) == (0, "")
    assert "finance_charges" in ran.out
