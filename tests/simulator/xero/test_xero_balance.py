"""The books balance, whatever happens to them and however many come at once."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.xero import XeroCompany
from tests.simulator.xero.conftest import Caller

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "pay", "unpay", "credit", "over", "allocate", "void", "merge", "edit"]),
        st.integers(0, 50),
        st.integers(1, 20_000),
    ),
    max_size=40,
)


class Story:
    """Plays events on a company of two customers; what Xero would refuse is simply refused."""

    def __init__(self) -> None:
        self.company = XeroCompany(SimulatedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)))
        self.caller = Caller(self.company)
        self.customers = [self.company.add_customer(f"Customer {n}") for n in range(3)]
        self.invoices: list[str] = []
        self.payments: list[str] = []
        self.credits: list[tuple[str, str]] = []

    def play(self, kind: str, which: int, cents: int) -> None:
        customer = self.customers[which % 3]
        if kind == "invoice":
            number = f"INV-{len(self.invoices)}"
            self.invoices.append(self.company.add_invoice(customer, number, date(2026, 1, 1), date(2026, 2, 1), cents))
        elif kind in ("credit", "over"):
            make = self.company.credit if kind == "credit" else self.company.pay_on_account
            path = "CreditNotes" if kind == "credit" else "Overpayments"
            self.credits.append((path, make(customer, cents, date(2026, 1, 5))))
        elif kind == "unpay" and self.payments:
            self.caller.post(f"Payments/{self.payments[which % len(self.payments)]}", {"Status": "DELETED"})
        elif kind == "merge" and which % 3:
            self.company.merge(self.customers[0], self.customers[which % 3])
        elif self.invoices:
            self.on_invoice(kind, self.invoices[which % len(self.invoices)], which, cents)

    def on_invoice(self, kind: str, invoice: str, which: int, cents: int) -> None:
        amount = f"{cents // 100}.{cents % 100:02d}"
        sent: dict[str, Any] = {"Invoice": {"InvoiceID": invoice}, "Amount": amount}
        if kind == "pay":
            answer = self.caller.put("Payments", {**sent, "Account": {"Code": "090"}, "Date": "2026-02-01"})
            self.payments += [row["PaymentID"] for row in answer.rows if "PaymentID" in row and answer.status == 200]
        elif kind == "allocate" and self.credits:
            path, credit = self.credits[which % len(self.credits)]
            self.caller.put(f"{path}/{credit}/Allocations", sent)
        elif kind == "void":
            self.caller.post("Invoices", {"InvoiceID": invoice, "Status": "VOIDED"})
        elif kind == "edit":
            line = {"Description": "x", "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
            self.caller.post("Invoices", {"InvoiceID": invoice, "LineItems": [line]})


@settings(max_examples=60)
@given(EVENTS)
def test_every_document_adds_up_after_any_history(events) -> None:
    story = Story()
    for event in events:
        story.play(*event)

    invoices = story.caller.get("Invoices", page="1", pageSize="1000").rows
    for row in invoices:
        assert row["AmountDue"] + row["AmountPaid"] + row["AmountCredited"] == row["Total"]
        assert row["AmountPaid"] == sum(payment["Amount"] for payment in row["Payments"])
        assert row["AmountDue"] >= 0
        assert (row["Status"] == "PAID") == (row["AmountDue"] == 0 and row["Status"] != "VOIDED")
        assert ("FullyPaidOnDate" in row) == (row["Status"] == "PAID")
    for path in ("CreditNotes", "Overpayments"):
        for row in story.caller.get(path, page="1", pageSize="1000").rows:
            assert row["RemainingCredit"] + sum(part["Amount"] for part in row["Allocations"]) == row["Total"]
            assert (row["Status"] == "PAID") == (row["RemainingCredit"] == 0)


@settings(max_examples=40)
@given(EVENTS)
def test_report_open_items_and_credits_tell_the_same_story(events) -> None:
    story = Story()
    for event in events:
        story.play(*event)
    company = story.company

    reported = sum(company.owed_by(customer, date(2026, 3, 2)) for customer in story.customers)
    unused = sum(
        row["RemainingCredit"]
        for path in ("CreditNotes", "Overpayments")
        for row in story.caller.get(path, page="1", pageSize="1000").rows
    )

    assert reported == sum(item.balance_cents for item in company.open_items()) - int(unused * 100)


@settings(max_examples=40)
@given(EVENTS, st.integers(0, 39))
def test_what_changed_since_a_moment_is_what_a_full_list_says_changed(events, half) -> None:
    story = Story()
    clock = story.company.books._clock
    assert isinstance(clock, SimulatedClock)
    for number, event in enumerate(events):
        if number == half:
            clock.sleep(10)
        story.play(*event)

    everything = story.caller.get("Invoices", page="1", pageSize="1000").rows
    recent = story.caller.since("Invoices", "2026-03-02T09:00:10", page="1", pageSize="1000").rows

    later = [row for row in everything if row["UpdatedDateUTCString"] >= "2026-03-02T09:00:10Z"]
    assert recent == later


def test_callers_side_by_side_cannot_overpay_an_invoice_together(company, invoice) -> None:
    company.limits.at_once = None
    callers = [Caller(company) for _ in range(8)]
    body = {"Invoice": {"InvoiceID": invoice}, "Account": {"Code": "090"}, "Amount": 1}

    def pay_often(caller: Caller) -> None:
        for _ in range(20):
            caller.put("Payments", body)

    threads = [threading.Thread(target=pay_often, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    statuses = [answer.status for caller in callers for answer in caller.seen]
    row = callers[0].get(f"Invoices/{invoice}").row
    assert (statuses.count(200), statuses.count(400)) == (100, 60)
    assert (row["Status"], row["AmountPaid"], len(row["Payments"])) == ("PAID", 100, 100)
