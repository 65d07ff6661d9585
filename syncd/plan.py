"""Decisions into a plan: what is new, what goes out, what waits for a person and why. Pure; nothing is sent here.

An occurrence that was sent, refused or is unclear is never planned again: its key stands in the outbox for ever.
What still waits follows the facts: it is renewed when the decision changed, withdrawn when there is no decision any
more. What a person approved is left as approved, what was sent once and proven absent as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from rules.domain.actions import CreateInvoice, Operation
from rules.domain.decisions import (
    Action,
    ChargeReversal,
    Decision,
    FinanceCharge,
    Memo,
    Problem,
    Reminder,
    Skip,
    Task,
)
from rules.domain.money import Money
from rules.domain.wording import spoken
from syncd.send_hours import ANY_TIME, Timing, timing_of

# planned: goes out in the next drain. held: waits for a person. sending: a request is under way. done: all of it is in
# the books. rejected: the provider said no. refused: a person said no. stale: the books had moved, nothing was sent.
# unknown: sent, and no answer that proves anything.
State: TypeAlias = Literal["planned", "held", "sending", "done", "rejected", "refused", "stale", "unknown"]

# What a held action waits for. review: `syncd approve`. brake: `syncd release`. person: somebody does it by hand and
# approves. unable: nothing here can do it until the configuration changes.
Hold: TypeAlias = Literal["", "review", "brake", "person", "unable"]

Mode: TypeAlias = Literal["review", "auto"]

_WAITING: frozenset[State] = frozenset({"planned", "held"})
_RENEWABLE = _WAITING | {"stale"}


@dataclass(frozen=True, slots=True)
class Known:
    """What the outbox holds under a key already."""

    state: State
    approved: bool = False
    started: bool = False  # its first operation is in the books
    addressed_to: frozenset[tuple[str, str]] | None = None  # of an approved or tried one: whom it is for
    timing: Timing = ANY_TIME  # of an approved or tried one: when it may go out
    tried: bool = False  # an operation was sent before and proven absent: whoever sends it again sends the same


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """A decision on its way: `planned`, or `held` with what it waits for and one sentence why."""

    decision: Action
    operations: tuple[Operation, ...]
    state: State
    hold: Hold = ""
    why: str = ""
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """Past any of these a plan is held. `max_charges` is in one currency; others are converted to it."""

    max_actions: int
    max_charges: Money


@dataclass(frozen=True, slots=True)
class Plan:
    """What one pass wants. `withdrawn` keys waited and are no longer called for; `brake` says why all waits.

    `retimed` keys stay as a person approved them, but may go out at other times than it was then.
    """

    actions: tuple[PlannedAction, ...] = ()
    withdrawn: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    brake: str | None = None
    retimed: Mapping[str, Timing] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.actions or self.withdrawn or self.brake or self.retimed)


@dataclass(frozen=True, slots=True)
class Terms:
    """What planning needs to know of this connection."""

    mode: Mode
    limits: PlanLimits
    unsupported: Callable[[Operation], str | None]
    converted: Callable[[Money], Money | None]  # an amount in the currency of the limit; None where no rate is known
    braked: str | None = None
    is_first: bool = False  # nothing was ever planned here, and the first plan is to be looked at
    most_of_new_rules: int | None = None  # how many actions rules may cause that were not used before; None: they were
    approved: Mapping[str, str] = field(default_factory=dict)  # keys a person asked for, and who: they need no review


def make_plan(decisions: Iterable[Decision], known: Mapping[str, Known], terms: Terms) -> Plan:
    """The plan for these decisions. `known` is what the outbox holds for the accounts that were decided on."""
    decided = list(decisions)
    actions = [action for action in decided if not isinstance(action, Skip | Problem)]
    fresh = [_planned(action, terms) for action in actions if _is_open(known.get(action.key), action)]
    called_for = {action.key for action in actions}
    put_off = {one.puts_off.key: one.puts_off for one in decided if isinstance(one, Skip) and one.puts_off}
    kept = {key for key in put_off if key in known and _is_frozen(known[key])}  # an approval outlasts a closed day
    times = {action.key: timing_of(action) for action in actions if not _is_open(known.get(action.key), action)}
    times |= {key: Timing(put_off[key].hours, put_off[key].open_days) for key in kept}
    wanted = called_for | kept
    brake = terms.braked or (_stopped(fresh, terms) if terms.mode == "auto" else None)
    return Plan(
        actions=tuple(_braked(action, brake) for action in fresh) if brake else tuple(fresh),
        withdrawn=tuple(key for key, entry in sorted(known.items()) if _waits(entry) and key not in wanted),
        problems=tuple(problem for problem in decided if isinstance(problem, Problem)),
        brake=brake,
        retimed={key: timing for key, timing in times.items() if _is_retimed(known[key], timing)},
    )


def is_settled(state: str, *, started: bool) -> bool:
    """Whether what was decided under a key is done, refused, under way or unclear: it is never planned again."""
    return started or state not in _RENEWABLE


def invoices_of(action: Action) -> tuple[str, ...]:
    """The invoices an action is about."""
    match action:
        case Reminder() | Task():
            return action.invoices
        case FinanceCharge() | ChargeReversal():
            return (action.invoice,)
        case Memo():
            return (action.invoice,) if action.invoice else ()
        case _:
            return ()


def addressed_to(action: Action) -> frozenset[tuple[str, str]]:
    """Which customers an action touches, and the addresses it writes to."""
    return frozenset((operation.customer, str(getattr(operation, "to", ""))) for operation in action.operations)


def _is_open(entry: Known | None, action: Action) -> bool:
    """Whether a decision under this key may (still) be planned. An approval is good for whom it was given only."""
    if entry is None:
        return True
    if is_settled(entry.state, started=entry.started):
        return False
    return not _is_frozen(entry) or entry.addressed_to not in (None, addressed_to(action))


def _is_frozen(entry: Known) -> bool:
    """Whether it goes out as a person approved it, or as it was sent before, whatever is decided now."""
    return _waits(entry) and (entry.approved or entry.tried)


def _is_retimed(entry: Known, timing: Timing) -> bool:
    return _is_frozen(entry) and entry.timing != timing


def _waits(entry: Known) -> bool:
    return entry.state in _WAITING and not entry.started


def _planned(action: Action, terms: Terms) -> PlannedAction:
    operations = _possible(action, terms)
    who = terms.approved.get(action.key)
    waits = _waits_for(action, terms) or (None if who or terms.mode == "auto" else ("review", "waits for approval"))
    if waits is not None:
        return PlannedAction(action, operations, "held", *waits)
    return PlannedAction(action, operations, "planned", approved_by=who)


def _waits_for(action: Action, terms: Terms) -> tuple[Hold, str] | None:
    """What keeps the action from going out by itself in any mode; None where nothing does."""
    if isinstance(action, Task) and action.waits:
        way = "; approve to send it" if _possible(action, terms) else ""
        return "person", f"for {action.collector or 'a person'} to do: {action.what}{way}"
    if isinstance(action, Reminder) and action.channel == "call":
        return "person", "a call to make; approve it once it is made"
    why = next(filter(None, map(terms.unsupported, _indispensable(action))), None)
    if why is not None:
        return "unable", why
    if isinstance(action, Reminder) and action.channel == "letter":
        return "person", "a letter to print and post; approve to write it out"
    return None


def _indispensable(action: Action) -> tuple[Operation, ...]:
    """The deed, and the bill for a fee it tells of: a fee that stands in no books must not be asked for."""
    return action.operations[:1] + tuple(step for step in action.operations[1:] if isinstance(step, CreateInvoice))


def _possible(action: Action, terms: Terms) -> tuple[Operation, ...]:
    """The first operation is the deed; of what follows it, only what this source can do. A task may be done by hand."""
    if isinstance(action, Task) and action.operations and terms.unsupported(action.operations[0]) is not None:
        return ()
    return action.operations[:1] + tuple(step for step in action.operations[1:] if terms.unsupported(step) is None)


def _stopped(fresh: Sequence[PlannedAction], terms: Terms) -> str | None:
    return _too_much(fresh, terms) or _too_new(fresh, terms)


def _too_new(fresh: Iterable[PlannedAction], terms: Terms) -> str | None:
    """Whether a person should see this before it goes out by itself, however little it is."""
    going = sum(action.state == "planned" for action in fresh)
    if terms.most_of_new_rules is not None and going > terms.most_of_new_rules:
        most = f"max_actions_of_new_rules = {terms.most_of_new_rules}"
        return f"{going} actions under rules not used before, more than {most}"
    if going and terms.is_first:
        return 'the first plan of this connection; look at it before anything goes out (first_plan = "hold")'
    return None


def _too_much(fresh: Iterable[PlannedAction], terms: Terms) -> str | None:
    going = [action for action in fresh if action.state == "planned"]
    if len(going) > terms.limits.max_actions:
        return f"{len(going)} actions in one cycle, more than max_actions_per_cycle = {terms.limits.max_actions}"
    most = terms.limits.max_charges
    charged = Money.zero(most.currency)
    for amount in filter(None, (_charged(action.decision) for action in going)):
        worth = terms.converted(amount)
        if worth is None:
            charge = f"a charge of {spoken(amount)}"
            return f"{charge} has no exchange rate to {most.currency} to hold against max_charges_per_cycle"
        charged += worth
    if charged > most:
        return f"charges of {spoken(charged)} in one cycle, more than max_charges_per_cycle = {spoken(most)}"
    return None


def _charged(action: Action) -> Money | None:
    match action:
        case FinanceCharge():
            return action.amount
        case Reminder():
            return action.fee
        case _:
            return None


def _braked(action: PlannedAction, why: str) -> PlannedAction:
    return replace(action, state="held", hold="brake", why=f"brake: {why}") if action.state == "planned" else action
