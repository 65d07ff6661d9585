"""One request to the accounting API, read: query, body, elements. Refuses what cannot be read at all."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from connectors.simulator.http import Request, Response
from connectors.simulator.xero import replies, wire
from connectors.simulator.xero.wire import Json

_JSON_DATE = re.compile(r"^\\?/Date\((-?\d+)([+-]\d{4})?\)\\?/$")
_PLAIN_DATE = re.compile(r"^(\d{4}-\d{2}-\d{2})(T00:00:00(\.0+)?Z?)?$")
_EARLIEST, _LATEST = date(1900, 1, 1), date(2199, 12, 31)
_LARGEST = Decimal(999999999999)


@dataclass(frozen=True, slots=True)
class App:
    """Who is calling: the registered application."""

    client_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the gate."""

    request: Request
    app: App

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean of the query, whatever its case."""
        value = self.text(name)
        return default if value is None else value.lower() == "true"

    def text(self, name: str) -> str | None:
        """A value of the query; names are matched whatever their case."""
        wanted = name.lower()
        return next((value for key, value in self.request.query.items() if key.lower() == wanted), None)

    def names(self, name: str) -> list[str]:
        """A comma-separated list of the query."""
        return [part.strip() for part in (self.text(name) or "").split(",") if part.strip()]

    def whole(self, name: str) -> int | None:
        """A whole number of the query; None where it is absent or no number."""
        value = self.text(name)
        return int(value) if value is not None and re.fullmatch(r"-?\d{1,9}", value) else None

    def modified_since(self) -> int | None:
        """If-Modified-Since in milliseconds, cut to the second. 412 where it cannot be read."""
        header = self.request.headers.get("if-modified-since")
        if header is None:
            return None
        return wire.milliseconds(_header_moment(header)) // 1000 * 1000

    def document(self) -> Any:
        """The body as JSON, numbers with a point as Decimal."""
        body = self.request.body or b"null"
        try:
            document = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
        except ValueError as error:
            raise replies.bad_data(f"Unable to parse the request body: {error}") from error
        return _plain(document) if b"\\u000" in body else document

    def elements(self, plural: str) -> list[Json]:
        """The elements sent: in an envelope, whatever the case of its key, as a list, or one bare object."""
        document = self.document()
        if isinstance(document, dict):
            inner = next((value for key, value in document.items() if key.lower() == plural.lower()), document)
            document = inner if isinstance(inner, list) else [inner]
        if not isinstance(document, list) or not document or not all(isinstance(e, dict) for e in document):
            raise replies.bad_data(f"The request must hold at least one element of {plural}.")
        return document


def _plain(value: Any) -> Any:
    """Texts without the characters that mark numbers on their way out."""
    if isinstance(value, dict):
        return {wire.plain(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return wire.plain(value) if isinstance(value, str) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _header_moment(header: str) -> datetime:
    for pattern in ("%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%d"):
        try:
            return datetime.strptime(header, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(header)
    except ValueError as error:
        raise replies.Refused(Response(412)) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_of(value: object, name: str) -> date:
    """A date as sent: ``2026-01-31``, with a midnight behind it, or ``/Date(ms+0000)/``. Otherwise 400, number 14."""
    try:
        day = _day_in(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        day = None
    if day is None or not _EARLIEST <= day <= _LATEST:
        raise replies.bad_data(f"Error converting value {json.dumps(str(value))} to a date. Path '{name}'.")
    return day


def _day_in(text: str) -> date | None:
    if found := _JSON_DATE.match(text):
        offset = found[2] or "+0000"
        minutes = int(offset[0] + offset[1:3]) * 60 + int(offset[0] + offset[3:])
        return (wire.moment_of(int(found[1])) + timedelta(minutes=minutes)).date()
    plain = _PLAIN_DATE.match(text)
    return date.fromisoformat(plain[1]) if plain else None


def decimal_of(value: object, name: str) -> Decimal:
    """A number as sent, as a number or in a string. Otherwise 400, number 14."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise replies.bad_data(f"Error converting value to a number. Path '{name}'.")
    try:
        found = Decimal(value)
    except InvalidOperation as error:
        raise replies.bad_data(f"Error converting value {json.dumps(value)} to a number. Path '{name}'.") from error
    if not found.is_finite() or abs(found) > _LARGEST:
        raise replies.bad_data(f"The number is out of range. Path '{name}'.")
    return found


def cents_of(value: object, name: str) -> int:
    """An amount as sent, in cents, half up."""
    return to_cents(decimal_of(value, name))


def to_cents(value: Decimal) -> int:
    """Cents of an amount, half away from zero."""
    return int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))


def text_of(value: object, name: str) -> str:
    """Text as sent; null counts as empty."""
    if value is None:
        return ""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise replies.bad_data(f"Error converting value to text. Path '{name}'.")


def object_of(value: object, name: str) -> Json:
    """A nested object as sent; null counts as empty."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise replies.bad_data(f"An object was expected. Path '{name}'.")


def list_of(value: object, name: str) -> list[Json]:
    """A nested list of objects as sent; null counts as empty."""
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise replies.bad_data(f"A list of objects was expected. Path '{name}'.")
