"""The page and the table say the same, and every row has a test that bears its name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults.matrix import PAGE, ROWS, page

HERE = Path(__file__).parent


def test_the_page_of_faults_is_current() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


def test_every_row_has_a_test_of_its_name_and_every_test_a_row() -> None:
    named = {
        name.upper()
        for file in HERE.glob("test_*.py")
        for name in re.findall(r"(?m)^ *def test_([a-z]\d)_", file.read_text())
    }
    assert named == set(ROWS)
