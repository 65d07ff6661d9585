"""What the law allows at most, as data: yearly percentages by jurisdiction, debtor and size of the debt.

Where both sides of a debt stand under a cap, the lower one binds. A place without a row has no cap here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from rules.domain.facts import DebtorKind
from rules.domain.money import Money
from rules.domain.places import Places
from rules.tables import rows_of


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `annual_pct` a year; None: exempt. Holds for debts from `from_amount` to below `below_amount`."""

    jurisdiction: str
    applies_to: str
    annual_pct: Decimal | None
    from_amount: Decimal | None
    below_amount: Decimal | None
    currency: str
    as_of: date

    def covers(self, kind: DebtorKind, debt: Money) -> bool:
        """Whether it speaks of this debtor and a debt of this size; sizes compare in the row's own currency only."""
        if self.applies_to not in ("all", kind):
            return False
        if debt.currency != self.currency:
            return self.from_amount is None
        return (self.from_amount or Decimal(0)) <= debt.amount and (
            self.below_amount is None or debt.amount < self.below_amount
        )


def cap_for(parties: Iterable[Places], kind: DebtorKind, debt: Money) -> Cap | None:
    """The lowest cap that binds a `debt` between parties at these places, or None."""
    found = [cap for places in parties if (cap := _at(places, kind, debt)) is not None]
    return min(found, key=lambda cap: (cap.annual_pct or Decimal(0), cap.jurisdiction), default=None)


def caps_at(parties: Iterable[Places]) -> list[Cap]:
    """Every row of these places, and of the countries they lie in."""
    return [cap for name in sorted({name for places in parties for name in places}) for cap in _table().get(name, ())]


def _at(places: Places, kind: DebtorKind, debt: Money) -> Cap | None:
    """The cap of one party's place: the region's before the country's, the row for a size before the general one."""
    for place in places:
        rows = [cap for cap in _table().get(place, ()) if cap.covers(kind, debt)]
        if rows:
            chosen = max(rows, key=lambda cap: (cap.from_amount is not None, cap.applies_to == kind))
            return chosen if chosen.annual_pct is not None else None
    return None


@lru_cache(maxsize=1)
def _table() -> dict[str, list[Cap]]:
    table: dict[str, list[Cap]] = defaultdict(list)
    for row in rows_of("caps"):
        table[row["jurisdiction"]].append(_cap(row))
    return dict(table)


def _cap(row: dict[str, str]) -> Cap:
    return Cap(
        jurisdiction=row["jurisdiction"],
        applies_to=row["applies_to"],
        annual_pct=_number(row["max_annual_pct"]),
        from_amount=_number(row["from_amount"]),
        below_amount=_number(row["below_amount"]),
        currency=row["currency"],
        as_of=date.fromisoformat(row["as_of"]),
    )


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
