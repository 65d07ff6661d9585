"""Silences, as people record them: about whom or what nobody is to be reminded, until when and why.

They keep back words, never what is owed: holds and charges go on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from rules.domain.facts import Customer, Silence
from rules.domain.near_miss import near_miss
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.people.clerk import Clerk, Noted, must_be_open
from syncd.people.records import must_be_ours, one_of
from syncd.store.desk import ANYBODY, BOOK_FILE, Filed, Paper, Word

KIND = "silence"


def add(
    clerk: Clerk, text: str | None, *, group: str | None = None, until: date | None = None, reason: str = ""
) -> Noted:
    """Record that nobody is reminded about the customer or invoice `text`, or about the customers of `group`.

    What a person said about the same before ends with it.

    Raises:
        Usage: there is none such or both are given, the last day has passed, or nothing is open on the invoice.
    """
    if (text is None) == (group is None):
        raise Usage("name a customer or an invoice, or a group with --group")
    if group is not None:
        ledger, name = _having(clerk, group), f"the group {group}"
        silence = Silence("", ledger.today(), until, group=group, reason=reason)
    else:
        ledger, fact = clerk.customer_or_invoice(text or "")
        if isinstance(fact, Customer):
            silence, name = Silence("", ledger.today(), until, customer=fact.ref, reason=reason), fact.name
        else:
            must_be_open(fact)
            silence = Silence("", ledger.today(), until, fact.customer, fact.ref, reason=reason)
            name = f"invoice {fact.number or fact.ref}"
    if until is not None and until < ledger.today():
        raise Usage(f"the last day {until} has passed: today is {ledger.today()}")
    return _filed(clerk, ledger, silence, name)


def end(clerk: Clerk, text: str) -> Noted:
    """End the silence called `text` (its ref, its group, or the customer or invoice it is about) as of today.

    Raises:
        Usage: there is none, several, or it has ended already.
    """
    ledger, filed = _meant(clerk, text)
    return Noted(ledger, _end(clerk, ledger, filed), "the silence is ended; reminders go on with the next pass")


def in_force(ledger: Ledger) -> list[Filed]:
    """Silences that have not come to their end, oldest first."""
    return [filed for filed in ledger.desk.filed(KIND) if counts(filed.value, ledger.today())]


def counts(silence: Silence, today: date) -> bool:
    """Whether it has not come to its end: it still counts on its last day."""
    return silence.until is None or today <= silence.until


def _filed(clerk: Clerk, ledger: Ledger, silence: Silence, name: str) -> Noted:
    for earlier in in_force(ledger):
        if _subject(earlier.value) == _subject(silence) and earlier.who != BOOK_FILE:
            _end(clerk, ledger, earlier)
    word = clerk.word(ledger, "silence.recorded", about=name, until=silence.until, reason=silence.reason)
    owner = silence.customer or ANYBODY
    filed = ledger.desk.note(lambda ref: replace(silence, ref=ref), KIND, owner, _heard(ledger, word, silence))
    lasts = f"until {silence.until}" if silence.until else "until somebody ends it"
    return Noted(ledger, filed, f"nobody is reminded about {name} {lasts}")


def _end(clerk: Clerk, ledger: Ledger, filed: Filed) -> Filed:
    """It counts no more from today on. One of today is taken away: it lasted no day."""
    must_be_ours(filed)
    word = _heard(ledger, clerk.word(ledger, "silence.ended"), filed.value)
    if filed.value.since >= ledger.today():
        ledger.desk.strike(filed, word)
        return filed
    ended = replace(filed.value, until=ledger.today() - timedelta(days=1))
    return ledger.desk.amend(Paper(ended, filed.ref, filed.customer), word)


def _meant(clerk: Clerk, text: str) -> tuple[Ledger, Filed]:
    of_group = [(ledger, filed) for ledger in clerk.ledgers for filed in in_force(ledger) if filed.value.group == text]
    if len(of_group) == 1:
        return of_group[0]
    return one_of(clerk, KIND, text, lambda one: counts(one[1].value, one[0].today()))


def _subject(silence: Silence) -> tuple[str | None, ...]:
    return silence.invoice, None if silence.invoice else silence.customer, silence.group


def _heard(ledger: Ledger, word: Word, silence: Silence) -> Word:
    """The word with everybody it concerns, so that what already waits for them is decided again."""
    members = ledger.mirror.in_group(silence.group) if silence.group is not None else []
    return replace(word, concerns=tuple(members))


def _having(clerk: Clerk, group: str) -> Ledger:
    """The ledger whose books have the group.

    Raises:
        Usage: none has it, or several have.
    """
    having = [ledger for ledger in clerk.ledgers if ledger.mirror.in_group(group)]
    if len(having) > 1:
        raise Usage(f'the group "{group}" is in {" and in ".join(one.name for one in having)}; say --connection')
    if not having:
        known = sorted({one for ledger in clerk.ledgers for one in ledger.mirror.groups()})
        raise Usage(f'no customer is in a group "{group}"{near_miss(group, known)}')
    return having[0]
