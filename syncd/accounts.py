"""Puts a customer's file on the table: facts from the mirror, people's records, and our own history, as one Account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from rules.domain.accounts import accounts_of
from rules.domain.decisions import Reminder
from rules.domain.facts import (
    OURS,
    Account,
    Book,
    ChargeBilled,
    Company,
    CreditNote,
    Customer,
    Hold,
    Invoice,
    Payment,
    Silence,
    StandingChanged,
)
from syncd.history import history_of, standing_of, untold
from syncd.store.codec import RECORD_KINDS
from syncd.store.desk import Desk
from syncd.store.intents import Intents
from syncd.store.mirror import Mirror
from syncd.store.records import Assignment, CreditApplication, TimeZone, Waiver
from syncd.store.sql import chunks

_BILLED_BY = f"{OURS}finance_charges"
_FAMILIES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Files:
    """Where an account's papers lie: the mirror, the desk and the outbox of one connection."""

    mirror: Mirror
    desk: Desk
    intents: Intents

    def accounts(self, heads: Sequence[str], company: Company, today: date) -> Iterator[Account]:
        """The accounts of these billing heads, in their order, a few hundred in memory at a time."""
        rates = self.mirror.rates()
        for some in chunks(heads, _FAMILIES_AT_ONCE):
            families = self.mirror.family(some)
            members = [member for family in families.values() for member in family]
            book = self._book(members, company, today)
            for account in accounts_of(replace(book, rates=rates)):
                if account.customer.ref in families:
                    yield account

    def book(self, company: Company, today: date) -> Book:
        """Everything of the connection as one book, as `syncd export` writes it."""
        members = [member for family in self.mirror.family(self.mirror.all_heads()).values() for member in family]
        return replace(self._book(sorted(members), company, today), rates=self.mirror.rates())

    def _book(self, members: Sequence[str], company: Company, today: date) -> Book:
        piles = _Piles()
        for fact in self.mirror.facts_of(members):
            piles.sort_in(fact)
        for _, customer, value in self.desk.of(members):
            piles.sort_in(_owned(value, customer))
        entries = self.intents.of_accounts(members)
        for intent, remote_id in entries:
            piles.history.extend(history_of(intent, remote_id))
        made = self.intents.made([one.ref for one in piles.invoices if one.claims_ours])
        fees = [intent.id for intent, _ in entries if isinstance(intent.decision, Reminder) and intent.decision.fee]
        piles.know_our_charges(made | self.intents.billed_by(fees))
        piles.replace_our_holds(standing_of(entries))
        return piles.book(company, today)


@dataclass(slots=True)
class _Piles:
    customers: list[Customer] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    credit_notes: list[CreditNote] = field(default_factory=list)
    promises: list[Any] = field(default_factory=list)
    disputes: list[Any] = field(default_factory=list)
    installment_plans: list[Any] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    history: list[Any] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)  # history from a book, which may tell of our own deeds
    collectors: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)

    def sort_in(self, value: Any) -> None:
        match value:
            case Customer():
                self.customers.append(value)
            case Invoice():
                self.invoices.append(value)
            case Payment():
                self.payments.append(value)
            case CreditNote():
                self.credit_notes.append(value)
            case Assignment():
                self.collectors[value.customer] = value.collector
            case TimeZone():
                self.zones[value.customer] = value.timezone
            case CreditApplication():
                pass  # kept on the desk for people; no rule decides by it
            case Waiver():
                self.history.append(value.entry)
            case StandingChanged():
                self.told.append(value)
            case _:
                self._pile_of(value).append(value)

    def _pile_of(self, value: Any) -> list[Any]:
        kind = RECORD_KINDS[type(value)]
        piles: dict[str, list[Any]] = {
            "promise": self.promises,
            "dispute": self.disputes,
            "installment_plan": self.installment_plans,
            "hold": self.holds,
            "silence": self.silences,
        }
        return piles.get(kind, self.told)

    def know_our_charges(self, made: dict[str, str]) -> None:
        """Invoices this store remembers to have made are ours, whatever people made of their number or note."""
        known = made | {one.charge: _BILLED_BY for one in self.history if isinstance(one, ChargeBilled)}
        for place, one in enumerate(self.invoices):
            if one.ref in known and not one.is_ours:
                self.invoices[place] = replace(one, origin=known[one.ref])

    def replace_our_holds(self, ours: dict[str, Hold]) -> None:
        """Our latest own standing is the one in force; an imported one of ours is older."""
        self.holds = [hold for hold in self.holds if not (hold.is_ours and hold.customer in ours)]
        self.holds.extend(hold for hold in ours.values() if hold.state != "good")

    def _assigned(self, customer: Customer) -> Customer:
        """A person's word on who looks after the customer, and where it lives, counts before the books'."""
        collector = self.collectors.get(customer.ref, customer.collector)
        zone = self.zones.get(customer.ref, customer.timezone)
        if (collector, zone) == (customer.collector, customer.timezone):
            return customer
        return replace(customer, collector=collector, timezone=zone)

    def book(self, company: Company, today: date) -> Book:
        return Book(
            as_of=today,
            company=company,
            customers=tuple(self._assigned(customer) for customer in self.customers),
            invoices=tuple(self.invoices),
            payments=tuple(self.payments),
            credit_notes=tuple(self.credit_notes),
            promises=tuple(self.promises),
            disputes=tuple(self.disputes),
            installment_plans=tuple(self.installment_plans),
            holds=tuple(self.holds),
            silences=tuple(self.silences),
            history=(*untold(self.told, self.history), *self.history),
        )


def _owned(value: Any, customer: str) -> Any:
    """A record names its customer as it was when it was made; after a merge the desk knows better."""
    return replace(value, customer=customer) if getattr(value, "customer", None) not in (None, customer) else value
