"""Envelopes and refusals, exactly as Xero shapes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.simulator.http import Response
from connectors.simulator.xero import wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.organisation import guid
from connectors.simulator.xero.wire import Json

JSON_TYPE = "application/json; charset=utf-8"
NOT_FOUND = Response(404, b"", {"Content-Type": "text/html; charset=utf-8"})
NO_CONTENT = Response(204)


class Refused(Exception):
    """The whole request is refused with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Invalid(Exception):
    """One element of a request breaks a rule. `messages` are Xero's words."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


def answer(books: Books, document: object, status: int = 200) -> Response:
    """A JSON body."""
    body = wire.encode(document, escape_slashes=books.switches.escape_slashes)
    return Response(status, body, {"Content-Type": JSON_TYPE})


def envelope(books: Books, app_name: str, plural: str, rows: Sequence[Any], pagination: Json | None = None) -> Response:
    """The usual envelope around `rows`."""
    now = books.now()
    document: Json = {
        "Id": guid(books.organisation.tenant, "reply", now, plural, len(rows)),
        "Status": "OK",
        "ProviderName": app_name,
        "DateTimeUTC": wire.server_time(now),
    }
    if pagination is not None:
        document["pagination"] = pagination
    document[plural] = list(rows)
    return answer(books, document)


def validation_exception(books: Books, elements: Sequence[Json]) -> Refused:
    """400, number 10: at least one element breaks a rule."""
    return Refused(
        answer(
            books,
            {
                "ErrorNumber": 10,
                "Type": "ValidationException",
                "Message": "A validation exception occurred",
                "Elements": list(elements),
            },
            400,
        )
    )


def exception(number: int, kind: str, message: str) -> Refused:
    """400 of another kind: 14 PostDataInvalidException, 16 QueryParseException and the like."""
    body = wire.encode({"ErrorNumber": number, "Type": kind, "Message": message})
    return Refused(Response(400, body, {"Content-Type": JSON_TYPE}))


def bad_data(message: str) -> Refused:
    """400, number 14: the body cannot be read."""
    return exception(14, "PostDataInvalidException", message)


def bad_query(message: str) -> Refused:
    """400, number 16: `where` or `order` cannot be read."""
    return exception(16, "QueryParseException", message)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Refused:
    """401 or 403 in the shape of the gateway."""
    title = {401: "Unauthorized", 403: "Forbidden"}[status]
    document: Json = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": guid("problem", status, detail),
    }
    return Refused(Response(status, wire.encode(document), {"Content-Type": JSON_TYPE, **(headers or {})}))
