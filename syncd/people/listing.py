"""Records as rows: what a person reads of each, and the same for programs in the shape of a book file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors import Ref
from rules.domain.facts import Contacted, Customer, Dispute, Hold, InstallmentPlan, Invoice, Promise, Silence
from rules.domain.money import total
from rules.domain.wording import spoken
from syncd.ledger import Ledger
from syncd.people import disputes, holds, plans, promises, silences, waivers
from syncd.people.clerk import Clerk
from syncd.people.records import subjects
from syncd.store.desk import Filed
from syncd.store.records import Assignment, CreditApplication, TimeZone, Waiver


@dataclass(frozen=True, slots=True)
class Row:
    """One record: where it stands, and what it says. `is_running` says whether it still counts."""

    ledger: Ledger
    filed: Filed
    state: str
    is_running: bool

    @property
    def customer(self) -> str:
        """The customer's name."""
        return name_of(self.ledger, "customer", self.filed.customer)

    @property
    def about(self) -> str:
        """What it is about and what it says, in a few words."""
        return said(self.filed.value, lambda ref: name_of(self.ledger, "invoice", ref))


def row_of(clerk: Clerk, ledger: Ledger, filed: Filed) -> Row:
    """The record with where it stands today."""
    state = _STATES[filed.kind](clerk, ledger, filed)
    return Row(ledger, filed, state, state in _RUNNING)


_RUNNING = ("open", "in force", "not begun", "waiting", "planned", "held", "recorded")


def _promise(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    return promises.states(clerk, ledger, filed.customer).get(filed.ref, "withdrawn").replace("_", " ")


def _dispute(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    del clerk
    return "open" if disputes.is_open((ledger, filed)) else "closed"


def _plan(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    state = plans.state_of(clerk, ledger, filed)
    return "in force" if state == "kept" else state


def _hold(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    del clerk
    if filed.value.since > ledger.today():
        return "not begun"
    return "in force" if holds.counts(filed.value, ledger.today()) else "ended"


def _silence(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    del clerk
    return "in force" if silences.counts(filed.value, ledger.today()) else "ended"


def _waiver(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    del clerk
    return waivers.state_of(ledger, filed)


def _recorded(clerk: Clerk, ledger: Ledger, filed: Filed) -> str:
    del clerk, ledger, filed
    return "recorded"


_STATES: Mapping[str, Callable[[Clerk, Ledger, Filed], str]] = {
    "promise": _promise,
    "dispute": _dispute,
    "installment_plan": _plan,
    "hold": _hold,
    "silence": _silence,
    "waive": _waiver,
    "contact": _recorded,
    "assignment": _recorded,
    "timezone": _recorded,
    "credit_application": _recorded,
}


def said(value: Any, called: Callable[[str], str]) -> str:
    """What a record says, in a few words; `called` gives an invoice's number for its id."""
    return f"{_said(value, called)}{f': {why}' if (why := _why(value)) else ''}"


def _why(value: Any) -> str:
    return getattr(value, "reason", "") or getattr(value, "outcome", "")


def _amount(value: Promise | Dispute) -> str:
    return spoken(value.amount) if value.amount is not None else "all"


def _said(value: Any, called: Callable[[str], str]) -> str:
    about = ", ".join(called(ref) for ref in subjects(value))
    until = f" until {value.expires_on}" if isinstance(value, Hold) and value.expires_on else ""
    match value:
        case Promise():
            text = f"{_amount(value)} of {about} by {value.promised_on}"
        case Dispute():
            text = f"{_amount(value)} of {about} since {value.opened_on}{f' ({value.code})' if value.code else ''}"
        case InstallmentPlan():
            planned = total([row.amount for row in value.schedule], value.schedule[0].amount.currency)
            rows = ", ".join(f"{row.due_on} {spoken(row.amount)}" for row in value.schedule)
            text = f"{spoken(planned)} of {about}: {rows}"
        case Hold():
            text = f"{'released' if value.state == 'good' else value.state} since {value.since}{until}"
        case Silence():
            whom = f" about {about}" if about else f" to group {value.group}" if value.group else ""
            text = f"no reminders{whom} {f'until {value.until}' if value.until else 'until somebody ends it'}"
        case Contacted():
            text = f"{value.channel} on {value.on}{f' about {about}' if about else ''}"
        case Waiver():
            text = f"{spoken(value.amount)} of charge {called(value.charge)} on {called(value.invoice)}"
        case CreditApplication():
            text = f"{value.card} on {value.on}, {value.points} points"
        case Assignment(collector=word, since=since) | TimeZone(timezone=word, since=since):
            text = f"{word} since {since}"
        case _:
            raise TypeError(f"{type(value).__name__} is no record of the desk")
    return text


def name_of(ledger: Ledger, kind: Any, ref: str) -> str:
    """What people call a customer or invoice; its id where we hold none such."""
    fact = ledger.mirror.fact(Ref(kind, ref))
    if isinstance(fact, Customer):
        return fact.name
    return fact.number or ref if isinstance(fact, Invoice) else ref
