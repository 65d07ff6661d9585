"""Values as the rows and words the pages show. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rules.domain.decisions import (
    Action,
    ChargeReversal,
    CreditState,
    FinanceCharge,
    Reminder,
    Task,
)
from rules.domain.money import Money
from rules.domain.wording import spoken
from syncd.store.intent_rows import Intent

_WAITS_FOR = {
    "review": "your approval",
    "brake": "release of the brake",
    "person": "somebody to do it by hand",
    "unable": "a change of the configuration",
}


def what(decision: Action) -> str:
    """The decision in a few words."""
    match decision:
        case Reminder():
            return f"Reminder, level {decision.level} ({decision.template}, {decision.channel})"
        case CreditState():
            flag = ", stop-sell" if decision.stop_sell else ""
            return f"Credit state {decision.before} to {decision.after}{flag}"
        case Task():
            return f"Task: {decision.what} by {decision.due_on}"
        case _:
            return decision.kind.replace("_", " ").capitalize()


def amount(decision: Action) -> str:
    """The money it is about; empty where it is about none."""
    match decision:
        case FinanceCharge() | ChargeReversal():
            return spoken(decision.amount)
        case Reminder():
            return ", ".join(spoken(asked) for asked in decision.amounts)
        case _:
            return ""


def charged(decision: Action) -> tuple[Money, ...]:
    """The money a decision moves: what is charged or credited, not what a reminder asks for."""
    return (decision.amount,) if isinstance(decision, FinanceCharge | ChargeReversal) else ()


def invoices_of(decision: Action) -> tuple[str, ...]:
    """The invoices a decision is about."""
    match decision:
        case Reminder():
            return tuple(decision.invoices)
        case FinanceCharge() | ChargeReversal():
            return (decision.invoice,)
        case _:
            return ()


def waiting(connection: str, intent: Intent, customer: str, numbers: Sequence[str]) -> Mapping[str, Any]:
    """One row of what waits for a person."""
    return {
        "connection": connection,
        "number": intent.id,
        "what": what(intent.decision),
        "customer": customer,
        "ref": intent.customer,
        "invoices": ", ".join(numbers),
        "amount": amount(intent.decision),
        "reason": intent.decision.reason,
        "waits_for": _WAITS_FOR.get(intent.hold, intent.hold),
        "why": intent.why if intent.hold in ("unable", "person") else "",
        "approvable": intent.hold in ("review", "person"),
    }


def agings(customers: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """One table for each currency and set of buckets, with totals."""
    sets = sorted({(currency, tuple(buckets)) for row in customers for currency, buckets in row["aging"].items()})
    return [_aging(currency, labels, customers, names) for currency, labels in sets]


def _aging(
    currency: str, labels: tuple[str, ...], customers: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Mapping[str, Any]:
    rows = []
    for row in customers:
        if tuple(row["aging"].get(currency, ())) == labels:
            parts = [
                *row["aging"][currency].values(),
                row["open"].get(currency, "0"),
                row["unapplied"].get(currency, "0"),
            ]
            rows.append(
                {"ref": row["customer"], "name": names.get(row["customer"], row["customer"]), **row, "parts": parts}
            )
    rows = [row for row in rows if any(Decimal(part) for part in row["parts"])]
    sums = [sum((Decimal(row["parts"][place]) for row in rows), Decimal(0)) for place in range(len(labels) + 2)]
    return {
        "currency": currency,
        "labels": [*labels, "open", "unapplied"],
        "rows": sorted(rows, key=lambda row: str(row["name"]).casefold()),
        "totals": [Money(each, currency).digits for each in sums],
    }
