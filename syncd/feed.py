"""The stop-sell feed: a file that order-entry programs may read, replaced in one step after each pass."""

from __future__ import annotations

import json
from typing import Any

from rules.domain.decisions import CreditState
from rules.domain.positions import worst
from syncd.atomic import replace_file
from syncd.ledger import Ledger
from syncd.office import Office

FEED = "stop-sell.json"


def write_feed(office: Office) -> None:
    """Write who must not be sold to, by connection; readable by the group."""
    document = {
        "written_at": office.clock.now().isoformat(),
        "customers": [entry for ledger in office.ledgers for entry in stopped(ledger)],
    }
    replace_file(office.config.state_dir / FEED, json.dumps(document, indent=1, ensure_ascii=False) + "\n", mode=0o640)


def feed_exists(office: Office) -> bool:
    """Whether the file is there."""
    return (office.config.state_dir / FEED).exists()


def stopped(ledger: Ledger) -> list[dict[str, Any]]:
    """The customers of a connection with stop-sell on: by our latest done decision, or by a person's hold in force.

    Of several the worst is shown.
    """
    entries: dict[str, dict[str, Any]] = {}
    for intent in ledger.intents.of_kind("credit_state"):
        decision = intent.decision
        if not isinstance(decision, CreditState) or intent.done_on is None or intent.state == "refused":
            continue
        entries.pop(intent.customer, None)
        if decision.stop_sell:
            entries[intent.customer] = _entry(
                ledger, intent.customer, decision.after, intent.done_on.isoformat(), decision.reason
            )
    for hold in ledger.desk.all("hold"):
        if hold.is_ours or not hold.counts_on(ledger.today()) or hold.state not in ("hold", "stop"):
            continue
        known = entries.get(hold.customer)
        if known is None or hold.state == worst((hold.state, known["state"])):
            entries[hold.customer] = _entry(ledger, hold.customer, hold.state, hold.since.isoformat(), hold.reason)
    return [entries[customer] for customer in sorted(entries)]


def _entry(ledger: Ledger, customer: str, state: str, since: str, reason: str) -> dict[str, Any]:
    return {
        "connection": ledger.name,
        "customer": customer,
        "state": state,
        "stop_sell": True,
        "since": since,
        "reason": reason,
    }
