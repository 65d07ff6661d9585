"""The aging as a report: everyone's row, or the sums of a group's or collector's customers. Currencies never mix.

Adds up what `syncd.assess` found; it ages nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from rules.domain.facts import Book, Customer
from rules.domain.money import Money

By = Literal["customer", "group", "collector"]
Row = Mapping[str, Any]

_OF_CUSTOMER = (
    "customer", "policy", "open", "unapplied", "overdue", "oldest_days_past_due", "aging", "credit_state", "payer_class"
)  # fmt: skip


def aging_of(connection: str | None, book: Book, found: Mapping[str, Any], by: By = "customer") -> dict[str, Any]:
    """One company's aging from its assessment: rows by customer (or summed by group or collector), and the totals.

    A customer in several groups counts in the first, so that groups add up to the total.
    """
    rows: Sequence[Row] = found["customers"]
    head = {"connection": connection, "company": book.company.name, "as_of": found["as_of"]}
    if by == "customer":
        body: dict[str, Any] = {"customers": [{key: row[key] for key in _OF_CUSTOMER} for row in rows]}
    else:
        body = {f"{by}s": _grouped(rows, _labels(book.customers, by), by)}
    totals = {currency: {**sums["aging"], **sums["rest"]} for currency, sums in _sums(rows).items()}
    return {**head, **body, "totals": totals}


def _labels(customers: Iterable[Customer], by: By) -> dict[str, str | None]:
    """Under which group or collector each customer counts. One without a collector takes its billing parent's."""
    known = {customer.ref: customer for customer in customers}
    if by == "group":
        return {ref: customer.groups[0] if customer.groups else None for ref, customer in known.items()}
    return {ref: collector_of(customer, known) for ref, customer in known.items()}


def collector_of(customer: Customer, known: Mapping[str, Customer]) -> str | None:
    """Who looks after the customer: its own collector, else the one of whoever is billed for it."""
    seen: set[str] = set()
    while customer.collector is None and customer.ref not in seen:
        seen.add(customer.ref)
        customer = known.get(customer.parent or "", customer)
    return customer.collector


def _grouped(rows: Iterable[Row], labels: Mapping[str, str | None], by: By) -> list[dict[str, Any]]:
    members: dict[str | None, list[Row]] = {}
    for row in rows:
        members.setdefault(labels.get(row["customer"]), []).append(row)
    return [_group(label, members[label], by) for label in sorted(members, key=lambda one: (one is None, one or ""))]


def _group(label: str | None, rows: Sequence[Row], by: By) -> dict[str, Any]:
    found = _sums(rows)
    return {
        by: label,
        "customers": len(rows),
        **{part: {name: sums["rest"][part] for name, sums in found.items()} for part in ("open", "unapplied")},
        "overdue": {name: sums["overdue"] for name, sums in found.items()},
        "oldest_days_past_due": max(row["oldest_days_past_due"] for row in rows),
        "aging": {name: sums["aging"] for name, sums in found.items()},
    }


def _sums(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """By currency: each bucket's sum, what is open, on no invoice, and overdue."""
    sums: dict[str, dict[str, Decimal]] = {}
    buckets: dict[str, list[str]] = {}
    for row in rows:
        for currency, aged in row["aging"].items():
            labels = buckets.setdefault(currency, [])
            labels.extend(label for label in aged if label not in labels)
            rest = {f"_{part}": row[part].get(currency, "0") for part in ("open", "unapplied", "overdue")}
            cells = sums.setdefault(currency, {})
            for label, digits in {**aged, **rest}.items():
                cells[label] = cells.get(label, Decimal(0)) + Decimal(digits)
    return {currency: _written(sums[currency], buckets[currency], currency) for currency in sorted(sums)}


def _written(cells: Mapping[str, Decimal], labels: Sequence[str], currency: str) -> dict[str, Any]:
    digits = {label: Money(amount, currency).digits for label, amount in cells.items()}
    return {
        "aging": {label: digits[label] for label in labels},
        "rest": {"open": digits["_open"], "unapplied": digits["_unapplied"]},
        "overdue": digits["_overdue"],
    }
