"""A small book for charges: one customer, one invoice of 36500.00 due on 1 March 2025, so that 10 % is 10.00 a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from rules.domain.decisions import ChargeReversal, Decision, FinanceCharge
from rules.domain.facts import Account, Application, ChargeBilled, ChargeReversed, Company, Customer, Invoice, Payment
from rules.domain.money import Money
from rules.domain.situation import Situation
from rules.finance_charges import Settings, decide

DUE_ON = date(2025, 3, 1)


def usd(amount: str | Decimal) -> Money:
    return Money(Decimal(amount), "USD")


def invoice(total: str = "36500.00", due_on: date = DUE_ON, **changes: Any) -> Invoice:
    made = Invoice("I-1", "1001", "C-1", date(2025, 2, 1), due_on, usd(total), usd(total), tax=usd("0.00"))
    return replace(made, **changes)


def payment(on: date, amount: Decimal, ref: str = "P-1") -> Payment:
    return Payment(ref, "C-1", on, usd(amount), (Application("I-1", usd(amount)),))


def situation(as_of: date, *invoices: Invoice, **facts: Any) -> Situation:
    customer = Customer("C-1", "Oak Ltd", terms_accepted_on=date(2020, 1, 1))
    company = Company("Acme", "USD")
    account = Account(company, customer, (customer,), invoices=invoices, **facts)
    return Situation(account, as_of, "p", frozenset(one.ref for one in invoices))


def settings(**keys: Any) -> Settings:
    return Settings.model_validate({"annual_pct": "10", **keys})


def decisions(as_of: date, *invoices: Invoice, rules: Settings | None = None, **facts: Any) -> list[Decision]:
    return list(decide(situation(as_of, *invoices, **facts), rules or settings()))


def remembered(decision: Decision, history: tuple[object, ...]) -> tuple[object, ...]:
    """History once the decision was carried out."""
    if isinstance(decision, FinanceCharge):
        return (
            *history,
            ChargeBilled(
                decision.customer,
                decision.invoice,
                f"FC-{decision.first_on}",
                decision.first_on,
                decision.last_on,
                decision.amount,
                decision.interest,
                decision.computed,
            ),
        )
    if isinstance(decision, ChargeReversal):
        on = date(2026, 12, 31)
        return (*history, ChargeReversed(decision.customer, decision.invoice, decision.charge, on, decision.amount))
    return history


def billed_in_all(history: tuple[object, ...]) -> Decimal:
    """What a history billed, less what it gave back."""
    total = Decimal(0)
    for entry in history:
        if isinstance(entry, ChargeBilled):
            total += entry.amount.amount
        if isinstance(entry, ChargeReversed):
            total -= entry.amount.amount
    return total
