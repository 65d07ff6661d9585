"""/CreditNotes, /Overpayments, /Prepayments and their allocations. Only credit notes can be made here."""

from __future__ import annotations

from connectors.simulator.http import Response
from connectors.simulator.xero import batch, credit_view, fields, ledger, listing, replies, rules
from connectors.simulator.xero.batch import Kind, Step
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call, cents_of, day_of, list_of, object_of, text_of
from connectors.simulator.xero.lines import Terms, read_lines, set_sums
from connectors.simulator.xero.listing import Listing, Wanted
from connectors.simulator.xero.records import Allocation, Contact, Credit, CreditKind, Invoice, Line
from connectors.simulator.xero.replies import Invalid
from connectors.simulator.xero.where import Test
from connectors.simulator.xero.wire import Json

PLURALS: dict[str, CreditKind] = {
    "CreditNotes": "credit_note",
    "Overpayments": "overpayment",
    "Prepayments": "prepayment",
}
_KIND = Kind("CreditNotes", "CreditNoteID", credit_view.written_credit)
_LISTINGS: dict[CreditKind, Listing[Credit]] = {
    kind: Listing(
        plural,
        credit_view.ID_NAMES[kind],
        fields.of_credit(kind),
        credit_view.listed_credit,
        credit_view.unpaged_credit,
    )
    for plural, kind in PLURALS.items()
}


def list_(books: Books, call: Call, plural: str) -> Response:
    """GET the list."""
    kind = PLURALS[plural]
    tests: list[Test] = []
    if lag := books.switches.read_lag_s * 1000:
        seen_until = books.now() - lag
        tests.append(lambda row: not row.history or row.history[0].at <= seen_until)
    return listing.serve(books, call, _LISTINGS[kind], books.credits[kind], Wanted(tests=tests))


def get(books: Books, call: Call, plural: str, reference: str) -> Response:
    """GET one by id, a credit note also by its number."""
    credit = _found(books, plural, reference)
    return replies.envelope(books, call.app.name, plural, [credit_view.single_credit(books, credit)])


def create(books: Books, call: Call) -> Response:
    """PUT /CreditNotes."""
    numbers: set[str] = set()
    return batch.run(books, call, _KIND, lambda element: _create(books, call, element, numbers))


def upsert(books: Books, call: Call) -> Response:
    """POST /CreditNotes: by id or number a change of status or reference, else a new one."""
    numbers: set[str] = set()

    def prepare(element: Json) -> Step:
        reference = text_of(element.get("CreditNoteID") or element.get("CreditNoteNumber"), "CreditNoteID")
        known = _look_up(books, "credit_note", reference)
        if element.get("CreditNoteID") and known is None:
            raise Invalid(rules.NOT_FOUND)
        return _update(books, known, element) if known else _create(books, call, element, numbers)

    return batch.run(books, call, _KIND, prepare)


def update(books: Books, call: Call, reference: str) -> Response:
    """POST /CreditNotes/{id}."""
    credit = _found(books, "CreditNotes", reference)
    return batch.run(books, call, _KIND, lambda element: _update(books, credit, element))


def allocate(books: Books, call: Call, plural: str, reference: str) -> Response:
    """PUT /{plural}/{id}/Allocations."""
    credit = _found(books, plural, reference)
    planned: dict[str, int] = {}
    return batch.run(books, call, _ALLOCATION, lambda element: _allocate(books, credit, element, planned))


def deallocate(books: Books, _call: Call, plural: str, reference: str, allocation_id: str) -> Response:
    """DELETE /{plural}/{id}/Allocations/{AllocationID}."""
    credit = _found(books, plural, reference)
    allocation = next((a for a in credit.allocations if a.id == allocation_id.lower()), None)
    if allocation is None:
        raise replies.Refused(replies.NOT_FOUND)
    locked = books.organisation.locked_through()
    if locked is not None and allocation.on <= locked:
        raise replies.exception(10, "ValidationException", "The allocation is in a locked period.")
    ledger.deallocate(books, allocation)
    return replies.answer(books, {**credit_view.allocation(books, allocation), "IsDeleted": True})


def enter(books: Books, credit: Credit) -> Credit:
    """A finished new credit goes into the books, the audit log and its own history."""
    set_sums(credit)
    credit.remaining_cents = credit.total_cents
    books.credits[credit.kind].add(credit)
    ledger.note(books, credit.history, "Created", f"{credit.number} created.", credit.by)
    words = [credit.number, credit.reference, *(line.description for line in credit.lines)]
    books.write_down(
        credit.by,
        "credit_created",
        credit.contact.id,
        target=credit.id,
        text=" ".join(word for word in words if word),
        cents=credit.total_cents,
    )
    return credit


def _create(books: Books, call: Call, element: Json, numbers: set[str]) -> Step:
    draft = _read(books, call, element)
    if draft.number and (draft.number.lower() in numbers or _look_up(books, "credit_note", draft.number)):
        raise Invalid("Credit Note # must be unique.")
    numbers.add(draft.number.lower())
    contact_for = rules.contact_for(books, element.get("Contact"))

    def commit() -> Credit:
        draft.id, draft.updated, draft.contact = books.new_id("credit"), books.now(), contact_for()
        draft.number = draft.number or books.next_number("CN")
        return enter(books, draft)

    return Step(commit)


def _read(books: Books, call: Call, element: Json) -> Credit:
    """A credit note as sent, checked but not yet anybody's."""
    status = text_of(element.get("Status"), "Status") or "DRAFT"
    if text_of(element.get("Type"), "Type") != "ACCRECCREDIT":
        raise Invalid("Credit note type must be ACCRECCREDIT.")
    if status not in ("DRAFT", "SUBMITTED", "AUTHORISED"):
        raise Invalid(rules.NOT_OF_VALID_STATUS)
    on = day_of(element["Date"], "Date") if element.get("Date") else books.today()
    if status == "AUTHORISED":
        rules.refuse_locked(books, on)
    known = books.contacts.get(text_of(object_of(element.get("Contact"), "Contact").get("ContactID"), "ContactID"))
    draft = Credit(
        "",
        rules.short_text(element, "CreditNoteNumber"),
        known or Contact("", "", 0),
        on,
        rules.currency_of(books, element, known),
        0,
        "api",
        status,
        line_amount_types=text_of(element.get("LineAmountTypes"), "LineAmountTypes") or "Exclusive",
        reference=rules.short_text(element, "Reference"),
        app=call.app.client_id,
    )
    draft.lines = _lines(books, call, element, draft)
    return draft


def _lines(books: Books, call: Call, element: Json, draft: Credit) -> list[Line]:
    places = 4 if call.text("unitdp") == "4" else 2
    terms = Terms(draft.line_amount_types, draft.status != "DRAFT", places)
    lines = read_lines(books, list_of(element.get("LineItems"), "LineItems"), terms)
    if sum(line.cents for line in lines) < 0:
        raise Invalid("The credit note total cannot be negative.")
    return lines


def _update(books: Books, credit: Credit, element: Json) -> Step:
    status = text_of(element.get("Status"), "Status") or credit.status
    if credit.status in ("VOIDED", "DELETED"):
        raise Invalid(rules.NOT_OF_VALID_STATUS)
    allowed = {"AUTHORISED": ("AUTHORISED", "VOIDED"), "PAID": ("PAID", "VOIDED")}.get(
        credit.status, ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED")
    )
    if status not in allowed:
        raise Invalid(rules.NOT_OF_VALID_STATUS)
    if status in ("VOIDED", "DELETED") and (credit.allocations or credit.payments):
        raise Invalid(rules.HAS_PAYMENTS)
    rules.refuse_locked(books, credit.on)
    reference = rules.short_text(element, "Reference") if "Reference" in element else credit.reference

    def commit() -> Credit:
        credit.status, credit.reference = status, reference
        ledger.touch(books, credit)
        return credit

    return Step(commit)


def _allocate(books: Books, credit: Credit, element: Json, planned: dict[str, int]) -> Step:
    invoice = _invoice_of(books, element)
    cents = cents_of(element.get("Amount"), "Amount")
    rules.refuse_locked(books, max(credit.on, invoice.on))
    if credit.status not in ("AUTHORISED", "PAID") or invoice.status != "AUTHORISED":
        raise Invalid("Credits can only be allocated to Authorised documents.")
    if invoice.contact is not credit.contact or invoice.currency != credit.currency or invoice.type != "ACCREC":
        raise Invalid("The credit and the document must be of the same contact and currency.")
    of_credit, of_invoice = planned.get(credit.id, 0) + cents, planned.get(invoice.id, 0) + cents
    if cents <= 0 or of_credit > credit.remaining_cents:
        raise Invalid("Amount exceeds the remaining credit.")
    if of_invoice > invoice.due_cents:
        raise Invalid("Amount exceeds the amount outstanding on this document")
    planned[credit.id], planned[invoice.id] = of_credit, of_invoice
    return Step(lambda: ledger.allocate(books, credit, invoice, cents, "api"))


def _invoice_of(books: Books, element: Json) -> Invoice:
    sent = object_of(element.get("Invoice"), "Invoice")
    reference = text_of(sent.get("InvoiceID") or sent.get("InvoiceNumber"), "InvoiceID")
    invoice = books.find_invoice(reference) if reference else None
    if invoice is None:
        raise Invalid("The Invoice could not be found.")
    return invoice


def _allocated(books: Books, allocation: Allocation) -> Json:
    credit = allocation.credit
    singular = {"credit_note": "CreditNote", "overpayment": "Overpayment", "prepayment": "Prepayment"}[credit.kind]
    return {
        **credit_view.allocation(books, allocation),
        singular: {credit_view.ID_NAMES[credit.kind]: credit.id, "ID": credit.id, "LineItems": []},
        "ValidationErrors": [],
    }


_ALLOCATION = Kind("Allocations", "AllocationID", _allocated, "HasValidationErrors")


def _look_up(books: Books, kind: CreditKind, reference: str) -> Credit | None:
    if not reference:
        return None
    by_number = (row for row in books.credits[kind] if row.number and row.number.lower() == reference.lower())
    return books.credits[kind].get(reference) or next(by_number, None)


def _found(books: Books, plural: str, reference: str) -> Credit:
    credit = _look_up(books, PLURALS[plural], reference)
    if credit is None:
        raise replies.Refused(replies.NOT_FOUND)
    return credit
