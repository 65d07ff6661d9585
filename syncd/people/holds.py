"""Holds and releases by people. A person's word counts before the rule's, until it expires or is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from rules.domain.decisions import CreditState
from rules.domain.facts import Account, CreditStanding, Customer, Hold
from rules.domain.positions import STANDINGS, worst
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.people.clerk import Clerk, Noted
from syncd.people.records import must_be_ours
from syncd.store.desk import BOOK_FILE, Filed, Paper

KIND = "hold"
STATES: tuple[CreditStanding, ...] = ("watch", "hold", "stop")


def add(clerk: Clerk, text: str, state: CreditStanding, *, until: date | None = None, reason: str = "") -> Noted:
    """Place the customer in `state` until `until`, that day included; an earlier word of a person's ends with it.

    Raises:
        Usage: nobody of that name, or a last day that has passed.
    """
    ledger, customer = clerk.customer(text)
    _check_until(until, ledger.today())
    for filed in in_force(ledger, customer.ref):
        if filed.who != BOOK_FILE:  # that one goes on beside the new one, and the worse of them counts
            _end(clerk, ledger, filed)
    word = clerk.word(ledger, "hold.placed", state=state, until=until, reason=reason)
    hold = Hold(customer.ref, state, ledger.today(), "person", until, reason)
    filed = ledger.desk.note(lambda _: hold, KIND, customer.ref, word)
    lasts = f" until {until}" if until else ""
    return Noted(ledger, filed, f"{customer.name} is on {state}{lasts}", _unruled(clerk, ledger, customer))


def release(clerk: Clerk, text: str, *, until: date | None = None, reason: str = "") -> Noted:
    """End every hold on the customer, a person's and the rule's: what is late or owed today holds it no longer.

    Raises:
        Usage: nothing holds it, or what does cannot be ended here.
    """
    ledger, customer = clerk.customer(text)
    _check_until(until, ledger.today())
    placed = [filed for filed in in_force(ledger, customer.ref) if filed.value.state != "good"]
    account = clerk.account(ledger, customer.ref)
    ruled = rule_says(clerk, ledger, account, customer.ref)
    if not placed and ruled == "good":
        raise Usage(_not_held(account, customer))
    ended = [_end(clerk, ledger, filed) for filed in in_force(ledger, customer.ref)]
    if ruled == "good":
        return Noted(ledger, ended[-1], f"{customer.name} is released")
    word = clerk.word(ledger, "hold.released", was=ruled, until=until, reason=reason)
    good = Hold(customer.ref, "good", ledger.today(), "person", until, reason)
    lasts = f" until {until}" if until else ""
    said = f"{customer.name} is released{lasts}: what is late or owed today holds it no longer, only what comes after"
    return Noted(ledger, ledger.desk.note(lambda _: good, KIND, customer.ref, word), said)


def in_force(ledger: Ledger, customer: str) -> list[Filed]:
    """What persons placed on the customer and what still counts today."""
    return [one for one in ledger.desk.filed(KIND) if one.customer == customer and counts(one.value, ledger.today())]


def counts(hold: Hold, today: date) -> bool:
    """Whether it is a person's hold in force today."""
    return not hold.is_ours and hold.counts_on(today)


def rule_says(clerk: Clerk, ledger: Ledger, account: Account, customer: str) -> CreditStanding:
    """Where the rule alone would have the customer today, had no person ever said anything."""
    own = tuple(hold for hold in account.holds if hold.is_ours or hold.customer != customer)
    decided = clerk.evaluated(ledger, replace(account, holds=own)).decisions
    for decision in decided:
        if isinstance(decision, CreditState) and decision.customer == customer:
            return decision.after
    return worst(hold.state for hold in own if hold.customer == customer)


def _end(clerk: Clerk, ledger: Ledger, filed: Filed) -> Filed:
    """It counts no more from today on. The record stays, so that the flag it raised is known and lowered."""
    must_be_ours(filed)
    ended = replace(filed.value, expires_on=ledger.today() - timedelta(days=1))
    word = clerk.word(ledger, "hold.ended", state=filed.value.state)
    return ledger.desk.amend(Paper(ended, filed.ref, filed.customer), word)


def _check_until(until: date | None, today: date) -> None:
    if until is not None and until < today:
        raise Usage(f"the last day {until} has passed: today is {today}")


def _not_held(account: Account, customer: Customer) -> str:
    family = {member.ref: member.name for member in account.family}
    above = [hold.customer for hold in account.holds if hold.customer != customer.ref and hold.state in STANDINGS[2:]]
    for parent in above:
        if parent == account.customer.ref:
            return f"{customer.name} is held through its billing parent; release {family[parent]}"
    return f"nothing holds {customer.name}"


def _unruled(clerk: Clerk, ledger: Ledger, customer: Customer) -> str:
    """What a person should know where no rule carries the word into the books."""
    policy = clerk.policy_of(ledger, customer)
    if policy is not None:
        if "credit_hold" in clerk.policies.rule_settings(policy):
            return "" if customer.stop_sell is not None else f"{ledger.name} keeps no flag itself: the feed shows this"
        return f"policy {policy} has no credit_hold table: only the stop-sell feed shows this, not the books"
    return f"no policy governs {customer.name}: only the stop-sell feed shows this, not the books"
