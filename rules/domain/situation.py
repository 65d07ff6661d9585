"""What a rule looks at: one account on one day under one policy, with the common arithmetic already done once.

Rules never call each other; what several need (how late an invoice is, which part is disputed or promised, how the
customer pays) is worked out here from the facts and the policy's `overdue`, `promises` and `payer` tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rules.domain.facts import Account


@dataclass(frozen=True, slots=True)
class Situation:
    """An account as of a day. `scope` holds the refs of the invoices this policy governs."""

    account: Account
    as_of: date
    policy: str
    scope: frozenset[str]
    governs_customer: bool
