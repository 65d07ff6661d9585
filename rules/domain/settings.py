"""How a rule's settings are written: the field types every `Settings` model shares, and what they refuse.

Money and percentages are decimal strings, never bare numbers; whole numbers and switches are taken literally.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from rules.domain.calendars import is_known
from rules.domain.currencies import currency_of
from rules.domain.money import Money, decimal_of

_CURRENCY = re.compile(r"[A-Z]{3}")


class RuleSettings(BaseModel):
    """Base of every rule's settings: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @property
    def minds_paid_up(self) -> bool:
        """Whether a mere day can bring a decision about customers who owe nothing any more."""
        return False


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as a rules file states it. `currency` None: bare, in the company's base currency."""

    number: Decimal
    currency: str | None = None

    def money(self, base: str) -> Money:
        """The amount in its own currency, or in `base` when bare."""
        return Money(self.number, self.currency or base)

    def __str__(self) -> str:
        return f"{self.number} {self.currency}" if self.currency else str(self.number)


def parse_amount(text: object) -> Amount:
    """Read ``"250.00"`` or ``"250.00 USD"``; not below zero.

    Raises:
        ValueError: in words that show the right spelling.
    """
    if isinstance(text, Amount):
        return text
    if isinstance(text, bool) or not isinstance(text, str):
        raise ValueError(f'write money as a string, "{text}" or "{text} USD", not as a bare number')
    number, _, currency = text.strip().partition(" ")
    if currency and not _CURRENCY.fullmatch(currency.strip()):
        raise ValueError(f'"{text}" is not an amount such as "250.00" or "250.00 USD"')
    amount = Amount(decimal_of(number), currency.strip() or None)
    if amount.number < 0:
        raise ValueError(f'"{text}" is below zero')
    if amount.currency:
        currency_of(amount.currency)
        Money.parse(text)  # refuses more decimals than the coin has
    return amount


def _parse_amounts(value: object) -> object:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _one_each(amounts: tuple[Amount, ...]) -> tuple[Amount, ...]:
    named = [amount.currency for amount in amounts]
    twice = next((currency for currency in named if named.count(currency) > 1), "")
    if twice != "":
        raise ValueError(f"two amounts {f'in {twice}' if twice else 'without a currency'}: which one is meant?")
    return amounts


def _known_calendar(name: str | None) -> str | None:
    if name is not None and not is_known(name):
        raise ValueError(f'no public holidays are known for "{name}"; write a country such as "US" or "US-NV"')
    return name


def _parse_rate(text: object) -> Decimal:
    return decimal_of(text, such_as="6.5")


def _parse_pct(text: object) -> Decimal:
    number = decimal_of(text, such_as="18")
    if number < 0:
        raise ValueError(f'"{text}" is below zero')
    return number


def _parse_date(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value} is not a date such as 2025-03-31")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f'"{value}" is not a date such as 2025-03-31') from error


_AS_TEXT = PlainSerializer(str, return_type=str)
_AMOUNT_SCHEMA: dict[str, Any] = {"type": "string", "pattern": r"^\d+(\.\d+)?( [A-Z]{3})?$"}
_NUMBER_SCHEMA: dict[str, Any] = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
_SIGNED_SCHEMA: dict[str, Any] = {"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?$"}

AmountText: TypeAlias = Annotated[Amount, PlainValidator(parse_amount), _AS_TEXT, WithJsonSchema(_AMOUNT_SCHEMA)]
"""Money: ``"250.00"`` in the base currency or ``"250.00 USD"``."""

AmountTexts: TypeAlias = Annotated[
    tuple[AmountText, ...],
    BeforeValidator(_parse_amounts),
    AfterValidator(_one_each),
    WithJsonSchema({"anyOf": [_AMOUNT_SCHEMA, {"type": "array", "items": _AMOUNT_SCHEMA}]}),
]
"""One amount, or a list of them with one for each currency."""

SomeAmounts: TypeAlias = Annotated[AmountTexts, Field(min_length=1)]
"""The same, but not an empty list."""

Calendar: TypeAlias = Annotated[str | None, AfterValidator(_known_calendar)]
"""The public holidays of a country, or of a country and region: ``"US"``, ``"US-NV"``."""

PctText: TypeAlias = Annotated[Decimal, PlainValidator(_parse_pct), _AS_TEXT, WithJsonSchema(_NUMBER_SCHEMA)]
"""A percentage as a decimal string, ``"18"`` = 18 %, not below zero."""

RateText: TypeAlias = Annotated[Decimal, PlainValidator(_parse_rate), _AS_TEXT, WithJsonSchema(_SIGNED_SCHEMA)]
"""A rate or a margin as a decimal string, ``"6.5"`` = 6.5 %, of either sign."""

DecimalText: TypeAlias = Annotated[Decimal, PlainValidator(decimal_of), _AS_TEXT, WithJsonSchema(_SIGNED_SCHEMA)]
"""A decimal string of either sign."""

Whole: TypeAlias = Annotated[int, Field(strict=True)]
"""A whole number, of either sign."""

Count: TypeAlias = Annotated[int, Field(strict=True, ge=0)]
"""A whole number from zero up."""

Positive: TypeAlias = Annotated[int, Field(strict=True, ge=1)]
"""A whole number from one up."""

Flag: TypeAlias = Annotated[bool, Field(strict=True)]
"""true or false."""

Day: TypeAlias = Annotated[date, BeforeValidator(_parse_date)]
"""A TOML date or an ISO string."""
