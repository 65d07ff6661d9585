"""/ContactGroups: labels on contacts. Membership is the only thing here that a hold can be written to."""

from __future__ import annotations

from collections.abc import Callable

from connectors.simulator.http import Response
from connectors.simulator.xero import batch, contact_view, fields, replies, rules
from connectors.simulator.xero.batch import Kind, Step
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call, text_of
from connectors.simulator.xero.records import Actor, Contact, Group
from connectors.simulator.xero.replies import Invalid
from connectors.simulator.xero.where import compile_where
from connectors.simulator.xero.wire import Json

MOST_GROUPS = 100
LIMIT_REACHED = "You\u2019ve reached the limit of 100 contact groups."
_KIND = Kind("ContactGroups", "ContactGroupID", lambda _, group: contact_view.group(group), "HasValidationErrors")
_MEMBER = Kind("Contacts", "ContactID", lambda _, contact: _added(contact), "HasValidationErrors")


def list_(books: Books, call: Call) -> Response:
    """GET /ContactGroups: active ones, without members, unpaged."""
    groups = [group for group in books.groups.values() if group.status == "ACTIVE"]
    if text := call.text("where"):
        groups = [group for group in groups if compile_where(text, fields.GROUP).test(group)]
    return replies.envelope(books, call.app.name, "ContactGroups", [contact_view.group(group) for group in groups])


def get(books: Books, call: Call, group_id: str) -> Response:
    """GET /ContactGroups/{id}, with members."""
    group = _found(books, group_id)
    members = [member for key in group.members if (member := books.contacts.get(key))]
    return replies.envelope(books, call.app.name, "ContactGroups", [contact_view.group(group, members)])


def create(books: Books, call: Call) -> Response:
    """PUT /ContactGroups."""
    names: set[str] = set()
    return batch.run(books, call, _KIND, lambda element: _create(books, element, names))


def update(books: Books, call: Call, group_id: str) -> Response:
    """POST /ContactGroups/{id}: another name, or Status DELETED."""
    group = _found(books, group_id)
    return batch.run(books, call, _KIND, lambda element: _update(books, group, element))


def add(books: Books, call: Call, group_id: str) -> Response:
    """PUT /ContactGroups/{id}/Contacts."""
    group = _found(books, group_id)
    return batch.run(books, call, _MEMBER, lambda element: _join(books, group, element))


def remove(books: Books, _call: Call, group_id: str, contact_id: str) -> Response:
    """DELETE /ContactGroups/{id}/Contacts/{ContactID}."""
    group, contact = _found(books, group_id), books.contacts.get(contact_id)
    absent = contact is None or contact.id not in group.members
    if contact is None or (absent and books.switches.strict_groups):
        raise replies.Refused(replies.NOT_FOUND)
    if not absent:
        leave(books, group, contact, "api")
    return replies.NO_CONTENT


def remove_all(books: Books, _call: Call, group_id: str) -> Response:
    """DELETE /ContactGroups/{id}/Contacts."""
    group = _found(books, group_id)
    for contact_id in list(group.members):
        contact = books.contacts.get(contact_id)
        if contact is not None:
            leave(books, group, contact, "api")
    return replies.NO_CONTENT


def join(books: Books, group: Group, contact: Contact, actor: Actor) -> Contact:
    """The contact becomes a member."""
    group.members[contact.id] = None
    contact.groups[group.id] = None
    _changed(books, contact)
    books.write_down(actor, "group_joined", contact.id, target=contact.id, text=group.name)
    return contact


def leave(books: Books, group: Group, contact: Contact, actor: Actor) -> None:
    """The contact is no member any more."""
    del group.members[contact.id]
    contact.groups.pop(group.id, None)
    _changed(books, contact)
    books.write_down(actor, "group_left", contact.id, target=contact.id, text=group.name)


def _changed(books: Books, contact: Contact) -> None:
    if books.switches.group_change_bumps_contact:
        books.contacts.touch(contact, books.now())
    else:
        books.contacts.changed_silently()


def _found(books: Books, group_id: str) -> Group:
    group = books.groups.get(group_id.lower())
    if group is None or group.status != "ACTIVE":
        raise replies.Refused(replies.NOT_FOUND)
    return group


def _free_name(books: Books, element: Json, names: set[str], own: Group | None) -> str:
    name = rules.short_text(element, "Name")
    taken = {g.name.lower() for g in books.groups.values() if g.status == "ACTIVE" and g is not own} | names
    if not name:
        raise Invalid("The contact group name must be specified.")
    if name.lower() in taken:
        raise Invalid(f"The contact group name {name} is already in use.")
    return name


def _create(books: Books, element: Json, names: set[str]) -> Step:
    name = _free_name(books, element, names, None)
    names.add(name.lower())
    if sum(group.status == "ACTIVE" for group in books.groups.values()) + len(names) > MOST_GROUPS:
        raise Invalid(LIMIT_REACHED)

    def commit() -> Group:
        group = Group(books.new_id("group"), name)
        books.groups[group.id] = group
        return group

    return Step(commit)


def _update(books: Books, group: Group, element: Json) -> Step:
    status = text_of(element.get("Status"), "Status") or group.status
    if status not in ("ACTIVE", "DELETED"):
        raise Invalid("The contact group status is not valid.")
    name = _free_name(books, element, set(), group) if element.get("Name") else group.name

    def commit() -> Group:
        group.name = name
        if status == "DELETED":
            remove_members(books, group)
        group.status = status
        return group

    return Step(commit)


def remove_members(books: Books, group: Group) -> None:
    """The group goes, and with it what it said of its members."""
    for contact_id in list(group.members):
        contact = books.contacts.get(contact_id)
        if contact is not None:
            leave(books, group, contact, "api")


def _join(books: Books, group: Group, element: Json) -> Step:
    contact = books.contacts.get(text_of(element.get("ContactID"), "ContactID"))
    if contact is None:
        raise Invalid("The Contact could not be found.")
    if contact.status != "ACTIVE":
        raise Invalid(rules.ARCHIVED)
    if contact.id not in group.members:
        return Step(_joining(books, group, contact))
    if books.switches.strict_groups:
        raise Invalid("The contact is already a member of this group.")
    return Step(lambda: contact)


def _joining(books: Books, group: Group, contact: Contact) -> Callable[[], Contact]:
    return lambda: join(books, group, contact, "api") if contact.id not in group.members else contact


def _added(contact: Contact) -> Json:
    return {**contact_view.stub(contact), "ValidationErrors": []}
