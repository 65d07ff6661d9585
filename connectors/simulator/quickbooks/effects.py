"""What API clients did to these books, read from the audit log and the records' own before and after.

The target of a charge or reversal is the document made; of a memo, the record written on; of a mail, the document
mailed; of a stop-sell, the customer. A stop-sell is a bracketed block in a customer's Notes, ``[… stop-sell …]`` or
``[AR-HOLD …]``, with or without a closing ``[/…]``: each one an update adds counts on, each it removes counts off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from connectors.simulator import Effect, EffectKind
from connectors.simulator.quickbooks.books import Entry
from connectors.simulator.quickbooks.wire import Body

# A block may have an end, and behind it on its line a bracketed reference of whoever wrote it; all that is one.
_OPEN = r"\[(?!/)[^\[\]]*(?:stop[-_ ]?sell|ar-hold)[^\[\]]*\]"
_CLOSE = r"\[/[^\[\]]*(?:stop[-_ ]?sell|ar-hold)[^\[\]]*\]"
_REFERENCE = r" \[[^\[\]\s]+\]"
_BLOCK = re.compile(rf"{_OPEN}(?:(?:(?!{_OPEN}).)*?{_CLOSE})?(?:{_REFERENCE})?", re.IGNORECASE | re.DOTALL)
_LIFTED = re.compile(r"stop[-_ ]?sell[-_ :=]*(?:off|lifted|released|ended)", re.IGNORECASE)
_MADE: dict[str, EffectKind] = {"Invoice": "finance_charge", "CreditMemo": "charge_reversal"}


def effects_of(audit: Iterable[Entry]) -> list[Effect]:
    """Everything an API client did that a customer or a clerk would notice, oldest first."""
    return [effect for entry in audit if entry.actor == "api" for effect in _effects(entry)]


def _effects(entry: Entry) -> Iterator[Effect]:
    if entry.action == "create" and entry.entity in _MADE:
        yield _effect(_MADE[entry.entity], entry, _document_text(entry.after), entry.cents)
    elif entry.action == "send":
        yield _effect("provider_email", entry, entry.after["BillEmail"]["Address"], entry.cents)
    elif entry.action == "update" and entry.entity == "Customer":
        yield from _customer_effects(entry)
    elif entry.action == "update":
        for note in (_note, _customer_memo):
            added = _added(note(entry.before), note(entry.after))
            if added:
                yield _effect("memo", entry, added, 0)


def _customer_effects(entry: Entry) -> Iterator[Effect]:
    before, after = str(entry.before.get("Notes", "")), str(entry.after.get("Notes", ""))
    raised = len(_blocks(after)) - len(_blocks(before))
    kind: EffectKind = "stop_sell_on" if raised > 0 else "stop_sell_off"
    for _ in range(abs(raised)):
        yield _effect(kind, entry, after, 0)
    added = _added(_without_blocks(before), _without_blocks(after))
    if added:
        yield _effect("memo", entry, added, 0)


def _effect(kind: EffectKind, entry: Entry, text: str, cents: int) -> Effect:
    customer = entry.id if entry.entity == "Customer" else entry.customer
    return Effect(kind, customer, entry.id, entry.at, text, cents)


def _document_text(body: Body) -> str:
    """What a reader finds on a document: its memo and its lines."""
    lines = [str(line["Description"]) for line in body.get("Line", []) if line.get("Description")]
    return "\n".join(part for part in (_note(body), _customer_memo(body), *lines) if part)


def _note(body: Body) -> str:
    return str(body.get("PrivateNote", ""))


def _customer_memo(body: Body) -> str:
    return str(body.get("CustomerMemo", {}).get("value", ""))


def _blocks(text: str) -> list[str]:
    return [block for block in _BLOCK.findall(text) if not _LIFTED.search(block)]


def _without_blocks(text: str) -> str:
    return _BLOCK.sub("", text).strip()


def _added(before: str, after: str) -> str:
    """The lines of `after` that `before` had not."""
    known = {line.strip() for line in before.splitlines()}
    return "\n".join(line for line in after.splitlines() if line.strip() and line.strip() not in known)
