"""The policies of a set of rules files, ready to be asked. Immutable; the same files give the same version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rules.domain.credit_limits import CreditLimits
from rules.domain.facts import Customer, Invoice
from rules.domain.references import DatedRate
from rules.domain.settings import RuleSettings
from rules.policy.documents import Path, Tree, place
from rules.policy.resolve import Resolved
from rules.policy.select import Select

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class Policies:
    """Every policy the rules files define, and the packs they name. `version` is a digest of all that is decided by."""

    version: str
    names: tuple[str, ...]
    chosen: Select
    credit_limits: CreditLimits
    references: Mapping[str, tuple[DatedRate, ...]]
    dispute_codes: tuple[str, ...]
    _tree: Tree = field(repr=False)
    _resolved: Mapping[str, Resolved] = field(repr=False)
    _settings: Mapping[str, Mapping[str, BaseModel]] = field(repr=False)
    # A shipped pack is known to be sound, so it is made ready when it first governs: its holidays take time to load.
    _of_pack: Callable[[str], Mapping[str, BaseModel]] = field(repr=False)

    def serving(self, connections: Mapping[str, str]) -> Policies:
        """The same, where a connection of which `[select]` says nothing falls back on the policy named here."""
        return self._choosing(connections={**connections, **self.chosen.connections})

    def with_default(self, name: str) -> Policies:
        """The same, with the policy of that name over whoever nothing closer places."""
        return self._choosing(default=name)

    def _choosing(self, **words: object) -> Policies:
        return replace(self, chosen=self.chosen.model_copy(update=words))

    def select(self, customer: Customer, invoice: Invoice | None = None, connection: str = "") -> str | None:
        """The policy that governs, by name; None where nothing places the customer.

        What places it least closely is its connection, then the default; without both, the only policy there is.
        """
        chosen = self.chosen
        placed = chosen.place(customer, invoice) or chosen.connections.get(connection) or chosen.default
        return placed or (self.names[0] if len(self.names) == 1 else None)

    def knows(self, name: str) -> bool:
        """Whether a policy or shipped pack of that name can govern."""
        return name in self._resolved

    def resolved(self, name: str) -> dict[str, Any]:
        """The policy's tables with all it inherits, as written.

        Raises:
            KeyError: no such policy.
        """
        return dict(self._resolved[name].tables)

    def rule_settings(self, name: str) -> Mapping[str, BaseModel]:
        """The settings of each rule that is on in the policy, by the rule's name.

        Raises:
            KeyError: no such policy.
        """
        return self._settings[name] if name in self._settings else self._of_pack(name)

    def governing(self) -> tuple[str, ...]:
        """Every policy that can govern: the files' own, and packs that are chosen as they are."""
        chosen = {policy for _, policy in self.chosen.named()}
        return (*self.names, *sorted(name for name in chosen if self.knows(name) and name not in self.names))

    def minds_paid_up(self) -> bool:
        """Whether some rule can decide about customers who owe nothing any more, for no more than a day's passing."""
        settings = (one for name in self.governing() for one in self.rule_settings(name).values())
        return any(isinstance(one, RuleSettings) and one.minds_paid_up for one in settings)

    def told(self, name: str, path: Path, words: str) -> str:
        """`words` about `path` below the policy, led by the file and table where that is written."""
        tree, full = self._resolved[name].place_of(path)
        return place(tree.file_of(full), full, words)

    def told_nearest(self, name: str, path: Path, words: str) -> str:
        """The same at the nearest place in a rules file: where a pack is chosen or extended, if `path` is in one."""
        if name in self.names:
            return self.told(name, path if self.is_own(name, path) else ("extends",), words)
        at = next((at for at, policy in self.chosen.named() if policy == name), None)
        return self.told(name, path, words) if at is None else self.told_select(at, words)

    def is_own(self, name: str, path: Path) -> bool:
        """Whether `path` below the policy is written in a rules file, not in a shipped pack."""
        tree, full = self._resolved[name].place_of(path)
        return not tree.file_of(full).startswith("pack ")

    def told_select(self, path: Path, words: str) -> str:
        """`words` about a place in `[select]`."""
        return self._told_at(("select", *path), words)

    def told_limits(self, path: Path, words: str) -> str:
        """`words` about a place in `[credit_limits]`."""
        return self._told_at(("credit_limits", *path), words)

    def _told_at(self, path: Path, words: str) -> str:
        return place(self._tree.file_of(path), path, words)

    @property
    def extended(self) -> frozenset[str]:
        """Policies that another one extends."""
        tables = self._tree.data.get("policies", {}).values()
        return frozenset(str(table["extends"]) for table in tables if "extends" in table)
