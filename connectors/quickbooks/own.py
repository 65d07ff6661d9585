"""Which documents are ours: what their number, lines and note prove together. Text alone proves nothing.

Anybody can type a marker. A document is ours where its number is made from the key its note carries; QuickBooks may
have given another number, or people may have, so else where our marker leads the note and every line is our own item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors import ConnectionSettings
from connectors.markers import key_of_document, keys_in, marker, origin_of_key
from connectors.quickbooks.notes import without_void

CHARGE_PREFIX = "FC"
CREDIT_PREFIX = "CN"
DEFAULT_ITEM = "Finance charge"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Own:
    """What documents of ours bear at one company."""

    account: str
    item: str = DEFAULT_ITEM

    @classmethod
    def of(cls, settings: ConnectionSettings) -> Own:
        """As the connection says."""
        return cls(settings.account, settings.extra.get("finance_charge_item") or DEFAULT_ITEM)

    def origin(self, row: Row, prefix: str) -> str | None:
        """``syncd:<rule>`` of a document we made, else None."""
        key = self.key_of(row, prefix)
        return None if key is None else origin_of_key(key)

    def key_of(self, row: Row, prefix: str) -> str | None:
        """The key a document of ours was made under; None where nothing proves that it is ours."""
        note = _text(row, "PrivateNote")
        key = key_of_document(note, _text(row, "DocNumber"), prefix, self.account)
        if key is None and (led_by := _leading(note)) is not None and self._is_of_our_item(row):
            return led_by
        return key

    def is_claimed(self, row: Row, prefix: str) -> bool:
        """Whether a document says that it is ours, and nothing proves it."""
        return _leading(_text(row, "PrivateNote")) is not None and self.key_of(row, prefix) is None

    def claims(self, row: Row, key: str, prefix: str) -> bool:
        """Whether a document says that it was made under `key`, and nothing proves it."""
        return _leading(_text(row, "PrivateNote")) == key and self.key_of(row, prefix) is None

    def _is_of_our_item(self, row: Row) -> bool:
        lines = row.get("Line")
        sales = [line.get("SalesItemLineDetail") for line in lines if isinstance(line, dict)] if lines else []
        names = [_item_name(detail) for detail in sales if detail is not None]
        return bool(names) and all(name == self.item.casefold() for name in names)


def _leading(note: str) -> str | None:
    """The key of the marker a note begins with, voided or not: on other people's documents our memos come after."""
    written = without_void(note)
    keys = keys_in(written)
    return keys[0] if keys and written.startswith(marker(keys[0])) else None


def _item_name(detail: Any) -> str:
    """What a line sells; of a sub-item QuickBooks shows the whole path."""
    item = detail.get("ItemRef") if isinstance(detail, dict) else None
    name = item.get("name") if isinstance(item, dict) else None
    return str(name or "").rpartition(":")[2].strip().casefold()


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""
