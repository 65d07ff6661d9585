"""The limits that rules files give to customers without one of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rules.domain.facts import Customer
from rules.domain.money import Money
from rules.domain.settings import Amount

ZeroLimit = Literal["no_credit", "no_limit", "not_set"]


@dataclass(frozen=True, slots=True)
class CreditLimits:
    """Limits of the rules files for customers without one of their own: by group in the order written, then for all.

    `zero` says what a limit of nothing means, the customer's own included.
    """

    groups: Mapping[str, Amount] = field(default_factory=dict)
    default: Amount | None = None
    zero: ZeroLimit = "no_credit"

    def of(self, customer: Customer, base: str) -> Money | None:
        """The customer's own limit, else its first listed group's, else the default; None is no limit at all."""
        stated = [customer.credit_limit, self._of_group(customer, base)]
        stated.append(self.default.money(base) if self.default else None)
        found = (limit for limit in stated if limit is not None and (limit or self.zero != "not_set"))
        limit = next(found, None)
        return None if limit is not None and not limit and self.zero == "no_limit" else limit

    def _of_group(self, customer: Customer, base: str) -> Money | None:
        return next((limit.money(base) for group, limit in self.groups.items() if group in customer.groups), None)
