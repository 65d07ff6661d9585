"""/Contacts: list, one, create, change."""

from __future__ import annotations

from connectors.simulator.http import Response
from connectors.simulator.xero import batch, contact_view, fields, listing, replies, rules
from connectors.simulator.xero.batch import Kind, Step
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call, list_of, object_of, text_of
from connectors.simulator.xero.listing import Listing, Wanted
from connectors.simulator.xero.records import Contact
from connectors.simulator.xero.replies import Invalid
from connectors.simulator.xero.where import Test
from connectors.simulator.xero.wire import Json

_KIND = Kind("Contacts", "ContactID", contact_view.written, "HasValidationErrors")
_LISTING: Listing[Contact] = Listing(
    "Contacts",
    "ContactID",
    fields.CONTACT,
    contact_view.full,
    lambda _, contact: contact_view.basic(contact),
    lambda _, contact: contact_view.summary(contact),
    ("UpdatedDateUTC", "Name"),
)
_TERM_TYPES = ("DAYSAFTERBILLDATE", "DAYSAFTERBILLMONTH", "OFCURRENTMONTH", "OFFOLLOWINGMONTH")
_TERM_DAYS = range(1000)
_TEXTS = (
    ("FirstName", "first_name", 255),
    ("LastName", "last_name", 255),
    ("EmailAddress", "email", 255),
    ("ContactNumber", "number", 50),
    ("AccountNumber", "account_number", 50),
    ("DefaultCurrency", "default_currency", 3),
)
_MOST_PERSONS = 5


def list_(books: Books, call: Call) -> Response:
    """GET /Contacts. Archived ones only with includeArchived=true, or named by id."""
    return listing.serve(books, call, _LISTING, books.contacts, Wanted(tests=_narrow(call)))


def get(books: Books, call: Call, reference: str) -> Response:
    """GET /Contacts/{id or contact number}."""
    contact = found(books, reference)
    document = {**contact_view.full(books, contact), "Attachments": []}
    return replies.envelope(books, call.app.name, "Contacts", [document])


def create(books: Books, call: Call) -> Response:
    """PUT /Contacts."""
    names: set[str] = set()
    return batch.run(books, call, _KIND, lambda element: _create(books, element, names))


def upsert(books: Books, call: Call) -> Response:
    """POST /Contacts: by id, by ContactNumber, by Name, else new."""
    names: set[str] = set()
    return batch.run(books, call, _KIND, lambda element: _upsert(books, element, names))


def update(books: Books, call: Call, reference: str) -> Response:
    """POST /Contacts/{id}."""
    contact = found(books, reference)
    return batch.run(books, call, _KIND, lambda element: _update(books, contact, element))


def found(books: Books, reference: str) -> Contact:
    """The contact of this id or contact number, else 404."""
    contact = books.contacts.get(reference) or _numbered(books, reference)
    if contact is None:
        raise replies.Refused(replies.NOT_FOUND)
    return contact


def name_taken(name: str) -> str:
    """What Xero says to a name that is in use."""
    return (
        f"The contact name {name} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )


def _numbered(books: Books, number: str) -> Contact | None:
    return next((contact for contact in books.contacts if number and contact.number == number), None)


def _narrow(call: Call) -> list[Test]:
    tests: list[Test] = []
    ids = {name.lower() for name in call.names("IDs")}
    if ids:
        tests.append(lambda row: row.id in ids)
    elif not call.flag("includeArchived"):
        tests.append(lambda row: row.status == "ACTIVE")
    if term := (call.text("searchTerm") or "").lower():
        tests.append(
            lambda row: term in f"{row.name}\n{row.first_name}\n{row.last_name}\n{row.email}\n{row.number}".lower()
        )
    return tests


def _create(books: Books, element: Json, names: set[str]) -> Step:
    name = rules.short_text(element, "Name")
    if not name:
        raise Invalid("The contact name must be specified.")
    if name.lower() in names or _active(books, name):
        raise Invalid(name_taken(name))
    names.add(name.lower())
    _check(element)
    return Step(lambda: _write(books, books.add_contact(Contact(books.new_id("contact"), name, books.now())), element))


def _upsert(books: Books, element: Json, names: set[str]) -> Step:
    contact_id, name = text_of(element.get("ContactID"), "ContactID"), rules.short_text(element, "Name")
    if contact_id:
        contact = books.contacts.get(contact_id)
        if contact is None:
            raise Invalid(rules.NOT_FOUND)
        return _update(books, contact, element)
    numbered = _numbered(books, text_of(element.get("ContactNumber"), "ContactNumber"))
    named = numbered or next(iter(books.contacts_named(name)), None)
    return _update(books, named, element) if named else _create(books, element, names)


def _update(books: Books, contact: Contact, element: Json) -> Step:
    if contact.status != "ACTIVE":
        raise Invalid(rules.ARCHIVED)
    name = rules.short_text(element, "Name")
    if name and any(other is not contact for other in _active(books, name)):
        raise Invalid(name_taken(name))
    _check(element)
    return Step(lambda: _write(books, contact, element))


def _active(books: Books, name: str) -> list[Contact]:
    return [contact for contact in books.contacts_named(name) if contact.status == "ACTIVE"]


def _check(element: Json) -> None:
    for name, _, longest in _TEXTS:
        rules.short_text(element, name, longest)
    if text_of(element.get("ContactStatus"), "ContactStatus") not in ("", "ACTIVE", "ARCHIVED"):
        raise Invalid("The ContactStatus is not valid.")
    for side in object_of(element.get("PaymentTerms"), "PaymentTerms").values():
        terms = object_of(side, "PaymentTerms")
        if terms and (terms.get("Type") not in _TERM_TYPES or terms.get("Day") not in _TERM_DAYS):
            raise Invalid("The payment terms are not valid.")
    if len(list_of(element.get("ContactPersons"), "ContactPersons")) > _MOST_PERSONS:
        raise Invalid("A contact can have at most 5 contact persons.")


def _write(books: Books, contact: Contact, element: Json) -> Contact:
    for name, kept, _ in _TEXTS:
        if name in element:
            setattr(contact, kept, text_of(element[name], name))
    for name, kept in (("ContactPersons", "persons"), ("Addresses", "addresses"), ("Phones", "phones")):
        if element.get(name) is not None:
            setattr(contact, kept, list_of(element[name], name))
    for side, terms in object_of(element.get("PaymentTerms"), "PaymentTerms").items():
        contact.terms[side] = terms
    if element.get("Name"):
        books.rename_contact(contact, rules.short_text(element, "Name"))
    contact.status = text_of(element.get("ContactStatus"), "ContactStatus") or contact.status
    books.contacts.touch(contact, books.now())
    return contact
