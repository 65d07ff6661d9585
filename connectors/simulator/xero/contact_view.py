"""Contacts and contact groups as Xero shows them."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.simulator.xero import wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.records import Contact, Group
from connectors.simulator.xero.wire import Json

_PHONE_TYPES = ("DDI", "DEFAULT", "FAX", "MOBILE")
_ADDRESS_TYPES = ("POBOX", "STREET")


def stub(contact: Contact) -> Json:
    """The contact inside a listed document."""
    return {
        "ContactID": contact.id,
        "Name": contact.name,
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def bare_stub(contact: Contact) -> Json:
    """The contact inside an unpaged list: id and name."""
    return {"ContactID": contact.id, "Name": contact.name}


def full(books: Books, contact: Contact) -> Json:
    """The contact as one GET or a paged list shows it."""
    document = _without_balances(books, contact)
    if balances := _balances(books, contact):
        document["Balances"] = balances
    return document


def basic(contact: Contact) -> Json:
    """The contact as an unpaged list shows it: without terms, groups, persons and balances."""
    return {
        **_names(contact),
        "BankAccountDetails": "",
        "Addresses": _by_type(contact.addresses, "AddressType", _ADDRESS_TYPES),
        "Phones": _by_type(contact.phones, "PhoneType", _PHONE_TYPES),
        "UpdatedDateUTC": wire.instant(contact.updated),
        "ContactGroups": [],
        "IsSupplier": "ACCPAY" in contact.invoices.values(),
        "IsCustomer": "ACCREC" in contact.invoices.values(),
        "ContactPersons": [],
        "HasAttachments": False,
        "HasValidationErrors": False,
    }


def summary(contact: Contact) -> Json:
    """The contact with `summaryOnly=true`."""
    return {
        **_names(contact),
        "UpdatedDateUTC": wire.instant(contact.updated),
        "HasAttachments": False,
        "HasValidationErrors": False,
    }


def written(books: Books, contact: Contact) -> Json:
    """The contact in the answer to a write: no balances, no attachment mark."""
    document = _without_balances(books, contact)
    del document["HasAttachments"]
    return {**document, "SalesTrackingCategories": [], "PurchasesTrackingCategories": []}


def group(group_: Group, members: Iterable[Contact] = ()) -> Json:
    """A contact group; only one GET shows its members."""
    return {
        "ContactGroupID": group_.id,
        "Name": group_.name,
        "Status": group_.status,
        "Contacts": [stub(member) for member in members],
        "HasValidationErrors": False,
    }


def _without_balances(books: Books, contact: Contact) -> Json:
    document = basic(contact)
    if contact.terms:
        document["PaymentTerms"] = contact.terms
    if contact.merged_to:
        document["MergedToContactID"] = contact.merged_to
    document["ContactGroups"] = _groups(books, contact)
    document["ContactPersons"] = contact.persons
    return document


def _names(contact: Contact) -> Json:
    wanted = {
        "ContactNumber": contact.number,
        "AccountNumber": contact.account_number,
        "FirstName": contact.first_name,
        "LastName": contact.last_name,
        "DefaultCurrency": contact.default_currency,
        "EmailAddress": contact.email,
    }
    return {
        "ContactID": contact.id,
        "ContactStatus": contact.status,
        "Name": contact.name,
        **{name: value for name, value in wanted.items() if value},
    }


def _by_type(kept: list[dict[str, object]], key: str, types: tuple[str, ...]) -> list[Json]:
    known = {str(item[key]): item for item in kept}
    return [known.get(kind, {key: kind}) for kind in types]


def _groups(books: Books, contact: Contact) -> list[Json]:
    return [group(books.groups[group_id]) for group_id in contact.groups]


def _balances(books: Books, contact: Contact) -> Json:
    open_ = [i for key in contact.invoices if (i := books.invoices.get(key)) and i.status == "AUTHORISED"]
    sides = (("AccountsReceivable", "ACCREC"), ("AccountsPayable", "ACCPAY"))
    if not any(invoice.due_cents for invoice in open_):
        return {}
    today = books.today()
    return {
        side: {
            "Outstanding": wire.money(sum(i.due_cents for i in open_ if i.type == kind)),
            "Overdue": wire.money(
                sum(i.due_cents for i in open_ if i.type == kind and i.due_on is not None and i.due_on < today)
            ),
        }
        for side, kind in sides
    }
