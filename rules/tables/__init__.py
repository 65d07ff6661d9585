"""Rates, fixed sums and caps as data. Each row says where it comes from, as of when, and how sure we are of it.

Only rows that an authority or vendor published (H) or that a second source confirms exactly (M) are here. What is not
here is not guessed: a day outside a table is a problem that names the day.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """The rows of `<name>.csv` beside this file, by column."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
