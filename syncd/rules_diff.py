"""What changed rules would decide differently today: the decisions of two sets of rules on the same accounts, compared.

Pure. A decision is the same where its key and everything it does are the same; a sentence worded otherwise is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from rules import evaluate
from rules.domain.decisions import Problem, Skip
from rules.domain.facts import Account
from rules.policy import Policies
from syncd.as_json import decision_json

if TYPE_CHECKING:
    from rules.domain.evaluation import Evaluation

Change = Literal["added", "dropped", "changed", "policy"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the new rules decide otherwise. `old` and `new` are decisions as JSON, or policies' names."""

    change: Change
    customer: str
    key: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


def differences(accounts: Iterable[Account], old: Policies, new: Policies, as_of: date) -> list[Difference]:
    """Every difference, account by account: policies chosen first, then decisions by key."""
    found: list[Difference] = []
    for account in accounts:
        before, after = (evaluate(account, policies, as_of) for policies in (old, new))
        found.extend(_policies(before, after))
        found.extend(_decisions(_by_key(before), _by_key(after)))
    return found


def _policies(before: Evaluation, after: Evaluation) -> Iterable[Difference]:
    now = {position.customer: position.policy for position in after.customers}
    for position in before.customers:
        if position.policy != now[position.customer]:
            yield Difference(
                "policy",
                position.customer,
                "",
                {"policy": position.policy},
                {"policy": now[position.customer]},
            )


def _by_key(found: Evaluation) -> dict[str, dict[str, Any]]:
    return {one.key: decision_json(one) for one in found.decisions if not isinstance(one, Skip | Problem)}


def _decisions(before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> Iterable[Difference]:
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        customer = str((new or old or {})["customer"])
        if old is None:
            yield Difference("added", customer, key, None, new)
        elif new is None:
            yield Difference("dropped", customer, key, old, None)
        elif _deed(old) != _deed(new):
            yield Difference("changed", customer, key, old, new)


def _deed(decision: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in decision.items() if name != "reason"}
