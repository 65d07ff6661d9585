"""Remembering by the traces we left: whether an operation was done before a store that lost its memory came to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from connectors import Connector, Receipt
from rules.domain.actions import AddNote, EmailInvoice, SendMessage
from rules.domain.facts import Invoice
from syncd.freshness import targets
from syncd.memory.mail_log import MailLog
from syncd.store.intent_rows import Step
from syncd.store.mirror import Mirror

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def recall(step: Step, steps: Sequence[Step], connector: Connector, mail_log: MailLog) -> Receipt | None:
    """The trace `step` left in the books or the mail log; None where there is none.

    A message is known by its line in the log, or by the note about it that followed it into the books.

    Raises:
        Unprovable: what it does leaves no trace, so nobody can know.
    """
    if not isinstance(step.operation, SendMessage):
        return connector.was_applied(step.operation, step.key, _EVER)
    if mail_log.has(step.key):
        return Receipt(remote_id="mail log")
    for note in steps:
        if isinstance(note.operation, AddNote) and connector.was_applied(note.operation, note.key, _EVER) is not None:
            return Receipt(remote_id="note in the books")
    return None


def is_remembered(step: Step, mirror: Mirror, since: date | None) -> bool:
    """Whether a person said that it was not done, or it could not be done before the day after `since`.

    From that day on the store works on these books, and has forgotten nothing.
    """
    if step.is_answered:
        return True
    if since is None:
        return False
    if isinstance(step.operation, EmailInvoice) and (step.operation.reached_on or since) > since:
        return True
    facts = [mirror.fact(ref) for ref in targets(step.operation)]
    written = [fact.issued_on for fact in facts if isinstance(fact, Invoice)]
    return len(written) == len(facts) > 0 and min(written) > since
