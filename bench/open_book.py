"""A book file of open invoices, ten a customer: the same number gives the same book."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

AS_OF = date(2025, 3, 31)


def open_book(invoices: int) -> dict[str, Any]:
    """`invoices` open ones, from not yet due to three months late."""
    dice = random.Random(1)
    customers = invoices // 10
    return {
        "as_of": AS_OF.isoformat(),
        "company": {"name": "Bench", "currency": "USD", "timezone": "America/New_York"},
        "customers": [
            {"ref": f"C-{number}", "name": f"Customer {number}", "email": f"c{number}@example.test"}
            for number in range(customers)
        ],
        "invoices": [_invoice(dice, customer, number) for customer in range(customers) for number in range(10)],
    }


def _invoice(dice: random.Random, customer: int, number: int) -> dict[str, Any]:
    issued_on = AS_OF - timedelta(days=dice.randrange(1, 120))
    total = f"{dice.randrange(1000, 500000) / 100:.2f} USD"
    return {
        "ref": f"I-{customer}-{number}",
        "number": f"{customer}-{number}",
        "customer": f"C-{customer}",
        "issued_on": issued_on.isoformat(),
        "due_on": (issued_on + timedelta(days=30)).isoformat(),
        "total": total,
        "balance": total,
        "status": "open",
    }
