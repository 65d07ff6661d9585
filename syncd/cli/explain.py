"""`syncd explain`: why a customer or invoice is where it is, what was done, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rules.domain.near_miss import near_miss
from syncd.cli.desk import opened
from syncd.cli.options import AS_JSON, CONFIG, CONNECTION
from syncd.cli.output import Text, apart, print_json, print_text
from syncd.errors import Usage

if TYPE_CHECKING:
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
        names = [] if found else [name for ledger in office.ledgers for name in ledger.mirror.names()]
        where = ", ".join(ledger.name for ledger in office.ledgers)
    if not found:
        raise Usage(f'no customer or invoice is called "{ref}" in what was read from {where}{near_miss(ref, names)}')
    if as_json:
        print_json([_document(one) for one in found])
    else:
        print_text(apart(map(_shown, found)))


def _document(one: Explanation) -> dict[str, Any]:
    from connectors.file.mapping import document_of
    from syncd.as_json import decision_json, position_json
    from syncd.cli.manners import manners_json

    return {
        "connection": one.connection,
        "as_of": one.as_of.isoformat(),
        "customer": one.account.customer.ref,
        "invoice": one.invoice.ref if one.invoice else None,
        "positions": [
            {**position_json(position), "manners": manners_json(position.manners)} for position in one.positions
        ],
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
        silences=account.silences,
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
    from syncd.cli.explanation import explanation

    return explanation(one)
