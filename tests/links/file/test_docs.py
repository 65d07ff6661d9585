"""What docs/how-to/book-file.md says is what the reader takes."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.file.fields import Shape
from connectors.file.read import book_in
from connectors.file.shapes import COMPANY, HISTORY, LISTS

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "book-file.md").read_text(encoding="utf-8")


def sample(language: str) -> bytes:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1].encode()


def test_the_shortest_useful_book_is_one() -> None:
    book = book_in(sample("toml"), "page.toml")
    assert book.invoices[0].balance.digits == "1010.00"


def test_the_sheet_of_invoices_is_one() -> None:
    book = book_in(sample("csv"), "page.csv")
    assert [invoice.balance.digits for invoice in book.invoices] == ["1000.00", "80.00"]


def test_the_page_has_every_key_and_no_other() -> None:
    shapes: dict[str, Shape] = {"`company`": COMPANY, **{f"`{name}`": shape for name, shape in LISTS.items()}}
    shapes |= {f'`history`, `kind = "{shape.tag}"`': shape for shape in HISTORY}
    for name, shape in shapes.items():
        (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
        told = re.findall(r"(\*\*)?`(\w+)`", row.split("|")[2])
        assert [(key, bool(bold)) for bold, key in told] == [(field.key, field.required) for field in shape.fields], (
            name
        )
