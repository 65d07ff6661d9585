"""The page that shows each rule by an example and with its settings, written from the examples and the rules.

An example is a scenario file of `docs/how-to/examples`, its first comment the words before it; a test runs them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rules.policy.modules import rule_modules
from syncd.cli.rules_page import settings_table

ORDER = (
    "overdue",
    "payer",
    "promises",
    "reminders",
    "discounts",
    "escalation",
    "credit_hold",
    "credit_review",
    "finance_charges",
)

HEAD = """
# Each rule by example

What each rule does, an example that runs, and every setting with its default. Save an example as it stands and try it:
`syncd rules test overdue.toml`. Change a number and the difference is shown. How policies are put together is on
[the page about rules](rules.md), what the words mean to the day and the cent on
[the page about money and days](../why/money.md).
"""


def examples_page(folder: Path) -> Iterator[str]:
    """The page, part by part, from the example files of `folder`."""
    yield HEAD
    for name in (*ORDER, *(name for name in rule_modules() if name not in ORDER)):
        about, example = _example((folder / f"{name}.toml").read_text(encoding="utf-8"))
        yield f"\n## {name}\n\n{about}\n\n```toml\n{example}\n```\n"
        yield from settings_table(name)


def _example(text: str) -> tuple[str, str]:
    """The first comment as prose, and the rest."""
    lines = text.splitlines()
    said = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    about = "\n".join(line.removeprefix("#").strip() for line in lines[:said])
    return about, "\n".join(lines[said:]).strip()
