"""QuickBooks' aged-receivables report as balances by customer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors import AgedReceivables, OpenBalance
from rules.domain.money import Money


def balances_in(report: Mapping[str, Any], home: str) -> AgedReceivables:
    """What each customer owes, from the report's last column. Sub-customers count for themselves only."""
    currency = str((report.get("Header") or {}).get("Currency") or home)
    balances: dict[str, Decimal] = {}
    for cells in _customer_rows(report.get("Rows") or {}):
        ref, amount = str(cells[0]["id"]), _amount(cells[-1].get("value"))
        balances[ref] = balances.get(ref, Decimal(0)) + amount
    return tuple(
        OpenBalance(ref, Money(amount, currency).rounded()) for ref, amount in sorted(balances.items()) if amount
    )


def _customer_rows(rows: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
    """Rows that name a customer, at any depth; a summary repeats what stands above it."""
    for row in rows.get("Row") or ():
        for part in (row, row.get("Header") or {}):
            cells = part.get("ColData") or []
            if len(cells) > 1 and cells[0].get("id"):
                yield cells
        yield from _customer_rows(row.get("Rows") or {})


def _amount(text: object) -> Decimal:
    try:
        return Decimal(str(text or "0").replace(",", ""))
    except InvalidOperation:
        return Decimal(0)
