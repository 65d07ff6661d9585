"""Creating and changing invoices through the API: each element is checked here, whole, before anything changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from connectors.simulator.xero import ledger, rules
from connectors.simulator.xero.batch import Step
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call, day_of, decimal_of, list_of, object_of, text_of
from connectors.simulator.xero.lines import Terms, read_lines, set_sums
from connectors.simulator.xero.records import Contact, Invoice, Line
from connectors.simulator.xero.replies import Invalid
from connectors.simulator.xero.wire import Json

NUMBER_TAKEN = "Invoice # must be unique."
ONLY_SENT_WHEN_AUTHORISED = "Only AUTHORISED invoices may have SentToContact updated."
LINE_AMOUNT_TYPES = ("Exclusive", "Inclusive", "NoTax")
_BORN_AS = ("DRAFT", "SUBMITTED", "AUTHORISED")
_MOVES = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"SUBMITTED", "AUTHORISED", "DRAFT", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "VOIDED"},
    "PAID": {"PAID", "VOIDED"},
}
_DEAD = ("VOIDED", "DELETED")


@dataclass(slots=True)
class InvoiceWriter:
    """Checks the invoices of one request. `taken` are the numbers its earlier elements will use."""

    books: Books
    call: Call
    taken: set[str] = field(default_factory=set)

    def create(self, element: Json) -> Step:
        """A new invoice (PUT)."""
        kind = text_of(element.get("Type"), "Type")
        if kind not in ("ACCREC", "ACCPAY"):
            raise Invalid("Invoice type must be specified.")
        status = text_of(element.get("Status"), "Status") or "DRAFT"
        if status not in _BORN_AS:
            raise Invalid(rules.NOT_OF_VALID_STATUS)
        number = self._free_number(kind, rules.short_text(element, "InvoiceNumber"), None)
        draft = _Draft(self.books, element, kind, status, number, self._places())
        self.taken.add(number.lower())
        return Step(lambda: draft.enter(self.call), draft.warnings)

    def upsert(self, element: Json) -> Step:
        """A change of the invoice with this id or ACCREC number, else a new one (POST)."""
        invoice_id = text_of(element.get("InvoiceID"), "InvoiceID")
        number = text_of(element.get("InvoiceNumber"), "InvoiceNumber")
        if invoice_id:
            found = self.books.invoices.get(invoice_id)
            if found is None:
                raise Invalid(rules.NOT_FOUND)
            return self.update(found, element)
        same = [i for i in self.books.invoices_numbered(number) if i.type == "ACCREC"] if number else []
        return self.update(same[0], element) if same else self.create(element)

    def update(self, invoice: Invoice, element: Json) -> Step:
        """A change of `invoice`: only what is sent changes."""
        change = Change(self.books, invoice, element, self._places())
        number = element.get("InvoiceNumber")
        if number is not None and text_of(number, "InvoiceNumber").lower() != invoice.number.lower():
            change.number = self._free_number(invoice.type, rules.short_text(element, "InvoiceNumber"), invoice)
        return Step(change.apply, change.warnings)

    def _places(self) -> int:
        return 4 if self.call.text("unitdp") == "4" else 2

    def _free_number(self, kind: str, number: str, own: Invoice | None) -> str:
        if not number:
            return self.books.next_number("INV") if kind == "ACCREC" else ""
        frees = self.books.switches.void_frees_number
        holders = [
            other
            for other in self.books.invoices_numbered(number)
            if other is not own and other.type == "ACCREC" and not (frees and other.status in _DEAD)
        ]
        if kind == "ACCREC" and (holders or number.lower() in self.taken):
            raise Invalid(NUMBER_TAKEN)
        return number


class _Draft:
    """A new invoice, read and checked but not yet in the books."""

    def __init__(self, books: Books, element: Json, kind: str, status: str, number: str, places: int) -> None:  # noqa: PLR0917 - parts of a draft
        self._books, self._kind, self._status, self._number = books, kind, status, number
        self._contact = rules.contact_for(books, element.get("Contact"))
        sent = object_of(element.get("Contact"), "Contact")
        known = books.contacts.get(text_of(sent.get("ContactID"), "ContactID"))
        self._on = day_of(element["Date"], "Date") if element.get("Date") else books.today()
        self._due_on = _due(element, known, self._on, status)
        if status == "AUTHORISED":
            rules.refuse_locked(books, self._on)
        self._types = _amount_types(element) or "Exclusive"
        items = list_of(element.get("LineItems"), "LineItems")
        self._lines = read_lines(books, items, Terms(self._types, status != "DRAFT", places))
        self._currency = rules.currency_of(books, element, known)
        self._reference = rules.short_text(element, "Reference")
        self._fields = element
        self._expected = _day(element, "ExpectedPaymentDate")
        self._rate = decimal_of(element.get("CurrencyRate") or 1, "CurrencyRate")
        wants_sent = element.get("SentToContact") is True
        self._sent = wants_sent and status == "AUTHORISED"
        self.warnings = (ONLY_SENT_WHEN_AUTHORISED,) if wants_sent and not self._sent else ()
        if sum(line.cents + line.tax_cents for line in self._lines) < 0:
            raise Invalid("The invoice total cannot be negative.")

    def enter(self, call: Call) -> Invoice:
        """Into the books."""
        books = self._books
        invoice = Invoice(
            books.new_id("invoice"),
            self._number,
            self._contact(),
            self._on,
            self._currency,
            books.now(),
            "api",
            self._status,
            line_amount_types=self._types,
            lines=self._lines,
            reference=self._reference,
            rate=self._rate,
            branding=text_of(self._fields.get("BrandingThemeID"), "BrandingThemeID"),
            sent=self._sent,
            app=call.app.client_id,
            type=self._kind,
            due_on=self._due_on,
            expected_on=self._expected,
            url=text_of(self._fields.get("Url"), "Url"),
        )
        return enter(books, invoice)


def enter(books: Books, invoice: Invoice) -> Invoice:
    """A finished new invoice goes into the books, the audit log and its own history."""
    set_sums(invoice)
    books.add_invoice(invoice)
    ledger.note(books, invoice.history, "Created", f"INV {invoice.number} created.", invoice.by)
    ledger.settle_if_approved(books, invoice)
    words = [invoice.number, invoice.reference, *(line.description for line in invoice.lines)]
    books.write_down(
        invoice.by,
        "invoice_created" if invoice.type == "ACCREC" else "bill_created",
        invoice.contact.id,
        target=invoice.id,
        text=" ".join(word for word in words if word),
        cents=invoice.total_cents,
    )
    return invoice


class Change:
    """A change of an invoice, checked against its status, lock dates and what was paid."""

    def __init__(self, books: Books, invoice: Invoice, element: Json, places: int) -> None:
        self._books, self._invoice, self._element = books, invoice, element
        self.number: str | None = None
        self.warnings: tuple[str, ...] = ()
        self._status = text_of(element.get("Status"), "Status") or invoice.status
        self._refuse_dead_or_locked()
        self._read(places)
        if invoice.touched_by_money:
            self._refuse_after_money()

    def apply(self) -> Invoice:
        """Make the change."""
        books, invoice = self._books, self._invoice
        if self._status in _DEAD:
            _end(books, invoice, self._status)
            return invoice
        quiet = invoice.touched_by_money and not self._posts() and not books.switches.part_paid_edits_bump
        self._write()
        if self._status != invoice.status and not invoice.touched_by_money:
            invoice.status = self._status
            ledger.note(books, invoice.history, "Approved", f"Status {self._status}.", "api")
        if quiet:
            books.invoices.changed_silently()
        else:
            ledger.settle_if_approved(books, invoice)
        books.contacts.changed_silently()
        return invoice

    def _refuse_dead_or_locked(self) -> None:
        invoice = self._invoice
        if invoice.status in _DEAD or self._status not in _MOVES[invoice.status]:
            raise Invalid(rules.NOT_OF_VALID_STATUS)
        if self._status in _DEAD and invoice.touched_by_money:
            raise Invalid(rules.HAS_PAYMENTS)
        kind = text_of(self._element.get("Type"), "Type")
        if kind and kind != invoice.type:
            raise Invalid("Invoice type cannot be changed.")
        if invoice.status in ("AUTHORISED", "PAID"):
            rules.refuse_locked(self._books, invoice.on)

    def _read(self, places: int) -> None:
        element, invoice = self._element, self._invoice
        self._on = _day(element, "Date") or invoice.on
        self._due_on = _day(element, "DueDate") or invoice.due_on
        self._expected = _day(element, "ExpectedPaymentDate") or invoice.expected_on
        self._types = _amount_types(element) or invoice.line_amount_types
        approved = self._status in ("AUTHORISED", "SUBMITTED")
        self._lines: list[Line] | None = None
        if element.get("LineItems") is not None:
            items = list_of(element["LineItems"], "LineItems")
            self._lines = read_lines(self._books, items, Terms(self._types, approved, places), invoice.lines)
        if approved and self._due_on is None:
            raise Invalid("Due date cannot be empty.")
        if approved and self._status != "PAID":
            rules.refuse_locked(self._books, self._on)
        self._contact = self._other_contact()
        self._reference = rules.short_text(element, "Reference") if "Reference" in element else invoice.reference
        if element.get("SentToContact") is True and not invoice.sent and invoice.status != "AUTHORISED":
            self.warnings = (ONLY_SENT_WHEN_AUTHORISED,)

    def _other_contact(self) -> Callable[[], Contact] | None:
        sent, now = object_of(self._element.get("Contact"), "Contact"), self._invoice.contact
        contact_id, name = text_of(sent.get("ContactID"), "ContactID"), text_of(sent.get("Name"), "Name")
        same = contact_id.lower() == now.id if contact_id else name.lower() in ("", now.name.lower())
        return None if same else rules.contact_for(self._books, sent)

    def _refuse_after_money(self) -> None:
        invoice, element = self._invoice, self._element
        currency = text_of(element.get("CurrencyCode"), "CurrencyCode") or invoice.currency
        rate = decimal_of(element.get("CurrencyRate") or invoice.rate, "CurrencyRate")
        same = (self._on, self._types, self._expected, currency, rate)
        if same != (invoice.on, invoice.line_amount_types, invoice.expected_on, invoice.currency, invoice.rate):
            raise Invalid(rules.HAS_PAYMENTS)
        if self._lines is not None and _amounts(self._lines) != _amounts(invoice.lines):
            raise Invalid(rules.HAS_PAYMENTS)
        credited = any(allocation.credit.kind == "credit_note" for allocation in invoice.allocations)
        if self._contact is not None and credited:
            raise Invalid(rules.HAS_PAYMENTS)

    def _posts(self) -> bool:
        """Whether the change makes a journal: anything but dates of payment, text and marks does."""
        invoice = self._invoice
        return bool(
            self._contact
            or (self._lines is not None)
            or self._on != invoice.on
            or self._reference != invoice.reference
            or (self.number and self.number != invoice.number)
        )

    def _write(self) -> None:
        invoice, element = self._invoice, self._element
        if self._expected != invoice.expected_on and self._expected is not None:
            self._books.write_down(
                "api", "promise_date", invoice.contact.id, target=invoice.id, text=self._expected.isoformat()
            )
        invoice.on, invoice.due_on, invoice.expected_on = self._on, self._due_on, self._expected
        invoice.reference, invoice.line_amount_types = self._reference, self._types
        if self.number is not None:
            self._books.renumber_invoice(invoice, self.number)
        if self._contact is not None:
            ledger.move_invoice(self._books, invoice, self._contact())
        if self._lines is not None:
            invoice.lines = self._lines
            set_sums(invoice)
        if isinstance(element.get("SentToContact"), bool) and not self.warnings:
            invoice.sent = element["SentToContact"]
        for name, kept in (("Url", "url"), ("BrandingThemeID", "branding")):
            if element.get(name):
                setattr(invoice, kept, text_of(element[name], name))


def _end(books: Books, invoice: Invoice, status: str) -> None:
    ledger.void(books, invoice, "api")
    invoice.status = status
    books.contacts.changed_silently()
    books.write_down(
        "api",
        "invoice_voided" if invoice.by == "api" else "foreign_invoice_voided",
        invoice.contact.id,
        target=invoice.id,
        text=f"{invoice.number} {status.lower()}",
        cents=invoice.total_cents,
    )


def _amounts(lines: list[Line]) -> list[tuple[object, ...]]:
    return [(line.quantity, line.unit, line.cents, line.tax_type, line.tax_cents) for line in lines]


def _amount_types(element: Json) -> str:
    said = text_of(element.get("LineAmountTypes"), "LineAmountTypes")
    known = {name.lower(): name for name in LINE_AMOUNT_TYPES}
    if said and said.lower() not in known:
        raise Invalid(f"'{said}' is not a valid LineAmountTypes.")
    return known.get(said.lower(), "")


def _day(element: Json, name: str) -> date | None:
    return day_of(element[name], name) if element.get(name) else None


def _due(element: Json, contact: Contact | None, issued_on: date, status: str) -> date | None:
    due_on = _day(element, "DueDate") or (rules.due_by_terms(contact, issued_on) if contact else None)
    if due_on is None and status != "DRAFT":
        raise Invalid("Due date cannot be empty.")
    return due_on
