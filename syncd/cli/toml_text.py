"""Values written as TOML, for people who will copy a line into a rules file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def value_text(value: Any) -> str:
    """One value on one line; what TOML has no word for (a Decimal, an amount) is written as text in quotes."""
    if isinstance(value, BaseModel):
        value = settings_of(value)
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            return "{ " + ", ".join(f"{key_text(key)} = {value_text(below)}" for key, below in value.items()) + " }"
        case list() | tuple() | set() | frozenset():
            return "[" + ", ".join(value_text(item) for item in value) + "]"
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def settings_of(model: BaseModel) -> dict[str, Any]:
    """What a settings model holds, by the keys of the file; what is absent stays absent."""
    fields = type(model).model_fields
    values = {field.alias or name: getattr(model, name) for name, field in fields.items()}
    return {key: value for key, value in values.items() if value is not None}


def key_text(key: object) -> str:
    """A key, in quotes where it needs them."""
    text = str(key)
    return text if _BARE_KEY.fullmatch(text) else json.dumps(text, ensure_ascii=False)
