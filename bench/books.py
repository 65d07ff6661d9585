"""Generated books: the same size and seed give the same book."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

AS_OF = date(2025, 3, 31)


def book(customers: int, invoices_each: int, seed: int = 1) -> dict[str, Any]:
    """A book file's document: half of the invoices are open, a third of those are late."""
    dice = random.Random(seed)
    refs = [f"C-{number}" for number in range(1, customers + 1)]
    invoices = [_invoice(dice, ref, number) for ref in refs for number in range(invoices_each)]
    return {
        "as_of": AS_OF.isoformat(),
        "company": {"name": "Bench", "currency": "USD", "timezone": "America/New_York"},
        "customers": [{"ref": ref, "name": f"Customer {ref}", "email": f"{ref.lower()}@example.test"} for ref in refs],
        "invoices": invoices,
        "payments": [_payment(invoice) for invoice in invoices if invoice["status"] == "paid"],
    }


def _invoice(dice: random.Random, customer: str, number: int) -> dict[str, Any]:
    paid = dice.choice((True, False))
    issued_on = AS_OF - timedelta(days=dice.randrange(60, 400) if paid else dice.randrange(1, 120))
    total = f"{dice.randrange(1000, 500000) / 100:.2f} USD"
    return {
        "ref": f"I-{customer}-{number}",
        "number": f"{customer}-{number}",
        "customer": customer,
        "issued_on": issued_on.isoformat(),
        "due_on": (issued_on + timedelta(days=30)).isoformat(),
        "total": total,
        "balance": "0.00 USD" if paid else total,
        "status": "paid" if paid else "open",
    }


def _payment(invoice: dict[str, Any]) -> dict[str, Any]:
    received_on = date.fromisoformat(invoice["due_on"]) + timedelta(days=3)
    return {
        "ref": f"P-{invoice['ref']}",
        "customer": invoice["customer"],
        "received_on": min(received_on, AS_OF).isoformat(),
        "amount": invoice["total"],
        "applied": [{"invoice": invoice["ref"], "amount": invoice["total"]}],
    }
