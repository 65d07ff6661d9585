"""`syncd assess`: what the rules say about a book file, without any connection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.options import AS_JSON, CONFIG, DAY, EXISTING_FILE, RULES
from syncd.cli.output import print_rows, print_text
from syncd.cli.sources import read_policies, require_policy
from syncd.uncollected import uncollected

if TYPE_CHECKING:
    from rules.policy import Policies


@click.command(short_help="Decide on a book file without any connection.")
@click.option("--book", required=True, type=EXISTING_FILE, metavar="FILE", help="The book: .json, .toml or .csv.")
@RULES
@click.option("--as-of", type=DAY, metavar="DATE", help="The day to decide for; else the book's own.")
@click.option("--policy", metavar="NAME", help="The policy of customers whom [select] does not place.")
@AS_JSON
@CONFIG
def assess(
    *, book: Path, rules: Sequence[Path], as_of: date | None, policy: str | None, as_json: bool, config: Path | None
) -> None:
    """Decide on a book file without any connection, as of the book's day or --as-of.

    Prints where each customer stands, what is due and why, what is not done and why not, and what is wrong with the
    data. The same book and rules give the same answer on every run.
    """
    with uncollected():
        policies = read_policies(rules, config)
        if policy is not None:
            require_policy(policies, policy)
            policies = policies.with_default(policy)
        if as_json:
            _print_json(book, policies, as_of)
        else:
            _print_text(book, policies, as_of)


def _print_json(path: Path, policies: Policies, as_of: date | None) -> None:
    from syncd.assess_file import Question, assess_file

    print_rows(assess_file(path, Question(policies, as_of)))


def _print_text(path: Path, policies: Policies, as_of: date | None) -> None:
    from connectors.file.read import read_book
    from syncd.assess import assess as decide
    from syncd.cli.rendering import assessment

    book = read_book(path)
    print_text(assessment(decide(book, policies, as_of or book.as_of), book))
