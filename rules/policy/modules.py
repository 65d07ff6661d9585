"""Which rules there are: every plain module of `rules` with `Settings` and `decide`, found by listing the package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

from rules.domain.decisions import Decision
from rules.domain.situation import Situation

if TYPE_CHECKING:
    from pydantic import BaseModel


class RuleModule(Protocol):
    """A rule as the frame sees it."""

    Settings: type[BaseModel]

    def decide(self, situation: Situation, settings: BaseModel, /) -> Iterator[Decision]:
        """Say what is to be done in this situation, and why not where nothing is."""
        ...


@lru_cache(maxsize=1)
def rule_modules() -> Mapping[str, RuleModule]:
    """Every rule by its module's name, in name order."""
    folder = Path(__file__).resolve().parent.parent
    found: dict[str, RuleModule] = {}
    for info in sorted(iter_modules([str(folder)]), key=lambda item: item.name):
        if not info.ispkg:
            module = import_module(f"rules.{info.name}")
            if hasattr(module, "Settings") and hasattr(module, "decide"):
                found[info.name] = cast("RuleModule", module)
    return found
