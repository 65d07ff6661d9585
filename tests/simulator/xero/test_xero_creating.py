"""Creating invoices: what Xero takes, what it refuses and in which words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.simulator.xero.documents import ARCHIVED, NOT_VALID, interest, line


def test_a_finance_charge_is_created_as_sent(caller, oak) -> None:
    row = caller.put("Invoices", interest(oak)).row

    assert (row["InvoiceNumber"], row["Status"], row["Total"], row["AmountDue"]) == (
        "FC-1",
        "AUTHORISED",
        Decimal("7.99"),
        Decimal("7.99"),
    )
    assert row["Reference"] == "[syncd:finance_charges/I-1/2026-03-01]"
    assert (row["DateString"], row["DueDateString"]) == ("2026-03-02T00:00:00", "2026-04-01T00:00:00")


def test_a_bare_object_an_envelope_in_any_case_and_a_list_are_all_read(caller, oak) -> None:
    assert caller.put("Invoices", interest(oak, "A")).status == 200
    assert caller.put("Invoices", {"invoices": [interest(oak, "B"), interest(oak, "C")]}).status == 200
    assert caller.put("Invoices", [interest(oak, "D")]).status == 200
    assert len(caller.get("Invoices").rows) == 4


def test_a_second_put_of_the_same_number_is_refused(caller, oak) -> None:
    caller.put("Invoices", interest(oak))

    again = caller.put("Invoices", interest(oak, "fc-1"))

    assert again.status == 400
    assert (again.json["ErrorNumber"], again.json["Type"]) == (10, "ValidationException")
    assert again.messages == ["Invoice # must be unique."]


def test_the_same_number_twice_in_one_request_is_refused(caller, oak) -> None:
    assert caller.put("Invoices", {"Invoices": [interest(oak), interest(oak)]}).messages == [
        "Invoice # must be unique."
    ]


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
def test_a_dead_number_stays_taken_unless_switched(caller, company, oak, status) -> None:
    born = "AUTHORISED" if status == "VOIDED" else "DRAFT"
    made = caller.put("Invoices", interest(oak, Status=born)).row["InvoiceID"]
    caller.post("Invoices", {"InvoiceID": made, "Status": status})

    assert caller.put("Invoices", interest(oak)).status == 400
    company.switches.void_frees_number = True
    assert caller.put("Invoices", interest(oak)).status == 200


def test_a_post_of_a_known_number_overwrites(caller, oak) -> None:
    first = caller.put("Invoices", interest(oak)).row["InvoiceID"]

    second = caller.post("Invoices", interest(oak, Reference="changed")).row

    assert (second["InvoiceID"], second["Reference"]) == (first, "changed")


def test_a_number_is_given_where_none_is_sent(caller, oak) -> None:
    assert caller.put("Invoices", interest(oak, None)).row["InvoiceNumber"] == "INV-0001"


def test_an_invoice_is_a_draft_unless_it_says_otherwise(caller, oak) -> None:
    row = caller.put("Invoices", {"Type": "ACCREC", "Contact": {"ContactID": oak}}).row

    assert (row["Status"], row["LineItems"]) == ("DRAFT", [])
    assert row["LineAmountTypes"] == "Exclusive"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Type": None}, "Invoice type must be specified."),
        ({"Status": "PAID"}, NOT_VALID),
        ({"Status": "VOIDED"}, NOT_VALID),
        ({"Contact": {}}, "A Contact must be specified for this type of transaction"),
        ({"Contact": {"ContactID": "00000000-0000-0000-0000-000000000009"}}, "The Contact could not be found."),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": [line(AccountCode="ZZZ")]}, "Account code 'ZZZ' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode="090")]}, "Account code '090' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode=None)]}, "Account code must be specified."),
        ({"LineItems": [line(Description="")]}, "Description must be specified."),
        ({"LineItems": [line(LineAmount=99)]}, "The line total 99 does not match the expected line total 100.00"),
        ({"LineItems": [line(UnitAmount=-1)]}, "The invoice total cannot be negative."),
        (
            {"LineAmountTypes": "Exclusive", "LineItems": [line(TaxType="VAT20")]},
            "The TaxType code 'VAT20' does not exist or cannot be used for this type of transaction.",
        ),
        ({"LineAmountTypes": "Gross"}, "'Gross' is not a valid LineAmountTypes."),
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
        ({"Reference": "x" * 256}, "The field Reference must be a string with a maximum length of 255."),
        ({"InvoiceNumber": "x" * 256}, "The field InvoiceNumber must be a string with a maximum length of 255."),
    ],
)
def test_a_create_is_refused_in_xeros_words_and_leaves_nothing_behind(caller, company, oak, changes, message) -> None:
    answer = caller.put("Invoices", interest(oak, **changes))

    assert answer.status == 400
    assert answer.messages == [message]
    assert caller.get("Invoices").rows == []
    assert company.effects() == []


def test_a_refusal_echoes_the_element_with_its_errors(caller, oak) -> None:
    element = caller.put("Invoices", interest(oak, Status="VOIDED")).json["Elements"][0]

    assert (element["InvoiceNumber"], element["HasErrors"]) == ("FC-1", True)
    assert element["InvoiceID"] == "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("value", ["2017-12-14 00:00:00", "14/12/2017", "2017-13-01", 20171214, "2026-02-30"])
def test_a_date_in_another_form_is_post_data_invalid(caller, oak, value) -> None:
    answer = caller.put("Invoices", interest(oak, DueDate=value))

    assert answer.status == 400
    assert (answer.json["ErrorNumber"], answer.json["Type"]) == (14, "PostDataInvalidException")


@pytest.mark.parametrize(
    "value",
    [
        "2026-04-01",
        "2026-04-01T00:00:00",
        "2026-04-01T00:00:00Z",
        "/Date(1775001600000)/",
        "/Date(1774954800000+1300)/",
    ],
)
def test_dates_are_read_in_all_documented_forms(caller, oak, value) -> None:
    assert caller.put("Invoices", interest(oak, DueDate=value)).row["DueDateString"] == "2026-04-01T00:00:00"


@pytest.mark.parametrize("raw", [b"", b"{", b'"text"', b"[]", b'{"Invoices": []}', b'{"Invoices": "x"}', b'{"a": NaN}'])
def test_a_body_that_is_no_element_is_post_data_invalid(caller, raw) -> None:
    assert caller.send("PUT", "Invoices", raw=raw).json["ErrorNumber"] == 14


@pytest.mark.parametrize("amount", ["lots", True, [], {"a": 1}, "NaN", 1e30])
def test_an_amount_that_is_no_number_is_post_data_invalid(caller, oak, amount) -> None:
    answer = caller.put("Invoices", interest(oak, LineItems=[line(UnitAmount=amount)]))

    assert answer.json["ErrorNumber"] == 14


def test_prices_keep_two_decimals_unless_four_are_asked_for(caller, oak) -> None:
    fine = [line(Quantity=1000, UnitAmount="0.0125")]

    coarse = caller.put("Invoices", interest(oak, "A", LineItems=fine)).row
    exact = caller.put("Invoices", interest(oak, "B", LineItems=fine), unitdp="4").row

    assert (coarse["Total"], exact["Total"]) == (Decimal(10), Decimal("12.5"))


def test_tax_goes_on_top_is_inside_or_is_not_there(caller, oak) -> None:
    taxed = [line(TaxType="OUTPUT2")]
    rows = [
        caller.put("Invoices", interest(oak, kind, LineAmountTypes=kind, LineItems=taxed)).row
        for kind in ("Exclusive", "Inclusive", "NoTax")
    ]

    assert [(row["SubTotal"], row["TotalTax"], row["Total"]) for row in rows] == [
        (Decimal(100), Decimal(15), Decimal(115)),
        (Decimal("86.96"), Decimal("13.04"), Decimal(100)),
        (Decimal(100), Decimal(0), Decimal(100)),
    ]


def test_a_line_without_a_tax_type_is_taxed_as_its_account_says(caller, oak) -> None:
    untold = line(TaxType=None)

    assert caller.put("Invoices", interest(oak, LineAmountTypes="Exclusive", LineItems=[untold])).row["Total"] == 115


def test_an_invoice_without_a_due_date_takes_the_contacts_terms_or_is_refused(caller, company, oak) -> None:
    without = caller.put("Contacts", {"Name": "No terms"}).row["ContactID"]

    by_terms = caller.put("Invoices", interest(oak, "A", DueDate=None)).row
    refused = caller.put("Invoices", interest(without, "B", DueDate=None))

    assert by_terms["DueDateString"] == "2026-04-01T00:00:00"
    assert refused.messages == ["Due date cannot be empty."]


@pytest.mark.parametrize(
    ("day", "kind", "due"),
    [
        (10, "DAYSAFTERBILLDATE", "2026-03-12"),
        (10, "DAYSAFTERBILLMONTH", "2026-04-10"),
        (31, "OFFOLLOWINGMONTH", "2026-04-30"),
        (20, "OFCURRENTMONTH", "2026-03-20"),
    ],
)
def test_the_four_kinds_of_terms(caller, oak, day, kind, due) -> None:
    caller.post("Contacts", {"ContactID": oak, "PaymentTerms": {"Sales": {"Day": day, "Type": kind}}})

    assert caller.put("Invoices", interest(oak, DueDate=None)).row["DueDateString"] == f"{due}T00:00:00"


def test_an_unknown_name_makes_a_contact_and_a_known_one_finds_it(caller, oak) -> None:
    new = caller.put("Invoices", interest("", "A", Contact={"Name": "Ash Ltd"})).row["Contact"]
    known = caller.put("Invoices", interest("", "B", Contact={"Name": "oak ltd"})).row["Contact"]

    assert new["Name"] == "Ash Ltd"
    assert known["ContactID"] == oak


def test_an_archived_contact_is_not_invoiced(caller, company, oak) -> None:
    company.archive(oak)

    assert caller.put("Invoices", interest(oak)).messages == [ARCHIVED]
    assert caller.put("Invoices", interest("", Contact={"Name": "Oak Ltd"})).messages == [ARCHIVED]


def test_nothing_is_approved_into_a_locked_period(caller, company, oak) -> None:
    company.lock_period(date(2026, 3, 2))

    refused = caller.put("Invoices", interest(oak))

    assert "lock date, currently set at 02 March 2026" in refused.messages[0]
    assert caller.put("Invoices", interest(oak, Date="2026-03-03")).status == 200


def test_nothing_in_a_locked_period_is_changed(caller, company, invoice) -> None:
    company.organisation.year_end_lock_on = date(2026, 1, 31)

    assert "lock date" in caller.post("Invoices", {"InvoiceID": invoice, "Reference": "x"}).messages[0]
    assert "lock date" in caller.post("Invoices", {"InvoiceID": invoice, "Status": "VOIDED"}).messages[0]


def test_a_line_without_a_price_is_a_remark(caller, oak) -> None:
    row = caller.put("Invoices", interest(oak, LineItems=[line(), {"Description": "Thank you"}])).row

    assert set(row["LineItems"][1]) == {"Description", "Tracking", "LineItemID", "ValidationErrors"}
    assert row["Total"] == 100


def test_a_line_may_name_its_amount_its_discount_and_its_tax(caller, oak) -> None:
    lines = [
        line(UnitAmount=None, LineAmount=50, Quantity=2),
        line(DiscountRate=10),
        line(TaxType="OUTPUT2", TaxAmount="14.99"),
    ]

    row = caller.put("Invoices", interest(oak, LineAmountTypes="Exclusive", LineItems=lines)).row

    assert [item["LineAmount"] for item in row["LineItems"]] == [50, 90, 100]
    assert (row["LineItems"][0]["UnitAmount"], row["LineItems"][1]["DiscountRate"]) == (25, 10)
    assert (row["TotalTax"], row["Total"]) == (Decimal("14.99"), Decimal("254.99"))


def test_more_than_three_and_a_half_megabytes_are_too_much(caller) -> None:
    assert caller.send("PUT", "Invoices", raw=b" " * 3_500_001).status == 413
