"""An account's facts, indexed once: what was used on which invoice, what is disputed, promised, planned, remembered.

Facts later than `as_of` are left out. Indexes only: what they mean is for `aging`, `eligibility` and `behaviour`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from rules.domain.deeds import in_sequence
from rules.domain.facts import (
    Account,
    Contacted,
    CreditNote,
    Customer,
    Dispute,
    Hold,
    InstallmentPlan,
    Invoice,
    Payment,
    Promise,
    ReminderSent,
    Silence,
    StandingChanged,
    TaskDone,
)
from rules.domain.money import Money
from rules.domain.once import once
from rules.domain.wording import sums

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settlement:
    """Part of an invoice settled on a day, by money or by a credit."""

    on: date
    amount: Money
    by: Literal["payment", "credit_note"]


@dataclass(frozen=True)
class AccountIndex:
    """The account as of a day, its facts looked up by ref."""

    account: Account
    as_of: date

    @once
    def family(self) -> Mapping[str, Customer]:
        """Everyone billed here, by ref."""
        return {customer.ref: customer for customer in self.account.family}

    @once
    def unwelcome(self) -> Mapping[str, Customer]:
        """Whom nobody may contact about the invoices of a family member: the head, else itself, where marked so."""
        head = self.account.customer
        return {
            customer.ref: head if head.do_not_contact else customer
            for customer in self.account.family
            if head.do_not_contact or customer.do_not_contact
        }

    @once
    def invoices(self) -> Mapping[str, Invoice]:
        """The family's invoices, by ref."""
        return {invoice.ref: invoice for invoice in self.account.invoices}

    @once
    def invoices_by_customer(self) -> Mapping[str, list[Invoice]]:
        """The family's invoices, by the customer they were written to."""
        found: dict[str, list[Invoice]] = defaultdict(list)
        for invoice in self.account.invoices:
            found[invoice.customer].append(invoice)
        return found

    @once
    def settlements(self) -> Mapping[str, list[Settlement]]:
        """What was used on each invoice, by day."""
        found: dict[str, list[Settlement]] = defaultdict(list)
        for payment in self.account.payments:
            if payment.reversed_on is None or payment.reversed_on > self.as_of:
                for part in payment.applied:
                    self._note(found, part.invoice, Settlement(part.on or payment.received_on, part.amount, "payment"))
        for note in self.account.credit_notes:
            if not note.voided:
                for part in note.applied:
                    self._note(found, part.invoice, Settlement(part.on or note.issued_on, part.amount, "credit_note"))
        for settlements in found.values():
            settlements.sort(key=lambda item: (item.on, item.by, item.amount.amount))
        return found

    def _note(self, found: dict[str, list[Settlement]], invoice: str, settlement: Settlement) -> None:
        """Keep what counts by now; money of another currency settles nothing."""
        known = self.invoices.get(invoice)
        if known is not None and settlement.on <= self.as_of and settlement.amount.currency == known.currency:
            found[invoice].append(settlement)

    @once
    def disputes(self) -> Mapping[str, list[Dispute]]:
        """Disputes still open, by invoice."""
        open_now = [
            dispute
            for dispute in self.account.disputes
            if dispute.opened_on <= self.as_of and (dispute.closed_on is None or dispute.closed_on > self.as_of)
        ]
        return _by_invoice(open_now, lambda dispute: (dispute.invoice,))

    @once
    def promises(self) -> tuple[Promise, ...]:
        """Promises made by now, in the order they were made."""
        made = [promise for promise in self.account.promises if promise.made_on <= self.as_of]
        return tuple(sorted(made, key=lambda promise: (promise.made_on, promise.promised_on, promise.ref)))

    @once
    def plans(self) -> Mapping[str, list[InstallmentPlan]]:
        """Instalment plans agreed by now, by invoice, the latest last."""
        made = [plan for plan in self.account.installment_plans if plan.made_on <= self.as_of]
        return _by_invoice(sorted(made, key=lambda plan: (plan.made_on, plan.ref)), lambda plan: plan.invoices)

    @once
    def reminders(self) -> Mapping[str, list[ReminderSent]]:
        """Reminders sent by now, by invoice, oldest first."""
        sent = [entry for entry in self.account.history if isinstance(entry, ReminderSent) and entry.on <= self.as_of]
        return _by_invoice(sent, lambda entry: (entry.invoice,))

    @once
    def contacts(self) -> tuple[Contacted, ...]:
        """Whenever somebody spoke with the family by now, oldest first."""
        return tuple(entry for entry in self.account.history if isinstance(entry, Contacted) and entry.on <= self.as_of)

    @once
    def tasks(self) -> tuple[TaskDone, ...]:
        """Tasks done or refused by now, oldest first."""
        return tuple(entry for entry in self.account.history if isinstance(entry, TaskDone) and entry.on <= self.as_of)

    @once
    def tasks_about(self) -> Mapping[tuple[str, str], list[TaskDone]]:
        """The same by rule and invoice."""
        found: dict[tuple[str, str], list[TaskDone]] = defaultdict(list)
        for entry in self.tasks:
            for ref in dict.fromkeys(entry.invoices):
                found[entry.rule, ref].append(entry)
        return found

    @once
    def handed_over(self) -> Mapping[str, TaskDone]:
        """The first hand-over to an agency or attorney that was carried out, by invoice."""
        found: dict[str, TaskDone] = {}
        for entry in self.tasks:
            if entry.rule == "escalation" and entry.what in ("agency", "attorney") and entry.outcome == "done":
                for ref in entry.invoices:
                    found.setdefault(ref, entry)
        return found

    @once
    def silences(self) -> tuple[Silence, ...]:
        """Silences in force, the one that lasts longest first."""
        found = [silence for silence in self.account.silences if silence.holds_on(self.as_of)]
        return tuple(sorted(found, key=lambda one: (one.until or date.max, one.ref), reverse=True))

    @once
    def standing_changes(self) -> Mapping[str, int]:
        """How often we changed each customer's standing."""
        found: dict[str, int] = defaultdict(int)
        for entry in self.account.history:
            if isinstance(entry, StandingChanged):
                found[entry.customer] += 1
        return found

    @once
    def last_standing_change(self) -> Mapping[str, StandingChanged]:
        """Our last change of each customer's standing."""
        changes = (entry for entry in self.account.history if isinstance(entry, StandingChanged))
        return {entry.customer: entry for entry in in_sequence(changes)}

    @once
    def expired_holds(self) -> Mapping[str, list[Hold]]:
        """Holds that have run out, by customer."""
        found: dict[str, list[Hold]] = defaultdict(list)
        for hold in self.account.holds:
            if hold.since <= self.as_of and not hold.counts_on(self.as_of):
                found[hold.customer].append(hold)
        return found

    @once
    def holds(self) -> Mapping[str, list[Hold]]:
        """Holds in force, by customer."""
        found: dict[str, list[Hold]] = defaultdict(list)
        for hold in self.account.holds:
            if hold.counts_on(self.as_of):
                found[hold.customer].append(hold)
        return found

    @once
    def releases(self) -> Mapping[str, date]:
        """Customers a person released, with the day of the latest release still in force: a "good" a person placed."""
        return {
            customer: max(hold.since for hold in holds if _is_release(hold))
            for customer, holds in self.holds.items()
            if any(_is_release(hold) for hold in holds)
        }

    @once
    def unapplied(self) -> Mapping[str, Mapping[str, Money]]:
        """Money and credits on no invoice yet, by customer and currency. Zero where a document is used up."""
        found: dict[str, dict[str, Money]] = defaultdict(dict)
        documents: list[Payment | CreditNote] = [*self.account.payments, *self.account.credit_notes]
        for document in documents:
            if document.customer in self.family and self._counts(document):
                held = found[document.customer]
                rest = document.unapplied
                held[rest.currency] = held[rest.currency] + rest if rest.currency in held else rest
        return found

    @once
    def unapplied_in_all(self) -> tuple[Money, ...]:
        """The same of the whole family, by currency."""
        return sums(rest for one in self.unapplied.values() for rest in one.values())

    def _counts(self, document: Payment | CreditNote) -> bool:
        if isinstance(document, Payment):
            return document.received_on <= self.as_of
        return document.issued_on <= self.as_of

    def ancestors(self, ref: str) -> tuple[str, ...]:
        """The billing parents of a family member, nearest first."""
        found: list[str] = []
        while (parent := self.family[ref].parent) is not None and parent in self.family and parent not in found:
            found.append(parent)
            ref = parent
        return tuple(found)

    @once
    def branches(self) -> Mapping[str, tuple[str, ...]]:
        """Each family member with everyone billed through it, itself first."""
        below: dict[str, list[str]] = {ref: [ref] for ref in self.family}
        for ref in sorted(self.family):
            for parent in self.ancestors(ref):
                if parent != ref:
                    below[parent].append(ref)
        return {ref: tuple(members) for ref, members in below.items()}


def _is_release(hold: Hold) -> bool:
    return hold.state == "good" and not hold.is_ours


def _by_invoice(items: Iterable[T], invoices_of: Callable[[T], Iterable[str]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for item in items:
        for invoice in invoices_of(item):
            found[invoice].append(item)
    return found
