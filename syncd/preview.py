"""What the next pass would do, without doing it: the decisions of today, each with what became or would become of it.

Reads the mirror and the outbox, writes neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from rules import evaluate
from rules.domain.decisions import Decision, Reminder, Skip
from rules.domain.eligibility import is_open
from rules.domain.facts import Account
from syncd.assess import report
from syncd.clock import CompanyTime
from syncd.cycle import known_of, planning_terms, watched
from syncd.ledger import Ledger
from syncd.pass_report import Ground
from syncd.plan import Plan, make_plan
from syncd.send_hours import closed_now
from syncd.store.desk import Filed
from syncd.store.intent_rows import Intent
from syncd.waivers import WAIVE, waivers_of

if TYPE_CHECKING:
    from rules.domain.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Preview:
    """One connection's coming pass. `document` is the assessment with a status on every decision."""

    connection: str
    as_of: date
    brake: str | None
    document: Mapping[str, Any]
    accounts: tuple[Account, ...]
    withdrawn: tuple[str, ...]


def preview(ledger: Ledger, ground: Ground) -> Preview:
    """Decide on everyone with something open, and say what would become of each decision."""
    today = ledger.today()
    heads = watched(ledger, ground.policies)
    accounts = tuple(ledger.accounts(heads))
    waived = ledger.desk.filed(WAIVE)
    evaluations = [_evaluated(ground, account, today, waived) for account in accounts]
    decisions = [decision for evaluation in evaluations for decision in evaluation.decisions]
    plan = make_plan(decisions, known_of(ledger, heads, decisions), planning_terms(ledger, ground))
    document = report(evaluations, ground.policies.version, today)
    stored = {intent.key: intent for intent in ledger.intents.actions()}
    coming, hours = _coming(plan), _hours(decisions, ledger.time)
    document["decisions"] = [_with_status(row, coming, stored, hours) for row in document["decisions"]]
    brake = ledger.forgotten() or plan.brake
    return Preview(ledger.name, today, brake, document, accounts, plan.withdrawn)


def _evaluated(ground: Ground, account: Account, today: date, waived: Sequence[Filed]) -> Evaluation:
    """What the rules and people call for, without why nothing is done about invoices on which nothing is open."""
    found = evaluate(account, ground.policies, today)
    past = {invoice.ref for invoice in account.invoices if not is_open(invoice) and invoice.status != "draft"}
    kept = (one for one in found.decisions if not _is_silence_about(one, past))
    return replace(found, decisions=(*kept, *waivers_of(account, waived)))


def _is_silence_about(decision: Decision, invoices: set[str]) -> bool:
    """Credit holds speak of customers, whose ids may look like an invoice's."""
    return isinstance(decision, Skip) and decision.rule != "credit_hold" and decision.subject in invoices


def _coming(plan: Plan) -> dict[str, tuple[str, str, str]]:
    """State, what it waits for and why, of each action the plan would store, by key."""
    return {action.decision.key: (action.state, action.hold, action.why) for action in plan.actions}


def _hours(decisions: Iterable[Decision], time: CompanyTime) -> dict[str, str]:
    """What may not go out at this hour, by key: a planned reminder that stays would otherwise look forgotten."""
    now = time.now()
    return {
        decision.key: closed
        for decision in decisions
        if isinstance(decision, Reminder)
        for operation in decision.operations[:1]
        if (closed := closed_now(operation, now, time.timezone)) is not None
    }


def _with_status(
    row: Mapping[str, Any],
    coming: Mapping[str, tuple[str, str, str]],
    stored: Mapping[str, Intent],
    hours: Mapping[str, str],
) -> dict[str, Any]:
    if row["kind"] == "skip":
        return {**row, "status": "skipped"}
    intent = stored.get(row["key"])
    state, hold, why = coming.get(row["key"]) or _stored_state(intent)
    if state == "planned":
        why = why or hours.get(row["key"], "")
    number = {"action": intent.id, "plan": f"P{intent.plan}"} if intent else {"action": None, "plan": None}
    return {**row, "status": state, "held_by": hold or None, "status_reason": why or None, **number}


def _stored_state(intent: Intent | None) -> tuple[str, str, str]:
    return (intent.state, intent.hold, intent.why) if intent else ("planned", "", "")
