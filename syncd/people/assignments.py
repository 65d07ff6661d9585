"""Who looks after a customer, where a person said so: it counts before what the books say."""

from __future__ import annotations

from syncd.people.clerk import Clerk, Noted
from syncd.people.records import one_of
from syncd.store.desk import Paper
from syncd.store.records import Assignment

KIND = "assignment"


def add(clerk: Clerk, text: str, collector: str) -> Noted:
    """Give the customer to `collector`."""
    ledger, customer = clerk.customer(text)
    paper = Paper(Assignment(customer.ref, collector, ledger.today()), f"{KIND}-{customer.ref}", customer.ref)
    word = clerk.word(ledger, "customer.assigned", collector=collector)
    return Noted(ledger, ledger.desk.amend(paper, word), f"{customer.name} is looked after by {collector}")


def end(clerk: Clerk, text: str) -> Noted:
    """Forget the assignment: the books' own word counts again."""
    ledger, filed = one_of(clerk, KIND, text, lambda _: True)
    ledger.desk.strike(filed, clerk.word(ledger, "customer.unassigned"))
    return Noted(ledger, filed, "the assignment is ended; the collector of the books counts again")
