"""Any settings a rules file may hold: every key of every rule, drawn from the models themselves, odd values included.

A table that its model refuses is drawn again or left out, so that what comes is always a policy that loads.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from rules.domain.settings import Amount
from rules.policy import Policies, PolicyRefused, policies_of
from rules.policy.modules import rule_modules

_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.sampled_from([-400, -5, 0, 1, 2, 5, 14, 30, 90, 10**6]),
    Decimal: st.sampled_from(["-9.5", "0", "0.01", "1.5", "8", "18", "100", "1000000"]),
    Amount: st.sampled_from(["0", "0.01", "5.00", "100.00", "5.00 USD", "20.00 EUR", "7 JPY", "99999999999.99"]),
    str: st.sampled_from(["x", "US", "friendly", "firm", "08:00", "18:00", "boe", "own", "18", "C-1", "none"]),
    date: st.sampled_from(["0001-01-01", "2024-02-29", "2025-03-01", "9999-12-31"]),
}
_TRIES = 4


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values that a field of this type may be given in a rules file."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is None:
        is_table = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        return tables(annotation) if is_table else _PLAIN[annotation]
    if origin in (Literal, Annotated):
        return st.sampled_from(args) if origin is Literal else values(args[0])
    if origin in (Union, types.UnionType):
        return st.one_of([values(one) for one in args if one is not type(None)])
    if issubclass(origin, Mapping):
        return st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    return st.lists(values(args[0]), min_size=1, max_size=3)


@st.composite
def tables(draw: st.DrawFn, model: type[BaseModel]) -> dict[str, Any]:
    """A table that the model takes, with any of its keys."""
    found: dict[str, Any] = {}
    for _ in range(_TRIES):
        found = {
            field.alias or name: draw(values(field.annotation))
            for name, field in model.model_fields.items()
            if field.is_required() or draw(st.integers(0, 3)) == 0
        }
        if _is_taken(model, found):
            break
    else:
        reject()
    return found


def _is_taken(model: type[BaseModel], table: Mapping[str, Any]) -> bool:
    try:
        model.model_validate(table)
    except ValidationError:
        return False
    return True


@st.composite
def policies(draw: st.DrawFn) -> Policies:
    """Rules files with one policy of any rules."""
    rules = rule_modules()
    wanted = draw(st.sets(st.sampled_from(sorted(rules)), min_size=1))
    policy = {name: draw(tables(rules[name].Settings)) for name in sorted(wanted)}
    document: dict[str, Any] = {
        "policies": {"p": policy},
        "references": {"own": {"rates": [{"from": "2024-01-01", "pct": "7"}]}},
        "credit_limits": {"default": "50.00", "zero": draw(st.sampled_from(["no_credit", "no_limit", "not_set"]))},
    }
    try:
        return policies_of([("p.toml", document)])
    except PolicyRefused:  # names that one table alone cannot check
        reject()
