"""`syncd explain`: why a customer or invoice is where it is, what was done, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import Table, Text, print_json, print_text
from syncd.errors import Usage

if TYPE_CHECKING:
    from rules.domain.facts import HistoryEntry, Invoice
    from syncd.explain import Explanation


@click.command(short_help="Why a customer or invoice is where it is, and what comes next.")
@click.argument("ref")
@CONNECTION
@AS_JSON
@CONFIG
def explain(*, ref: str, connection: str | None, as_json: bool, config: Path | None) -> None:
    """Why the customer or invoice REF (id, number or name) is where it is.

    Shows the facts we hold, what each rule says and why, what was done, and what will happen next and when if nothing
    changes in the books until then.
    """
    from syncd.explain import explain as found_in

    with opened(config, connection) as office:
        known = [found_in(ledger, office.policies, ref) for ledger in office.ledgers]
    found = [one for one in known if one is not None]
    if not found:
        where = ", ".join(ledger.name for ledger in office.ledgers)
        raise Usage(f'no customer or invoice is called "{ref}" in what was read from {where}')
    if as_json:
        print_json([_document(one) for one in found])
    else:
        print_text(part for one in found for part in _shown(one))


def _document(one: Explanation) -> dict[str, Any]:
    from connectors.file.mapping import document_of
    from syncd.assess import decision_json, position_json

    return {
        "connection": one.connection,
        "as_of": one.as_of.isoformat(),
        "customer": one.account.customer.ref,
        "invoice": one.invoice.ref if one.invoice else None,
        "positions": [position_json(position) for position in one.positions],
        "decisions": [decision_json(decision) for decision in one.decisions],
        "done": [_intent(intent) for intent in one.intents],
        "next": [{"on": ahead.on.isoformat(), **decision_json(ahead.decision)} for ahead in one.ahead],
        "facts": document_of(_book(one)),
        "journal": [
            {"at": entry.at.isoformat(), "event": entry.event, "key": entry.key, "who": entry.who}
            for entry in one.journal
        ],
    }


def _book(one: Explanation) -> Any:
    from rules.domain.facts import Book

    account = one.account
    return Book(
        as_of=one.as_of,
        company=account.company,
        customers=account.family,
        invoices=account.invoices,
        payments=account.payments,
        credit_notes=account.credit_notes,
        promises=account.promises,
        disputes=account.disputes,
        installment_plans=account.installment_plans,
        holds=account.holds,
        history=account.history,
    )


def _intent(intent: Any) -> dict[str, Any]:
    return {
        "action": intent.id,
        "key": intent.key,
        "status": intent.state,
        "decided_on": intent.decided_on.isoformat(),
        "done_on": intent.done_on.isoformat() if intent.done_on else None,
        "status_reason": intent.why or None,
        "reason": intent.decision.reason,
    }


def _shown(one: Explanation) -> Iterator[Text]:
    customer = one.account.customer
    yield f"{one.connection}, {one.as_of}: {customer.ref} {customer.name}" + _about(one.invoice)
    yield from _facts(one)
    yield from _standing(one)
    yield from _decided(one)
    yield from _done(one)
    yield from _next(one)


def _about(invoice: Invoice | None) -> str:
    return f", invoice {invoice.number} ({invoice.ref})" if invoice else ""


def _facts(one: Explanation) -> Iterator[Text]:
    invoices = [one.invoice] if one.invoice else [each for each in one.account.invoices if each.balance]
    rows = [
        (
            each.ref,
            each.number,
            str(each.issued_on),
            str(each.due_on or "none"),
            str(each.total),
            str(each.balance),
            each.status,
        )
        for each in invoices
    ]
    if rows:
        yield from ("", "Invoices")
        yield Table(("invoice", "number", "issued", "due", "total", "open", "status"), rows, right=("total", "open"))
    else:
        yield "nothing is open"


def _standing(one: Explanation) -> Iterator[Text]:
    for position in one.positions:
        overdue = ", ".join(str(amount) for amount in position.overdue.values() if amount) or "nothing"
        yield (
            f"customer {position.customer}: policy {position.policy or 'none'}, credit state {position.credit_state}, "
            f"pays {position.payer_class}, {overdue} overdue, oldest {position.oldest_days_past_due} days"
        )


def _decided(one: Explanation) -> Iterator[Text]:
    from syncd.assess import decision_json
    from syncd.cli.rendering import what

    rows = []
    for decision in map(decision_json, one.decisions):
        if "problem" in decision:
            rows.append(("problem", decision["subject"], decision["problem"]))
        elif decision["kind"] == "skip":
            rows.append((f"{decision['rule']}: nothing", decision["subject"], decision["reason"]))
        else:
            rows.append((what(decision), _subject(decision), decision["reason"]))
    if rows:
        yield from ("", "What the rules say today", Table(("what", "about", "why"), rows))


def _subject(decision: Mapping[str, Any]) -> str:
    return ", ".join(decision.get("invoices") or [decision.get("invoice") or decision["customer"]])


def _done(one: Explanation) -> Iterator[Text]:
    rows = [
        (
            str(intent.id),
            str(intent.done_on or intent.decided_on),
            intent.state,
            intent.key,
            intent.why or intent.decision.reason,
        )
        for intent in one.intents
    ]
    if rows:
        yield from ("", "What was decided before", Table(("action", "day", "status", "key", "why"), rows))
    earlier = [(str(on), text) for on, text in _history(one.history)]
    if earlier:
        yield from ("", "History", Table(("day", "what"), earlier))


def _history(entries: Sequence[HistoryEntry]) -> list[tuple[Any, str]]:
    return [(getattr(entry, "on", None) or getattr(entry, "last_on", ""), _happened(entry)) for entry in entries]


def _happened(entry: HistoryEntry) -> str:  # noqa: PLR0911 - one line for each kind
    from rules.domain import facts

    match entry:
        case facts.ReminderSent():
            return f"reminder of level {entry.level} about invoice {entry.invoice}"
        case facts.ChargeBilled():
            return f"{entry.amount} charged on invoice {entry.invoice} for {entry.first_on} to {entry.last_on}"
        case facts.ChargeReversed():
            return f"{entry.amount} of charge {entry.charge} credited"
        case facts.ChargeWaived():
            return f"{entry.amount} of charge {entry.charge} waived"
        case facts.Contacted():
            return f"contact by {entry.channel}" + (f": {entry.outcome}" if entry.outcome else "")
        case facts.StandingChanged():
            return f"credit state {entry.before} to {entry.after}"
        case facts.TaskDone():
            return f"task {entry.outcome}: {entry.what}"


def _next(one: Explanation) -> Iterator[Text]:
    from syncd.assess import decision_json
    from syncd.cli.rendering import what

    rows = [(str(ahead.on), what(decision_json(ahead.decision)), ahead.decision.reason) for ahead in one.ahead]
    yield from ("", "What comes next, if nothing changes in the books")
    yield Table(("day", "what", "why"), rows) if rows else "nothing within four months"
