"""Holds a request's JSON to the schema: unknown properties, kinds, lengths, enumerations. Changes no books."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.simulator.quickbooks.faults import Refused
from connectors.simulator.quickbooks.schema import ENTITIES, KEPT_BY_THE_BOOKS, Kind, Properties
from connectors.simulator.quickbooks.wire import Body

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_LONGEST_EMAIL = 100


def checked(entity: str, sent: Any) -> Body:
    """`sent` with every value in its own kind and nulls left out.

    Raises:
        Refused: 2010 for a property QuickBooks does not know, 2050 for length, 2060, 2090, 2170, 2210, 2290.
    """
    if not isinstance(sent, Mapping):
        raise Refused("2010", f"Property Name:Can not deserialize instance of {entity} specified is unsupported")
    return _object(sent, ENTITIES[entity], entity)


def writable(body: Body) -> Body:
    """What of a checked body a client may decide; the books keep the rest."""
    return {name: value for name, value in body.items() if name not in KEPT_BY_THE_BOOKS}


def email_address(text: str, element: str) -> str:
    """The address, trimmed. Several may stand in one field, separated by commas. Raises Refused 2210, 2050."""
    addresses = [part.strip() for part in text.split(",")]
    if not all(_EMAIL.fullmatch(part) for part in addresses):
        raise Refused("2210", f"Email Address does not conform to the syntax rules of RFC 822. : {element}")
    return _text(", ".join(addresses), _LONGEST_EMAIL * len(addresses), element)


def _object(sent: Mapping[str, Any], known: Properties, place: str) -> Body:
    unknown = next((name for name in sent if name not in known), None)
    if unknown is not None:
        raise _unrecognised(unknown, known, place)
    return {name: _value(value, known[name], name) for name, value in sent.items() if value is not None}


def _unrecognised(name: str, known: Properties, place: str) -> Refused:
    names = ", ".join(f'"{each}"' for each in known)
    return Refused(
        "2010",
        f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{place}), not marked as '
        f"ignorable ({len(known)} known properties: {names}])\n specified is unsupported or invalid",
    )


def _value(value: Any, kind: Kind, name: str) -> Any:
    if isinstance(kind, str):
        return _scalar(value, kind, name)
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise Refused("2010", f"Property Name:{name} specified is unsupported or invalid")
        return [_value(part, kind[0], name) for part in value if part is not None]
    if not isinstance(value, Mapping):
        raise Refused("2010", f"Property Name:{name} specified is unsupported or invalid")
    return _object(value, kind, name)


def _scalar(value: Any, kind: str, name: str) -> Any:
    base, _, detail = kind.partition(":")
    if base == "any" or (base == "group" and isinstance(value, Mapping)):
        return value
    if base == "flag":
        return _flag(value, name)
    if base in ("number", "positive"):
        return _number(value, name, positive=base == "positive")
    if base == "group" or isinstance(value, (Mapping, list, bool)):
        raise Refused("2010", f"Property Name:{name} specified is unsupported or invalid")
    text = str(value)
    if base == "text":
        return _text(text, int(detail), name)
    return _special(text, base, detail, name)


def _special(text: str, base: str, detail: str, name: str) -> str:
    if base == "email":
        return email_address(text, name) if text else text
    if base == "day":
        return _day(text, name) if text else text
    if base == "one of" and text not in detail.split("|"):
        raise Refused("2170", f"Invalid Enumeration : {text}", element=name)
    return text


def _flag(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise Refused("2010", f"Property Name:{name} specified is unsupported or invalid")


def _number(value: Any, name: str, *, positive: bool) -> Decimal | int:
    try:
        number = value if type(value) is int else Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not Decimal(number).is_finite():
        raise Refused("2090", f"Invalid Number : {value}", element=name)
    if positive and number < 0:
        raise Refused("2290", f"Invalid Number, negative values are not supported : {value}", element=name)
    return number


def _text(text: str, longest: int, name: str) -> str:
    if len(text) > longest:
        raise Refused("2050", f"Min:0 Max:{longest} supported. Supplied length:{len(text)}", element=name)
    return text


def _day(text: str, name: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise Refused("2060", f"Invalid Date : {text}", element=name) from None
