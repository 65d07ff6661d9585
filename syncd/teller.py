"""The journal in plain sentences: whom a line is about, what happened, by whom and why. One teller for all who show it.

It looks names and invoice numbers up and decides nothing. Keys and ids are for programs: `Entry` has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from connectors import FactKind
from rules.domain.decisions import Action, ChargeReversal, CreditState, FinanceCharge, Memo, Reminder, Task
from rules.domain.wording import grouped, joined, spoken
from syncd.ledger import Ledger
from syncd.people.listing import name_of
from syncd.store.intent_rows import Intent, Step
from syncd.store.journal import Entry
from syncd.waivers import WAIVE

_FOLLOW_UP = re.compile(r"/[a-z_]+-\d+$")
_SENT, _CONFIRMED = ("operation.sent",), ("operation.confirmed",)
_TOLD_BY = MappingProxyType(
    {
        "operation.confirmed": _SENT,
        "operation.returned": _SENT,
        "operation.unclear": _SENT,
        "operation.stale": _SENT,
        "operation.rejected": _SENT,
        "operation.recalled": _CONFIRMED,
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the journal for people. `customer` is a name; empty where it is about none."""

    at: datetime
    connection: str
    customer: str
    what: str


@dataclass(slots=True)
class Teller:
    """Tells lines about what these ledgers hold."""

    ledgers: Sequence[Ledger]
    _names: dict[tuple[str, FactKind, str], str] = field(default_factory=dict)

    def told(self, entries: Sequence[Entry]) -> Iterator[Told]:
        """Each line in words, in the order given."""
        actions = self._actions(entries)
        for entry in entries:
            known = actions.get(entry.connection, {})
            intent = known.get(entry.key) or known.get(_FOLLOW_UP.sub("", entry.key))
            what = self._what(entry, intent.decision if intent else None)
            yield Told(entry.at, entry.connection, self._called(entry.connection, "customer", entry.customer), what)

    def told_step(self, ledger: Ledger, step: Step) -> tuple[str, str]:
        """Whom one request is about, and what it is for."""
        intent = ledger.intents.action(step.action)
        what = self._step(ledger.name, step.key, step.operation.verb, intent.decision if intent else None)
        return self._called(ledger.name, "customer", step.customer), what

    def told_action(self, ledger: Ledger, intent: Intent) -> str:
        """An action in a few words: the customer, what is done, the invoices."""
        customer = self._called(ledger.name, "customer", intent.customer)
        return f"{customer}, {self._deed(ledger.name, intent.key, intent.decision)}"

    def _actions(self, entries: Iterable[Entry]) -> dict[str, dict[str, Intent]]:
        keys: dict[str, dict[str, None]] = {}
        for entry in entries:
            mine = keys.setdefault(entry.connection, {})
            mine.update(dict.fromkeys([entry.key, _FOLLOW_UP.sub("", entry.key)]))
        return {
            ledger.name: ledger.intents.by_key(list(keys[ledger.name]))
            for ledger in self.ledgers
            if ledger.name in keys
        }

    def _what(self, entry: Entry, decision: Action | None) -> str:
        kind, _, event = entry.event.partition(".")
        if kind == "action":
            return self._action(entry, event, decision)
        if kind == "operation":
            return self._operation(entry, event, decision)
        return self._record(entry)

    def _action(self, entry: Entry, event: str, decision: Action | None) -> str:
        """What was meant to be done: the deed, then the rule's reason where the line has one."""
        detail, why = entry.detail, _sentence(entry.detail.get("why"))
        deed, reason = self._deed(entry.connection, entry.key, decision), _sentence(detail.get("reason"))
        if reason:
            told = f"credit state {reason}" if isinstance(decision, CreditState) else f"{deed}: {reason}"
            if event == "held":
                return f"{why or _PLANS[event]}: {told}"
            return f"{_PLANS.get(event, event)}: {told}{f' ({why})' if why else ''}"
        if event == "retimed":
            return f"{deed} may go out {_hours(str(detail.get('hours', '')))}"
        return f"{_PLANS.get(event, event)}{_by(entry)}: {deed}{f': {why}' if why else ''}"

    def _operation(self, entry: Entry, event: str, decision: Action | None) -> str:
        """What was sent, and what the answer was."""
        if event == "confirmed":
            return self._written(entry, decision)
        step = self._step(entry.connection, entry.key, entry.detail.get("verb"), decision)
        why = _sentence(entry.detail.get("why"))
        head = _ANSWERED.get(event, event)
        if event == "resolved":
            head = f"{entry.who} says that it is {'in' if entry.detail.get('done') else 'not in'} the books"
        return f"{head}: {step}{f': {why}' if why else ''}"

    def _step(self, connection: str, key: str, verb: object, decision: Action | None) -> str:
        """What one request is for: the deed itself, or the memo that follows it."""
        deed = self._deed(connection, key, decision)
        return f"memo on {deed}" if verb == "add_note" or "/add_note-" in key else deed

    def _written(self, entry: Entry, decision: Action | None) -> str:
        verb, deed = entry.detail.get("verb"), self._deed(entry.connection, entry.key, decision)
        if verb == "add_note":
            target = str(entry.detail.get("remote_id") or "")
            where = self._called(entry.connection, "invoice", target)
            return f"memo written on invoice {where}" if where != target else f"memo written: {deed}"
        if verb == "set_stop_sell":
            flag = isinstance(decision, CreditState) and decision.stop_sell
            return f"stop-sell flag {'raised' if flag else 'lifted'} in the books"
        if verb == "send_message" and isinstance(decision, Reminder) and decision.channel == "letter":
            return f"letter laid out: {deed}"
        return f"{_WRITTEN.get(str(verb), 'done')}: {deed}"

    def _deed(self, connection: str, key: str, decision: Action | None) -> str:  # noqa: PLR0911 - one line for each kind
        """What an action does, in a few words, with its invoices by number."""
        match decision:
            case None:
                rule = key.partition("/")[0].replace("_", " ")
                return f"an action of {rule} that is not kept any more"
            case Reminder():
                step = f"reminder, level {decision.level}" if decision.level else "word before a discount lapses"
                return f"{step}, {self._invoices(connection, decision.invoices)}"
            case CreditState():
                return f"credit state {decision.before} to {decision.after}"
            case FinanceCharge():
                return f"finance charge of {spoken(decision.amount)}, {self._invoices(connection, [decision.invoice])}"
            case ChargeReversal():
                word = "waiver" if decision.rule == WAIVE else "reversal"
                return f"{word} of {spoken(decision.amount)}, {self._invoices(connection, [decision.invoice])}"
            case Memo():
                return f"note: {decision.text}"
            case Task():
                about = f", {self._invoices(connection, decision.invoices)}" if decision.invoices else ""
                return f"{decision.what} by {decision.due_on}{about}"

    def _record(self, entry: Entry) -> str:
        """What a person put down, or what was done to the installation. The event is in plain words already."""
        event = _RECORDED.get(entry.event) or entry.event.replace(".", " ").replace("_", " ")
        parts, why = [], ""
        for name, value in entry.detail.items():
            if name in ("reason", "why"):
                why = _sentence(value)
            elif value not in ("", None):
                parts.append(self._part(entry, name, str(value)))
        said = ": ".join(filter(None, (f"{event}{_by(entry)}", ", ".join(parts))))
        return f"{said}: {why}" if why else said

    def _part(self, entry: Entry, name: str, value: str) -> str:
        if name in ("invoice", "invoices"):
            return self._invoices(entry.connection, value.split(", "))
        if name == "charge":
            return f"charge {self._called(entry.connection, 'invoice', value)}"
        return " ".join(filter(None, (_PARTS.get(name, name.replace("_", " ")), grouped(value))))

    def _invoices(self, connection: str, refs: Sequence[str]) -> str:
        numbers = joined([self._called(connection, "invoice", ref) for ref in refs])
        return f"{'invoice' if len(refs) == 1 else 'invoices'} {numbers}"

    def _called(self, connection: str, kind: FactKind, ref: str) -> str:
        wanted = (connection, kind, ref)
        if wanted not in self._names:
            ledger = next((one for one in self.ledgers if one.name == connection), None)
            self._names[wanted] = name_of(ledger, kind, ref) if ledger and ref else ref
        return self._names[wanted]


def without_answered(entries: Sequence[Entry]) -> list[Entry]:
    """The lines without those that a later one tells whole: what was sent and is answered, what was found again."""
    told: dict[tuple[str, str, str], int] = {}
    for place, entry in enumerate(entries):
        for event in _TOLD_BY.get(entry.event, ()):
            told[entry.connection, entry.key, event] = place
    return [
        entry
        for place, entry in enumerate(entries)
        if told.get((entry.connection, entry.key, entry.event), place) <= place
    ]


def _by(entry: Entry) -> str:
    return f" by {entry.who}" if entry.who != "syncd" else ""


def _sentence(text: object) -> str:
    return str(text or "").removesuffix(".")


def _hours(hours: str) -> str:
    return hours if hours == "any time" else f"from {hours}"


_PLANS = MappingProxyType(
    {
        "renewed": "planned anew",
        "held": "waits for approval",
        "retried": "to be tried again, asked",
        "withdrawn": "taken back",
    }
)
_ANSWERED = MappingProxyType(
    {
        "sent": "sent, the answer is not in yet",
        "returned": "not sent, it waits for the next pass",
        "unclear": "sent without a clear answer",
        "stale": "not sent",
        "rejected": "refused by the provider",
        "recalled": "found in the books from before",
    }
)
_WRITTEN = MappingProxyType(
    {
        "send_message": "mailed",
        "email_invoice": "mailed by the provider",
        "create_invoice": "billed",
        "create_credit_note": "credited",
        "set_promise_date": "promised day written into the books",
    }
)
_RECORDED = MappingProxyType(
    {
        "customer.located": "time zone recorded",
        "customer.unlocated": "time zone removed",
        "customer.unassigned": "collector removed",
        "consent.resealed": "consent sealed with a new key",
    }
)
_PARTS = MappingProxyType(
    {
        "promised_on": "by",
        "on": "on",
        "amount": "",
        "channel": "by",
        "state": "",
        "about": "",
        "was": "before:",
        "timezone": "",
        "rows": "dates:",
    }
)
