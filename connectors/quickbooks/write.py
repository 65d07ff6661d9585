"""Writing to QuickBooks: each operation as a minimal body under its key, and the proof that it was done.

SPARSE     an update names Id, SyncToken and the one field it is about; everything else stays as people left it.
REQUESTID  made from the key; where the body depends on what was read before (a note, a flag), from the key and the
           SyncToken, because one id must never go with two bodies. The same bytes always go under the same id.
REVERSAL   a credit memo, which a zero payment then links to the charge where that is still open; where it is not, or
           where QuickBooks refuses the link, the credit stays on the customer's account.
PROOF      a charge or credit by its number, else by our marker among what the customer got since; a memo or a flag by
           what the record says; a mail by the time of delivery the invoice names, and nothing disproves a mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from connectors import ConnectionSettings, Receipt
from connectors.errors import Conflict, ConnectorError, MalformedRecordError, Rejected, Unprovable
from connectors.markers import digest, document_number, keys_in
from connectors.quickbooks import mapping, notes
from connectors.quickbooks.documents import Documents, has_late_fee
from connectors.quickbooks.faults import DUPLICATE_NUMBER, NOT_FOUND
from connectors.quickbooks.mapping import ref_of
from connectors.quickbooks.own import CHARGE_PREFIX, CREDIT_PREFIX, Own
from connectors.quickbooks.read import Reader
from connectors.quickbooks.wire import Api
from rules.domain.actions import (
    AddNote,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    Operation,
    SendMessage,
    SetPromiseDate,
    SetStopSell,
)

Row = Mapping[str, Any]
# Our `since` and their stamps come from two clocks, theirs in whole seconds.
_CLOCKS_APART = timedelta(minutes=1)
_NOTE_FIELDS = {
    "invoice": ("Invoice", "PrivateNote", notes.INVOICE_NOTE_LIMIT),
    "customer": ("Customer", "Notes", notes.CUSTOMER_NOTE_LIMIT),
}


def unsupported(operation: Operation) -> str | None:
    """Why QuickBooks cannot do the operation; None where it can."""
    match operation:
        case SendMessage():
            return "QuickBooks mails its own documents only; a message of ours goes out by our own mail server"
        case SetPromiseDate():
            return "QuickBooks has no field for the day a customer promised to pay"
        case EmailInvoice() | AddNote() | SetStopSell() | CreateInvoice() | CreateCreditNote():
            return None
        case _:
            assert_never(operation)


class Writer:
    """Writes to one company."""

    def __init__(self, api: Api, reader: Reader, settings: ConnectionSettings) -> None:
        self._api = api
        self._reader = reader
        self._hold_type = settings.extra.get("hold_customer_type", "")
        self._documents = Documents(api, reader, settings)
        self._own = Own.of(settings)
        self._zone = ZoneInfo(settings.timezone)

    def write(self, operation: Operation, key: str) -> Receipt:
        """Do it once under `key`; see `connectors.Connector`."""
        match operation:
            case EmailInvoice():
                sent = self._api.send("Invoice", operation.invoice, operation.to, self._request_id(key))
                return self._receipt("Invoice", sent)
            case AddNote():
                return self._add_note(operation, key)
            case SetStopSell():
                return self._set_stop_sell(operation, key)
            case CreateInvoice():
                return self._charge(operation, key)
            case CreateCreditNote():
                return self._credit(operation, key)
            case SendMessage() | SetPromiseDate():
                raise Rejected("", unsupported(operation) or "")
            case _:
                assert_never(operation)

    def was_applied(self, operation: Operation, key: str, since: datetime) -> Receipt | None:
        """The receipt of a write of `key` first tried at `since`; None: proven absent. Raises Unprovable."""
        match operation:
            case EmailInvoice():
                return self._mailed(operation, since)
            case AddNote():
                return self._noted(operation, key)
            case SetStopSell():
                return self._flagged(operation, key)
            case CreateInvoice():
                return self._made("Invoice", CHARGE_PREFIX, operation.customer, key, since)
            case CreateCreditNote():
                return self._made("CreditMemo", CREDIT_PREFIX, operation.customer, key, since)
            case SendMessage() | SetPromiseDate():
                return None
            case _:
                assert_never(operation)

    # Notes and flags

    def _add_note(self, operation: AddNote, key: str) -> Receipt:
        entity, name, limit = _NOTE_FIELDS[operation.target]
        row = self._existing(entity, operation.ref)
        note = str(row.get(name) or "")
        if key in keys_in(note):
            return self._receipt(entity, row)
        return self._update(entity, row, {name: notes.with_memo(note, operation.text, key, limit)}, key)

    def _set_stop_sell(self, operation: SetStopSell, key: str) -> Receipt:
        row = self._existing("Customer", operation.customer)
        note = str(row.get("Notes") or "")
        held = notes.hold_in(note)
        if operation.on:
            if held is not None and key in keys_in(held.text):
                return self._receipt("Customer", row)
            change = self._raised(operation, row, note, key)
        elif held is None or not keys_in(held.text):  # what a person put there is a person's to take away
            return self._receipt("Customer", row)
        else:
            change = {"Notes": notes.without_hold(note)} | self._type_back(row, held)
        try:
            return self._update("Customer", row, change, key)
        except Rejected:
            if ref_of(change, "CustomerTypeRef") or "CustomerTypeRef" not in change:
                raise
        # A release must not hang on QuickBooks refusing to leave a customer without a type.
        return self._update("Customer", row, {"Notes": change["Notes"]}, f"{key}/type-kept")

    def _raised(self, operation: SetStopSell, row: Row, note: str, key: str) -> dict[str, Any]:
        """The block, and the customer type it displaces where one is configured."""
        held = notes.hold_in(note)
        prior, change = held.prior_type if held else None, {}
        if self._hold_type:
            current, wanted = ref_of(row, "CustomerTypeRef"), self._type_id()
            if current != wanted:
                prior, change = current, {"CustomerTypeRef": {"value": wanted}}
        return {"Notes": notes.with_hold(note, operation, prior, key)} | change

    def _type_back(self, row: Row, held: notes.Hold) -> dict[str, Any]:
        """The customer type from before, unless a person chose another meanwhile."""
        ours = self._reader.customer_type(self._hold_type) if self._hold_type and held.prior_type is not None else None
        if ours is None or ref_of(row, "CustomerTypeRef") != ours:
            return {}
        return {"CustomerTypeRef": {"value": held.prior_type}}

    def _type_id(self) -> str:
        found = self._reader.customer_type(self._hold_type)
        if found is None:
            raise Rejected(
                "", f'QuickBooks has no customer type "{self._hold_type}" (hold_customer_type): add it there'
            )
        return found

    def _noted(self, operation: AddNote, key: str) -> Receipt | None:
        entity, name, _ = _NOTE_FIELDS[operation.target]
        row = self._reader.row(entity, operation.ref)
        return self._receipt(entity, row) if row and key in keys_in(str(row.get(name) or "")) else None

    def _flagged(self, operation: SetStopSell, key: str) -> Receipt | None:
        """Raised: the block carries our key. Lifted: there is no block, whoever took it away."""
        row = self._reader.row("Customer", operation.customer)
        note = str((row or {}).get("Notes") or "")
        held = notes.hold_in(note)
        done = held is None if not operation.on else held is not None and key in keys_in(held.text)
        return self._receipt("Customer", row) if row and done else None

    def _update(self, entity: str, row: Row, change: Mapping[str, Any], key: str) -> Receipt:
        token = str(row.get("SyncToken") or "0")
        body = {"Id": str(row["Id"]), "SyncToken": token, "sparse": True, **change}
        return self._receipt(entity, self._api.post(entity, body, self._request_id(f"{key}@{token}")))

    def _existing(self, entity: str, ref: str) -> dict[str, Any]:
        row = self._reader.row(entity, ref)
        if row is None:
            raise Rejected(NOT_FOUND, f"{entity} {ref} does not exist in QuickBooks")
        return row

    # Charges, credits, mail

    def _charge(self, operation: CreateInvoice, key: str) -> Receipt:
        """The charge invoice, unless QuickBooks' own late fee, a feature of its screens, is on the invoice already."""
        billed = self._reader.row("Invoice", operation.invoice)
        if billed is not None and has_late_fee(billed):
            raise Rejected("", f"QuickBooks has put its own late fee on invoice {operation.invoice_number} already")
        return self._create("Invoice", CHARGE_PREFIX, self._documents.charge(operation, key), key)

    def _create(self, entity: str, prefix: str, body: Mapping[str, Any], key: str) -> Receipt:
        """Create; a number already taken by our own key is an earlier try that landed."""
        try:
            return self._receipt(entity, self._api.post(entity, body, self._request_id(key)))
        except Rejected as error:
            found = self._by_number(entity, prefix, key) if error.code == DUPLICATE_NUMBER else None
            if found is None or key not in keys_in(str(found.get("PrivateNote") or "")):
                raise
            return self._receipt(entity, found)

    def _credit(self, operation: CreateCreditNote, key: str) -> Receipt:
        """The memo, unless an earlier try left it, then its use on the charge. Can be taken up again anywhere."""
        day = datetime.combine(operation.issued_on, time(), UTC)
        try:
            memo = self._find("CreditMemo", CREDIT_PREFIX, operation.customer, key, day - timedelta(days=1))
        except MalformedRecordError as error:
            raise Conflict(str(error)) from error  # no credit twice: it is decided again when more can be seen
        receipt = self._receipt("CreditMemo", memo) if memo else None
        if receipt is None:
            self._refuse_without_charge(operation)
            receipt = self._create("CreditMemo", CREDIT_PREFIX, self._documents.credit(operation, key), key)
        try:
            link = self._link(operation, receipt.remote_id, key)
            if link is not None:
                self._api.post("Payment", link, self._request_id(f"{key}/link"))
        except ConnectorError:
            return receipt  # the credit stands; only its use is left to people
        return receipt

    def _refuse_without_charge(self, operation: CreateCreditNote) -> None:
        """Nothing is given back of a charge that people took out of the books."""
        charge = self._reader.row("Invoice", operation.charge)
        if charge is None:
            raise Rejected(NOT_FOUND, f"the charge {operation.charge} is not in QuickBooks: there is nothing to credit")
        if not Decimal(charge.get("TotalAmt") or 0):
            raise Conflict(f"the charge {operation.charge} is voided: there is nothing left to credit")

    def _link(self, operation: CreateCreditNote, memo: str, key: str) -> Mapping[str, Any] | None:
        """The payment of nothing that uses the credit on the charge; None where one of them has nothing open."""
        charge, credit = self._reader.row("Invoice", operation.charge), self._reader.row("CreditMemo", memo)
        return self._documents.link(operation, charge, credit, f"{key}/link") if charge and credit else None

    def _made(self, entity: str, prefix: str, customer: str, key: str, since: datetime) -> Receipt | None:
        found = self._find(entity, prefix, customer, key, since)
        return self._receipt(entity, found) if found else None

    def _find(self, entity: str, prefix: str, customer: str, key: str, since: datetime) -> Row | None:
        """By number; QuickBooks may have given another, so else by our marker among the customer's new documents.

        Raises:
            Unprovable: what is there says that it is, and nothing proves it.
            MalformedRecordError: it may be what cannot be seen now.
        """
        found = self._by_number(entity, prefix, key)
        if found is not None and ref_of(found, "CustomerRef") == customer:
            return found
        after = (since - _CLOCKS_APART).isoformat(timespec="seconds")
        rows = list(self._api.even_hidden(entity, f"CustomerRef = '{customer}' and MetaData.CreateTime >= '{after}'"))
        marked = [row for row in rows if self._own.key_of(row, prefix) == key]
        if len(marked) > 1:
            raise Unprovable(f"{len(marked)} {entity} documents carry {key}")
        if not marked and (claim := next((row for row in rows if self._own.claims(row, key, prefix)), None)):
            number = claim.get("DocNumber") or claim.get("Id")
            raise Unprovable(f"{number} carries the marker of {key}, but neither its number nor our item")
        if not marked and not all(rows):
            raise MalformedRecordError(f"QuickBooks shows nothing in a row of what {customer} got: it may be it")
        return marked[0] if marked else None

    def _by_number(self, entity: str, prefix: str, key: str) -> dict[str, Any] | None:
        number = document_number(prefix, key, self._api.account)
        rows = self._api.rows(entity, f"select * from {entity} where DocNumber = '{number}'")  # noqa: S608 - hex
        return rows[0] if rows else None

    def _mailed(self, operation: EmailInvoice, since: datetime) -> Receipt:
        """By the last delivery the invoice names. One before the reminder could go out was of another mail."""
        if operation.reached_on is not None:
            since = max(since, datetime.combine(operation.reached_on, time(), self._zone))
        row = self._reader.row("Invoice", operation.invoice) or {}
        delivered = mapping.instant_or_none((row.get("DeliveryInfo") or {}).get("DeliveryTime"))
        if delivered is not None and delivered >= since - _CLOCKS_APART:
            return self._receipt("Invoice", row)
        raise Unprovable(f"invoice {operation.invoice} names no delivery since then; QuickBooks may yet have mailed it")

    def _request_id(self, key: str) -> str:
        return digest(key, self._api.account)

    def _receipt(self, entity: str, row: Row) -> Receipt:
        return Receipt(str(row.get("Id") or ""), self._api.trace, self._reader.version_of(entity, row))
