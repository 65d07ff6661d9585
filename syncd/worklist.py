"""Whom to call first: every account with something to ask for or to do, ranked by points that anybody can add up.

    a task or call that waits for a person         40 each, at most 80
    a broken promise whose invoice is still open   30 each, at most 60
    credit state stop, hold, watch                 30, 20, 5
    days the oldest unpaid part is past due        1 each, at most 60
    its share of all that is overdue               0 to 40, in the currency where it is largest
    spoken with in the last three days             less 40

What is contested or covered by a running promise is not asked for and gives no points. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from rules import evaluate, situations_of
from rules.domain.decisions import Reminder, Task
from rules.domain.facts import Account, Contacted, CreditStanding, Customer
from rules.domain.money import Money
from rules.domain.positions import worst
from rules.domain.reminding.silences import silence_about
from rules.domain.situation import Situation
from rules.domain.wording import counted, joined, spoken, sums
from rules.policy import Policies
from syncd.aging import collector_of
from syncd.cycle import watched
from syncd.ledger import Ledger
from syncd.store.intent_rows import Intent

_STATE_POINTS: Mapping[CreditStanding, int] = {"good": 0, "watch": 5, "hold": 20, "stop": 30}
_MOST_DAYS, _MOST_SHARE = 60, 40
_RECENTLY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something a person is asked to do; `action` is its number once a pass stored it."""

    what: str
    action: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """One account: what can be asked for by currency, and what else makes it urgent. Not ranked yet."""

    customer: Customer
    collector: str | None
    asked: tuple[Money, ...]
    oldest_days: int
    broken: tuple[date, ...]
    state: CreditStanding
    tasks: tuple[ToDo, ...]
    last_contact: Contacted | None


@dataclass(frozen=True, slots=True)
class Item:
    """A case with its points by what gave them, and why in one sentence."""

    connection: str
    case: Case
    points: Mapping[str, int]
    reason: str

    @property
    def score(self) -> int:
        """The sum of its points."""
        return sum(self.points.values())


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the outbox holds already: the actions that wait for a person, and the keys of all there are."""

    waiting: Sequence[Intent]
    keys: frozenset[str]


def worklist(ledger: Ledger, policies: Policies, collector: str | None = None) -> list[Item]:
    """The accounts to work on, most urgent first; of one collector where one is named."""
    today = ledger.today()
    waiting = [intent for intent in ledger.intents.actions(("held",)) if intent.hold == "person"]
    stored = _Stored(waiting, frozenset(intent.key for intent in ledger.intents.actions()))
    accounts = ledger.accounts(watched(ledger, policies))
    cases = [_case(account, policies, today, stored) for account in accounts]
    overdue = {money.currency: money.amount for money in sums(money for case in cases for money in case.asked)}
    items = [_item(ledger.name, case, overdue, today) for case in cases if case.asked or case.tasks]
    mine = [item for item in items if collector is None or _is(item.case.collector, collector)]
    return sorted(mine, key=_urgency)


def _is(one: str | None, other: str) -> bool:
    return (one or "").casefold() == other.casefold()


def _urgency(item: Item) -> tuple[int, int, str, str]:
    return -item.score, -item.case.oldest_days, item.case.customer.name, item.case.customer.ref


def _case(
    account: Account,
    policies: Policies,
    today: date,
    stored: _Stored,
) -> Case:
    situations = situations_of(account, policies, today)
    rows = [row for situation in situations for row in _asked(situation)]
    found = evaluate(account, policies, today)
    members = {member.ref: member for member in account.family}
    contacts = [entry for entry in account.history if isinstance(entry, Contacted)]
    return Case(
        customer=account.customer,
        collector=collector_of(account.customer, members),
        asked=sums(money for money, _ in rows),
        oldest_days=max((days for _, days in rows), default=0),
        broken=_broken(situations),
        state=worst(position.credit_state for position in found.customers),
        tasks=tuple(_tasks(found.decisions, members, stored)),
        last_contact=max(contacts, key=lambda entry: entry.on, default=None),
    )


def _asked(situation: Situation) -> Iterable[tuple[Money, int]]:
    """What may be asked for of each overdue invoice that this policy governs, with the days it is past due."""
    for ref, row in situation.aged.items():
        if ref in situation.scope and row.overdue and silence_about(situation, row.invoice) is None:
            asked = row.overdue
            for held in (situation.disputed.get(ref), situation.promised.get(ref)):
                asked -= held or Money.zero(asked.currency)
            if asked.amount > 0:
                yield asked, row.days_past_due


def _broken(situations: Iterable[Situation]) -> tuple[date, ...]:
    """The promised days that passed without (all of) the money, while an invoice promised is still open.

    A later promise on the same invoices that still runs stands in their place.
    """
    found: set[date] = set()
    for situation in situations:
        running = {ref for one in situation.judged if one.state == "open" for ref in one.promise.invoices}
        for one in situation.judged:
            still_open = [ref for ref in one.promise.invoices if ref in situation.aged and ref not in running]
            if one.state in ("broken", "partly_kept") and still_open:
                found.add(one.promise.promised_on)
    return tuple(sorted(found))


def _tasks(decisions: Iterable[object], members: Mapping[str, Customer], stored: _Stored) -> Iterable[ToDo]:
    """What waits for a person: what a pass stored already, then what the next one will."""
    for intent in stored.waiting:
        if intent.customer in members:
            yield ToDo(_what(intent.decision), intent.id)
    for decision in decisions:
        if _is_for_a_person(decision) and getattr(decision, "key", "") not in stored.keys:
            yield ToDo(_what(decision), None)


def _is_for_a_person(decision: object) -> bool:
    by_hand = ("call", "letter")
    return isinstance(decision, Task) or (isinstance(decision, Reminder) and decision.channel in by_hand)


def _what(decision: object) -> str:
    match decision:
        case Task():
            return decision.what
        case Reminder():
            return f"{decision.channel}, reminder level {decision.level}"
        case _:
            return "an action to look at"


def _item(connection: str, case: Case, overdue: Mapping[str, Decimal], today: date) -> Item:
    spoken_with = case.last_contact is not None and today - case.last_contact.on <= _RECENTLY
    points = {
        "tasks": min(40 * len(case.tasks), 80),
        "broken_promises": min(30 * len(case.broken), 60),
        "credit_state": _STATE_POINTS[case.state],
        "days_past_due": min(case.oldest_days, _MOST_DAYS),
        "share_of_overdue": max((_share(money, overdue) for money in case.asked), default=0),
        "spoken_with": -40 if spoken_with else 0,
    }
    return Item(connection, case, points, _reason(case, today))


def _share(money: Money, overdue: Mapping[str, Decimal]) -> int:
    share = money.amount * _MOST_SHARE / overdue[money.currency]
    return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _reason(case: Case, today: date) -> str:
    """One sentence: what waits, what was broken, what is owed since when, what stands against them, who spoke last."""
    parts = [f"{task.what}{f' (no. {task.action})' if task.action else ''}" for task in case.tasks]
    if case.broken:
        parts.append(f"broke {counted(len(case.broken), 'promise')}, last for {case.broken[-1]}")
    if case.asked:
        owed = joined(spoken(money) for money in case.asked)
        parts.append(f"{owed} overdue, the oldest {counted(case.oldest_days, 'day')} past due")
    if case.state != "good":
        parts.append(f"on {case.state}")
    if case.customer.do_not_contact:
        parts.append("marked do not contact")
    if case.last_contact is not None:
        parts.append(f"last spoken with {_ago(today - case.last_contact.on)}")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _ago(since: timedelta) -> str:
    return f"{counted(since.days, 'day')} ago" if since.days else "today"
