"""A book file's document to a Book and back. Refuses what does not hold together, all problems at once.

Owns the way from tables to facts: lists, kinds of history, balances left out. What must add up is in `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from connectors.errors import BookRefused
from connectors.file.checks import problems_of
from connectors.file.fields import DAY, Reading, Shape, Unread, choice, read_table, refuse_unknown, write_table
from connectors.file.gathered import Gathered, Placed, label
from connectors.file.shapes import COMPANY, HISTORY, LATER_LISTS, LISTS
from rules.domain.facts import Book, Company, Invoice
from rules.domain.hindsight import applied_by, effects_of
from rules.domain.money import Money

_TAGS = {shape.tag: shape for shape in HISTORY}
_TAG = choice(*_TAGS)
_ANY = "USD"  # where the company's own currency is refused, bare amounts are not refused as well


def book_from(document: Mapping[str, Any], place: str) -> Book:
    """The book that `document` describes; `place` (a file's name) begins every problem.

    Raises:
        BookRefused: with every problem and where it is.
    """
    problems: list[str] = []
    refuse_unknown(document, ["as_of", "company", *LISTS, "history"], Reading("", problems))
    as_of = _as_of(document, Reading(".as_of", problems))
    company = _company(document, Reading(".company", problems))
    gathered = Gathered()
    for name in (*LISTS, "history"):
        reading = Reading(f".{name}", problems, company.currency if company else _ANY)
        _read_list(gathered, name, document.get(name), reading)
    if as_of is not None:
        _derive_balances(gathered, as_of)
    problems.extend(problems_of(gathered, as_of, summed=company is not None))
    if problems or as_of is None or company is None:
        raise _refused(place, problems)
    return Book(as_of=as_of, company=company, **{name: gathered.facts(name) for name in (*LISTS, "history")})


def document_of(book: Book) -> dict[str, Any]:
    """The book as a document of plain strings, lists and tables, ready for JSON; `book_from` reads it back the same."""
    shapes = {type(entry): shape for entry in book.history for shape in HISTORY if shape.make is type(entry)}
    return {
        "as_of": book.as_of.isoformat(),
        "company": write_table(COMPANY, book.company),
        **{
            name: [write_table(shape, fact) for fact in getattr(book, name)]
            for name, shape in LISTS.items()
            if getattr(book, name) or name not in LATER_LISTS
        },
        "history": [write_table(shapes[type(entry)], entry) for entry in book.history],
    }


def _refused(place: str, problems: list[str]) -> BookRefused:
    return BookRefused(tuple(f"{place}: {problem}" for problem in problems))


def _as_of(document: Mapping[str, Any], reading: Reading) -> date | None:
    value = document.get("as_of")
    if value is None:
        reading.refuse("this is missing; write the day these figures are of, such as 2025-03-31")
        return None
    try:
        day: date = DAY.read(value, reading)
    except ValueError as error:
        reading.refuse(str(error))
        return None
    return day


def _company(document: Mapping[str, Any], reading: Reading) -> Company | None:
    if document.get("company") is None:
        reading.refuse('this is missing; write at least its currency, company = {currency = "USD"}')
        return None
    try:
        company: Company = read_table(COMPANY, document["company"], reading)
    except Unread:
        return None
    return company


def _read_list(gathered: Gathered, name: str, value: object, reading: Reading) -> None:
    if value is None:
        return
    if not isinstance(value, list | tuple):
        reading.refuse("this must be a list")
        return
    for position, item in enumerate(value):
        here = reading.at(label(position, item.get("ref") if isinstance(item, dict) else None))
        try:
            fact = read_table(_shape(name, item, here), item, here)
        except Unread:
            gathered.note_unread(name, item)
            continue
        gathered.add(name, Placed(name, position, fact), stated=item.get("balance") is not None)


def _shape(name: str, item: object, reading: Reading) -> Shape:
    if name != "history":
        return LISTS[name]
    tag = item.get("kind") if isinstance(item, Mapping) else None
    try:
        return _TAGS[_TAG.read(tag, reading)]
    except ValueError as error:
        reading.at(".kind").refuse("this is missing" if tag is None else str(error))
        raise Unread from error


def _derive_balances(gathered: Gathered, as_of: date) -> None:
    """Where a balance was left out: the total less what is applied by the book's day; nothing where voided."""
    effects = effects_of(gathered.facts("payments"), gathered.facts("credit_notes"))
    for placed in gathered.placed.get("invoices", ()):
        invoice: Invoice = placed.fact
        if invoice.ref in gathered.unstated:
            parts = [effect for effect in effects.get(invoice.ref, ()) if effect.amount.currency == invoice.currency]
            derived = Money.zero(invoice.currency)
            if invoice.status != "voided":
                derived = invoice.total - applied_by(parts, as_of, invoice.currency)
            placed.fact = replace(invoice, balance=derived)
