"""The stop-sell flag: membership of one contact group, found by name, made once, its id remembered."""

from __future__ import annotations

from connectors.errors import OutcomeUnknown, Rejected
from connectors.xero.values import Row, rows, text
from connectors.xero.wire import Calls


class StopSellGroup:
    """One contact group. A label only: Xero itself still lets people invoice its members."""

    def __init__(self, calls: Calls, name: str) -> None:
        self._calls = calls
        self._name = name
        self._id: str | None = None

    def holds(self, contact: str) -> bool:
        """Whether the contact is a member; not where there is no such group yet."""
        found = self._found()
        if found is None:
            return False
        answer = self._calls.read_one("get_contact_group", contact_group_id=found)
        groups = rows(answer.document, "ContactGroups") if answer else ()
        return any(text(member, "ContactID") == contact for group in groups for member in rows(group, "Contacts"))

    def put(self, contact: str, key: str) -> str:
        """Make the contact a member; the exchange's id."""
        group = self._found() or self._made()
        answer = self._calls.write(
            "create_contact_group_contacts",
            f"{key}#member",
            contact_group_id=group,
            contacts={"Contacts": [{"ContactID": contact}]},
        )
        return answer.trace

    def take_out(self, contact: str, key: str) -> str:
        """End the membership; the exchange's id. Nothing to do where it is no member. DELETE takes no key."""
        del key
        group = self._found()
        if group is None:
            return ""
        try:
            return self._calls.write(
                "delete_contact_group_contact", None, contact_group_id=group, contact_id=contact
            ).trace
        except Rejected as error:
            if error.code == "404":
                return ""
            raise

    def _found(self) -> str | None:
        if self._id is None:
            listed = rows(self._calls.read("get_contact_groups").document, "ContactGroups")
            self._id = next((text(group, "ContactGroupID") for group in listed if self._is_ours(group)), None)
        return self._id

    def _made(self) -> str:
        answer = self._calls.write(
            "create_contact_group",
            f"stop_sell_group/{self._name}",
            contact_groups={"ContactGroups": [{"Name": self._name}]},
        )
        made = rows(answer.document, "ContactGroups")
        if not made or not text(made[0], "ContactGroupID"):
            raise OutcomeUnknown("Xero did not say which contact group it made")
        self._id = text(made[0], "ContactGroupID")
        return self._id

    def _is_ours(self, group: Row) -> bool:
        return text(group, "Name").casefold() == self._name.casefold() and text(group, "Status") != "DELETED"
