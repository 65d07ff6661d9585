"""Every reply against Xero's own published description: types, enums and formats of all operations we answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from connectors.simulator.xero import XeroCompany

pytestmark = pytest.mark.shared_data

URN = "urn:xero"


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without its own idea of dates: examples are text."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="session")
def spec() -> dict[str, Any]:
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "xero_accounting.yaml"
    loaded: dict[str, Any] = yaml.load(path.read_text(), PlainLoader)  # noqa: S506 - a safe loader, narrowed
    return loaded


@pytest.fixture(scope="session")
def registry(spec) -> Registry:
    return Registry().with_resource(URN, Resource.from_contents(spec, default_specification=DRAFT4))


@pytest.fixture
def problems_of(spec, registry) -> Callable[[Any], list[str]]:
    def check(answer) -> list[str]:
        operation = operation_of(spec, answer.sent.method, answer.sent.path.removeprefix("/api.xro/2.0"))
        declared = operation["responses"].get(str(answer.status))
        if answer.status == 404:
            return [] if answer.body == b"" else ["404 with a body"]
        if declared is None:
            return [f"status {answer.status} is not declared"]
        schema = schema_of(spec, declared)
        if schema is None:
            return [] if not answer.body or answer.status == 400 else ["a body where none is declared"]
        validator = OAS30Validator(absolute(schema), registry=registry, format_checker=oas30_format_checker)
        return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(json.loads(answer.body))]

    return check


def operation_of(spec: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    for template, item in spec["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        literal = "{" not in template.rpartition("/")[2] or template.count("/") != path.count("/")
        if re.fullmatch(pattern, path) and method.lower() in item and (literal or template != path):
            found: dict[str, Any] = item[method.lower()]
            return found
    raise AssertionError(f"the description has no {method} {path}")


def schema_of(spec: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any] | None:
    if "$ref" in declared:
        declared = spec["components"]["responses"][declared["$ref"].rpartition("/")[2]]
    schema: dict[str, Any] | None = declared.get("content", {}).get("application/json", {}).get("schema")
    return schema


def absolute(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$ref": f"{URN}{schema['$ref']}"} if "$ref" in schema else schema


def tour(company: XeroCompany, caller) -> None:
    """Every operation at least once, on books that have everything in them."""
    oak = company.add_customer("Oak Ltd", "ap@oak.example")
    elm = company.add_customer("Elm Ltd")
    company.add_bill(elm, "BILL-1", date(2026, 1, 1), date(2026, 2, 1), 5_00)
    first = company.add_invoice(oak, "INV-1", date(2026, 1, 10), date(2026, 2, 9), 100_00)
    second = company.add_invoice(oak, "INV-2", date(2026, 1, 12), None, 80_00, status="DRAFT")
    paid = company.add_invoice(oak, "INV-3", date(2026, 1, 14), date(2026, 2, 9), 50_00)
    payment = company.pay(paid, 50_00, date(2026, 2, 1), reference="thanks")
    credit = company.credit(oak, 30_00, date(2026, 2, 2))
    over, pre = company.pay_on_account(oak, 20_00, date(2026, 2, 3)), company.prepay(oak, 10_00, date(2026, 2, 4))
    company.organisation.period_lock_on = date(2025, 3, 31)
    listed(caller, oak)
    invoices(caller, oak, first, second)
    credits_used(caller, first, (f"CreditNotes/{credit}", f"Overpayments/{over}", f"Prepayments/{pre}"))
    payments(caller, oak, first, credit)
    caller.get(f"Payments/{payment}")
    contacts_and_groups(caller, oak, elm)
    company.merge(elm, oak)
    for path in ("Invoices", "Contacts", "CreditNotes", "Payments", "Overpayments", "Prepayments"):
        caller.get(path, page="1", includeArchived="true")
    refusals(caller, oak, first)


def listed(caller, oak: str) -> None:
    for path in ("Organisation", "Organisation/Actions", "Accounts", "BrandingThemes", "InvoiceReminders/Settings"):
        caller.get(path)
    for path in ("Invoices", "Contacts", "CreditNotes", "Payments", "Overpayments", "Prepayments", "ContactGroups"):
        caller.get(path)
        caller.get(path, page="1", pageSize="1000")
    caller.get("Invoices", summaryOnly="true")
    caller.get("Contacts", summaryOnly="true")
    caller.get("Invoices", Statuses="AUTHORISED", where='Type=="ACCREC"', order="InvoiceID")
    caller.get("Reports/AgedReceivablesByContact", contactId=oak, date="2026-03-01")


def invoices(caller, oak: str, first: str, second: str) -> None:
    for record in (first, second):
        caller.get(f"Invoices/{record}")
    caller.get(f"Invoices/{first}/OnlineInvoice")
    line = {"Description": "Interest", "Quantity": 1, "UnitAmount": 7.99, "AccountCode": "260", "TaxType": "NONE"}
    made = {"Type": "ACCREC", "Contact": {"ContactID": oak}, "LineItems": [line], "DueDate": "2026-04-01"}
    caller.put("Invoices", {**made, "InvoiceNumber": "FC-1", "Reference": "ours", "Status": "AUTHORISED"})
    caller.post("Invoices", {"Invoices": [{**made, "Status": "VOIDED"}, made]}, summarizeErrors="false")
    caller.post(f"Invoices/{first}", {"ExpectedPaymentDate": "2026-03-20", "SentToContact": True})
    caller.post(f"Invoices/{first}/Email")
    caller.put(f"Invoices/{first}/History", {"HistoryRecords": [{"Details": "said they will pay"}]})
    caller.get(f"Invoices/{first}/History")


def credits_used(caller, first: str, paths: tuple[str, ...]) -> None:
    for path in paths:
        caller.get(path)
        ours = {"Invoice": {"InvoiceID": first}, "Amount": 1.5}
        allocated = caller.put(f"{path}/Allocations", {"Allocations": [ours]}).row["AllocationID"]
        caller.get(path)
        caller.get(f"Invoices/{first}")
        caller.delete(f"{path}/Allocations/{allocated}")
        caller.put(f"{path}/History", {"HistoryRecords": [{"Details": "note"}]})
        caller.get(f"{path}/History")


def payments(caller, oak: str, first: str, credit: str) -> None:
    line = {"Description": "Waived", "Quantity": 1, "UnitAmount": 2, "AccountCode": "260", "TaxType": "NONE"}
    caller.put("CreditNotes", {"Type": "ACCRECCREDIT", "Contact": {"ContactID": oak}, "LineItems": [line]})
    on_invoice = {"Invoice": {"InvoiceID": first}, "Amount": 1.5, "Account": {"Code": "090"}, "Date": "2026-03-01"}
    made = caller.put("Payments", on_invoice).row["PaymentID"]
    caller.put("Payments", {"CreditNote": {"CreditNoteID": credit}, "Account": {"Code": "090"}, "Amount": 1})
    caller.post(f"Payments/{made}", {"Status": "DELETED"})


def contacts_and_groups(caller, oak: str, elm: str) -> None:
    caller.get(f"Contacts/{oak}")
    caller.put("Contacts", {"Contacts": [{"Name": "Ash Ltd", "EmailAddress": "ap@ash.example"}]})
    caller.post("Contacts", {"ContactID": elm, "PaymentTerms": {"Sales": {"Day": 20, "Type": "OFFOLLOWINGMONTH"}}})
    caller.put(f"Contacts/{oak}/History", {"HistoryRecords": [{"Details": "called"}]})
    caller.get(f"Contacts/{oak}/History")
    group = caller.put("ContactGroups", {"ContactGroups": [{"Name": "Stop sell"}]}).row["ContactGroupID"]
    caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": oak}]})
    caller.get(f"ContactGroups/{group}")
    caller.get(f"Contacts/{oak}")
    caller.delete(f"ContactGroups/{group}/Contacts/{oak}")


def refusals(caller, oak: str, first: str) -> None:
    caller.get("Invoices/00000000-0000-0000-0000-000000000001")
    caller.put("Contacts", {"Name": "Oak Ltd"})
    caller.put("Invoices", {"Type": "ACCREC", "InvoiceNumber": "INV-1", "Contact": {"ContactID": oak}})
    caller.put("Payments", {"Invoice": {"InvoiceID": first}, "Account": {"Code": "090"}, "Amount": 1000})
    caller.put(f"Invoices/{first}/History", {"HistoryRecords": [{"Details": "x" * 2501}]})


def test_every_reply_of_every_operation_fits_the_published_description(company, caller, problems_of) -> None:
    tour(company, caller)

    broken = {
        f"{answer.sent.method} {answer.sent.path} {dict(answer.sent.query)} -> {answer.status}": found
        for answer in caller.seen
        if (found := problems_of(answer))
    }

    assert broken == {}
    assert {answer.status for answer in caller.seen} == {200, 204, 400, 404}


@pytest.mark.usefixtures("invoice")
def test_the_check_itself_notices_a_wrong_type(caller, problems_of) -> None:
    answer = caller.get("Invoices", page="1")
    answer.body = answer.body.replace(b'"AmountDue":100.00', b'"AmountDue":"100.00"')

    assert problems_of(answer)
