"""Money: a Decimal with its currency. Mixing currencies raises; a float never enters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

# ISO 4217 minor units that are not two.
_MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MONEY = re.compile(r"([+-]?\d+(?:\.(\d+))?)(?:\s* \s*([A-Z]{3}))?")


class CurrencyMismatchError(ValueError):
    """Two amounts in different currencies met where only one currency can stand."""


def minor_units(currency: str) -> int:
    """How many decimals the currency's smallest coin has (0, 2 or 3; ISO 4217)."""
    return _MINOR_UNITS.get(currency, 2)


@lru_cache(maxsize=64)
def _quantum(currency: str) -> Decimal:
    return Decimal(1).scaleb(-minor_units(currency))


_NOT_DECIMAL = '"{}" is not a decimal number; write digits and a point only, such as {}'


def decimal_of(text: object, *, such_as: str = "1250.00") -> Decimal:
    """Read a decimal string such as ``"18"`` or ``"0.10"``; a refusal shows `such_as` for the right spelling.

    Raises:
        ValueError: for a float (with the spelling that is right) and for anything that is not a plain decimal.
    """
    if isinstance(text, Decimal):
        return text
    if isinstance(text, bool) or not isinstance(text, str):
        raise ValueError(f'write it as a decimal string, "{text}", not as a bare number')
    stripped = text.strip()
    if not _DECIMAL.fullmatch(stripped):
        raise ValueError(_NOT_DECIMAL.format(text, such_as))
    try:
        return Decimal(stripped)
    except InvalidOperation as error:  # pragma: no cover - the pattern admits only what Decimal reads
        raise ValueError(_NOT_DECIMAL.format(text, such_as)) from error


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Arithmetic is exact; `rounded` is called once, at the end."""

    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, text: object, default_currency: str | None = None) -> Money:
        """Read ``"250.00 USD"``; a bare ``"250.00"`` takes `default_currency`.

        Raises:
            ValueError: not a decimal string, no currency where none is implied, or more decimals than the coin has.
        """
        if not isinstance(text, str):
            raise ValueError(f'write money as a string, "{text} {default_currency or "USD"}", not as a bare number')
        found = _MONEY.fullmatch(text.strip())
        if found is None:
            raise _no_money(text, default_currency)
        number, decimals, stated = found.groups()
        currency = stated or default_currency
        if currency is None or not (stated or _CURRENCY.fullmatch(currency)):
            raise _no_money(text, default_currency)
        if decimals is not None and len(decimals.rstrip("0")) > minor_units(currency):
            raise ValueError(f'"{text}" has more decimals than {currency} has')
        return cls(Decimal(number), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in `currency`."""
        return _zero(currency)

    def rounded(self) -> Money:
        """Half up to the currency's minor unit."""
        return Money(self.amount.quantize(_quantum(self.currency), rounding=ROUND_HALF_UP), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self.amount_of(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self.amount_of(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self.amount_of(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self.amount_of(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self.amount_of(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self.amount_of(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.digits} {self.currency}"

    @property
    def digits(self) -> str:
        """The number alone, with the currency's decimals: ``"250.00"``."""
        coin = _quantum(self.currency)
        if self.amount.same_quantum(coin):  # nearly always
            return str(self.amount)
        rounded = self.amount.quantize(coin, rounding=ROUND_HALF_UP)
        return str(rounded if rounded == self.amount else self.amount)

    def amount_of(self, other: Money) -> Decimal:
        """The other's amount, which must be in the same currency."""
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"{self} and {other} cannot be combined")
        return other.amount


def _no_money(text: str, default_currency: str | None) -> ValueError:
    """What is wrong with a text that is no money."""
    number, _, currency = text.strip().partition(" ")
    if not _CURRENCY.fullmatch(currency.strip() or default_currency or ""):
        return ValueError(f'"{text}" needs a currency such as "250.00 USD"')
    return ValueError(_NOT_DECIMAL.format(number, "1250.00"))


@lru_cache(maxsize=64)
def _zero(currency: str) -> Money:
    return Money(Decimal(0), currency)


def total(amounts: list[Money] | tuple[Money, ...], currency: str) -> Money:
    """Sum of `amounts`, all in `currency`; zero of it where there are none."""
    zero = _zero(currency)
    if not amounts:
        return zero
    numbers = [zero.amount_of(amount) for amount in amounts]
    return Money(sum(numbers, zero.amount), currency) if len(numbers) > 1 else amounts[0]
