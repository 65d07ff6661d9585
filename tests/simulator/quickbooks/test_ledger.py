"""Whatever happens, in whatever order: the ledger, the documents and the reports tell the same story."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.quickbooks.faults import Refused

DAY = date(2025, 2, 1)

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["invoice", "pay", "account", "credit", "use", "entry", "deposit", "void", "delete", "unpay", "fee", "move"]
        ),
        st.integers(0, 5),
        st.integers(1, 9_999),
    ),
    max_size=40,
)


class Business:
    """A parent, its job and a stranger, and everything that was made for them."""

    def __init__(self, company: QuickBooksCompany) -> None:
        self.company = company
        oak = company.add_customer("Oak")
        self.customers = [oak, company.add_customer("Barn", parent=oak), company.add_customer("Elm")]
        self.invoices: list[str] = []
        self.payments: list[str] = []

    def step(self, what: str, which: int, cents: int) -> None:
        customer = self.customers[which % 3]
        company = self.company
        if what == "invoice" or not self.invoices:
            self.invoices.append(company.add_invoice(customer, "", DAY, None, cents))
            return
        invoice = self.invoices[which % len(self.invoices)]
        payment = self.payments[which % len(self.payments)] if self.payments else ""
        acts = {
            "pay": lambda: self.payments.append(company.pay(invoice, cents, DAY)),
            "account": lambda: self.payments.append(company.pay_on_account(customer, cents, DAY)),
            "credit": lambda: company.credit(customer, cents, DAY, invoice=invoice if which % 2 else None),
            "use": lambda: company.apply_payment(payment, invoice, cents),
            "entry": lambda: company.journal_entry(customer, cents if which % 2 else -cents, DAY),
            "deposit": lambda: company.deposit(customer, cents, DAY),
            "void": lambda: company.void(invoice),
            "delete": lambda: company.delete_invoice(invoice),
            "unpay": lambda: company.unpay(payment),
            "fee": lambda: company.late_fee(invoice, cents),
            "move": lambda: company.edit_invoice(invoice, CustomerRef={"value": customer}),
        }
        acts[what]()


def _reported(company: QuickBooksCompany, client) -> dict[str, int]:
    found: dict[str, int] = {}

    def walk(rows: list[dict]) -> None:
        for row in rows:
            cells = row.get("ColData") or row.get("Header", {}).get("ColData")
            if cells and "id" in cells[0]:
                found[cells[0]["id"]] = int(Decimal(cells[-1]["value"] or "0") * 100)
            walk(row.get("Rows", {}).get("Row", []))

    client.company, client.token = company, company.issue_tokens()["access_token"]
    walk(client.get("reports/AgedReceivables")["Rows"].get("Row", []))
    return found


@given(steps=steps)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_balances_documents_and_reports_always_agree(client, steps):
    company = QuickBooksCompany(SimulatedClock(client.company.books.now()), rate_limited=False)
    business = Business(company)
    for step in steps:
        before = {customer: company.balance_of(customer) for customer in business.customers}
        try:
            business.step(*step)
        except Refused:
            assert before == {customer: company.balance_of(customer) for customer in business.customers}
    owed = {customer: company.balance_of(customer) for customer in business.customers}
    oak, barn, _ = business.customers
    assert company.balance_of(oak, with_jobs=True) == owed[oak] + owed[barn]
    reported = _reported(company, client)
    assert {customer: reported.get(customer, 0) for customer in owed} == owed
    assert all(item.balance_cents > 0 for item in company.open_items())


def test_a_page_in_the_middle_of_many_invoices_holds_exactly_its_rows(client, company, oak):
    for n in range(3_000):
        company.add_invoice(oak, f"N-{n}", DAY, None, 1_000 + n)
    statement = b"select * from Invoice where Balance > '0' ORDERBY Id STARTPOSITION 1001 MAXRESULTS 1000"
    rows = json.loads(client.send("POST", "query", statement).body)["QueryResponse"]["Invoice"]
    assert [row["DocNumber"] for row in rows] == [f"N-{n}" for n in range(1_000, 2_000)]
