"""Why a customer or invoice is where it is: the facts, every rule's sentence, what was done, and what comes next.

What comes next is found by deciding on the same facts for the days ahead; nothing is predicted about payments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from rules import evaluate
from rules.domain.decisions import Action, ChargeReversal, CreditState, Decision, Problem, Skip
from rules.domain.facts import Account, ChargeWaived, HistoryEntry, Invoice
from rules.domain.positions import CustomerPosition
from rules.policy import Policies
from syncd.errors import Usage
from syncd.history import history_of
from syncd.ledger import Ledger
from syncd.store import journal
from syncd.store.intent_rows import Intent
from syncd.waivers import WAIVE

_DAYS_AHEAD = 120


@dataclass(frozen=True, slots=True)
class Ahead:
    """What would be decided on a coming day if nothing changed in the books until then."""

    on: date
    decision: Action


@dataclass(frozen=True, slots=True)
class Explanation:
    """An account on a day. `invoice` is set where one invoice was asked about: then the lists speak of it only."""

    connection: str
    as_of: date
    account: Account
    invoice: Invoice | None
    positions: tuple[CustomerPosition, ...]
    decisions: tuple[Decision, ...]
    intents: tuple[Intent, ...]
    history: tuple[HistoryEntry, ...]  # what happened besides: imported, or recorded by people
    journal: tuple[journal.Entry, ...]
    ahead: tuple[Ahead, ...]

    @property
    def waiting(self) -> tuple[Intent, ...]:
        """What waits for a person's word before anything comes of it."""
        return tuple(intent for intent in self.intents if intent.state in ("held", "unknown", "rejected"))


def explain(ledger: Ledger, policies: Policies, text: str) -> Explanation | None:
    """Explain the customer or invoice that `text` (id, number or name) means; None where this connection has none."""
    found = ledger.mirror.find(text)
    if found is None or ledger.company is None:
        return None
    ref, customer = found
    head = ledger.mirror.heads([customer])[0]
    today = ledger.today()
    account = next(ledger.accounts([head]), None)
    if account is None:
        raise Usage(f'"{text}" belongs to customer {customer}, who is not in our copy of the books yet')
    result = evaluate(account, policies, today)
    invoice = next((each for each in account.invoices if each.ref == ref.id), None) if ref.kind == "invoice" else None
    members = {member.ref for member in account.family}
    ours = ledger.intents.of_accounts(sorted(members))
    told = Counter(entry for intent, remote_id in ours for entry in history_of(intent, remote_id))
    credited = {(one.charge, one.amount) for one in map(_waiver, ours) if one is not None}
    return Explanation(
        connection=ledger.name,
        as_of=today,
        account=account,
        invoice=invoice,
        positions=result.customers,
        decisions=tuple(decision for decision in result.decisions if _concerns(decision, invoice)),
        intents=tuple(intent for intent, _ in ours if _concerns(intent.decision, invoice)),
        history=tuple(
            entry
            for entry in _besides(account.history, told, invoice)
            if not (isinstance(entry, ChargeWaived) and (entry.charge, entry.amount) in credited)
        ),
        journal=tuple(entry for member in sorted(members) for entry in _journal(ledger, member)),
        ahead=tuple(_ahead(account, policies, today, invoice)),
    )


def _waiver(ours: tuple[Intent, str | None]) -> ChargeReversal | None:
    """The waiver that an action of ours carried out; None for every other."""
    decision = ours[0].decision
    carried_out = ours[0].done_on is not None
    return decision if carried_out and isinstance(decision, ChargeReversal) and decision.rule == WAIVE else None


def _ahead(account: Account, policies: Policies, today: date, invoice: Invoice | None) -> Iterator[Ahead]:
    """The first day each kind of decision would come up that is not called for today.

    A flag to be set again in days ahead is our own of today, which our copy of the books does not show yet.
    """
    seen = {(each.kind, each.customer) for each in _actions(account, policies, today, invoice)}
    for days in range(1, _DAYS_AHEAD + 1):
        day = today + timedelta(days=days)
        for decision in _actions(account, policies, day, invoice):
            again = isinstance(decision, CreditState) and decision.before == decision.after
            if not again and (decision.kind, decision.customer) not in seen:
                seen.add((decision.kind, decision.customer))
                yield Ahead(day, decision)


def _actions(account: Account, policies: Policies, day: date, invoice: Invoice | None) -> list[Action]:
    decisions = evaluate(account, policies, day).decisions
    return [each for each in decisions if not isinstance(each, Skip | Problem) and _concerns(each, invoice)]


def _concerns(decision: Decision, invoice: Invoice | None) -> bool:
    if invoice is None:
        return True
    if isinstance(decision, Skip | Problem):
        return decision.subject in (invoice.ref, invoice.number, invoice.customer)
    invoices = getattr(decision, "invoices", None) or (getattr(decision, "invoice", None),)
    return invoice.ref in invoices or decision.kind == "credit_state"


def _besides(
    history: Iterable[HistoryEntry], told: Counter[HistoryEntry], invoice: Invoice | None
) -> Iterator[HistoryEntry]:
    """The history that no action of ours tells already."""
    for entry in history:
        if told[entry] > 0:
            told[entry] -= 1
        elif invoice is None or _of(entry, invoice):
            yield entry


def _of(entry: HistoryEntry, invoice: Invoice) -> bool:
    return getattr(entry, "invoice", None) in (None, invoice.ref)


def _journal(ledger: Ledger, customer: str) -> list[journal.Entry]:
    return journal.read(ledger.store, ledger.name, customer=customer)
