"""Which documents are ours: what their number, lines and reference prove together. Text alone proves nothing.

Anybody can type a marker. A document is ours where its number is made from the key its reference carries; people give a
draft of ours another number, so else where the reference ends with our marker and every line is on the account that
charges are posted to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors import ConnectionSettings
from connectors.errors import Unprovable
from connectors.markers import document_number, key_of_document, keys_in, marker, origin_of_key
from connectors.xero.values import Row, rows, text

CHARGE_PREFIX = "FC"
CREDIT_PREFIX = "CN"


@dataclass(frozen=True, slots=True)
class Own:
    """What documents of ours bear at one organisation: its id goes into their numbers, their lines on one account."""

    account: str
    charges_to: str = ""

    @classmethod
    def of(cls, settings: ConnectionSettings) -> Own:
        """As the connection says."""
        return cls(settings.account, settings.extra.get("finance_charge_account", ""))

    def charge_number(self, key: str) -> str:
        """The number of the charge invoice made under `key`."""
        return document_number(CHARGE_PREFIX, key, self.account)

    def credit_number(self, key: str) -> str:
        """The number of the credit note made under `key`."""
        return document_number(CREDIT_PREFIX, key, self.account)

    def origin(self, row: Row) -> str | None:
        """``syncd:<rule>`` of a document we made, else None."""
        key = self.key_of(row)
        return None if key is None else origin_of_key(key)

    def key_of(self, row: Row) -> str | None:
        """The key a document of ours was made under; None where nothing proves that it is ours."""
        reference, prefix = text(row, "Reference"), CREDIT_PREFIX if "CreditNoteID" in row else CHARGE_PREFIX
        number = text(row, "CreditNoteNumber") or text(row, "InvoiceNumber")
        key = key_of_document(reference, number, prefix, self.account)
        if key is None and (last := _last_key(reference)) is not None and self._is_on_our_account(row):
            return last
        return key

    def is_claimed(self, row: Row) -> bool:
        """Whether a document says that it is ours, and nothing proves it."""
        return bool(keys_in(text(row, "Reference"))) and self.key_of(row) is None

    def _is_on_our_account(self, row: Row) -> bool:
        codes = [text(line, "AccountCode") for line in rows(row, "LineItems")]
        return bool(self.charges_to and codes) and all(code == self.charges_to for code in codes)


def made_under(key: str, found: Iterator[Row], own: Own) -> Row | None:
    """The document among these that was made under `key`; None where there is none.

    Raises:
        Unprovable: one says that it was, and nothing else about it does.
    """
    for row in found:
        if own.key_of(row) == key:
            return row
        if key in keys_in(text(row, "Reference")):
            number = text(row, "CreditNoteNumber") or text(row, "InvoiceNumber")
            raise Unprovable(f"{number} carries the marker of {key}, but neither its number nor our account")
    return None


def _last_key(reference: str) -> str | None:
    keys = keys_in(reference)
    return keys[-1] if keys and reference.endswith(marker(keys[-1])) else None
