"""Lists: pages, filters, order, since; and what a scan can miss."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connectors.simulator.xero import XeroCompany


@pytest.fixture
def many(company: XeroCompany, oak: str) -> list[str]:
    """Seven invoices of 1.00 to 7.00, due a day apart."""
    return [
        company.add_invoice(oak, f"INV-{n}", date(2026, 1, n), date(2026, 2, n), n * 100, reference=f"order {n}")
        for n in range(1, 8)
    ]


def numbers(answer) -> list[str]:
    return [row["InvoiceNumber"] for row in answer.rows]


def test_pages_are_cut_and_counted(caller, many) -> None:
    pages = [caller.get("Invoices", page=str(n), pageSize="3", order="InvoiceNumber") for n in (1, 2, 3, 4)]

    assert [numbers(page) for page in pages] == [
        ["INV-1", "INV-2", "INV-3"],
        ["INV-4", "INV-5", "INV-6"],
        ["INV-7"],
        [],
    ]
    assert pages[0].json["pagination"] == {"page": 1, "pageSize": 3, "pageCount": 3, "itemCount": len(many)}


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("asked", "given"), [("5000", 1000), ("0", 1), ("-3", 1), ("nonsense", 100), ("", 100)])
def test_a_page_size_out_of_range_is_clamped_not_refused(caller, asked, given) -> None:
    assert caller.get("Invoices", page="1", pageSize=asked).json["pagination"]["pageSize"] == given


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('InvoiceNumber=="INV-3"', ["3"]),
        ('invoicenumber = "inv-3"', ["3"]),
        ("AmountDue>5", ["6", "7"]),
        ("AmountDue>=5 AND AmountDue<7", ["5", "6"]),
        ("AmountDue>=5 && AmountDue!=6.00", ["5", "7"]),
        ("7 == Total", ["7"]),
        ("DueDate<DateTime(2026,02,03)", ["1", "2"]),
        ('DueDate>=DateTime(2026, 2, 6) and Type=="ACCREC"', ["6", "7"]),
        ('(AmountDue==1 OR AmountDue==2) and Status=="authorised"', ["1", "2"]),
        ('Reference!=null && Reference.Contains("order 4")', ["4"]),
        ('Reference.StartsWith("ORDER") AND Reference.EndsWith("5")', ["5"]),
        ("ExpectedPaymentDate==null AND AmountDue==1", ["1"]),
        ("ExpectedPaymentDate!=null", []),
        ("SentToContact==true AND AmountDue<2", ["1"]),
        ("SentToContact AND AmountDue<2", ["1"]),
        ("UpdatedDateUTC>=DateTime(2026,3,2) AND AmountDue<=1.00", ["1"]),
        ('Contact.Name=="OAK LTD" AND AmountDue==2', ["2"]),
        ('Type=="ACCPAY"', []),
    ],
)
def test_where_finds(caller, where, found) -> None:
    answer = caller.get("Invoices", page="1", where=where, order="InvoiceNumber")

    assert numbers(answer) == [f"INV-{n}" for n in found]


def test_where_finds_by_id_and_by_contact(caller, oak, many) -> None:
    by_id = caller.get("Invoices", page="1", where=f'InvoiceID==Guid("{many[2]}") OR InvoiceId==Guid("{many[0]}")')
    by_contact = caller.get("Invoices", page="1", where=f'Contact.ContactID==guid("{oak.upper()}")')

    assert sorted(numbers(by_id)) == ["INV-1", "INV-3"]
    assert len(by_contact.rows) == 7


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "where",
    [
        'InvoiceID=="00000000-0000-0000-0000-000000000001"',
        'DueDate<"2026-01-01"',
        "Nonsense==1",
        "AmountDue>",
        "AmountDue 5",
        'InvoiceID==Guid("17")',
        "DueDate>DateTime(2026,13,1)",
        '"a"=="a"',
        "AmountDue==1 AND",
        'AmountDue.Contains("1")',
        "AmountDue>null",
        "§",
    ],
)
def test_where_that_cannot_be_read_is_a_parse_exception(caller, where) -> None:
    answer = caller.get("Invoices", page="1", where=where)

    assert answer.status == 400
    assert (answer.json["ErrorNumber"], answer.json["Type"]) == (16, "QueryParseException")


def test_a_text_method_on_an_empty_field_fails_unless_guarded(caller, company, oak) -> None:
    company.add_invoice(oak, "INV-1", date(2026, 1, 1), date(2026, 2, 1), 100)

    bare = caller.get("Invoices", page="1", where='Reference.Contains("x")')
    guarded = caller.get("Invoices", page="1", where='Reference!=null && Reference.Contains("x")')

    assert (bare.status, guarded.status) == (400, 200)


def test_lists_of_ids_numbers_contacts_and_statuses_narrow(caller, company, oak, many) -> None:
    elm = company.add_customer("Elm Ltd")
    company.add_invoice(elm, "E-1", date(2026, 1, 1), date(2026, 2, 1), 100, status="DRAFT")

    assert sorted(numbers(caller.get("Invoices", IDs=f"{many[0]},{many[1]}"))) == ["INV-1", "INV-2"]
    assert numbers(caller.get("Invoices", InvoiceNumbers="INV-5,NONE")) == ["INV-5"]
    assert numbers(caller.get("Invoices", ContactIDs=elm)) == ["E-1"]
    assert numbers(caller.get("Invoices", Statuses="DRAFT,SUBMITTED")) == ["E-1"]
    assert numbers(caller.get("Invoices", searchTerm="elm")) == ["E-1"]
    assert len(caller.get("Invoices", ContactIDs=oak).rows) == 7


def test_created_by_my_app_leaves_out_what_people_made(caller, oak, many) -> None:
    line = {"Description": "Interest", "UnitAmount": 1, "AccountCode": "270"}
    caller.put(
        "Invoices", {"Type": "ACCREC", "InvoiceNumber": "FC-1", "Contact": {"ContactID": oak}, "LineItems": [line]}
    )

    assert numbers(caller.get("Invoices", createdByMyApp="true")) == ["FC-1"]


def test_too_long_a_list_of_ids_overflows_the_address(caller, many) -> None:
    assert caller.get("Invoices", IDs=",".join(many[:1] * 40)).status == 200
    assert caller.get("Invoices", IDs=",".join(many[:1] * 60)).status == 414


@pytest.mark.usefixtures("many")
def test_order_goes_both_ways_and_by_several_fields(caller) -> None:
    down = caller.get("Invoices", page="1", order="DueDate DESC")
    by_two = caller.get("Invoices", page="1", order="Status ASC, Total DESC", pageSize="2")

    assert numbers(down)[0] == "INV-7"
    assert numbers(by_two) == ["INV-7", "INV-6"]
    assert caller.get("Invoices", page="1", order="Colour").status == 400


def test_without_an_order_rows_come_by_their_last_change(caller, company, clock, many) -> None:
    clock.advance(timedelta(seconds=1))
    company.pay(many[0], 50, date(2026, 2, 1))

    assert numbers(caller.get("Invoices", page="1"))[-1] == "INV-1"


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("header", "count"),
    [
        ("2026-03-02T09:00:00", 7),
        ("2026-03-02T09:00:00.999000+00:00", 7),
        ("2026-03-02T10:00:00+01:00", 7),
        ("2026-03-02T09:00:00Z", 7),
        ("2026-03-02T09:00:01", 0),
        ("Mon, 02 Mar 2026 09:00:00 GMT", 7),
        ("2026-03-02", 7),
    ],
)
def test_since_is_cut_to_the_second_and_takes_that_second_in(caller, header, count) -> None:
    answer = caller.since("Invoices", header, page="1")

    assert answer.status == 200
    assert len(answer.rows) == count


@pytest.mark.usefixtures("many")
def test_since_can_be_made_to_leave_that_second_out(caller, company) -> None:
    company.switches.since_is_inclusive = False

    assert caller.since("Invoices", "2026-03-02T09:00:00", page="1").rows == []
    assert len(caller.since("Invoices", "2026-03-02T08:59:59", page="1").rows) == 7


@pytest.mark.usefixtures("many")
def test_a_switch_counts_from_the_next_request_on_even_for_the_same_question(caller, company) -> None:
    def ask() -> int:
        return len(caller.since("Invoices", "2026-03-02T09:00:00", page="1").rows)

    before = ask()
    company.switches.since_is_inclusive = False
    between = ask()
    company.switches.since_is_inclusive = True
    company.switches.read_lag_s = 5
    lagging = ask()
    company.switches.read_lag_s = 0

    assert (before, between, lagging, ask()) == (7, 0, 0, 7)


def test_a_since_that_is_no_moment_is_412(caller) -> None:
    assert caller.since("Invoices", "yesterday").status == 412


def test_since_brings_all_states_and_each_row_once(caller, company, clock, many) -> None:
    clock.advance(timedelta(minutes=1))
    payment = company.pay(many[0], 100, date(2026, 2, 1))
    clock.advance(timedelta(minutes=1))
    company.unpay(payment)
    company.void(many[1])

    rows = caller.since("Invoices", "2026-03-02T09:00:30", page="1").rows

    states = sorted((row["InvoiceNumber"], row["Status"]) for row in rows)
    assert states == [("INV-1", "AUTHORISED"), ("INV-2", "VOIDED")]


def test_a_row_changed_during_a_scan_pushes_another_one_out_of_sight_unless_ordered_by_id(
    caller, company, clock, many
) -> None:
    def scan(order: str) -> set[str]:
        clock.advance(timedelta(seconds=1))
        first = caller.get("Invoices", page="1", pageSize="3", **({"order": order} if order else {}))
        moved = next(i for i in many if i in {row["InvoiceID"] for row in first.rows})
        company.switches.part_paid_edits_bump = True
        company.set_due_date(moved, date(2026, 5, 1), bumps=True)
        rest = [caller.get("Invoices", page=n, pageSize="3", **({"order": order} if order else {})) for n in ("2", "3")]
        return {row["InvoiceID"] for page in (first, *rest) for row in page.rows}

    assert len(scan("")) == 6
    assert len(scan("InvoiceID")) == 7


def test_the_books_can_be_changed_between_two_pages(caller, company, many) -> None:
    company.switches.after_reply = lambda request: company.void(many[6]) if request.query.get("page") == "1" else None

    caller.get("Invoices", page="1", pageSize="6", order="InvoiceNumber")

    assert caller.get("Invoices", page="2", pageSize="6", order="InvoiceNumber").row["Status"] == "VOIDED"


def test_more_than_the_allowed_rows_behind_an_unoptimised_filter_are_refused(caller, company, many) -> None:
    company.switches.high_volume_rows = 6

    assert caller.get("Invoices", page="1", where='Type=="ACCREC"').status == 200
    assert caller.get("Invoices", page="1", where="Total>1").json["Type"] == "HighVolumeException"
    assert caller.get("Invoices", page="1", order="DueDate").json["Type"] == "HighVolumeException"
    assert caller.get("Invoices").json["Type"] == "HighVolumeException"


def test_what_was_just_made_may_not_be_listed_yet(caller, company, clock, oak) -> None:
    company.switches.read_lag_s = 5
    caller.put("Invoices", {"Type": "ACCREC", "InvoiceNumber": "FC-1", "Contact": {"ContactID": oak}})

    at_once = caller.get("Invoices", InvoiceNumbers="FC-1").rows
    clock.advance(timedelta(seconds=5))

    assert at_once == []
    assert numbers(caller.get("Invoices", InvoiceNumbers="FC-1")) == ["FC-1"]


def test_the_servers_clock_may_run_ahead(caller, company, clock, oak) -> None:
    company.switches.clock_skew_s = 600

    row = caller.put("Contacts", {"Name": "Elm Ltd"}).row

    assert row["UpdatedDateUTC"] == "/Date(1772442600000+0000)/"


def test_bills_lie_in_the_same_list(caller, company, oak, many) -> None:
    company.add_bill(oak, "BILL-1", date(2026, 1, 1), date(2026, 2, 1), 5_00)

    assert len(caller.get("Invoices", page="1").rows) == 8
    assert len(caller.get("Invoices", page="1", where='Type=="ACCREC"').rows) == 7


def test_archived_contacts_are_listed_only_when_asked_for(caller, company, oak) -> None:
    elm = company.add_customer("Elm Ltd")
    company.archive(elm)

    assert [row["ContactID"] for row in caller.get("Contacts", page="1").rows] == [oak]
    assert len(caller.get("Contacts", page="1", includeArchived="True").rows) == 2
    assert caller.get("Contacts", page="1", IDs=elm).row["ContactStatus"] == "ARCHIVED"


@pytest.fixture
def full(company: XeroCompany, oak: str, many: list[str]) -> XeroCompany:
    """Books with one of everything."""
    company.pay(many[0], 50, date(2026, 2, 1))
    company.credit(oak, 100, date(2026, 2, 1))
    company.pay_on_account(oak, 100, date(2026, 2, 1))
    company.prepay(oak, 100, date(2026, 2, 1))
    company.set_stop_sell(oak, "Stop sell", member=True)
    return company


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("Payments", 'Status=="AUTHORISED" AND PaymentType=="ACCRECPAYMENT"'),
        ("CreditNotes", 'Type=="ACCRECCREDIT" AND Status=="AUTHORISED"'),
        ("Overpayments", 'Type=="RECEIVE-OVERPAYMENT"'),
        ("Prepayments", "RemainingCredit>0"),
        ("Accounts", 'Code=="260"'),
        ("Contacts", 'EmailAddress=="ap@oak.example"'),
        ("ContactGroups", 'Name=="Stop sell"'),
    ],
)
def test_every_list_knows_its_own_fields(caller, path, where) -> None:
    assert len(caller.get(path, page="1", where=where).rows) == 1
