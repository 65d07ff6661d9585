"""The policies of a set of rules files, ready to be asked. Immutable; the same files give the same version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rules.domain.facts import Customer, Invoice
from rules.domain.situation import CreditLimits, DatedRate
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
    _tables: Mapping[str, Mapping[str, Any]] = field(repr=False)
    _settings: Mapping[str, Mapping[str, BaseModel]] = field(repr=False)

    def select(self, customer: Customer, invoice: Invoice | None, default: str | None) -> str | None:
        """The policy that governs, by name; None where nothing places the customer.

        `default` stands for `[select] default`; without both, the only policy there is governs.
        """
        placed = self.chosen.place(customer, invoice) or default or self.chosen.default
        return placed or (self.names[0] if len(self.names) == 1 else None)

    def knows(self, name: str) -> bool:
        """Whether a policy or shipped pack of that name can govern."""
        return name in self._settings

    def resolved(self, name: str) -> dict[str, Any]:
        """The policy's tables with all it inherits, as written.

        Raises:
            KeyError: no such policy.
        """
        return dict(self._tables[name])

    def rule_settings(self, name: str) -> Mapping[str, BaseModel]:
        """The settings of each rule that is on in the policy, by the rule's name.

        Raises:
            KeyError: no such policy.
        """
        return self._settings[name]
