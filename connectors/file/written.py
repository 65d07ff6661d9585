"""How days, amounts and text are written in files that other programs exported. Guesses nothing.

Whether a day is written day first or month first is for the whole file to show, or for a person to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from connectors.errors import BookRefused

Order = tuple[int, int, int]
ORDERS: dict[str, Order] = {"day/month/year": (0, 1, 2), "month/day/year": (1, 0, 2), "year-month-day": (2, 1, 0)}

_DAY = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})")
_MONTHS_A_YEAR, _YEAR_DIGITS = 12, 4
_OLDEST_SHORT_YEAR = 80  # 80 is 1980, 79 is 2079: nobody exports invoices from before these programs were
_LONGEST_AMOUNT = 20
# Thousands may be parted, as in 1,234.50 and 1,23,456.00; a comma anywhere else is no thousands' comma.
_NUMBER = re.compile(r"(\d{1,3}(,\d{2,3})*,\d{3}|\d+)(\.\d*)?|\.\d+")
_WORKBOOK = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def text_of_export(content: bytes, place: str) -> str:
    """The text of an exported file: UTF-8 with or without a mark, Excel's UTF-16, or what Windows programs write.

    Raises:
        BookRefused: it is no text.
    """
    if content.startswith(_WORKBOOK):
        raise BookRefused((f"{place}: this is an Excel workbook; save it as CSV UTF-8",))
    encodings = ("utf-16",) if content.startswith(_UTF_16) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BookRefused((f"{place}: this is no text; save it as CSV in UTF-8",))


def order_of(written: Iterable[str]) -> Order | str:
    """Which part of these days is the day, the month and the year; else why that cannot be said."""
    parts = [found.groups() for text in written if (found := _DAY.fullmatch(text))]
    if any(len(first) == _YEAR_DIGITS for first, _, _ in parts):
        return ORDERS["year-month-day"]
    day_first = any(int(first) > _MONTHS_A_YEAR for first, _, _ in parts)
    month_first = any(int(second) > _MONTHS_A_YEAR for _, second, _ in parts)
    if day_first != month_first:
        return ORDERS["day/month/year" if day_first else "month/day/year"]
    return "some days are written day first and some month first" if day_first else "nothing tells day from month"


def day(text: str, order: Order) -> date:
    """A day of the calendar.

    Raises:
        ValueError: it is none, in words.
    """
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is not a day')
    number, month, year = (int(found.groups()[at]) for at in order)
    if year < 100:  # noqa: PLR2004 - two digits of a year
        year += 1900 if year >= _OLDEST_SHORT_YEAR else 2000
    try:
        return date(year, month, number)
    except ValueError as error:
        raise ValueError(f'"{text}" is not a day of the calendar') from error


def amount(text: str, decimals: str) -> Decimal:
    """``1,234.50``, ``$1,234.50``, ``(12.00)``, ``12.00-``; with ``decimals = ","`` also ``1.234,50``.

    Raises:
        ValueError: it is none, in words; also where thousands are parted in a way that may mean something else.
    """
    cleaned = re.sub(r"[^\d.,()\-]", "", text)
    negative = cleaned.startswith(("(", "-")) or cleaned.endswith("-")
    cleaned = cleaned.strip("()-")
    if decimals == ",":
        cleaned = cleaned.translate(str.maketrans(".,", ",."))
    if len(cleaned) > _LONGEST_AMOUNT:
        raise ValueError(f'"{text[:_LONGEST_AMOUNT]}…" is more than anybody is owed')
    if not _NUMBER.fullmatch(cleaned):
        hint = '; if a comma parts the cents here, say so with --map: decimals = ","' if "," in text else ""
        raise ValueError(f'"{text}" is not an amount{hint}')
    number = Decimal(cleaned.replace(",", ""))
    return -number if negative else number
