"""What a person says to held actions: let them go, refuse them, or release the brake that holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.domain.decisions import Reminder, Task
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.plan import Mode
from syncd.store.intent_rows import Intent

_STUCK = {
    "brake": "still held by the brake; look at it, then run: syncd release",
    "unable": "cannot go out: {why}",
}
_LOOK = "unclear: look in the books, then run: syncd resolve NO. --done|--not-done --why TEXT"

_OVER = {
    "planned": "it goes out with the next pass",
    "sending": "it is on its way",
    "done": "it is done",
    "refused": "it was refused",
    "stale": "it is no longer called for",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """An action a person answered, and what became of it, in one sentence. Not `is_done`: it waits for another word."""

    connection: str
    intent: Intent
    outcome: str
    is_done: bool = True


def find_actions(ledgers: Sequence[Ledger], words: Sequence[str]) -> list[tuple[Ledger, Intent]]:
    """The held actions that `words` name: action numbers, keys, or plans as ``P3``; all of them for no word.

    What the provider refused or what is unclear is found by its number or key only: a plan's name means what it holds.

    Raises:
        Usage: a word names nothing that waits.
    """
    held = [(ledger, intent) for ledger in ledgers for intent in ledger.intents.actions(("held",))]
    if not words:
        return held
    held += [(ledger, one) for ledger in ledgers for one in ledger.intents.actions(("rejected", "unknown"))]
    found: list[tuple[Ledger, Intent]] = []
    for word in words:
        matching = [(ledger, intent) for ledger, intent in held if word in names_of(intent)]
        if not matching:
            raise Usage(f"{_why_not(ledgers, word)}; `syncd plan` lists what waits")
        found.extend(pair for pair in matching if pair not in found)
    return found


def _why_not(ledgers: Sequence[Ledger], word: str) -> str:
    """Why nothing waits under this word: it may have been answered already."""
    for ledger in ledgers:
        known = ledger.intents.action(int(word)) if word.isdecimal() else ledger.intents.by_key([word]).get(word)
        if known is not None and known.state in _OVER:
            return f"{word} does not wait any more: {_OVER[known.state]}"
    return f'nothing that waits is called "{word}"'


def names_of(intent: Intent) -> tuple[str, ...]:
    """How a person may call an action: its number, its key, and its plan while it waits in one."""
    return str(intent.id), intent.key, *((f"P{intent.plan}",) if intent.state == "held" else ())


def approve(ledger: Ledger, intent: Intent, who: str) -> Answered:
    """Let it go with the next pass; what a person did by hand is done by this word.

    What the provider refused is decided again, as the books are by now: whoever says so has mended the cause. What
    is unclear needs another word: whether it is in the books.
    """
    if intent.state == "unknown":
        return Answered(ledger.name, intent, _LOOK, is_done=False)
    if intent.state == "rejected":
        ledger.intents.retry(intent, who, ledger.clock.now())
        ledger.mirror.touch([intent.customer])
        return Answered(ledger.name, intent, "decided again with the next pass")
    if intent.hold in _STUCK:
        return Answered(ledger.name, intent, _STUCK[intent.hold].format(why=intent.why), is_done=False)
    if _done_by_hand(ledger, intent):
        ledger.intents.done(intent, ledger.clock.now(), ledger.today(), who)
        return Answered(ledger.name, intent, "recorded as done")
    ledger.intents.approve(intent, who, ledger.clock.now())
    braked = ledger.connections.standing().brake_why is not None
    when = "once the brake is off: syncd release" if braked else "with the next pass"
    return Answered(ledger.name, intent, f"goes out {when}")


def find_unclear(ledgers: Sequence[Ledger], word: str) -> tuple[Ledger, Intent]:
    """The unclear action of this number or key.

    Raises:
        Usage: there is none.
    """
    for ledger in ledgers:
        for intent in ledger.intents.actions(("unknown",)):
            if word in (str(intent.id), intent.key):
                return ledger, intent
    raise Usage(f'nothing unclear is called "{word}"; `syncd audit --unclear` lists what is')


def resolve(ledger: Ledger, intent: Intent, *, was_done: bool, who: str, why: str) -> Answered:
    """A person found out what became of an unclear action, and says how."""
    now, today = ledger.clock.now(), ledger.today()
    for step in ledger.intents.steps(intent.id):
        if step.state == "unknown":
            ledger.intents.resolve(step, was_done=was_done, who=who, why=why, now=now, today=today)
    ledger.mirror.touch([intent.customer])
    return Answered(ledger.name, intent, "recorded as done" if was_done else "sent again with the next pass")


def reject(ledger: Ledger, intent: Intent, who: str, why: str) -> Answered:
    """Never do this occurrence."""
    ledger.intents.refuse(intent, who, why, ledger.clock.now(), ledger.today())
    ledger.mirror.touch([intent.customer])
    return Answered(ledger.name, intent, "refused; this occurrence will not come back")


def release(ledger: Ledger, who: str, mode: Mode) -> list[Answered]:
    """Take the brake off: what it held goes out, or back to review where plans are reviewed."""
    answered = []
    for intent in ledger.intents.actions(("held",)):
        if intent.hold != "brake":
            continue
        if mode == "auto":
            ledger.intents.approve(intent, who, ledger.clock.now())
            answered.append(Answered(ledger.name, intent, "goes out with the next pass"))
        else:
            ledger.intents.return_to_review(intent, ledger.clock.now())
            answered.append(Answered(ledger.name, intent, "waits for approval"))
    ledger.connections.release()
    return answered


def _done_by_hand(ledger: Ledger, intent: Intent) -> bool:
    """A task with nothing to send, or a call: approving it says that it was done."""
    decision = intent.decision
    if isinstance(decision, Task):
        return not ledger.intents.steps(intent.id)
    return isinstance(decision, Reminder) and decision.channel == "call"
