"""Where a customer lives, by its clock, where a person said so: it counts before what the books and its country say."""

from __future__ import annotations

from rules.domain.zone_names import is_zone, no_zone
from syncd.errors import Usage
from syncd.people.clerk import Clerk, Noted
from syncd.people.records import one_of
from syncd.store.desk import Paper
from syncd.store.records import TimeZone

KIND = "timezone"


def add(clerk: Clerk, text: str, zone: str) -> Noted:
    """Record that the customer lives by the clock of `zone`.

    Raises:
        Usage: nobody of that name, or no such zone.
    """
    ledger, customer = clerk.customer(text)
    if not is_zone(zone):
        raise Usage(str(no_zone(zone)))
    paper = Paper(TimeZone(customer.ref, zone, ledger.today()), f"{KIND}-{customer.ref}", customer.ref)
    word = clerk.word(ledger, "customer.located", timezone=zone)
    return Noted(ledger, ledger.desk.amend(paper, word), f"{customer.name} lives by the clock of {zone}")


def end(clerk: Clerk, text: str) -> Noted:
    """Forget it: what the books or the customer's country say counts again."""
    ledger, filed = one_of(clerk, KIND, text, lambda _: True)
    ledger.desk.strike(filed, clerk.word(ledger, "customer.unlocated"))
    return Noted(ledger, filed, "the time zone is forgotten; what the books or the country say counts again")
