"""Rules that several resources share: lock dates, lengths, whom a document may be for, terms, currencies."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import object_of, text_of
from connectors.simulator.xero.records import Contact
from connectors.simulator.xero.replies import Invalid
from connectors.simulator.xero.wire import Json

ARCHIVED = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)
NOT_OF_VALID_STATUS = "Invoice not of valid status for modification"
HAS_PAYMENTS = "This document cannot be edited as it has a payment or credit note allocated to it."
NOT_FOUND = "The document with the supplied id was not found for this endpoint."
LONGEST_NAME = 255


def refuse_locked(books: Books, *days: date | None) -> None:
    """Nothing in a locked period may be made or changed."""
    locked = books.organisation.locked_through()
    if locked is not None and any(day is not None and day <= locked for day in days):
        raise Invalid(f"The document date cannot be before the period lock date, currently set at {locked:%d %B %Y}.")


def short_text(element: Json, name: str, longest: int = LONGEST_NAME) -> str:
    """A text field no longer than Xero takes."""
    text = text_of(element.get(name), name)
    if len(text) > longest:
        raise Invalid(f"The field {name} must be a string with a maximum length of {longest}.")
    return text


def contact_for(books: Books, value: object) -> Callable[[], Contact]:
    """Whom a document is for, by id or name; an unknown name makes a new contact once the document is made."""
    sent = object_of(value, "Contact")
    contact_id, name = text_of(sent.get("ContactID"), "ContactID"), short_text(sent, "Name")
    if contact_id:
        found = books.contacts.get(contact_id)
        if found is None:
            raise Invalid("The Contact could not be found.")
    elif name:
        named = books.contacts_named(name)
        if not named:
            return lambda: _found_or_made(books, name)
        found = named[0]
    else:
        raise Invalid("A Contact must be specified for this type of transaction")
    if found.status != "ACTIVE":
        raise Invalid(ARCHIVED)
    return lambda: found


def currency_of(books: Books, element: Json, contact: Contact | None) -> str:
    """The document's currency; one the organisation has not subscribed to is refused."""
    code = text_of(element.get("CurrencyCode"), "CurrencyCode").upper()
    code = code or (contact.default_currency if contact else "") or books.organisation.currency
    if code not in books.organisation.currencies:
        raise Invalid(f"Organisation is not subscribed to currency {code}")
    return code


def due_by_terms(contact: Contact, issued_on: date) -> date | None:
    """The due date that the contact's sales terms give."""
    terms = contact.terms.get("Sales")
    if not terms:
        return None
    day, kind = int(str(terms["Day"])), terms["Type"]
    if kind == "DAYSAFTERBILLDATE":
        return issued_on + timedelta(days=day)
    if kind == "DAYSAFTERBILLMONTH":
        return _day_of_month(issued_on, 0, 31) + timedelta(days=day)
    return _day_of_month(issued_on, 1 if kind == "OFFOLLOWINGMONTH" else 0, day)


def _day_of_month(on: date, months_later: int, day: int) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 + months_later, 12)
    return date(year, month + 1, min(day, calendar.monthrange(year, month + 1)[1]))


def _found_or_made(books: Books, name: str) -> Contact:
    named = books.contacts_named(name)
    return named[0] if named else books.add_contact(Contact(books.new_id("contact"), name, books.now()))
