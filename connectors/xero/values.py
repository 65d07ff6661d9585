"""Xero's scalars: dates in three spellings, amounts, texts that may be null. Reads raw JSON; knows no object.

Raw, because the SDK's models lose a day on ``/Date(ms+1300)/`` and refuse a whole page over one unknown word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar

from connectors.characters import holdable
from connectors.errors import MalformedRecordError, Rejected
from rules.domain.money import Money

Row: TypeAlias = Mapping[str, Any]
T = TypeVar("T")

_MS_DATE = re.compile(r"/Date\((?P<ms>-?\d+)(?P<offset>[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What leaves is a JSON number the SDK makes through a double: fifteen digits survive that unharmed.
_SAFE_DIGITS = 15
_DECIMALS = 2


def text(row: Row, name: str) -> str:
    """The text under `name`; empty where it is absent or null."""
    value = row.get(name)
    return holdable(value) if isinstance(value, str) else ""


def rows(row: Row, name: str) -> tuple[Row, ...]:
    """The objects listed under `name`; none where it is absent, null or no list."""
    value = row.get(name)
    return tuple(part for part in value if isinstance(part, Mapping)) if isinstance(value, list) else ()


def part(row: Row, name: str) -> Row:
    """The object under `name`; an empty one where it is absent or null."""
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}


def instant(value: object) -> datetime | None:
    """``/Date(ms)/`` or an ISO time as an aware UTC instant; None where there is none or it cannot be read."""
    if not isinstance(value, str):
        return None
    match = _MS_DATE.search(value)
    try:
        if match:
            return _EPOCH + timedelta(milliseconds=int(match["ms"]))
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(row: Row, name: str) -> date | None:
    """The calendar day under `name`, shifted by its own offset first; None where it is absent or null.

    Raises:
        MalformedRecordError: something is there and is no date.
    """
    value = row.get(name) or row.get(f"{name}String")
    if not value:
        return None
    match = _MS_DATE.search(str(value))
    try:
        if match:
            return (_EPOCH + timedelta(milliseconds=int(match["ms"])) + _shift(match["offset"])).date()
        return date.fromisoformat(str(value)[:10])
    except (ValueError, OverflowError) as error:
        raise MalformedRecordError(f'{name} "{value}" is not a date') from error


def _shift(offset: str | None) -> timedelta:
    if offset is None:
        return timedelta()
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
    return -shift if offset.startswith("-") else shift


def number(row: Row, name: str) -> Decimal | None:
    """The number under `name`, exact; None where it is absent or null. Absent is not zero.

    Raises:
        MalformedRecordError: something is there and is no number.
    """
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise MalformedRecordError(f'{name} "{value}" is not a number') from error


def money(row: Row, name: str, currency: str) -> Money | None:
    """The amount under `name` in `currency`; None where it is absent or null."""
    amount = number(row, name)
    return None if amount is None else Money(amount, currency).rounded()


def needed(value: T | None, name: str) -> T:
    """`value`, which must be there.

    Raises:
        MalformedRecordError: it is None or empty.
    """
    if value is None or value == "":
        raise MalformedRecordError(f"{name} is missing")
    return value


def outgoing(amount: Money) -> Decimal:
    """The amount as it goes over the wire: a plain number of at most two decimals that a double holds exactly.

    Raises:
        Rejected: Xero cannot hold the amount as it is.
    """
    digits = amount.amount.normalize().as_tuple().digits
    if round(amount.amount, _DECIMALS) != amount.amount or len(digits) > _SAFE_DIGITS:
        raise Rejected("amount", f"{amount} cannot be written to Xero exactly: it keeps two decimals and 15 digits")
    return amount.amount
