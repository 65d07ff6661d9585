"""Deciding on a book without any connection: its customers, promises, decisions and problems as one document.

Evaluates nothing itself: `rules.evaluate` does. The same book and rules give the same bytes, in any order of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from rules import evaluate
from rules.domain import hindsight
from rules.domain.accounts import accounts_of
from rules.domain.decisions import Problem
from rules.domain.facts import Book
from syncd.as_json import decision_json, position_json, problem_json, promise_json

if TYPE_CHECKING:
    from rules.domain.evaluation import Evaluation
    from rules.policy import Policies

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, list[tuple[tuple[str, str], Any]]]
LISTS = ("customers", "promises", "decisions", "problems")


def assess(book: Book, policies: Policies, as_of: date) -> dict[str, Any]:
    """What the rules say of every customer of the book on that day, ready for `json.dumps`.

    The book is looked at as it stood that day: what it holds of later days is left out.
    """
    return assembled([rows_of(book, policies, as_of)], policies.version, as_of.isoformat())


def rows_of(book: Book, policies: Policies, as_of: date, written: Callable[[Row], Any] = dict) -> Rows:
    """The same as rows of each list, each with what it is sorted by: a large book is decided on in parts.

    `written` says what is kept of a row.
    """
    accounts = accounts_of(hindsight.as_of(book, as_of))
    evaluations = ((account.customer.ref, evaluate(account, policies, as_of)) for account in accounts)
    return _rows(evaluations, written)


def report(evaluations: Iterable[Evaluation], policy_version: str, as_of: date) -> dict[str, Any]:
    """Evaluations as one document, decisions in their order."""
    return assembled([_rows((("", evaluation) for evaluation in evaluations), dict)], policy_version, as_of.isoformat())


def _rows(evaluations: Iterable[tuple[str, Evaluation]], written: Callable[[Row], Any]) -> Rows:
    found: Rows = {name: [] for name in LISTS}
    for head, evaluation in evaluations:
        found["customers"] += [((one.customer, ""), written(position_json(one))) for one in evaluation.customers]
        found["promises"] += [((one.ref, ""), written(promise_json(one))) for one in evaluation.promises]
        for one in evaluation.decisions:
            if isinstance(one, Problem):
                found["problems"].append(((one.subject, one.problem), written(problem_json(one))))
            else:
                found["decisions"].append(((head, ""), written(decision_json(one))))
    return found


def assembled(parts: Sequence[Rows], policy_version: str, as_of: str) -> dict[str, Any]:
    """The rows of all parts in one document, in the order they have whatever the parts are."""
    document: dict[str, Any] = {"as_of": as_of, "policy_version": policy_version}
    for name in LISTS:
        rows = sorted((row for part in parts for row in part[name]), key=itemgetter(0))
        document[name] = [row for _, row in rows]
    return document
