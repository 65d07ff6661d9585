"""Writes of one or many elements: all or nothing by default, one by one with `summarizeErrors=false`.

A resource hands in `prepare`, which reads and checks one element and gives back the step that would change the books;
nothing changes before every element of an all-or-nothing request has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.simulator.http import Response
from connectors.simulator.xero import replies
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call
from connectors.simulator.xero.wire import Json

Commit = Callable[[], Any]
Prepare = Callable[[Json], "Step"]
NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Step:
    """A checked element: `commit` does it and gives the record, `warnings` go beside it."""

    commit: Commit
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """How a resource names itself in answers and refusals."""

    plural: str
    id_name: str
    view: Callable[[Books, Any], Json]
    error_mark: str = "HasErrors"


def run(books: Books, call: Call, kind: Kind, prepare: Prepare) -> Response:
    """Do what the body asks and answer with the records as they are now."""
    return run_elements(books, call, kind, prepare, call.elements(kind.plural))


def run_elements(books: Books, call: Call, kind: Kind, prepare: Prepare, elements: Sequence[Json]) -> Response:
    """The same for elements already read."""
    summarize = call.flag("summarizeErrors", default=True)
    if not summarize:
        rows = [_one_by_one(books, kind, prepare, element) for element in elements]
        return replies.envelope(books, call.app.name, kind.plural, rows)
    steps = [_tried(prepare, element) for element in elements]
    refused = [
        _echo(kind, element, step.messages)
        for element, step in zip(elements, steps, strict=True)
        if isinstance(step, replies.Invalid)
    ]
    if refused:
        raise replies.validation_exception(books, refused)
    rows = [_done(books, kind, step) for step in steps if isinstance(step, Step)]
    return replies.envelope(books, call.app.name, kind.plural, rows)


def _tried(prepare: Prepare, element: Json) -> Step | replies.Invalid:
    try:
        return prepare(element)
    except replies.Invalid as refusal:
        return refusal


def _done(books: Books, kind: Kind, step: Step) -> Json:
    row = kind.view(books, step.commit())
    if step.warnings:
        row["Warnings"] = [{"Message": message} for message in step.warnings]
    return row


def _one_by_one(books: Books, kind: Kind, prepare: Prepare, element: Json) -> Json:
    step = _tried(prepare, element)
    if isinstance(step, replies.Invalid):
        return {**_echo(kind, element, step.messages), "StatusAttributeString": "ERROR"}
    return {**_done(books, kind, step), "StatusAttributeString": "WARNING" if step.warnings else "OK"}


def _echo(kind: Kind, element: Json, messages: Sequence[str]) -> Json:
    return {
        kind.id_name: NO_ID,
        **element,
        kind.error_mark: True,
        "ValidationErrors": [{"Message": message} for message in messages],
    }
