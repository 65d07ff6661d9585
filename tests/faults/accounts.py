"""An account of every deed, by the books and the mailbox on one side and the outbox on the other: twice, or lost?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from connectors.markers import keys_in
from rules.domain.actions import EmailInvoice, SendMessage, SetStopSell
from syncd.store.intent_rows import Intent, Step
from tests.faults.world import World

# What leaves its own key on what it made, once for each time it was done.
_MARKED = ("finance_charge", "charge_reversal", "memo")


def twice(world: World) -> list[str]:
    """What was done more often than it was asked for, at any moment: also while outcomes are unclear."""
    found = [f"{kind} {key}: {times} times" for (kind, key), times in _marked(world).items() if times > 1]
    mails = Counter(str(one.message["Message-ID"]) for one in world.mailbox.messages)
    found += [f"message {number}: {times} times" for number, times in mails.items() if times > 1]
    asked = Counter(
        step.operation.invoice
        for _, step in _steps(world)
        if isinstance(step.operation, EmailInvoice) and step.attempts
    )
    sent = Counter(effect.target for effect in world.company.effects() if effect.kind == "provider_email")
    found += [
        f"invoice {one} mailed {sent[one]} times, asked {asked[one]} times" for one in sent if sent[one] > asked[one]
    ]
    ends = Counter(entry.key for entry in world.journal() if entry.event == "operation.confirmed")
    return found + [f"{key} ended {times} times" for key, times in ends.items() if times > 1]


def lost(world: World) -> list[str]:
    """What was to be done and is not, or was done and nobody knows, once the office has come to rest."""
    return [*_unfinished(world), *_not_in_the_books(world), *_not_in_the_outbox(world), *_flags(world)]


def _unfinished(world: World) -> Iterator[str]:
    """At rest nothing is under way or forgotten, and nothing but mail is unclear."""
    for action, step in _steps(world):
        is_mail = isinstance(step.operation, EmailInvoice | SendMessage)
        waits = step.state == "planned" and action.state in ("planned", "sending")
        if waits or step.state == "sending" or (step.state == "unknown" and not is_mail):
            yield f"{step.key} is left {step.state}: {step.why}"


def _not_in_the_books(world: World) -> Iterator[str]:
    made = {key for _, key in _marked(world)}
    ids = {str(one.message["Message-ID"]) for one in world.mailbox.messages}
    mailed = Counter(effect.target for effect in world.company.effects() if effect.kind == "provider_email")
    for _, step in _steps(world):
        if step.state != "confirmed":
            continue
        match step.operation:
            case SendMessage():
                is_there = step.remote_id in ids
            case EmailInvoice():
                mailed[step.operation.invoice] -= 1
                is_there = mailed[step.operation.invoice] >= 0
            case SetStopSell():
                is_there = True  # a state, not a thing: see `_flags`
            case _:
                is_there = step.key in made
        if not is_there:
            yield f"{step.key} is confirmed, and not there"


def _not_in_the_outbox(world: World) -> Iterator[str]:
    """A note may stand before its deed, and stay where the books moved before that was done; a document may not."""
    confirmed = {step.key for _, step in _steps(world) if step.state == "confirmed"}
    for kind, key in _marked(world):
        if key not in confirmed and (kind != "memo" or "/add_note-" in key):
            yield f"{kind} {key} is in the books, and not confirmed"


def _flags(world: World) -> Iterator[str]:
    """Each customer's flag is as it was last set; people leave it alone here."""
    wished: dict[str, bool] = {}
    for _, step in _steps(world):
        if isinstance(step.operation, SetStopSell) and step.state == "confirmed":
            wished[step.operation.customer] = step.operation.on
    raised: Counter[str] = Counter()
    for effect in world.company.effects():
        raised[effect.customer] += {"stop_sell_on": 1, "stop_sell_off": -1}.get(effect.kind, 0)
    for customer, on in wished.items():
        if raised[customer] != int(on):
            yield f"customer {customer}: flag wished {int(on)}, found {raised[customer]}"


def _marked(world: World) -> Counter[tuple[str, str]]:
    """How often each key is found on what it made."""
    return Counter(
        (effect.kind, key)
        for effect in world.company.effects()
        if effect.kind in _MARKED
        for key in set(keys_in(effect.text))
    )


def _steps(world: World) -> list[tuple[Intent, Step]]:
    with world.ledger() as (ledger, _):
        return [(action, step) for action in ledger.intents.actions() for step in ledger.intents.steps(action.id)]


def at_rest(world: World) -> bool:
    """Whether nothing is left to be sent."""
    return not any(action.state in ("planned", "sending") for action, _ in _steps(world))
