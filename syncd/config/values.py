"""How values of config.toml are read: durations, money, shares, addresses. A refusal shows the right spelling."""

from __future__ import annotations

import re
from decimal import Decimal
from email.utils import parseaddr
from functools import partial
from ipaddress import ip_address
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from rules.domain.money import Money, decimal_of
from rules.domain.zone_names import is_zone, no_zone

_DURATION = re.compile(r"(\d+)\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LOOPBACK_NAMES = {"localhost", "ip6-localhost"}
_HIGHEST_PORT = 65535


def seconds_of(value: object) -> int:
    """Seconds in `"30s"`, `"5m"`, `"1h"` or `"2d"`."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f'a duration needs its unit, such as "{value}s" or "5m"')
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(f'"{value}" is not a duration; write "30s", "5m", "1h" or "2d"')
    return int(found[1]) * _SECONDS[found[2]]


def amount_of(value: object) -> Money | Decimal:
    """`"2000.00 USD"` as money; a bare `"2000.00"` as a number in the company's base currency."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f'write money as a string, "{value}.00" or "{value}.00 USD"')
    amount = Money.parse(value) if isinstance(value, str) and " " in value.strip() else decimal_of(value)
    if (amount.amount if isinstance(amount, Money) else amount) < 0:
        raise ValueError(f'"{value}" is less than nothing')
    return amount


def share_of(value: object) -> Decimal:
    """A part of the whole between `"0"` and `"1"`."""
    if isinstance(value, int):
        raise ValueError(f'write a share as a decimal string between "0" and "1" such as "0.2", not {value}')
    share = decimal_of(value, such_as="0.2")
    if not 0 <= share <= 1:
        raise ValueError(f'"{value}" is not a share between "0" and "1" ("0.2" is one in five)')
    return share


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in _LOOPBACK_NAMES


def provider_url(value: object) -> str:
    """Scheme, host and port of a provider, without a closing slash. Plain http only on loopback."""
    parts = urlsplit(value if isinstance(value, str) else "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'"{value}" is not an address such as "https://host:port"')
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("give scheme, host and port only; the connector adds the provider's own paths")
    if parts.username or parts.password:
        raise ValueError("no name or password belongs in this address")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("plain http is accepted for loopback addresses only; use https")
    return f"{parts.scheme}://{parts.netloc}"


def timezone_of(value: object) -> str:
    """An IANA timezone name."""
    if not isinstance(value, str) or not is_zone(value):
        raise no_zone(str(value))
    return value


def database_url(value: object) -> str:
    """An SQLAlchemy address of SQLite or PostgreSQL."""
    text = value if isinstance(value, str) else ""
    if text.startswith(("postgresql://", "postgres://")):
        raise ValueError(f'write it with its driver: "postgresql+psycopg://{text.partition("://")[2]}"')
    if not text.startswith("postgresql+psycopg://") and not re.fullmatch(r"sqlite:///.+", text):
        raise ValueError(f'"{value}" is neither "sqlite:///FILE" nor "postgresql+psycopg://…"')
    return text


def listen_of(value: object) -> str:
    """`"host:port"`."""
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not host or not port.isdecimal() or not 0 <= int(port) <= _HIGHEST_PORT:
        raise ValueError(f'"{value}" is not "host:port" such as "127.0.0.1:8600"')
    return f"{host}:{port}"


def address_of(value: object) -> str:
    """A mail address, with or without a name before it."""
    text = value if isinstance(value, str) else ""
    name, mailbox = parseaddr(text)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", mailbox) or re.search(r"[\r\n]", text + name):
        raise ValueError(f'"{value}" is not a mail address such as "Accounts <ar@example.com>"')
    return text


def ping_url(value: object) -> str:
    """The address of a dead man's switch, without a closing slash. Plain http only on loopback."""
    parts = urlsplit(value if isinstance(value, str) else "")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f'"{value}" is not an address such as "https://hc-ping.com/your-uuid"')
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("plain http is accepted for loopback addresses only; use https")
    return str(value).rstrip("/")


def time_of_day(value: object) -> str:
    """`"08:00"`."""
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f'"{value}" is not a time such as "08:00"')
    return value


def whole_number(least: int, value: object) -> int:
    """A whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number without quotes")
    if value < least:
        raise ValueError(f"must be at least {least}")
    return value


def port_number(value: object) -> int:
    """A port somebody can listen on."""
    port = whole_number(1, value)
    if port > _HIGHEST_PORT:
        raise ValueError(f"must be at most {_HIGHEST_PORT}")
    return port


DurationS: TypeAlias = Annotated[int, BeforeValidator(seconds_of)]
Amount: TypeAlias = Annotated[Money | Decimal, BeforeValidator(amount_of)]
Share: TypeAlias = Annotated[Decimal, BeforeValidator(share_of)]
ProviderUrl: TypeAlias = Annotated[str, BeforeValidator(provider_url)]
Timezone: TypeAlias = Annotated[str, BeforeValidator(timezone_of)]
MailAddress: TypeAlias = Annotated[str, BeforeValidator(address_of)]
WholeFromZero: TypeAlias = Annotated[int, BeforeValidator(partial(whole_number, 0))]
WholeFromOne: TypeAlias = Annotated[int, BeforeValidator(partial(whole_number, 1))]
PortNumber: TypeAlias = Annotated[int, BeforeValidator(port_number)]
PingUrl: TypeAlias = Annotated[str, BeforeValidator(ping_url)]
TimeOfDay: TypeAlias = Annotated[str, BeforeValidator(time_of_day)]
Listen: TypeAlias = Annotated[str, BeforeValidator(listen_of)]
DatabaseUrl: TypeAlias = Annotated[str, BeforeValidator(database_url)]
