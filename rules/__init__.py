"""What we decide. Pure: no clock, no network, no store, no log.

A RULE is a plain module here with two names:

    Settings                                  a frozen pydantic model; every key documented in a collector's words
    decide(situation, settings) -> Iterator   yields decisions, `Skip(reason)` included; total: bad data is a Problem

Its module name is its table's name in a policy and the first part of every key it makes. Rules import the standard
library, pydantic and `rules.domain`; never each other. To add one: the module, and `tests/scenarios/<name>.toml`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from rules.domain.evaluation import Evaluation
    from rules.domain.facts import Account
    from rules.domain.situation import Situation
    from rules.policy import Policies

__all__ = ["evaluate", "situations_of"]


def evaluate(account: Account, policies: Policies, as_of: date) -> Evaluation:
    """Look at one account on one day.

    Total: data that allows no decision becomes a Problem among the decisions. The same facts give the same answer.
    """
    found: Evaluation = _frame().evaluate(account, policies, as_of)
    return found


def situations_of(account: Account, policies: Policies, as_of: date) -> list[Situation]:
    """What the rules look at: the account under each policy that governs any of it, those of no policy last."""
    found: list[Situation] = _frame().situations_of(account, policies, as_of)
    return found


def _frame() -> Any:
    """Loaded when something is first decided: a command that only reads the words of rules does not wait for them."""
    return import_module("rules.policy.evaluating")
