"""Lives through the days: in the morning people and customers act, in the afternoon the daemon makes its pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules import evaluate
from rules.domain.facts import Dispute
from rules.domain.money import Money
from syncd.attempt import attempt_pass
from syncd.demo.script import DAYS, Event, cents
from syncd.demo.stage import Cast, Stage
from syncd.feed import write_feed
from syncd.ledger import Ledger
from syncd.office import Office
from syncd.pass_report import Ground, PassReport

# 20:30 in London's winter is afternoon in New York and morning of the next day in Auckland: business hours in both.
PASS_AT = time(20, 30, tzinfo=UTC)
_PEOPLE_ACT_BEFORE = timedelta(hours=3)


@dataclass(slots=True)
class Performance:
    """Every pass that was made, and the aging after the first, by connection."""

    passes: dict[str, list[PassReport]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    opening_aging: dict[str, dict[str, Money]] = field(default_factory=dict)


def opening(last: datetime) -> datetime:
    """The moment the story begins: before the first of its days, so that the books have their past."""
    return last - timedelta(days=DAYS)


def last_pass_before(now: datetime) -> datetime:
    """The newest moment a pass of the story may have: the simulated companies never live ahead of the world."""
    today = datetime.combine(now.astimezone(UTC).date(), PASS_AT)
    return today if today <= now else today - timedelta(days=1)


def play(stage: Stage, last: datetime, on_day: Callable[[int], None]) -> Performance:
    """All the days; `on_day` hears how many are over."""
    performance = Performance()
    for cast in stage.casts:
        _tell(stage, cast, _local(cast, opening(last)))
    for day in range(1, DAYS + 1):
        moment = last - timedelta(days=DAYS - day)
        stage.clock.move_to(moment - _PEOPLE_ACT_BEFORE)
        for cast in stage.casts:
            _tell(stage, cast, _local(cast, moment))
        stage.clock.move_to(moment)
        for cast in stage.casts:
            _pass(stage, cast, performance)
        on_day(day)
    write_feed(stage.office)
    return performance


def _pass(stage: Stage, cast: Cast, performance: Performance) -> None:
    config = stage.office.config
    report = attempt_pass(stage.ledger(cast), Ground(stage.office.policies, config.limits, config.mode))
    performance.passes.setdefault(cast.connection, []).append(report)
    if cast.connection not in performance.opening_aging:
        performance.opening_aging[cast.connection] = aging(stage.office, stage.ledger(cast))
    if report.failure:
        performance.failures.append(f"{cast.connection}: {report.failure}")


def aging(office: Office, ledger: Ledger) -> dict[str, Money]:
    """Open balances of a company by bucket, by our own reckoning of today."""
    totals: dict[str, Money] = {}
    for account in ledger.accounts(ledger.mirror.all_heads()):
        for position in evaluate(account, office.policies, ledger.today()).customers:
            for buckets in position.aging.values():
                for label, amount in buckets.items():
                    totals[label] = totals[label] + amount if label in totals else amount
    return totals


def _tell(stage: Stage, cast: Cast, until: date) -> None:
    """Let everything happen that the script has up to and with that local day."""
    events = cast.script.events
    while cast.told < len(events) and events[cast.told].on <= until:
        _happen(stage, cast, events[cast.told])
        cast.told += 1


def _happen(stage: Stage, cast: Cast, event: Event) -> None:
    each = event.receivable
    customer = cast.customers[each.customer]
    match event.kind:
        case "invoice":
            amount = cents(each.amount.amount)
            cast.invoices[each.number] = cast.company.add_invoice(
                customer, each.number, each.issued_on, each.due_on, amount
            )
        case "payment":
            cast.company.pay(cast.invoices[each.number], cents(each.amount.amount), event.on)
            _pay_charges(cast, customer, event.on)
        case "dispute" | "dispute_end":
            _dispute(stage, cast, event)


def _pay_charges(cast: Cast, customer: str, on: date) -> None:
    """Whoever pays late pays what was charged for it along with it."""
    charges = {effect.target for effect in cast.company.effects() if effect.kind == "finance_charge"}
    for item in cast.company.open_items():
        if item.customer == customer and item.invoice in charges:
            cast.company.pay(item.invoice, item.balance_cents, on)


def _dispute(stage: Stage, cast: Cast, event: Event) -> None:
    """A person in the office notes that a customer contests an invoice, or that it is settled."""
    ledger, each = stage.ledger(cast), event.receivable
    customer = cast.customers[each.customer]
    dispute = Dispute(
        ref=f"D-{each.number}",
        invoice=cast.invoices[each.number],
        opened_on=min(event.on, each.settled_on or event.on),
        reason="contested by the customer",
        closed_on=event.on if event.kind == "dispute_end" else None,
    )
    if event.kind == "dispute_end" and isinstance(old := ledger.desk.get("dispute", dispute.ref), Dispute):
        dispute = Dispute(old.ref, old.invoice, old.opened_on, None, old.reason, event.on)
    ledger.desk.put(dispute, ref=dispute.ref, customer=customer, who="dana", now=stage.clock.now())
    ledger.mirror.touch([customer])


def _local(cast: Cast, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(cast.company.timezone)).date()
