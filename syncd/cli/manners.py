"""How a customer pays, shown so that every figure can be worked out by hand: each paid invoice, when and how late.

Shows what `rules.domain.paying.behaviour` worked out; works out nothing itself but days between two dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rules.domain.account_index import AccountIndex
from rules.domain.paying.behaviour import Manners, Settled
from rules.domain.wording import counted, spoken
from syncd.cli.output import Table, Text
from syncd.explain import Explanation

SHOWN = 20


def manners_json(found: Manners) -> dict[str, Any]:
    """The figures, and of each paid invoice what they are taken of."""
    figures = (found.late_share_pct, found.days_late, found.recent, found.before)
    share, days_late, recent, before = (None if figure is None else str(figure) for figure in figures)
    return {
        "paid": found.paid,
        "late_now": found.late_now,
        "late": found.late,
        "late_share_pct": share,
        "days_late": days_late,
        "recent_days_late": recent,
        "earlier_days_late": before,
        "trend": found.trend,
        "invoices": [
            {
                "invoice": one.invoice.ref,
                "total": str(one.invoice.total),
                "due_on": one.due_on.isoformat(),
                "settled_on": one.on.isoformat(),
                "days_late": one.late_days,
            }
            for one in found.settled
        ],
    }


def paid_invoices(one: Explanation) -> Iterator[Text]:
    """The paid invoices of the customer explained, the latest first; nothing where one invoice is explained."""
    settled = sorted(
        (row for position in one.positions for row in position.manners.settled),
        key=lambda row: (row.on, row.invoice.ref),
        reverse=True,
    )
    if one.invoice is not None or not settled:
        return
    index = AccountIndex(one.account, one.as_of)
    yield from ("", "Paid invoices, the latest first")
    columns = ("invoice", "issued", "due", "total", "paid", "days late")
    rows = [_row(index, row) for row in settled[:SHOWN]]
    yield Table(columns, rows, right=("total", "days late"))
    if len(settled) > SHOWN:
        yield f"and {counted(len(settled) - SHOWN, 'earlier invoice')}; --json has them all"


def _row(index: AccountIndex, row: Settled) -> tuple[str, ...]:
    invoice = row.invoice
    parts = [
        f"{spoken(part.amount)} after {counted((part.on - invoice.issued_on).days, 'day')}"
        for part in index.settlements.get(invoice.ref, ())
        if part.by == "payment"
    ]
    return (
        invoice.number or invoice.ref,
        str(invoice.issued_on),
        str(row.due_on),
        spoken(invoice.total),
        ", ".join(parts) or f"credited by {row.on}",
        str(row.late_days),
    )
