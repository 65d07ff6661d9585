"""Values as bytes: JSON text with raw decimals, the XML twin, and Intuit's Pacific timestamps. Knows no business."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from connectors.simulator.quickbooks.money import Cents, printed

Body = dict[str, Any]

_PACIFIC = ZoneInfo("America/Los_Angeles")
_NAMESPACE = "http://schema.intuit.com/finance/v3"


class Raw(str):
    """JSON text that is already written."""

    __slots__ = ()


def json_text(value: Any) -> str:
    """`value` as compact JSON; money with its two decimals, a Decimal as it was written, never a float's repr."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        return "{" + ",".join([f'"{name}":{_part_text(part)}' for name, part in value.items()]) + "}"
    if kind is Cents:
        return printed(value)
    if kind is list or kind is tuple:
        return "[" + ",".join([json_text(part) for part in value]) + "]"
    return _scalar_text(value)


def _part_text(value: Any) -> str:
    """Most parts are text, and a reply of a thousand records has sixty thousand of them."""
    return encode_basestring(value) if type(value) is str else json_text(value)


def _scalar_text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int) else encode_basestring(str(value))


def parsed(body: bytes) -> Any:
    """JSON with its decimals exact. Raises ValueError."""
    return json.loads(body, parse_float=Decimal)


def pacific(moment: datetime, *, milliseconds: bool = False) -> str:
    """An instant as Intuit writes it: Pacific time with its offset, to the second or the millisecond."""
    return moment.astimezone(_PACIFIC).isoformat(timespec="milliseconds" if milliseconds else "seconds")


def xml_text(document: Mapping[str, Any]) -> str:
    """A reply in XML, which is what comes when nobody asks for JSON."""
    inner = "".join(_element(name, value) for name, value in document.items() if name != "time")
    moment = f' time="{escape(str(document["time"]))}"' if "time" in document else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><IntuitResponse xmlns="{_NAMESPACE}"{moment}>{inner}</IntuitResponse>'
    )


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, part) for part in value)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(key, part) for key, part in value.items())}</{name}>"
    shown = value if isinstance(value, str) else _scalar_text(value) if value is not None else ""
    return f"<{name}>{escape(shown)}</{name}>"
