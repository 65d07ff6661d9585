"""The page that says where other people's numbers are checked names scenarios that exist, and forgets none."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent / "scenarios"
PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "evidence.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in PAGE.splitlines() if line.startswith("| ")]
ROW_ID = re.compile(r"\b(?:FC|ST|DC|PT|KPI|AG|PR)-\d\d\b")
COLLECTED = {
    "FC": (1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 18, 20),
    "ST": (1, 3, 4, 6, 7, 9, 11, 12, 13, 14, 16, 19, 23, 24, 25),
    "DC": (1, 4),
    "PT": (1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    "KPI": (1, 3, 5, 6, 8, 10, 11, 12, 13, 14),
    "AG": (1,),
    "PR": (1, 3),
}
STATES, MONEY = 25, 11  # rows collected of other products' tests


def scenarios() -> dict[tuple[str, str], str]:
    """Every scenario by its file and name, with its source."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for one in document["scenario"]:
            found[path.name, one["name"]] = one.get("source", document.get("source", ""))
    return found


def named(cell: str) -> list[tuple[str, str]]:
    """The scenarios a cell names, as (file, name)."""
    if cell.startswith("not: "):
        return []
    parts = [part.partition(": ") for part in cell.split("<br>")]
    return [(file.strip("`"), name) for file, _, name in parts]


def test_every_scenario_it_names_exists() -> None:
    known = scenarios()
    places = [place for row in ROWS if row[0] not in ("row", "question") for place in named(row[2])]
    assert places
    assert [place for place in places if place not in known] == []


def test_every_row_collected_has_a_place_or_a_reason() -> None:
    listed = [row[0] for row in ROWS]
    wanted = [f"{letters}-{number:02}" for letters, numbers in COLLECTED.items() for number in numbers]
    wanted += [f"6.1-{number}" for number in range(1, MONEY + 1)] + [f"6.2-{number}" for number in range(1, STATES + 1)]
    assert [row for row in wanted if listed.count(row) != 1] == []


def test_every_scenario_with_a_row_in_its_source_stands_in_that_row() -> None:
    by_row = {row[0]: named(row[2]) for row in ROWS}
    lost = [
        (row, place)
        for place, source in scenarios().items()
        for row in ROW_ID.findall(source)
        if place not in by_row[row]
    ]
    assert lost == []


def test_every_file_says_whose_numbers_it_has_where_it_copies_any() -> None:
    assert [place for place, source in scenarios().items() if place[0] == "evidence.toml" and not source] == []
