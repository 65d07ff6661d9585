"""Operations as Xero requests: one step each, or several that can be taken up again where a crash left them.

Plain dictionaries, so that only what is meant goes out; dates as ``YYYY-MM-DD``; no LineItems where only a head field
changes, because lines that are not sent are deleted. Creating is PUT: a second PUT of a number is refused, a second
POST would overwrite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, assert_never

from connectors import ConnectionSettings, Receipt
from connectors.errors import Conflict, OutcomeUnknown, Rejected
from connectors.markers import keys_in, marker
from connectors.xero.groups import StopSellGroup
from connectors.xero.history import History
from connectors.xero.mapping import SALES, SALES_CREDIT
from connectors.xero.own import Own
from connectors.xero.values import Row, number, outgoing, part, rows, text
from connectors.xero.wire import Answer, Calls
from rules.domain.actions import (
    AddNote,
    ChargeLine,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    Operation,
    SendMessage,
    SetPromiseDate,
    SetStopSell,
)

_LONGEST_REFERENCE = 255
_LONGEST_DESCRIPTION = 4000
_NOTHING = Decimal(0)
_TAKEN = "must be unique"
_DRAFTS = frozenset(("DRAFT", "SUBMITTED"))
_DEAD = frozenset(("VOIDED", "DELETED"))


@dataclass(frozen=True, slots=True)
class Chart:
    """Where charges go: the account's code, and whether they are posted or wait as drafts for a person."""

    account_code: str
    status: str

    @classmethod
    def of(cls, settings: ConnectionSettings) -> Chart:
        """As the connection says."""
        return cls(
            account_code=settings.extra.get("finance_charge_account", ""),
            status=settings.extra.get("finance_charge_status") or "DRAFT",
        )


def unsupported(operation: Operation, chart: Chart) -> str | None:
    """Why Xero cannot do the operation, in one sentence; None where it can."""
    match operation:
        case SendMessage():
            return "Xero does not send messages of our own: they go by SMTP ([email]) or are printed"
        case CreateInvoice() | CreateCreditNote() if not chart.account_code:
            return "finance charges need an income account: set finance_charge_account of this connection"
        case _:
            return None


class Writer:
    """Writes to one company. Raises what the session raises; adopts what an earlier try of the same key left."""

    def __init__(self, calls: Calls, settings: ConnectionSettings, locked_through: Callable[[], date | None]) -> None:
        self.chart = Chart.of(settings)
        self.group = StopSellGroup(calls, settings.extra.get("stop_sell_group") or "Stop sell")
        self._calls = calls
        self._own = Own.of(settings)
        self._locked_through = locked_through

    def write(self, operation: Operation, key: str) -> Receipt:
        """Do it under `key`."""
        reason = unsupported(operation, self.chart)
        if reason is not None:
            raise Rejected("unsupported", reason)
        match operation:
            case AddNote():
                return History(self._calls, operation.target, operation.ref).add(operation.text, key)
            case SetStopSell():
                return self._stop_sell(operation, key)
            case CreateInvoice():
                return self._charge(operation, key)
            case CreateCreditNote():
                return self._credit(operation, key)
            case EmailInvoice():
                return self._email(operation, key)
            case SetPromiseDate():
                return self._promise(operation, key)
            case SendMessage():
                raise AssertionError("refused above")
            case _:
                assert_never(operation)

    def _charge(self, operation: CreateInvoice, key: str) -> Receipt:
        self._refuse_locked(operation.issued_on)
        body = self._charge_body(operation, key)
        try:
            answer = self._calls.write("create_invoices", key, invoices={"Invoices": [body]})
        except Rejected as error:
            if _TAKEN not in error.detail.casefold():
                raise
            return self._earlier_charge(operation, key, error)
        return _receipt(answer, "Invoices", "InvoiceID")

    def _charge_body(self, operation: CreateInvoice, key: str) -> dict[str, Any]:
        return {
            "Type": SALES,
            "Status": self.chart.status,
            "InvoiceNumber": self._own.charge_number(key),
            "Reference": _reference(operation.invoice_number, key),
            "Contact": {"ContactID": operation.customer},
            "Date": operation.issued_on.isoformat(),
            "DueDate": operation.due_on.isoformat(),
            "CurrencyCode": operation.lines[0].amount.currency,
            **self._lines(operation.lines, operation.note),
        }

    def _earlier_charge(self, operation: CreateInvoice, key: str, refused: Rejected) -> Receipt:
        """Our number is taken: an earlier try landed, where that invoice bears our marker or is this customer's."""
        found = charge_by_number(self._calls, self._own.charge_number(key))
        if found is None:
            raise OutcomeUnknown("our charge's number is taken, and the invoice that has it cannot be read yet")
        is_theirs = text(part(found, "Contact"), "ContactID") == operation.customer
        if key not in keys_in(text(found, "Reference")) and not is_theirs:
            raise refused
        return Receipt(remote_id=text(found, "InvoiceID"))

    def _credit(self, operation: CreateCreditNote, key: str) -> Receipt:
        """A credit note against our charge, used on it where it is open; a draft where the charge is one."""
        self._refuse_locked(operation.issued_on)
        charge = self._invoice(operation.charge)
        if text(charge, "Status") in _DEAD:
            raise Conflict(f"the charge {operation.charge} is voided: there is nothing left to credit")
        note = credit_by_number(self._calls, self._own.credit_number(key))
        if note is None:
            body = self._credit_body(operation, charge, key)
            answer = self._calls.write("create_credit_notes", key, credit_notes={"CreditNotes": [body]})
            receipt = _receipt(answer, "CreditNotes", "CreditNoteID")
            # What an answer to a write leaves out is as we sent it: absent is not zero.
            sent = {"Status": body["Status"], "Total": operation.amount.amount}
            note = {**sent, **rows(answer.document, "CreditNotes")[0]}
        else:
            receipt = Receipt(remote_id=text(note, "CreditNoteID"))
        self._allocate(receipt.remote_id, usable(note, charge), operation, key)
        return receipt

    def _credit_body(self, operation: CreateCreditNote, charge: Row, key: str) -> dict[str, Any]:
        line = ChargeLine(operation.note, operation.amount, "interest", operation.tax_code)
        return {
            "Type": SALES_CREDIT,
            "Status": "DRAFT" if text(charge, "Status") in _DRAFTS else "AUTHORISED",
            "CreditNoteNumber": self._own.credit_number(key),
            "Reference": _reference(text(charge, "InvoiceNumber"), key),
            "Contact": {"ContactID": operation.customer},
            "Date": operation.issued_on.isoformat(),
            "CurrencyCode": operation.amount.currency,
            **self._lines((line,), ""),
        }

    def _allocate(self, note: str, amount: Decimal, operation: CreateCreditNote, key: str) -> None:
        if not amount:
            return
        allocation = {
            "Amount": amount,
            "Date": operation.issued_on.isoformat(),
            "Invoice": {"InvoiceID": operation.charge},
        }
        try:
            self._calls.write(
                "create_credit_note_allocation",
                f"{key}#allocation",
                credit_note_id=note,
                allocations={"Allocations": [allocation]},
            )
        except Rejected:
            return  # paid meanwhile: the credit note stands, and stays on account

    def _email(self, operation: EmailInvoice, key: str) -> Receipt:
        """A note with our marker first, then the mail: where there is no note, no mail was asked for."""
        history = History(self._calls, "invoice", operation.invoice)
        history.ensure("Asked Xero to e-mail this invoice as a reminder.", key)
        answer = self._calls.write("email_invoice", key, invoice_id=operation.invoice, request_empty={})
        return Receipt(remote_id=operation.invoice, trace=answer.trace)

    def _stop_sell(self, operation: SetStopSell, key: str) -> Receipt:
        """A note with our marker first, then the flag: a flag of ours always has a note that says so."""
        word = "Stop-sell set" if operation.on else "Stop-sell lifted"
        words = f"{word} since {operation.since} ({operation.state}): {operation.why}"
        history, trace = History(self._calls, "customer", operation.customer), ""
        if not history.has(key):
            trace = history.add(words, key).trace
        if self.group.holds(operation.customer) != operation.on:
            change = self.group.put if operation.on else self.group.take_out
            trace = change(operation.customer, key)
        return Receipt(remote_id=operation.customer, trace=trace)

    def _promise(self, operation: SetPromiseDate, key: str) -> Receipt:
        """ExpectedPaymentDate; a note where the invoice no longer takes it: part paid, locked or closed."""
        body = {"InvoiceID": operation.invoice, "ExpectedPaymentDate": operation.promised_on.isoformat()}
        try:
            if takes_promise_date(self._invoice(operation.invoice)):
                answer = self._calls.write(
                    "update_invoice", key, invoice_id=operation.invoice, invoices={"Invoices": [body]}
                )
                return _receipt(answer, "Invoices", "InvoiceID")
        except Rejected as error:
            if error.code == "404":
                raise
        words = f"Payment promised for {operation.promised_on}."
        return History(self._calls, "invoice", operation.invoice).add(words, key)

    def _invoice(self, ref: str) -> Row:
        answer = self._calls.read_one("get_invoice", invoice_id=ref)
        found = rows(answer.document, "Invoices") if answer else ()
        if not found:
            raise Rejected("404", f"invoice {ref} is not in this organisation")
        return found[0]

    def _refuse_locked(self, day: date) -> None:
        locked = self._locked_through()
        if locked is not None and day <= locked:
            raise Rejected(
                "PeriodLocked", f"a document dated {day} cannot be written: the books are locked through {locked}"
            )

    def _lines(self, lines: Iterable[ChargeLine], note: str) -> dict[str, Any]:
        """The lines, without tax where every one of them says so, else with each one's or the account's own."""
        items = [self._line(line) for line in lines]
        if note and note not in items[0]["Description"]:
            items[0]["Description"] = f"{items[0]['Description']}\n{note}"[:_LONGEST_DESCRIPTION]
        untaxed = all(item.get("TaxType") == "NONE" for item in items)
        return {"LineAmountTypes": "NoTax" if untaxed else "Exclusive", "LineItems": items}

    def _line(self, line: ChargeLine) -> dict[str, Any]:
        item = {
            "Description": line.description[:_LONGEST_DESCRIPTION],
            "Quantity": 1,
            "UnitAmount": outgoing(line.amount),
            "AccountCode": self.chart.account_code,
        }
        return item if line.tax_code is None else {**item, "TaxType": line.tax_code.upper()}


def charge_by_number(calls: Calls, document: str) -> Row | None:
    """The sales invoice that has this number; None where there is none."""
    found = rows(calls.read("get_invoices", invoice_numbers=[document]).document, "Invoices")
    return next((row for row in found if text(row, "InvoiceNumber").casefold() == document.casefold()), None)


def credit_by_number(calls: Calls, document: str) -> Row | None:
    """The sales credit note that has this number; None where there is none."""
    where = f'Type=="{SALES_CREDIT}" AND CreditNoteNumber=="{document}"'
    found = rows(calls.read("get_credit_notes", where=where, page=1).document, "CreditNotes")
    return next((row for row in found if text(row, "CreditNoteNumber").casefold() == document.casefold()), None)


def usable(note: Row, charge: Row) -> Decimal:
    """How much of a credit note can be used on a charge now: nothing where either is a draft or done with."""
    if text(note, "Status") != "AUTHORISED" or text(charge, "Status") != "AUTHORISED":
        return _NOTHING
    left, due = number(note, "RemainingCredit"), number(charge, "AmountDue")
    return min(number(note, "Total") or _NOTHING if left is None else left, due or _NOTHING)


def takes_promise_date(invoice: Row) -> bool:
    """Whether Xero lets ExpectedPaymentDate be edited: nothing may have been paid or credited yet."""
    untouched = not number(invoice, "AmountPaid") and not number(invoice, "AmountCredited")
    return text(invoice, "Status") in {*_DRAFTS, "AUTHORISED"} and untouched


def _reference(about: str, key: str) -> str:
    """What a person reads and our marker; the marker is never cut."""
    mark = marker(key)
    return f"{about[: _LONGEST_REFERENCE - len(mark) - 1]} {mark}".strip()


def _receipt(answer: Answer, listed: str, identity: str) -> Receipt:
    """The receipt for the one element written.

    Raises:
        OutcomeUnknown: the answer does not name what was made.
    """
    made = rows(answer.document, listed)
    if len(made) != 1 or not text(made[0], identity):
        raise OutcomeUnknown("Xero's answer does not name what was written")
    return Receipt(remote_id=text(made[0], identity), trace=answer.trace)
