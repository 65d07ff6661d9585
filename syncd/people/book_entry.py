"""A record as the book file writes it (contract, section 3), and ours that it has no place for in the same manner."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

from connectors.file.mapping import document_of
from rules.domain.facts import Book, Company, Contacted, Dispute, Hold, InstallmentPlan, Promise, Silence
from rules.domain.money import Money

_LISTS = {
    Promise: "promises",
    Dispute: "disputes",
    InstallmentPlan: "installment_plans",
    Hold: "holds",
    Silence: "silences",
    Contacted: "history",
}
_ANY_DAY = date(2000, 1, 1)
_NOBODY = Company("", "XXX")


def book_entry(value: Any) -> dict[str, Any]:
    """The record's fields, ready for `json.dumps`."""
    name = _LISTS.get(type(value))
    if name is None:
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    alone: dict[str, Any] = {name: (value,)}
    row: dict[str, Any] = document_of(Book(_ANY_DAY, _NOBODY, **alone))[name][0]
    row.pop("kind", None)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
