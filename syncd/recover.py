"""`syncd recover`: a store that was lost or set back learns from the books what was done, before it may write again.

Keys are made from what is decided, so deciding again finds them again: each is looked for where its effect would be.
The first plans afterwards wait for a person; and from then on this store looks for a trace before every write.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from connectors import Ref
from connectors.errors import MalformedRecordError, Unprovable
from rules.domain.decisions import FinanceCharge
from rules.domain.facts import Invoice
from rules.domain.money import Money
from syncd.cycle import plan_accounts, pull_changes
from syncd.ledger import Ledger
from syncd.office import Office
from syncd.pass_report import Ground, PassReport
from syncd.people.found_waivers import remember_waivers
from syncd.store.intent_rows import Intent, Step
from syncd.teller import Teller

_MOST_ROUNDS = 60  # each round finds at most one more period of a charge; five years of months
_MOST_FLAGS = 1000
_BY_PEOPLE = ("promise", "dispute", "installment_plan", "hold", "contact", "waive", "assignment")
_FIRST_PLAN = "the store was recovered: look at the first plan before anything goes out"


@dataclass(slots=True)
class Recovered:
    """What the books of one connection still knew: effects found by kind, and what nobody can know."""

    connection: str
    found: Counter[str] = field(default_factory=Counter)
    unknowable: list[str] = field(default_factory=list)
    waiting: int = 0
    flags: list[str] = field(default_factory=list)  # customers whose flag is up, and nothing here says why
    is_desk_empty: bool = False  # nothing of what people recorded is here


def recover(office: Office) -> list[Recovered]:
    """Rebuild what was done from the traces in every connection's books, then let the store count again.

    Raises:
        ConnectorError: a provider cannot be read; nothing counts as recovered then.
    """
    reports = [_recover_one(office, ledger) for ledger in office.ledgers]
    for ledger in office.ledgers:
        ledger.lineage.recovered(office.clock.now())
        ledger.connections.brake(_FIRST_PLAN, office.clock.now())
    return reports


def _recover_one(office: Office, ledger: Ledger) -> Recovered:
    report = Recovered(ledger.name)
    ledger.connections.forget_progress()
    pull_changes(ledger, office.config.limits)
    ground = Ground(office.policies, office.config.limits, "review")
    _look_again(ledger, ground, report)
    report.is_desk_empty = not any(ledger.desk.customers(kind) for kind in _BY_PEOPLE)
    if remember_waivers(ledger):
        _look_again(ledger, ground, report)
    report.waiting = len(ledger.intents.actions(("held", "planned")))
    held = {intent.customer for intent in ledger.intents.of_kind("credit_state")} | set(ledger.desk.customers("hold"))
    report.flags = [customer for customer in ledger.mirror.flagged(_MOST_FLAGS) if customer not in held]
    return report


def _look_again(ledger: Ledger, ground: Ground, report: Recovered) -> None:
    """Decide, look for the traces of what was decided, and again as long as there may be more behind them."""
    for _ in range(_MOST_ROUNDS):
        plan_accounts(ledger, ground, ledger.mirror.all_heads(), PassReport(ledger.name), ledger.today())
        if not _recall_waiting(ledger, report):
            break


def _recall_waiting(ledger: Ledger, report: Recovered) -> bool:
    """Look for a trace of everything that waits. True where any was found: then there may be more behind it."""
    found = False
    for intent in ledger.intents.actions(("held", "planned")):
        for step in ledger.intents.steps(intent.id):
            if step.state == "planned":
                found |= _recall_step(ledger, intent, step, report)
    return found


def _recall_step(ledger: Ledger, intent: Intent, step: Step, report: Recovered) -> bool:
    try:
        receipt = ledger.recall(step, forgot_all=True)
    except (Unprovable, MalformedRecordError) as error:
        report.unknowable.append(f"{', '.join(Teller([ledger]).told_step(ledger, step))}: {error}")
        ledger.intents.unprovable(step, str(error), ledger.clock.now())
        return True
    if receipt is None:
        return False
    if isinstance(intent.decision, FinanceCharge) and step.seq == 0:
        ledger.intents.amend(intent, as_billed(ledger, intent.decision, receipt.remote_id))
    ledger.intents.recall(step, receipt, ledger.clock.now(), ledger.today())
    report.found[step.operation.verb] += 1
    return True


def as_billed(ledger: Ledger, decision: FinanceCharge, remote_id: str) -> FinanceCharge:
    """The charge as the books have it: its own amount and day instead of what would be charged today."""
    record = ledger.connector.fetch(Ref("invoice", remote_id))
    if record is None or not isinstance(record.fact, Invoice):
        return decision
    billed, on = record.fact.total, record.fact.issued_on
    interest = max(billed - decision.fixed_sum, Money.zero(billed.currency))
    return replace(decision, amount=billed, interest=interest, computed=interest, last_on=max(on, decision.first_on))
