"""How a table of a book file is read and written: fields, their kinds, and problems that know their place.

Knows nothing of invoices. Reading never stops at the first problem: every field of every record is looked at, and a
record with a problem is left out of what is returned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from rules.domain.currencies import currency_of
from rules.domain.money import Money, decimal_of, minor_units
from rules.domain.near_miss import near_miss
from rules.domain.zone_names import is_zone, no_zone

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(r"[0-9]{1,6}")
_LONGEST_NUMBER = 20  # digits; arithmetic stays exact far beyond any company's receivables
_REMEMBERED = 4096  # days and amounts: a book repeats its days, and an open invoice's balance is its total


class Unread(ValueError):
    """A table could not be read; its problems are already noted."""


class Reading(NamedTuple):
    """Where we are in the file, the currency of bare amounts, and what was wrong so far."""

    place: str
    problems: list[str]
    currency: str = ""
    joint: str = "."  # what stands between a place and a key in it

    def at(self, step: str) -> Reading:
        """The same reading one step further in."""
        return Reading(self.place + step, self.problems, self.currency, self.joint)

    def key(self, key: str) -> Reading:
        """The reading of one key of this table."""
        return self.at(self.joint + key)

    def refuse(self, problem: str) -> None:
        """Note a problem of this place."""
        self.problems.append(f"{self.place.lstrip('.')}: {problem}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one value is read (ValueError says what is wrong) and written back. One that `nests` needs its own place."""

    read: Callable[[object, Reading], Any]
    write: Callable[[Any], object]
    nests: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table. `attribute` where the value's own name differs; `shown` keys are written even when empty."""

    key: str
    kind: Kind
    attribute: str = ""
    required: bool = False
    shown: bool = True

    @property
    def name(self) -> str:
        """The attribute of the value that holds it."""
        return self.attribute or self.key


@dataclass(frozen=True)
class Shape:
    """A table: what it makes and from which keys. `tag` is the ``kind`` of a history entry.

    `fill` puts in what follows from other keys where it was left out.
    """

    make: Callable[..., Any]
    fields: tuple[Field, ...]
    tag: str = ""
    fill: Callable[[dict[str, Any]], object] | None = None

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every key such a table may have."""
        return (*(field.key for field in self.fields), *(("kind",) if self.tag else ()))

    @cached_property
    def known(self) -> frozenset[str]:
        """The same, to look a key up."""
        return frozenset(self.keys)

    @cached_property
    def steps(self) -> tuple[tuple[Field, str, str, Callable[[object, Reading], Any]], ...]:
        """Each field with its key, its attribute and its reader: laid out once, a book has many tables."""
        return tuple((field, field.key, field.name, field.kind.read) for field in self.fields)


def read_table(shape: Shape, value: object, reading: Reading) -> Any:
    """The value that `value` describes.

    Raises:
        Unread: something was wrong; every problem of the table is noted in `reading`.
    """
    if not isinstance(value, dict):
        reading.refuse(f"this must be a table of keys and values, not {_said(value)}")
        raise Unread
    before = len(reading.problems)
    if not value.keys() <= shape.known:
        refuse_unknown(value, list(shape.keys), reading)
    found: dict[str, Any] = {}
    for field, key, name, read in shape.steps:
        part = value.get(key)
        if part is None:
            if field.required:
                reading.key(key).refuse("this is missing")
            continue
        try:
            found[name] = read(part, reading.key(key) if field.kind.nests else reading)
        except Unread:
            continue
        except ValueError as error:
            reading.key(key).refuse(str(error))
    if len(reading.problems) > before:
        raise Unread
    if shape.fill is not None:
        shape.fill(found)
    return shape.make(**found)


def refuse_unknown(table: Mapping[str, object], known: list[str], reading: Reading) -> None:
    """Note every key that is not in `known`, with the one that was probably meant."""
    for key in table:
        if key not in known:
            reading.key(key).refuse(f"there is no such key{near_miss(str(key), known)}")


def write_table(shape: Shape, value: Any) -> dict[str, object]:
    """The table that describes `value`, keys in the shape's order."""
    table: dict[str, object] = {"kind": shape.tag} if shape.tag else {}
    for field in shape.fields:
        part = getattr(value, field.name)
        empty = part is None or part in ((), "")
        if not empty or field.shown:
            table[field.key] = None if part is None else field.kind.write(part)
    return table


def table_of(shape: Shape) -> Kind:
    """A nested table."""
    return Kind(
        lambda value, reading: read_table(shape, value, reading), lambda value: write_table(shape, value), nests=True
    )


def list_of(kind: Kind) -> Kind:
    """A list of values; each is read, whatever is wrong with the others."""

    def read(value: object, reading: Reading) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"this must be a list, not {_said(value)}")
        before = len(reading.problems)
        found = [_read_item(kind, item, reading.at(f"[{position}]")) for position, item in enumerate(value)]
        if len(reading.problems) > before:
            raise Unread
        return tuple(found)

    return Kind(read, lambda values: [kind.write(value) for value in values], nests=True)


def _read_item(kind: Kind, item: object, reading: Reading) -> Any:
    try:
        return kind.read(item, reading)
    except Unread:
        return None
    except ValueError as error:
        reading.refuse(str(error))
        return None


def _read_text(value: object, _: Reading) -> str:
    if not isinstance(value, str):
        raise ValueError(f'write it in quotes, "{value}"')
    if "\0" in value or (not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)):
        raise ValueError("it has a character in it that no text has")
    return value


def _read_name(value: object, reading: Reading) -> str:
    text = _read_text(value, reading)
    if not text.strip():
        raise ValueError("this must not be empty")
    return text


def _read_flag(value: object, _: Reading) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"this is true or false, not {_said(value)}")
    return value


def _read_count(value: object, _: Reading) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"this must be a whole number from 1 on, not {_said(value)}")
    return value


def _read_days(value: object, _: Reading) -> int:
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError(f"this must be a whole number of days, not {_said(value)}")
    return int(value)


def _read_day(value: object, _: Reading) -> date:
    if isinstance(value, str):
        return _day_of(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(_no_day(value))


@lru_cache(_REMEMBERED)
def _day_of(text: str) -> date:
    if not _ISO_DAY.fullmatch(text):
        raise ValueError(_no_day(text))
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'"{text}" is not a day of the calendar') from error


def _no_day(value: object) -> str:
    return f"write a day as year-month-day such as 2025-03-31, not {_said(value)}"


def _read_money(value: object, reading: Reading) -> Money:
    if not isinstance(value, str):
        raise ValueError(
            f'write it as the string "{_spelled(value, reading.currency or "USD")}", not as {_said(value)}'
        )
    return _money_of(value, reading.currency or None)


@lru_cache(_REMEMBERED)
def _money_of(text: str, currency: str | None) -> Money:
    if len(text.partition(".")[0]) > _LONGEST_NUMBER:
        raise ValueError(f'"{text}" is too long a number')
    money = Money.parse(text, currency)
    currency_of(money.currency)
    if money.amount < 0:
        raise ValueError(f"{money} is below zero; amounts in a book never are: credits go under its credit_notes")
    return money


def _read_decimal(value: object, _: Reading) -> Decimal:
    if not isinstance(value, str):
        raise ValueError(f'write it as the string "{value}", not as {_said(value)}')
    if len(value) > _LONGEST_NUMBER:
        raise ValueError(f'"{value}" is too long a number')
    number = decimal_of(value, such_as="2.5")
    if number < 0:
        raise ValueError(f"{value} is below zero")
    return number


def _spelled(value: object, currency: str) -> str:
    """How a bare number should have been written: ``240.00 USD``."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return f"250.00 {currency}"
    number = Decimal(str(value))
    if not number.is_finite():
        return f"250.00 {currency}"
    exponent = number.normalize().as_tuple().exponent
    places = max(minor_units(currency), -exponent if isinstance(exponent, int) else 0)
    return f"{number:.{places}f} {currency}"


def _said(value: object) -> str:
    """A value of the wrong kind, as a person would name it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case int() | float() | Decimal():
            return f"the bare number {value}"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)


def choice(*words: str) -> Kind:
    """One of a few words."""

    def read(value: object, _: Reading) -> str:
        if value not in words or not isinstance(value, str):
            hint = near_miss(value, words) if isinstance(value, str) else ""
            raise ValueError(f"this is one of {', '.join(words)}, not {_said(value)}{hint}")
        return value

    return Kind(read, lambda value: value)


def _read_zone(value: object, reading: Reading) -> str:
    name = _read_text(value, reading)
    if not is_zone(name):
        raise no_zone(name)
    return name


TEXT = Kind(_read_text, lambda value: value)
NAME = Kind(_read_name, lambda value: value or None)
FLAG = Kind(_read_flag, lambda value: value)
COUNT = Kind(_read_count, lambda value: value)
DAYS = Kind(_read_days, str)
DAY = Kind(_read_day, lambda value: value.isoformat())
MONEY = Kind(_read_money, str)
DECIMAL = Kind(_read_decimal, lambda value: f"{value:f}")
ZONE = Kind(_read_zone, lambda value: value or None)
CURRENCY = Kind(lambda value, _: currency_of(value), lambda value: value)
