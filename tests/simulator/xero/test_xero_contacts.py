"""Contacts and their groups."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from connectors.simulator.xero import XeroCompany
from tests.simulator.xero.documents import ARCHIVED

LIMIT = "You\u2019ve reached the limit of 100 contact groups."


def taken(name: str) -> str:
    return (
        f"The contact name {name} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )


@pytest.fixture
def group(caller) -> str:
    return str(caller.put("ContactGroups", {"Name": "Stop sell"}).row["ContactGroupID"])


def members(caller, group: str) -> list[str]:
    return [row["ContactID"] for row in caller.get(f"ContactGroups/{group}").row["Contacts"]]


@pytest.mark.usefixtures("oak")
@pytest.mark.parametrize("name", ["Oak Ltd", "OAK LTD"])
def test_a_name_is_unique_among_active_contacts_whatever_its_case(caller, name) -> None:
    answer = caller.put("Contacts", {"Name": name})

    assert answer.status == 400
    assert answer.messages == [taken(name)]
    assert answer.json["Elements"][0]["HasValidationErrors"] is True


def test_the_name_of_an_archived_contact_is_free_again(caller, company, oak) -> None:
    company.archive(oak)

    assert caller.put("Contacts", {"Name": "Oak Ltd"}).status == 200


def test_two_of_one_name_in_a_request_are_refused(caller) -> None:
    answer = caller.put("Contacts", {"Contacts": [{"Name": "Ash"}, {"Name": "ash"}]})

    assert answer.messages == [taken("ash")]
    assert caller.get("Contacts").rows == []


def test_a_post_finds_by_id_by_number_and_by_name(caller, oak) -> None:
    caller.post("Contacts", {"ContactID": oak, "ContactNumber": "K-7"})

    by_number = caller.post("Contacts", {"ContactNumber": "K-7", "Name": "Oak Limited"}).row
    by_name = caller.post("Contacts", {"Name": "oak limited", "EmailAddress": "new@oak.example"}).row

    assert (by_number["ContactID"], by_number["Name"]) == (oak, "Oak Limited")
    assert (by_name["ContactID"], by_name["EmailAddress"]) == (oak, "new@oak.example")
    assert by_name["ContactNumber"] == "K-7"


def test_a_contact_cannot_take_anothers_name(caller, company, oak) -> None:
    elm = company.add_customer("Elm Ltd")

    assert caller.post("Contacts", {"ContactID": elm, "Name": "Oak Ltd"}).messages == [taken("Oak Ltd")]
    assert caller.post("Contacts", {"ContactID": oak, "Name": "Oak Ltd"}).status == 200


def test_an_archived_contact_is_not_edited(caller, company, oak) -> None:
    company.archive(oak)

    assert caller.post("Contacts", {"ContactID": oak, "EmailAddress": "x@oak.example"}).messages == [ARCHIVED]
    assert caller.post("Contacts", {"Name": "Oak Ltd"}).messages == [ARCHIVED]


def test_archiving_goes_through_the_api(caller, oak) -> None:
    assert caller.post("Contacts", {"ContactID": oak, "ContactStatus": "ARCHIVED"}).row["ContactStatus"] == "ARCHIVED"


@pytest.mark.parametrize(
    "change",
    [
        {"Name": "x" * 256},
        {"AccountNumber": "x" * 51},
        {"ContactNumber": "x" * 51},
        {"ContactStatus": "GONE"},
        {"PaymentTerms": {"Sales": {"Day": 10, "Type": "SOMEDAY"}}},
        {"ContactPersons": [{"FirstName": "A"}] * 6},
    ],
)
def test_what_a_contact_cannot_hold_is_refused(caller, oak, change) -> None:
    assert caller.post("Contacts", {"ContactID": oak, **change}).status == 400


def test_persons_and_terms_come_back_as_sent(caller, oak) -> None:
    sent: dict[str, Any] = {
        "ContactPersons": [
            {"FirstName": "Ann", "LastName": "Oak", "EmailAddress": "ann@oak.example", "IncludeInEmails": True}
        ],
        "PaymentTerms": {"Sales": {"Day": 20, "Type": "OFFOLLOWINGMONTH"}},
    }
    caller.post("Contacts", {"ContactID": oak, **sent})

    row = caller.get(f"Contacts/{oak}").row

    assert {name: row[name] for name in sent} == sent


def test_who_is_a_customer_and_who_a_supplier_follows_from_documents(caller, company, oak, invoice) -> None:
    supplier = company.add_customer("Paper Mill")
    company.add_bill(supplier, "B-1", date(2026, 1, 1), date(2026, 2, 1), 5_00)

    rows = {row["ContactID"]: row for row in caller.get("Contacts", page="1").rows}

    assert (rows[oak]["IsCustomer"], rows[oak]["IsSupplier"]) == (True, False)
    assert (rows[supplier]["IsCustomer"], rows[supplier]["IsSupplier"]) == (False, True)


def test_the_loser_of_a_merge_is_archived_and_points_to_the_winner_who_keeps_quiet(
    caller, company, clock, oak, invoice
) -> None:
    elm = company.add_customer("Elm Ltd")
    clock.advance(timedelta(minutes=1))
    company.merge(oak, elm)

    changed = caller.since("Contacts", "2026-03-02T09:00:30", page="1", includeArchived="true").rows
    quiet = caller.since("Invoices", "2026-03-02T09:00:30", page="1").rows

    assert [(row["ContactID"], row["ContactStatus"], row["MergedToContactID"]) for row in changed] == [
        (oak, "ARCHIVED", elm)
    ]
    assert quiet == []
    assert caller.get(f"Invoices/{invoice}").row["Contact"]["ContactID"] == elm
    assert caller.get(f"Contacts/{elm}").row["Balances"]["AccountsReceivable"]["Outstanding"] == 100


def test_an_unknown_contact_is_404(caller) -> None:
    assert caller.get("Contacts/00000000-0000-0000-0000-000000000001").status == 404


# -- groups


def test_a_group_is_made_once(caller, group) -> None:
    again = caller.put("ContactGroups", {"Name": "stop sell"})

    assert again.status == 400
    assert [row["ContactGroupID"] for row in caller.get("ContactGroups").rows] == [group]


def test_a_list_of_groups_shows_no_members_and_one_group_does(caller, oak, group) -> None:
    caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": oak}]})

    assert caller.get("ContactGroups").row["Contacts"] == []
    assert members(caller, group) == [oak]


def test_joining_twice_and_leaving_twice_change_nothing_more(caller, company, oak, group) -> None:
    for _ in range(2):
        assert caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": oak}]}).status == 200
    assert members(caller, group) == [oak]
    for _ in range(2):
        assert caller.delete(f"ContactGroups/{group}/Contacts/{oak}").status == 204
    assert members(caller, group) == []
    assert [effect.kind for effect in company.effects()] == ["stop_sell_on", "stop_sell_off"]


def test_xero_can_be_made_strict_about_membership(caller, company, oak, group) -> None:
    company.switches.strict_groups = True
    join = {"Contacts": [{"ContactID": oak}]}

    assert [caller.put(f"ContactGroups/{group}/Contacts", join).status for _ in range(2)] == [200, 400]
    assert [caller.delete(f"ContactGroups/{group}/Contacts/{oak}").status for _ in range(2)] == [204, 404]


def test_unknown_and_archived_contacts_do_not_join(caller, company, oak, group) -> None:
    company.archive(oak)

    for contact in (oak, "00000000-0000-0000-0000-000000000001"):
        assert caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": contact}]}).status == 400


def test_membership_moves_the_contacts_stamp_only_when_switched(caller, company, clock, oak, group) -> None:
    clock.advance(timedelta(minutes=1))
    caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": oak}]})
    quiet = caller.since("Contacts", "2026-03-02T09:00:30", page="1").rows
    company.switches.group_change_bumps_contact = True
    caller.delete(f"ContactGroups/{group}/Contacts/{oak}")

    assert quiet == []
    assert len(caller.since("Contacts", "2026-03-02T09:00:30", page="1").rows) == 1


def test_the_hundred_and_first_group_is_refused(caller) -> None:
    caller.put("ContactGroups", {"ContactGroups": [{"Name": f"G{n}"} for n in range(100)]})

    assert caller.put("ContactGroups", {"Name": "one more"}).messages == [LIMIT]


def test_a_deleted_group_is_gone_with_its_members(caller, company, oak, group) -> None:
    caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": oak}]})
    caller.post(f"ContactGroups/{group}", {"Status": "DELETED"})

    assert caller.get("ContactGroups").rows == []
    assert caller.get(f"ContactGroups/{group}").status == 404
    assert caller.get(f"Contacts/{oak}").row["ContactGroups"] == []


def test_all_members_leave_at_once(caller, company: XeroCompany, oak, group) -> None:
    elm = company.add_customer("Elm Ltd")
    caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": oak}, {"ContactID": elm}]})

    assert caller.delete(f"ContactGroups/{group}/Contacts").status == 204
    assert members(caller, group) == []


def test_a_contact_is_changed_by_its_address_and_found_by_a_term(caller, oak) -> None:
    caller.post(f"Contacts/{oak}", {"FirstName": "Ann"})

    assert caller.get("Contacts", searchTerm="ann").row["ContactID"] == oak
    assert caller.get("Contacts", searchTerm="bob").rows == []


@pytest.mark.parametrize("path", ["Contacts", "ContactGroups"])
def test_nothing_is_made_without_a_name(caller, path) -> None:
    assert caller.put(path, {"Status": "ACTIVE"}).status == 400


def test_a_person_takes_a_contact_out_of_a_group_again(caller, company, oak) -> None:
    company.set_stop_sell(oak, "Stop sell", member=True)
    company.set_stop_sell(oak, "Stop sell", member=False)

    assert members(caller, caller.get("ContactGroups").row["ContactGroupID"]) == []


def test_an_account_is_read_by_its_id(caller) -> None:
    account = caller.get("Accounts", where='Code=="260"').row

    assert caller.get(f"Accounts/{account['AccountID']}").row["Name"] == "Other Revenue"
    assert caller.get("Accounts/unknown").status == 404
