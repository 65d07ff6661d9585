"""How promises to pay are judged, and what follows: a call when one is broken, its day written into the books.

Reminders and credit holds look through the judgement; what each promise is stands with the positions.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.domain.actions import SetPromiseDate
from rules.domain.calendars import days_after
from rules.domain.decisions import Decision, Memo, Skip, Task
from rules.domain.paying.promised import JudgedPromise
from rules.domain.paying.promised import PromiseSettings as Settings
from rules.domain.reminding.silences import left_alone
from rules.domain.situation import Situation
from rules.domain.wording import joined, spoken, sums

__all__ = ["Settings", "decide"]

RULE = "promises"


def decide(situation: Situation, settings: Settings) -> Iterator[Decision]:
    """A call for each broken promise, a note for each running one, where the policy asks for them.

    A silence is about calls as well: whoever asked for it does not want the customer spoken to either.
    """
    for one in situation.judged:
        if one.promise.customer not in situation.governed:
            continue
        still_open = [ref for ref in sorted(one.promise.invoices) if ref in situation.aged]
        if settings.call_when_broken and one.state in ("broken", "partly_kept"):
            quiet = {ref: why for ref in still_open if (why := left_alone(situation, situation.aged[ref].invoice))}
            yield from (Skip(RULE, ref, f"No call. {why}", one.promise.customer) for ref, why in quiet.items())
            if to_call := [ref for ref in still_open if ref not in quiet]:
                yield _call(situation, settings, one, to_call)
        if settings.write_to_books and one.state == "open":
            yield from (_note(situation, one, ref) for ref in still_open)


def _call(situation: Situation, settings: Settings, one: JudgedPromise, still_open: list[str]) -> Task:
    promise = one.promise
    rest = joined(spoken(amount) for amount in sums(situation.aged[ref].invoice.balance for ref in still_open))
    word = "kept in part only" if one.state == "partly_kept" else "not kept"
    return Task(
        rule=RULE,
        customer=promise.customer,
        collector=situation.index.family[promise.customer].collector,
        due_on=days_after(promise.promised_on, settings.tolerance_days + 1),
        what="call",
        key=f"{RULE}/{promise.ref}/call",
        reason=f"The promise to pay by {promise.promised_on} was {word}; {rest} is still open.",
    )


def _note(situation: Situation, one: JudgedPromise, ref: str) -> Memo:
    promise, invoice = one.promise, situation.aged[ref].invoice
    text = f"Payment promised on {promise.made_on} for {promise.promised_on}."
    return Memo(
        rule=RULE,
        customer=invoice.customer,
        invoice=ref,
        text=text,
        key=f"{RULE}/{promise.ref}/{ref}/{promise.promised_on}",
        reason=f"{spoken(situation.promised[ref])} promised for {promise.promised_on}."
        if ref in situation.promised
        else text,
        operations=(SetPromiseDate(invoice.customer, ref, promise.promised_on),),
    )
