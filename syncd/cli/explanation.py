"""An explanation in words: where a customer or invoice stands, what the rules say, what was done, what comes next.

Numbers and names only: what a person reads never shows a provider's id where we know better.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from rules.domain import facts
from rules.domain.eligibility import is_open
from rules.domain.facts import Customer, HistoryEntry, Hold, Invoice, Silence
from rules.domain.positions import CustomerPosition
from rules.domain.wording import counted, spoken
from rules.domain.zones import zone_of
from syncd.as_json import decision_json
from syncd.cli.manners import paid_invoices
from syncd.cli.output import Table, Text
from syncd.cli.rendering import amount, what
from syncd.explain import Explanation
from syncd.names import Names
from syncd.people.listing import said
from syncd.store.intent_rows import Intent


def explanation(one: Explanation) -> Iterator[Text]:
    """The whole explanation."""
    names = Names.of(one.account.family, one.account.invoices)
    about = f", invoice {names.invoice(one.invoice.ref)}" if one.invoice else ""
    yield f"{one.connection}, {one.as_of}: {_shown_customer(one).name}{about}"
    yield from _standing(one)
    yield from _invoices(one)
    yield from paid_invoices(one)
    yield from _records(one, names)
    yield from _decided(one, names)
    yield from _done(one, names)
    yield from _next(one, names)


def _shown_customer(one: Explanation) -> Customer:
    """Whom it is about: who the invoice was written to, else who is billed."""
    owner = one.invoice.customer if one.invoice else one.account.customer.ref
    return next((member for member in one.account.family if member.ref == owner), one.account.customer)


def _standing(one: Explanation) -> Iterator[Text]:
    members = {member.ref: member for member in one.account.family}
    here = one.account.company.timezone
    for position in one.positions:
        member = members[position.customer]
        parts = [
            f"policy {position.policy or 'none'}",
            f"credit state {position.credit_state}",
            f"pays {position.payer_class.replace('_', ' ')}",
            *((f"{position.days_to_pay} days to pay",) if position.days_to_pay is not None else ()),
            *((f"{position.promises_kept_pct} % of promises kept",) if position.promises_kept_pct is not None else ()),
            *((f"collector {member.collector}",) if member.collector else ()),
            *((f"lives by {zone}",) if (zone := zone_of(member, one.account.company)) != here else ()),
        ]
        yield f"{member.name}: {', '.join(parts)}"
        yield f"  {_owes(position)}"
        if position.manners.paid or position.manners.late_now:
            yield f"  {position.manners.told()}"


def _owes(position: CustomerPosition) -> str:
    owed = [
        f"{spoken(opened)} open, {_spoken_or_nothing(position.overdue[currency])} overdue"
        + (f", {spoken(position.unapplied[currency])} on no invoice yet" if position.unapplied[currency] else "")
        for currency, opened in position.open.items()
        if opened or position.unapplied[currency]
    ]
    late = f"; the oldest is {counted(position.oldest_days_past_due, 'day')} past due"
    return f"{'; '.join(owed) or 'nothing is open'}{late if position.oldest_days_past_due else ''}"


def _spoken_or_nothing(money: Any) -> str:
    return spoken(money) if money else "nothing"


def _invoices(one: Explanation) -> Iterator[Text]:
    shown = [one.invoice] if one.invoice else [each for each in one.account.invoices if is_open(each)]
    shown.sort(key=lambda each: (each.due_on or date.max, each.number))
    rows = [_invoice_row(each, one.as_of) for each in shown]
    if rows:
        yield from ("", "Invoice" if one.invoice else "Open invoices")
        yield Table(("number", "issued", "due", "days past due", "total", "open", "status"), rows, right=_AMOUNTS)


_AMOUNTS = ("days past due", "total", "open")


def _invoice_row(invoice: Invoice, as_of: date) -> tuple[str, ...]:
    late = (as_of - max(invoice.due_on, invoice.issued_on)).days if invoice.due_on and is_open(invoice) else 0
    kind = ", our charge" if invoice.is_ours else ""
    return (
        invoice.number or invoice.ref,
        str(invoice.issued_on),
        str(invoice.due_on or "none"),
        str(late) if late > 0 else "",
        str(invoice.total),
        str(invoice.balance),
        f"{invoice.status}{kind}",
    )


def _records(one: Explanation, names: Names) -> Iterator[Text]:
    """What people recorded and still bears on it."""
    account = one.account
    said_by_people = [hold for hold in account.holds if not hold.is_ours]
    holds = [hold for hold in said_by_people if hold.since > one.as_of or hold.counts_on(one.as_of)]
    disputes = [dispute for dispute in account.disputes if dispute.closed_on is None]
    promises = [promise for promise in account.promises if promise.withdrawn_on is None]
    lists: tuple[tuple[str, Iterable[Any]], ...] = (
        ("promise", promises),
        ("dispute", disputes),
        ("instalment plan", account.installment_plans),
        ("hold", holds),
        ("silence", [silence for silence in account.silences if _is_running(silence, one.as_of)]),
    )
    rows = [(word, said(value, names.invoice)) for word, values in lists for value in values if _bears_on(value, one)]
    if rows:
        yield from ("", "What people recorded", Table(("record", "what"), rows))


def _is_running(silence: Silence, as_of: date) -> bool:
    return silence.until is None or as_of <= silence.until


def _bears_on(value: Any, one: Explanation) -> bool:
    if one.invoice is None or isinstance(value, Hold) or (isinstance(value, Silence) and value.invoice is None):
        return True
    return one.invoice.ref in (*getattr(value, "invoices", ()), getattr(value, "invoice", None))


def _decided(one: Explanation, names: Names) -> Iterator[Text]:
    closed = {each.ref for each in one.account.invoices if not is_open(each)} if one.invoice is None else set()
    rows = []
    for decision in map(decision_json, one.decisions):
        if "problem" in decision:
            rows.append(("problem", names.subject(decision["subject"], None), decision["problem"]))
        elif decision["kind"] != "skip":
            rows.append((what_of(decision), about_of(decision, names), decision["reason"]))
        elif decision["rule"] == "credit_hold" or decision["subject"] not in closed:
            about = names.subject(decision["subject"], decision["rule"])
            rows.append((f"{decision['rule'].replace('_', ' ')}: nothing", about, decision["reason"]))
    if rows:
        yield from ("", "What the rules say today", Table(("what", "about", "why"), rows))


def what_of(decision: Mapping[str, Any]) -> str:
    """The decision in a few words, with its sum."""
    money = amount(decision)
    return f"{what(decision)}: {money}" if money else what(decision)


def about_of(decision: Mapping[str, Any], names: Names) -> str:
    """The invoices it is about, by number; else the customer."""
    invoices = decision.get("invoices") or ([decision["invoice"]] if decision.get("invoice") else [])
    return ", ".join(names.invoice(ref) for ref in invoices) or names.customer(decision["customer"])


def _done(one: Explanation, names: Names) -> Iterator[Text]:
    """Our actions and what happened besides, in one line of time and the same words."""
    rows = [_intent_row(intent, names) for intent in one.intents]
    rows += [(str(_day(entry)), _happened(entry), _entry_about(entry, names), "recorded", "") for entry in one.history]
    if rows:
        columns = ("day", "what", "about", "status", "why")
        yield from ("", "What was done", Table(columns, sorted(rows, key=lambda row: row[0])))


def _intent_row(intent: Intent, names: Names) -> tuple[str, str, str, str, str]:
    decision = decision_json(intent.decision)
    on = str(intent.done_on or intent.decided_on)
    why = f"{intent.why}: {decision['reason']}" if intent.why and intent.state != "done" else decision["reason"]
    waits = intent.state in ("held", "unknown", "rejected")
    status = f"{intent.state}, no. {intent.id}" if waits else intent.state
    return on, what_of(decision), about_of(decision, names), status, why


def _day(entry: HistoryEntry) -> date:
    return entry.last_on if isinstance(entry, facts.ChargeBilled) else entry.on


def _entry_about(entry: HistoryEntry, names: Names) -> str:
    invoice = getattr(entry, "invoice", None)
    return names.invoice(invoice) if invoice else names.customer(entry.customer)


def _happened(entry: HistoryEntry) -> str:  # noqa: PLR0911 - one line for each kind
    match entry:
        case facts.ReminderSent():
            return f"reminder, level {entry.level}{'' if entry.was_sent else ': refused by a person, nothing sent'}"
        case facts.ChargeBilled():
            return f"finance charge: {spoken(entry.amount)} for {entry.first_on} to {entry.last_on}"
        case facts.ChargeReversed():
            return f"charge reversal: {spoken(entry.amount)}"
        case facts.ChargeWaived():
            return f"waiver of a charge: {spoken(entry.amount)}"
        case facts.Contacted():
            return f"contact by {entry.channel}{f': {entry.outcome}' if entry.outcome else ''}"
        case facts.StandingChanged():
            return f"credit state {entry.before} to {entry.after}"
        case facts.TaskDone():
            return f"task {entry.outcome}: {entry.what}"


def _next(one: Explanation, names: Names) -> Iterator[Text]:
    yield from ("", "What comes next, if nothing changes in the books")
    for intent in one.waiting:
        decision = decision_json(intent.decision)
        yield f"no. {intent.id} {_waits(intent)}: {what_of(decision)}, {about_of(decision, names)}"
    coming = [(str(ahead.on), decision_json(ahead.decision)) for ahead in one.ahead]
    rows = [(on, what_of(decision), about_of(decision, names), decision["reason"]) for on, decision in coming]
    nothing = "nothing else within four months" if one.waiting else "nothing within four months"
    yield Table(("day", "what", "about", "why"), rows) if rows else nothing


def _waits(intent: Intent) -> str:
    if intent.state != "held":
        return {"unknown": "is unclear until `syncd resolve`", "rejected": "was refused by the provider"}[intent.state]
    return _WAITS.get(intent.hold, f"waits: {intent.why}")


_WAITS = {
    "review": "waits for approval",
    "brake": "waits for the release of the brake",
    "person": "waits for somebody to do it",
    "unable": "cannot go out",
}
