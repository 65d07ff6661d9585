"""Rows into records: facts, references that are gone, and rows that could not be understood.

The only reading done here is of the payments that say where a credit memo was used: the memo itself does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors import NO_RECORD, FactKind, Gone, Page, Record, Ref, Unreadable
from connectors.errors import MalformedRecordError
from connectors.quickbooks import mapping
from connectors.quickbooks.cursor import Cursor
from connectors.quickbooks.own import Own
from connectors.quickbooks.profile import Profile
from connectors.quickbooks.wire import Api
from rules.domain.facts import Fact, Rate

UNREADABLE = "Unreadable"  # the status we give a row in place of one QuickBooks cannot show
_AT_ONCE = 30
Row = Mapping[str, Any]
ENTITIES: Mapping[FactKind, str] = {
    "customer": "Customer",
    "invoice": "Invoice",
    "payment": "Payment",
    "credit_note": "CreditMemo",
}


class Records:
    """Makes records of one company's rows."""

    def __init__(self, api: Api, own: Own) -> None:
        self._api = api
        self._own = own

    def one(self, ref: Ref, row: Row, profile: Profile) -> Record:
        """One record read by itself.

        Raises:
            MalformedRecordError: it cannot be understood.
        """
        record = self._record(ref.kind, row, profile, self._uses([row] if ref.kind == "credit_note" else [], profile))
        if not isinstance(record, Record):
            raise MalformedRecordError(record.problem if isinstance(record, Unreadable) else "deleted")
        return record

    def listed(self, kind: FactKind, rows: Iterable[Row], profile: Profile) -> tuple[Record | Unreadable, ...]:
        """Rows read by themselves, not as a page; what of them is gone is left out."""
        records = (self._record(kind, row or hidden(at), profile, {}) for at, row in enumerate(rows, 1))
        return tuple(record for record in records if not isinstance(record, Gone))

    def of_customers(self, entity: str, customers: Sequence[str], also: str = "") -> Iterator[Row]:
        """Rows of these customers that meet `also`, thirty asked for at once; empty where one shows nothing."""
        return self._rows_where(entity, "CustomerRef", customers, also)

    def version(self, entity: str, row: Row, profile: Profile) -> str:
        """The version of the fact this row is; empty for other entities and rows that are not whole."""
        kinds = [kind for kind, name in ENTITIES.items() if name == entity]
        record = self._record(kinds[0], row, profile, {}) if kinds else None
        return record.fact.version if isinstance(record, Record) else ""

    def page(self, rows: Mapping[FactKind, Sequence[Row]], state: Cursor) -> Page:
        """Every row as a record, a reference that is gone, or one we could not understand."""
        memos = [row for row in rows.get("credit_note", ()) if row.get("status") != "Deleted"]
        uses = self._uses(memos, state.profile)
        records = tuple(self._record(kind, row, state.profile, uses) for kind in ENTITIES for row in rows.get(kind, ()))
        readable = {record.ref for record in records if isinstance(record, Record)}
        documents = [
            row
            for kind in ENTITIES
            if kind != "customer"
            for row in rows.get(kind, ())
            if Ref(kind, str(row.get("Id"))) in readable
        ]
        server_time = mapping.instant(state.since) if state.since else None
        return Page(state.text(), records, rates=_rates(documents, state.profile), server_time=server_time)

    def _record(
        self, kind: FactKind, row: Row, profile: Profile, uses: mapping.CreditUses
    ) -> Record | Gone | Unreadable:
        ref = Ref(kind, str(row.get("Id") or "?"))
        if row.get("status") == "Deleted":
            return Gone(ref)
        if row.get("status") == UNREADABLE:
            return Unreadable(ref, "QuickBooks itself fails to show this record")
        try:
            return Record(ref, self._fact(kind, row, profile, uses), mapping.stamp(row))
        except (MalformedRecordError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            return Unreadable(ref, mapping.records_error(error))

    def _fact(self, kind: FactKind, row: Row, profile: Profile, uses: mapping.CreditUses) -> Fact:
        makers: Mapping[FactKind, Callable[[], Fact]] = {
            "customer": lambda: mapping.customer(row, profile),
            "invoice": lambda: mapping.invoice(row, profile, self._own),
            "payment": lambda: mapping.payment(row, profile),
            "credit_note": lambda: mapping.credit_note(row, profile, self._own, uses),
        }
        return makers[kind]()

    def _uses(self, memos: Sequence[Row], profile: Profile) -> mapping.CreditUses:
        """Where credit memos were used: only the payments that used them say so, so those are read along."""
        used = [row for row in memos if mapping.is_used(row)]
        ids = sorted({ref for row in used for ref in mapping.payments_of(row)})
        silent = [row for row in used if not mapping.payments_of(row)]
        customers = sorted({mapping.ref_of(row, "CustomerRef") for row in silent} - {""})
        payments = {str(row.get("Id")): row for row in self._rows_where("Payment", "Id", ids) if row}
        payments |= {str(row.get("Id")): row for row in self.of_customers("Payment", customers) if row}
        return mapping.credit_uses(list(payments.values()), profile)

    def _rows_where(self, entity: str, name: str, values: Sequence[str], also: str = "") -> Iterator[Row]:
        for first in range(0, len(values), _AT_ONCE):
            chunk = ", ".join(f"'{value}'" for value in values[first : first + _AT_ONCE])
            yield from self._api.even_hidden(entity, f"{name} IN ({chunk}){f' and {also}' if also else ''}")


def _rates(documents: Sequence[Row], profile: Profile) -> tuple[Rate, ...]:
    found = {rate for row in documents if (rate := mapping.rate(row, profile))}
    return tuple(sorted(found, key=lambda rate: (rate.on, rate.source, rate.rate)))


def hidden(number: int) -> dict[str, Any]:
    """A stand-in for the record in a row: which one it is, QuickBooks does not show."""
    return {"Id": f"{NO_RECORD}{number}", "status": UNREADABLE}
