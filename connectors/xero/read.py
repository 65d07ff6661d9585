"""What a Xero company has, read for little: one request for an idle poll, under 450 a day at one poll in five minutes.

HOW FRESH IS WHAT
- Invoices and the payments on them: every poll, by If-Modified-Since. Paying, unpaying and crediting move the stamp.
- A deleted payment, credit notes and money on account used on an invoice: in the poll that sees the invoice change.
- Contacts, credit notes, over- and prepayments nothing was done with yet: within an hour and a quarter.
- What moves no stamp (a due date on a part-paid invoice, a merge's survivor, group membership), the organisation and
  its lock dates: once a night, two o'clock company time, by reading all open invoices and all contacts.
On a day so busy that hints would break the budget, what a hint asks for waits for the next allowance, twelve minutes
each; when less than a fifth of the day's calls is left, the lists wait for the next day and only invoices are polled.
A write reads its target again anyway. All times are the server's, and advance only when a list was read whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors import AgedReceivables, ConnectionSettings, Gone, Identity, OpenBalance, Page, Record, Ref, Unreadable
from connectors.errors import MalformedRecordError
from connectors.xero.contacts import Contacts
from connectors.xero.cursor import State, decoded
from connectors.xero.listings import (
    CREDIT_NOTES,
    IDS_PER_CALL,
    OPEN_INVOICES,
    OVERPAYMENTS,
    PREPAYMENTS,
    Listing,
    sheets,
)
from connectors.xero.mapping import (
    Books,
    Entry,
    credit_note_entries,
    customer_entries,
    invoice_entries,
    on_account_entries,
    payment_entries,
)
from connectors.xero.organisation import company_of, locked_through, organisation_in
from connectors.xero.own import Own
from connectors.xero.pull import Place, Pull
from connectors.xero.values import Row, day, needed, number, part, rows, text
from connectors.xero.wire import Calls
from rules.domain.actions import Operation
from rules.domain.money import Money

_USUAL_DAY_LIMIT = 1000
_RESERVED = 5  # a fifth of the day's calls is for writing
# Open documents and the field that says how much of each still stands, with the sign it has in a statement.
_STANDING: tuple[tuple[Listing, str, int], ...] = (
    (OPEN_INVOICES, "AmountDue", 1),
    (CREDIT_NOTES, "RemainingCredit", -1),
    (OVERPAYMENTS, "RemainingCredit", -1),
    (PREPAYMENTS, "RemainingCredit", -1),
)
_BY_ID = {
    "customer": (("get_contact", "contact_id", "Contacts", customer_entries),),
    "invoice": (("get_invoice", "invoice_id", "Invoices", invoice_entries),),
    "credit_note": (("get_credit_note", "credit_note_id", "CreditNotes", credit_note_entries),),
    "payment": (
        ("get_payment", "payment_id", "Payments", payment_entries),
        ("get_overpayment", "overpayment_id", "Overpayments", on_account_entries),
        ("get_prepayment", "prepayment_id", "Prepayments", on_account_entries),
    ),
}


class Reader:
    """Reads one company. Keeps between pulls only what saves calls; losing it costs a few, never a fact."""

    def __init__(self, calls: Calls, settings: ConnectionSettings) -> None:
        self._calls = calls
        self._contacts = Contacts(calls)
        self._organisation = State()
        self._place = Place(
            timezone=settings.timezone,
            stop_sell_group=settings.extra.get("stop_sell_group") or "Stop sell",
            reserve=int(settings.extra.get("day_limit") or _USUAL_DAY_LIMIT) // _RESERVED,
            own=Own.of(settings),
        )

    @property
    def calls_reserved(self) -> int:
        """Of a day's calls, those left for polling and writing."""
        return self._place.reserve

    @property
    def stop_sell_group(self) -> str:
        """The contact group that marks a stop-sell."""
        return self._place.stop_sell_group

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Everything that changed since `cursor`, in pages; all of it for None."""
        run = Pull(self._calls, decoded(cursor), self._contacts, self._place)
        self._organisation = run.state
        for page in run.pages():
            self._organisation = run.state
            yield page

    def expect_change(self, operation: Operation) -> None:
        """Our own write changed the customer's groups, which no stamp may show: read it again with the next pull."""
        if operation.verb == "set_stop_sell":
            self._contacts.touched.add(operation.customer)

    def locked_through(self) -> date | None:
        """The last day of the locked period, from the last pull or else the organisation itself."""
        return self._known_organisation().locked_through

    def fetch(self, ref: Ref) -> Record | None:
        """The record by its own id; None where Xero does not have it.

        Raises:
            MalformedRecordError: it is there and cannot be understood.
        """
        for call, parameter, key, entries in _BY_ID[ref.kind]:
            answer = self._calls.read_one(call, **{parameter: ref.id})
            if answer is not None:
                return self._found(ref, [e for row in rows(answer.document, key) for e in entries(row, self._books())])
        return None

    def open_invoices(self, customers: Sequence[str]) -> tuple[Record | Unreadable, ...]:
        """What is open of these contacts' invoices, forty contacts a call."""
        found: list[Record | Unreadable] = []
        for first in range(0, len(customers), IDS_PER_CALL):
            contacts = {"contact_i_ds": list(customers[first : first + IDS_PER_CALL])}
            listing = replace(OPEN_INVOICES, arguments={**OPEN_INVOICES.arguments, **contacts})
            for sheet in sheets(self._calls, listing):
                found.extend(sheet.hidden)
                entries = (entry for row in sheet.rows for entry in invoice_entries(row, self._books()))
                found.extend(one for one in entries if one.ref.kind == "invoice" and not isinstance(one, Gone))
        return tuple(found)

    def pay_link(self, invoice: str) -> str | None:
        """The address of the invoice's online page."""
        answer = self._calls.read_one("get_online_invoice", invoice_id=invoice)
        pages = rows(answer.document, "OnlineInvoices") if answer is not None else []
        link = pages[0].get("OnlineInvoiceUrl") if pages else None
        return link if isinstance(link, str) and link.startswith("https://") else None

    def aged_receivables(self, as_of: date) -> AgedReceivables:
        """What each customer owes in each currency: open invoices less unused credit, by Xero's own rests now.

        Summed from four lists, because the aged-receivables report takes one call per contact and contact balances
        name no currency. Documents dated after `as_of` are left out.
        """
        owed: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for listing, field, sign in _STANDING:
            for sheet in sheets(self._calls, listing):
                for row in sheet.rows:
                    if _stands(row, as_of):
                        owed[self._whose(row)] += sign * needed(number(row, field), field)
        return tuple(OpenBalance(customer, Money(rest, of)) for (customer, of), rest in sorted(owed.items()) if rest)

    def identity(self) -> Identity:
        """The organisation's id and name."""
        row = organisation_in(self._calls.read("get_organisations").document)
        own = text(row, "OrganisationID")
        return Identity(text(row, "Name"), (own,) if own else ())

    def reminds_by_itself(self) -> bool | None:
        """Whether Xero's own reminders are on; None where it does not say."""
        found = rows(self._calls.read("get_invoice_reminders").document, "InvoiceReminders")
        enabled = found[0].get("Enabled") if found else None
        return enabled if isinstance(enabled, bool) else None

    def _whose(self, row: Row) -> tuple[str, str]:
        return text(part(row, "Contact"), "ContactID"), text(row, "CurrencyCode") or self._books().currency

    def _books(self) -> Books:
        return Books(self._known_organisation().currency, self._place.stop_sell_group, self._place.own)

    def _known_organisation(self) -> State:
        """Currency and lock dates, as the last pull's cursor has them or else asked for now."""
        if not self._organisation.currency:
            row = organisation_in(self._calls.read("get_organisations").document)
            currency = company_of(row, self._place.timezone).currency
            self._organisation = State(currency=currency, locked_through=locked_through(row))
        return self._organisation

    @staticmethod
    def _found(ref: Ref, entries: list[Entry]) -> Record | None:
        for entry in entries:
            if entry.ref == ref:
                if isinstance(entry, Record):
                    return entry
                if not isinstance(entry, Gone):
                    raise MalformedRecordError(f"{ref.kind} {ref.id}: {entry.problem}")
        return None


def _stands(row: Row, as_of: date) -> bool:
    is_ours_to_collect = not text(row, "Type").startswith("SPEND-")
    return is_ours_to_collect and text(row, "Status") == "AUTHORISED" and (day(row, "Date") or as_of) <= as_of
