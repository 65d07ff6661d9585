"""Who may still buy on credit: good, watch, hold or stop, and whether selling stops.

A standing goes where it belongs at once, in both directions, but never below what a person placed. A person's release
(a "good" of theirs) lets go what was late, owed or broken by its day: only what came since can hold again. A standing
on a billing parent covers its family. Decides nothing about what sales does with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from rules.domain.account_index import AccountIndex
from rules.domain.actions import Operation, SetStopSell
from rules.domain.calendars import days_after
from rules.domain.credit.thresholds import Condition, Counts, Creditor, Finding, told
from rules.domain.decisions import CreditState, Decision, Problem, Skip
from rules.domain.facts import CreditStanding, Customer
from rules.domain.positions import STANDINGS, worst
from rules.domain.settings import Positive, RuleSettings
from rules.domain.situation import Situation
from rules.domain.wording import joined, spoken, sums

RULE = "credit_hold"


class Settings(RuleSettings):
    """When a customer is watched, held or stopped, and when it is released."""

    watch: Condition | None = Field(default=None, description="When a customer is to be watched.")
    hold: Condition | None = Field(default=None, description="When nothing more is sold on credit.")
    stop: Condition | None = Field(default=None, description="When nothing more is sold at all.")
    release_when: Literal["below", "settled", "person"] = Field(
        default="below", description="Step down once below the thresholds, once nothing is overdue, or never by rule."
    )
    stay_while: Condition | None = Field(
        default=None, description="What keeps a customer where a rule put it, though the thresholds would let it go."
    )
    thresholds: Literal["reached", "passed"] = Field(
        default="reached", description="Whether a threshold counts when it is reached, or only once it is passed."
    )
    broken_promises_within_days: Positive | None = Field(
        default=None, description="Count only promises that fell due in so many days; absent: all there ever were."
    )
    limit_counts: Counts = Field(
        default=Counts.model_construct(), description="What counts against the credit limit besides open invoices."
    )
    stop_sell_from: Literal["watch", "hold", "stop", "never"] = Field(
        default="hold", description="The standing from which the stop-sell flag is raised."
    )

    @model_validator(mode="after")
    def _check(self) -> Settings:
        if self.watch is None and self.hold is None and self.stop is None:
            raise ValueError("say when to watch, hold or stop, such as hold = { any = { days_past_due = 30 } }")
        return self

    def broken_since(self, as_of: date) -> date:
        """The first promised day whose promises count on `as_of`."""
        within = self.broken_promises_within_days
        return date.min if within is None else days_after(as_of, -within)

    def stops(self, state: CreditStanding) -> bool:
        """Whether the flag is up in this standing."""
        return self.stop_sell_from != "never" and STANDINGS.index(state) >= STANDINGS.index(self.stop_sell_from)


@dataclass(slots=True)
class _Family:
    """Standings of the family while it is decided on, parents first: `now` is before, `then` what was decided."""

    index: AccountIndex
    now: dict[str, CreditStanding] = field(default_factory=dict)
    then: dict[str, CreditStanding] = field(default_factory=dict)

    def above(self, ref: str) -> CreditStanding:
        """What the customer's billing parents put on it, as decided by now."""
        return worst(self.then[parent] for parent in self.index.ancestors(ref))


@dataclass(frozen=True, slots=True)
class _Wish:
    """Where a customer belongs, and why in a sentence."""

    state: CreditStanding
    why: str


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """A change of standing for each customer that is not where it belongs, a skip for each that is."""
    index = situation.index
    family = _Family(index)
    for ref in index.family:
        family.now[ref] = family.then[ref] = worst(hold.state for hold in index.holds.get(ref, ()))
    for ref in sorted(situation.governed, key=lambda ref: (len(index.ancestors(ref)), ref)):
        creditor = Creditor(
            situation,
            index.family[ref],
            settings.broken_since(situation.as_of),
            index.releases.get(ref),
            settings.limit_counts,
            settings.thresholds == "passed",
        )
        wish = _wish(situation, settings, creditor)
        yield from (Problem(ref, problem, RULE) for problem in creditor.unrated)
        yield _decided(situation, settings, family, wish, index.family[ref])


def _wish(situation: Situation, settings: Settings, creditor: Creditor) -> _Wish:
    """The gravest standing whose condition is reached, not below a person's, nor released too early."""
    holds = situation.index.holds.get(creditor.customer.ref, ())
    released_on = creditor.released_on
    person = worst(hold.state for hold in holds if not hold.is_ours)
    ours = worst(hold.state for hold in holds if hold.is_ours and not (released_on and hold.since <= released_on))
    found = _reached(settings, creditor)
    if released_on is not None:
        found = _Wish(found.state, f"released by a person on {released_on}, and since then {found.why}")
    if _is_below(found.state, ours):
        found = _released(settings, creditor, ours, found)
    if _is_below(found.state, person):
        return _Wish(person, f"a person placed {person}, the rule alone would say {found.state}: {found.why}")
    return found


def _reached(settings: Settings, creditor: Creditor) -> _Wish:
    """The gravest standing that is reached; else what the customer still is short of, each fact once."""
    short: dict[str, str] = {}
    conditions: tuple[tuple[CreditStanding, Condition | None], ...] = (
        ("stop", settings.stop),
        ("hold", settings.hold),
        ("watch", settings.watch),
    )
    for state, condition in conditions:
        if condition is not None:
            met, findings = creditor.applies(condition)
            if met:
                return _Wish(state, told(findings))
            short = {**{one.name: one.missed(state) for one in findings}, **_others(short, findings)}
    return _Wish("good", joined(short.values()))


def _others(short: dict[str, str], findings: Iterable[Finding]) -> dict[str, str]:
    """What a milder standing does not look at: of two bounds the lower one is said."""
    names = {one.name for one in findings}
    return {name: words for name, words in short.items() if name not in names}


def _released(settings: Settings, creditor: Creditor, ours: CreditStanding, found: _Wish) -> _Wish:
    """Whether our own hold may come down to where the customer now belongs. A parent waits for its family."""
    if settings.release_when == "person":
        return _Wish(ours, f"only a person releases; the thresholds would say {found.state}")
    situation = creditor.situation
    branch = situation.index.branches[creditor.customer.ref]
    rows = (row for ref in branch for row in situation.aged_by_customer.get(ref, ()))
    overdue = sums(row.overdue for row in rows if row.overdue)
    if settings.release_when == "settled" and overdue:
        rest = joined(spoken(amount) for amount in overdue)
        return _Wish(ours, f"released once nothing is overdue, {rest} still is")
    stays, findings = creditor.applies(settings.stay_while) if settings.stay_while else (False, ())
    return _Wish(ours, f"kept while {told(findings)}") if stays else found


def _decided(
    situation: Situation, settings: Settings, family: _Family, wish: _Wish, customer: Customer
) -> CreditState | Skip:
    ref = customer.ref
    before, above = family.now[ref], family.above(ref)
    is_covered = _is_below(before, wish.state) and not _is_below(above, wish.state)
    if is_covered:
        return Skip(RULE, ref, f"Covered by {above} on the billing parent; alone {wish.state}: {wish.why}.", ref)
    family.then[ref] = wish.state
    operations = tuple(_flags(situation, settings, family, customer, wish))
    differs = before == wish.state and bool(operations) and _books_differ(situation, settings, ref, wish.state)
    if before == wish.state and not differs:
        return Skip(RULE, ref, f"Stays {before}: {wish.why}.", ref)
    key = f"{RULE}/{ref}/{wish.state}/{1 + situation.index.standing_changes.get(ref, 0)}"
    return CreditState(
        rule=RULE,
        customer=ref,
        before=before,
        after=wish.state,
        stop_sell=settings.stops(worst((wish.state, above))),
        key=f"{key}/books-{_spelled(customer.version)}" if differs else key,
        reason=f"The books show another stop-sell than {before}: {wish.why}."
        if differs
        else f"{before} to {wish.state}: {wish.why}.",
        operations=operations,
    )


def _flags(
    situation: Situation, settings: Settings, family: _Family, customer: Customer, wish: _Wish
) -> Iterator[Operation]:
    """The flags that must change: the customer's, and those of all billed through it."""
    index = situation.index
    for ref in index.branches[customer.ref]:
        member = index.family[ref]
        was = worst((family.now[ref], *(family.now[parent] for parent in index.ancestors(ref))))
        state = worst((family.then[ref], family.above(ref)))
        on = settings.stops(state)
        was_on = settings.stops(was) or _has_run_out(index, settings, ref)
        raised = on and not (member.stop_sell or (member.stop_sell is None and was_on))
        lifted = not on and was_on and (member.stop_sell is not False or _told(index, settings, ref))
        if raised or lifted:
            yield SetStopSell(ref, on, state, situation.as_of, f"{state}: {wish.why}")


def _told(index: AccountIndex, settings: Settings, ref: str) -> bool:
    """Whether our last word on the customer raised the flag: our copy of the books may not show it yet."""
    last = index.last_standing_change.get(ref)
    return last is not None and settings.stops(last.after)


def _has_run_out(index: AccountIndex, settings: Settings, ref: str) -> bool:
    """Whether the books show a flag that a hold now run out had raised."""
    shown = index.family[ref].stop_sell
    return bool(shown) and any(settings.stops(hold.state) for hold in index.expired_holds.get(ref, ()))


def _books_differ(situation: Situation, settings: Settings, ref: str, state: CreditStanding) -> bool:
    """Whether what the books show is really another state, and not our own change of today on its way back."""
    if situation.index.family[ref].stop_sell is None:
        return False
    last = situation.index.last_standing_change.get(ref)
    return last is None or last.on != situation.as_of or settings.stops(last.after) != settings.stops(state)


def _spelled(version: str) -> str:
    """The provider's mark in letters and digits, as a key may carry it."""
    return "".join(letter for letter in version if letter.isalnum()) or "0"


def _is_below(one: CreditStanding, other: CreditStanding) -> bool:
    return STANDINGS.index(one) < STANDINGS.index(other)
