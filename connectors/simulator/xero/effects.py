"""What API clients did to the books, out of the inner audit log: every deed once for each time it was done."""

from __future__ import annotations

from connectors.simulator import Effect, EffectKind
from connectors.simulator.xero import wire
from connectors.simulator.xero.books import Books

_KINDS: dict[str, EffectKind] = {
    "invoice_created": "finance_charge",
    "invoice_voided": "charge_reversal",
    "credit_created": "charge_reversal",
    "note": "memo",
    "group_joined": "stop_sell_on",
    "group_left": "stop_sell_off",
    "email": "provider_email",
    "promise_date": "promise_date",
}


def found_in(books: Books) -> list[Effect]:
    """Effects, oldest first. `target` is the record made or touched; a credit or voided charge counts in full."""
    return [
        Effect(_KINDS[deed.kind], deed.customer, deed.target, wire.moment_of(deed.at), deed.text, deed.cents)
        for deed in books.audit
        if deed.actor == "api" and deed.kind in _KINDS
    ]
