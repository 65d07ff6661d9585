"""What docs/how-to/email.md says a template may use is what it may use."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.email.templates import LAYOUTS, TONES, render, validate
from connectors.email.wording import words_of
from tests.links.email.office import reminder

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "email.md").read_text(encoding="utf-8")


def first_cells() -> set[str]:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([\w.]+)", row)}


def test_the_page_names_every_file_and_every_word() -> None:
    words = words_of(reminder(), "Acme")
    files = {*(f"{tone}.txt" for tone in TONES), *LAYOUTS, "NAME.txt"}
    assert first_cells() == set(words) | files
    (row,) = (line for line in PAGE.splitlines() if line.startswith("| `lines` |"))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == set(words["lines"][0])


def test_the_example_of_a_text_is_a_sound_one(tmp_path: Path) -> None:
    found = re.search(r"```jinja\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (tmp_path / "firm.txt").write_text(found[1], encoding="utf-8")
    assert validate(tmp_path) == []
    assert "Invoice 1001 is still open.\n\n" in render(reminder(), tmp_path).text
