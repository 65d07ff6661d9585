"""Replays rules over history: what they would have sent, charged and held, day by day, on the books as they were then.

Each day is decided on what was known that day. What we really did within the period is left out and counted beside it;
what the replay does stands in its place. Customers are taken to have paid as they did, and charges of the replay are no
invoices: nobody paid them. Tasks and calls count as done on their day. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from rules import evaluate
from rules.domain import hindsight, remembered
from rules.domain.accounts import accounts_of, day_of
from rules.domain.calendars import days_after
from rules.domain.decisions import (
    Action,
    ChargeReversal,
    CreditState,
    Decision,
    FinanceCharge,
    Problem,
    Reminder,
    Skip,
)
from rules.domain.eligibility import is_open
from rules.domain.facts import (
    OURS,
    Account,
    Book,
    ChargeBilled,
    ChargeWaived,
    Contacted,
    HistoryEntry,
    Hold,
)
from rules.domain.money import Money
from rules.domain.wording import sums
from rules.policy import Policies


@dataclass(frozen=True, slots=True)
class Event:
    """What would have been done on a day."""

    on: date
    decision: Action


@dataclass(slots=True)
class Simulation:
    """What came out: events in order, the days each customer would have been on hold or stop, and what really was done.

    `problems` are data the rules could not decide on, each once.
    """

    events: list[Event] = field(default_factory=list)
    held_days: dict[str, int] = field(default_factory=dict)
    really: tuple[HistoryEntry, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)


def simulate(book: Book, policies: Policies, first_on: date, last_on: date) -> Simulation:
    """Replay `policies` over every day from `first_on` to `last_on`, both included."""
    found = Simulation(really=tuple(_ours_within(book.history, first_on, last_on)))
    replay = _Replay(_without_ours(book, first_on), _standings(book, first_on))
    for day in _days(first_on, last_on):
        for decision in replay.decisions(day, policies):
            if isinstance(decision, Problem):
                found.problems.setdefault(decision.subject, decision.problem)
            elif not isinstance(decision, Skip):
                replay.do(decision, day)
                found.events.append(Event(day, decision))
        for customer in replay.held():
            found.held_days[customer] = found.held_days.get(customer, 0) + 1
    return found


def _days(first_on: date, last_on: date) -> Iterator[date]:
    return (first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1))


@dataclass(slots=True)
class _Replay:
    """The books without what we really did, and what the replay did so far."""

    book: Book
    standings: dict[str, Hold]
    history: list[HistoryEntry] = field(default_factory=list)

    def decisions(self, day: date, policies: Policies) -> Iterator[Decision]:
        """What the rules say of each account that day, one after the other: what is done meanwhile counts tomorrow."""
        for account in self.accounts(day):
            yield from evaluate(account, policies, day).decisions

    def held(self) -> list[str]:
        """The customers to whom nothing is sold now."""
        return [customer for customer, hold in self.standings.items() if hold.state in ("hold", "stop")]

    def accounts(self, day: date) -> Iterator[Account]:
        """The accounts of the day that have anything open, billed or held."""
        then = hindsight.as_of(self.book, day)
        ours = (hold for hold in self.standings.values() if hold.state != "good")
        then = replace(then, holds=(*then.holds, *ours), history=(*then.history, *self.history))
        billed = {entry.customer for entry in then.history if isinstance(entry, ChargeBilled)}
        for account in accounts_of(then):
            members = {member.ref for member in account.family}
            if account.holds or members & billed or any(is_open(invoice) for invoice in account.invoices):
                yield account

    def do(self, decision: Action, day: date) -> None:
        """Remember the decision as done on `day`."""
        self.history.extend(remembered.when_done(decision, day, decision.key))
        if isinstance(decision, CreditState):
            hold = Hold(decision.customer, decision.after, day, f"{OURS}{decision.rule}", reason=decision.reason)
            self.standings[decision.customer] = hold


def _ours_within(history: Iterable[HistoryEntry], first_on: date, last_on: date) -> Iterator[HistoryEntry]:
    """What we really did in the period; what people did stays where it is."""
    for entry in history:
        if not isinstance(entry, Contacted | ChargeWaived) and first_on <= day_of(entry) <= last_on:
            yield entry


def _without_ours(book: Book, first_on: date) -> Book:
    """The book without what rules of ours did from `first_on` on."""
    since = [entry for entry in book.history if day_of(entry) >= first_on]
    return replace(
        book,
        invoices=tuple(one for one in book.invoices if not (one.is_ours and one.issued_on >= first_on)),
        credit_notes=tuple(
            one for one in book.credit_notes if not (_is_ours(one.origin) and one.issued_on >= first_on)
        ),
        holds=tuple(hold for hold in book.holds if not hold.is_ours),
        history=(*(entry for entry in book.history if day_of(entry) < first_on), *remembered.by_people(since)),
    )


def _is_ours(origin: str | None) -> bool:
    return origin is not None and origin.startswith(OURS)


def _standings(book: Book, first_on: date) -> dict[str, Hold]:
    """Our own holds as they stood on the eve of the period."""
    eve = hindsight.as_of(book, days_after(first_on, -1))
    return {hold.customer: hold for hold in eve.holds if hold.is_ours}


def money_by_kind(events: Iterable[Event]) -> Mapping[str, Mapping[str, str]]:
    """What charges, reversals and fees come to, by kind and currency."""
    amounts: dict[str, list[Money]] = {}
    for event in events:
        decision = event.decision
        if isinstance(decision, FinanceCharge | ChargeReversal):
            amounts.setdefault(decision.kind, []).append(decision.amount)
        elif isinstance(decision, Reminder) and decision.fee is not None:
            amounts.setdefault("fee", []).append(decision.fee)
    return {kind: {one.currency: one.digits for one in sums(found)} for kind, found in sorted(amounts.items())}
