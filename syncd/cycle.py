"""One pass: a clerk's day at one company's books. Settle what was left open, pull, decide, plan, send, write down.

Open this file to see how the parts meet. What goes in and comes out is in `pass_report`; how a pass fails is in
`attempt`. Every arrow is a value; no stage reaches back. A pass may be interrupted at any point and made again: facts
are read again, and what was sent is known by its key.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules import evaluate
from rules.domain.decisions import Decision, Problem, Skip
from rules.domain.exchange import converted
from rules.domain.money import Money
from syncd import crash, provider_clock
from syncd.config import Limits
from syncd.errors import TryAgain
from syncd.identity import require_same_company
from syncd.ledger import Ledger
from syncd.logs import log
from syncd.pass_report import Ground, PassReport
from syncd.plan import Known, Plan, PlanLimits, Terms, make_plan
from syncd.pull import Pulled, pull
from syncd.settle import Settled, settle
from syncd.store import journal
from syncd.store.exported_rows import ExportedRows
from syncd.store.plan_rows import Filing
from syncd.uncollected import uncollected
from syncd.waivers import WAIVE, waivers_of

if TYPE_CHECKING:
    from rules.policy import Policies


_LEAST_FREE_BYTES = 16 * 1024 * 1024
_CONFIGURED = "configured"  # what the configuration said when everybody was last decided on


def run_pass(ledger: Ledger, ground: Ground, report: PassReport | None = None) -> PassReport:
    """The whole pass over one connection. `report` is filled in as it goes, so that a failed pass tells what it did.

    Raises:
        ConnectorError: the provider could not be asked or told; all that was done until then is stored.
        TryAgain: the database is locked, or the disk is full; likewise.
    """
    report = report or PassReport(ledger.name)
    ledger.lease.take()
    ledger.make_room()
    require_same_company(ledger.connector, ledger.findings, ledger.time)  # before anything is not found there
    if ledger.forgotten() is None:
        report.settled = settle_open(ledger)
    report.pulled = pull_changes(ledger, ground.limits)
    ledger.ask_flags()
    report.brake = ledger.forgotten()
    if report.brake is not None:
        return report
    today = ledger.today()  # asked once: a midnight in between must not count as decided for everybody
    if ledger.connections.standing().evaluated_on != today:
        begin_day(ledger)
    accounts = due_accounts(ledger, ground, today)
    plan_accounts(ledger, ground, accounts, report, today)
    report.brake = ledger.connections.standing().brake_why
    if report.brake is None and may_write(ledger, ground.limits):
        require_room(ledger)
        ledger.outbox().drain(ground.go_on, report.drained)
        report.brake = ledger.forgotten()
    waiting = ledger.intents.waiting()
    report.held, report.unclear = waiting.held, waiting.unclear
    return report


def settle_open(ledger: Ledger) -> Settled:
    """Find out about whatever was sent without a clear answer."""
    unsettled = ledger.intents.unsettled()
    return settle(unsettled, ledger.connector, ledger.intents, ledger.clock, ledger.today)


def pull_changes(ledger: Ledger, limits: Limits) -> Pulled:
    """Read what changed; pull the brake where too much of the book is suddenly gone."""
    require_same_company(ledger.connector, ledger.findings, ledger.time)
    pulled = pull(ledger.connector, ledger.mirror, ledger.desk, ledger.connections, ledger.clock)
    note_clock(ledger, pulled.ahead_s)
    if pulled.vanished_share > limits.max_vanished_share:
        share = (pulled.vanished_share * 100).quantize(Decimal("0.1"))
        why = f"{pulled.vanished} open invoices ({share} %) gone in one pull, more than max_vanished_share allows"
        ledger.connections.brake(why, ledger.clock.now())
        log.warning("plan.braked", connection=ledger.name, vanished=pulled.vanished)
    return pulled


def begin_day(ledger: Ledger) -> None:
    """Once a local day: what the provider does to late payers by itself, and exported rows it shows by now itself."""
    ledger.note_own_dunning()
    ExportedRows(ledger.store, ledger.name).give_way(ledger.clock.now())


def note_clock(ledger: Ledger, ahead_s: int | None) -> None:
    """Keep how far the provider's clock is from ours; too far, and charges and mail wait."""
    if ahead_s is None:
        return
    if provider_clock.is_news(ledger.clock_ahead_s, ahead_s):
        ledger.findings.put(provider_clock.KIND, {"ahead_s": ahead_s}, ledger.clock.now())
    if abs(ahead_s) >= provider_clock.HOLD_S:
        log.warning("clock.drifted", connection=ledger.name, seconds=ahead_s)


def due_accounts(ledger: Ledger, ground: Ground, today: date) -> list[str]:
    """Whom to decide on: where facts changed, and wherever a day can matter once a local day or under new rules.

    So, too, where the configuration changed: what waited for `[email]`, say, goes with the next pass.
    """
    if _is_all_decided(ledger, ground, today) and ledger.configured(ground.mode) == _configured_before(ledger):
        return ledger.mirror.changed_heads()
    return watched(ledger, ground.policies)


def _is_all_decided(ledger: Ledger, ground: Ground, today: date) -> bool:
    standing = ledger.connections.standing()
    return (standing.evaluated_on, standing.policy_version) == (today, ground.policies.version)


def _configured_before(ledger: Ledger) -> Mapping[str, Any] | None:
    found = ledger.findings.get(_CONFIGURED)
    return found.document if found else None


def watched(ledger: Ledger, policies: Policies) -> list[str]:
    """The heads a day can matter to: something open or changed, a hold by a person or by us, or a rule that minds."""
    if policies.minds_paid_up():
        return ledger.mirror.all_heads()
    held = ledger.mirror.heads({*ledger.desk.customers("hold"), *ledger.intents.held_customers()})
    return sorted({*ledger.mirror.changed_heads(), *ledger.mirror.open_heads(), *held})


@uncollected()
def plan_accounts(ledger: Ledger, ground: Ground, heads: Sequence[str], report: PassReport, today: date) -> None:
    """Decide on these accounts and store what is planned, with its reasons."""
    before = journal.mark(ledger.store)
    decisions = decide(ledger, ground.policies, heads, today)
    plan = make_plan(decisions, known_of(ledger, heads, decisions), planning_terms(ledger, ground))
    report.accounts, report.decisions, report.problems = len(heads), len(decisions), len(plan.problems)
    if plan.brake and ledger.connections.standing().brake_why is None:
        ledger.connections.brake(plan.brake, ledger.clock.now())
        log.warning("plan.braked", connection=ledger.name, planned=len(plan.actions))
    if plan:
        report.planned = store_plan(ledger, ground.policies, plan)
    put_away(ledger, heads, before)
    if not _is_all_decided(ledger, ground, today):
        ledger.connections.evaluated(today, ground.policies.version)
    if (configured := ledger.configured(ground.mode)) != _configured_before(ledger):
        ledger.findings.put(_CONFIGURED, configured, ledger.clock.now())


def decide(ledger: Ledger, policies: Policies, heads: Sequence[str], today: date) -> list[Decision]:
    """What the rules say about these accounts, and what people waived in them."""
    waived = ledger.desk.filed(WAIVE)
    decisions: list[Decision] = []
    for account in ledger.accounts(heads):
        decisions.extend(evaluate(account, policies, today).decisions)
        decisions.extend(waivers_of(account, waived))
    return decisions


def put_away(ledger: Ledger, heads: Sequence[str], before: int) -> None:
    """These accounts were decided on: they wait no more, but for whoever people spoke of since the mark `before`."""
    if heads:
        ledger.mirror.settled(heads)
    if meanwhile := journal.spoken_of(ledger.store, ledger.name, before):
        ledger.mirror.touch(meanwhile)


def known_of(ledger: Ledger, heads: Sequence[str], decisions: Sequence[Decision]) -> dict[str, Known]:
    """What the outbox holds of these families, and of what was decided now."""
    members = [member for family in ledger.mirror.family(heads).values() for member in family]
    return ledger.intents.known(members, [one.key for one in decisions if not isinstance(one, Skip | Problem)])


def planning_terms(ledger: Ledger, ground: Ground) -> Terms:
    """How far this plan may go by itself."""
    company, rates, today = ledger.company, ledger.mirror.rates(), ledger.today()
    standing, limits = ledger.connections.standing(), ground.limits
    most = limits.max_charges_per_cycle
    if not isinstance(most, Money):
        most = Money(most, company.currency if company else "USD")
    are_rules_new = standing.policy_version not in (None, ground.policies.version)
    is_first = standing.plans == 0
    go_carefully = are_rules_new or (is_first and limits.first_plan == "few")
    return Terms(
        mode=ground.mode,
        limits=PlanLimits(limits.max_actions_per_cycle, most),
        unsupported=ledger.unsupported,
        converted=lambda amount: converted(amount, most.currency, rates, today),
        braked=standing.brake_why,
        is_first=is_first and limits.first_plan == "hold",
        most_of_new_rules=limits.max_actions_of_new_rules if go_carefully else None,
        approved={filed.ref: filed.who for filed in ledger.desk.filed(WAIVE)},
    )


def store_plan(ledger: Ledger, policies: Policies, plan: Plan) -> int:
    """Put the plan into the outbox. Returns how many actions are new or renewed."""
    number = ledger.connections.next_plan()
    crash.point("before_intent")
    stored = ledger.intents.add(plan, Filing(number, ledger.today(), policies.version, ledger.clock.now()))
    crash.point("after_intent")
    held = sum(1 for action in plan.actions if action.state == "held")
    log.info("plan.stored", planned=len(plan.actions) - held, held=held, withdrawn=len(plan.withdrawn))
    return stored


def may_write(ledger: Ledger, limits: Limits) -> bool:
    """Nothing goes out on an old copy of the books."""
    pulled_at = ledger.connections.standing().pulled_at
    return pulled_at is not None and (ledger.clock.now() - pulled_at).total_seconds() <= limits.max_pull_age_s


def require_room(ledger: Ledger) -> None:
    """What is sent must be written down: with a disk this full, nothing is sent.

    Raises:
        TryAgain: there is not enough room for sure.
    """
    folder = ledger.lineage.path.parent
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise TryAgain(f"only {free // 2**20} MiB are free where {folder} is: nothing is sent until there is more")
