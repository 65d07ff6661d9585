"""How decisions and positions are written as JSON, the same for every command and the console. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

from rules.domain.decisions import (
    Action,
    ChargeReversal,
    CreditState,
    Decision,
    FinanceCharge,
    Memo,
    Problem,
    Reminder,
    Skip,
    Task,
)
from rules.domain.money import Money

if TYPE_CHECKING:
    from rules.domain.positions import CustomerPosition, PromisePosition


def position_json(position: CustomerPosition) -> dict[str, Any]:
    """One customer's row."""
    return {
        "customer": position.customer,
        "policy": position.policy,
        "open": _by_currency(position.open),
        "unapplied": _by_currency(position.unapplied),
        "exposure": _by_currency(position.exposure),
        "overdue": _by_currency(position.overdue),
        "oldest_days_past_due": position.oldest_days_past_due,
        "aging": {currency: _by_currency(buckets) for currency, buckets in sorted(position.aging.items())},
        "credit_state": position.credit_state,
        "payer_class": position.payer_class,
        "days_to_pay": _number(position.days_to_pay),
        "promises_kept_pct": _number(position.promises_kept_pct),
    }


def promise_json(position: PromisePosition) -> dict[str, Any]:
    """One promise's row."""
    return {"ref": position.ref, "state": position.state, "level": position.level}


def problem_json(problem: Problem) -> dict[str, Any]:
    """One problem's row."""
    return {"subject": problem.subject, "problem": problem.problem}


def decision_json(decision: Decision) -> dict[str, Any]:
    """One decision, its fields in the contract's order. Operations are not shown."""
    match decision:
        case Problem():
            return problem_json(decision)
        case Skip():
            told = {"kind": "skip", "rule": decision.rule, "subject": decision.subject, "reason": decision.reason}
            return {**told, "mendable": True} if decision.mendable else told
        case _:
            head = {"kind": decision.kind, "rule": decision.rule, "customer": decision.customer}
            return {**head, **_body(decision), "key": decision.key, "reason": decision.reason}


def _body(decision: Action) -> dict[str, Any]:
    match decision:
        case Reminder():
            return _reminder_json(decision)
        case CreditState():
            return {"from": decision.before, "to": decision.after, "stop_sell": decision.stop_sell}
        case FinanceCharge():
            return _charge_json(decision)
        case ChargeReversal():
            return {"invoice": decision.invoice, "amount": str(decision.amount), "charge": decision.charge}
        case Memo():
            return {"invoice": decision.invoice, "text": decision.text}
        case Task():
            return _task_json(decision)
        case _ as never:
            assert_never(never)


def _reminder_json(decision: Reminder) -> dict[str, Any]:
    return {
        "invoices": list(decision.invoices),
        "amounts": {amount.currency: amount.digits for amount in decision.amounts},
        "level": decision.level,
        "template": decision.template,
        "channel": decision.channel,
        "fee": str(decision.fee) if decision.fee is not None else None,
    }


def _task_json(decision: Task) -> dict[str, Any]:
    """A task about invoices names them, and what they come to."""
    found: dict[str, Any] = {
        "collector": decision.collector,
        "due_on": decision.due_on.isoformat(),
        "what": decision.what,
    }
    if decision.invoices:
        found["invoices"] = list(decision.invoices)
        found["amounts"] = {amount.currency: amount.digits for amount in decision.amounts}
    return found


def _charge_json(decision: FinanceCharge) -> dict[str, Any]:
    return {
        "invoice": decision.invoice,
        "amount": str(decision.amount),
        "interest": str(decision.interest),
        "computed": str(decision.computed),
        "fixed_sum": str(decision.fixed_sum),
        "annual_pct": _number(decision.annual_pct),
        "year_fraction": _number(decision.year_fraction),
        "days": decision.days,
        "from": decision.first_on.isoformat(),
        "to": decision.last_on.isoformat(),
        "capped_by": decision.capped_by,
    }


def _by_currency(amounts: Mapping[str, Money]) -> dict[str, str]:
    return {name: amount.digits for name, amount in amounts.items()}


def _number(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
