"""Fixed sums for being late at all: the statutory tables and a policy's own bands. Outside cap, maximum and minimum."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from rules.domain.facts import DebtorKind
from rules.tables import rows_of

FixedSumMode = Literal["single", "accumulated"]


@dataclass(frozen=True, slots=True)
class Band:
    """For a balance of `from_amount` and more: `amount`, and `pct` percent of the balance."""

    from_amount: Decimal
    amount: Decimal
    pct: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class FixedSums:
    """Bands in one currency, lowest first; `applies_to` None means everybody."""

    name: str
    currency: str
    bands: tuple[Band, ...]
    mode: FixedSumMode = "single"
    applies_to: DebtorKind | None = None

    def sum_for(self, balance: Decimal) -> Decimal:
        """The fixed sum of a debt of `balance`, unrounded.

        ``single``: the band the balance falls in, its percentage of the whole balance. ``accumulated``: every band
        reached, each percentage of the slice that lies in its band.
        """
        reached = [band for band in self.bands if band.from_amount <= balance]
        if not reached or balance <= 0:
            return Decimal(0)
        if self.mode == "single":
            return reached[-1].amount + balance * reached[-1].pct / 100
        tops = [*(band.from_amount for band in reached[1:]), balance]
        return sum(
            (band.amount + (top - band.from_amount) * band.pct / 100 for band, top in zip(reached, tops, strict=True)),
            Decimal(0),
        )


@lru_cache(maxsize=8)
def statutory(name: str) -> FixedSums:
    """The shipped table ``uk`` or ``eu40``; both are for businesses only.

    Raises:
        KeyError: no such table ships.
    """
    rows = [row for row in rows_of("fixed_sums") if row["name"] == name]
    if not rows:
        raise KeyError(name)
    bands = tuple(Band(Decimal(row["from_amount"]), Decimal(row["amount"])) for row in rows)
    return FixedSums(name, rows[0]["currency"], bands, applies_to="business")
