"""How Xero writes values into JSON: dates, instants, raw decimal numbers. Knows no resource.

Money travels through `json` as a string between two marks and loses marks and quotes at the very end, because the
encoder of the standard library writes numbers only from ints and floats, and no float comes near money here.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = dict[str, Any]

_EPOCH = date(1970, 1, 1)
_DAY_MS = 86_400_000
_OPEN, _CLOSE = "\x01", "\x02"
_MARKS = str.maketrans("", "", _OPEN + _CLOSE)


def money(cents: int) -> str:
    """An amount as a bare JSON number with two decimals."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{_OPEN}{sign}{whole}.{rest:02d}{_CLOSE}"


def number(value: Decimal, places: int = 4) -> str:
    """A quantity, price or rate as a bare JSON number."""
    return f"{_OPEN}{value:.{places}f}{_CLOSE}"


def encode(document: object, *, escape_slashes: bool = False) -> bytes:
    r"""`document` as JSON in UTF-8; `escape_slashes` writes dates as ``\/Date(…)\/``, as some .NET writers do."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_as_sent)
    text = text.replace('"\\u0001', "").replace('\\u0002"', "")
    return (text.replace("/", "\\/") if escape_slashes else text).encode()


def _as_sent(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_OPEN}{value:f}{_CLOSE}"
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def plain(text: str) -> str:
    """Text from outside, without the characters that mark numbers on their way out."""
    return text.translate(_MARKS)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, from an aware instant."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(milliseconds=1)


def moment_of(ms: int) -> datetime:
    """The aware instant of `ms`."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def instant(ms: int) -> str:
    """An UpdatedDateUTC: ``/Date(1573755038314+0000)/``."""
    return f"/Date({ms}+0000)/"


def server_time(ms: int) -> str:
    """The envelope's DateTimeUTC, which carries no offset."""
    return f"/Date({ms})/"


def instant_string(ms: int) -> str:
    """The twin UpdatedDateUTCString, to the second."""
    return _to_the_second(ms // 1000) + "Z"


def naive_string(ms: int) -> str:
    """The DateUTCString of a history record: to the second, without a zone."""
    return _to_the_second(ms // 1000)


@lru_cache(maxsize=8192)
def _to_the_second(seconds: int) -> str:
    return moment_of(seconds * 1000).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=16384)
def day(on: date) -> str:
    """A date as UTC midnight: ``/Date(1518652800000+0000)/``."""
    return f"/Date({(on - _EPOCH).days * _DAY_MS}+0000)/"


@lru_cache(maxsize=16384)
def day_string(on: date) -> str:
    """The twin of a date: ``2026-09-14T00:00:00``."""
    return f"{on.isoformat()}T00:00:00"


def local_day(on: date, zone: ZoneInfo) -> str:
    """A date as local midnight with its offset, the older way: ``/Date(1419937200000+1300)/``."""
    midnight = datetime(on.year, on.month, on.day, tzinfo=zone)
    offset_minutes = int((midnight.utcoffset() or timedelta()).total_seconds()) // 60
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f"/Date({milliseconds(midnight)}{sign}{hours:02d}{minutes:02d})/"
