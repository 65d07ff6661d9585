"""History notes: Xero's append-only memo on a document or contact, and where our marker is found again."""

from __future__ import annotations

from dataclasses import dataclass

from connectors import Receipt
from connectors.errors import OutcomeUnknown
from connectors.markers import keys_in, marker
from connectors.xero.values import Row, rows, text
from connectors.xero.wire import Calls
from rules.domain.actions import TargetKind

_LONGEST = 2500


@dataclass(frozen=True, slots=True)
class History:
    """The history of one invoice or contact."""

    calls: Calls
    target: TargetKind
    ref: str

    def add(self, words: str, key: str) -> Receipt:
        """Append a note that ends with the marker of `key`. The words give way, never the marker."""
        mark = marker(key)
        details = f"{words[: _LONGEST - len(mark) - 1].rstrip()} {mark}".strip()
        answer = self.calls.write(
            "create_invoice_history" if self.target == "invoice" else "create_contact_history",
            f"{key}#note",
            history_records={"HistoryRecords": [{"Details": details}]},
            **self._where,
        )
        return Receipt(remote_id=self.ref, trace=answer.trace)

    def ensure(self, words: str, key: str) -> None:
        """Append the note unless it is there, and look again where the answer is lost: it must be there to go on."""
        if self.has(key):
            return
        try:
            self.add(words, key)
        except OutcomeUnknown:
            if not self.has(key):
                raise

    def has(self, key: str) -> bool:
        """Whether a note carries the marker of `key`."""
        return any(key in keys_of(record) for record in self.records())

    def records(self) -> tuple[Row, ...]:
        """All entries; none where the document does not exist."""
        call = "get_invoice_history" if self.target == "invoice" else "get_contact_history"
        answer = self.calls.read_one(call, **self._where)
        return () if answer is None else rows(answer.document, "HistoryRecords")

    @property
    def _where(self) -> dict[str, str]:
        return {"invoice_id" if self.target == "invoice" else "contact_id": self.ref}


def keys_of(record: Row) -> tuple[str, ...]:
    """The keys of ours in an entry."""
    return keys_in(text(record, "Details"))
