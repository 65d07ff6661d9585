"""Xero's own Python library as a client: its strict models must be able to read every reply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.exceptions import AccountingBadRequestException, NotFoundException
from xero_python.identity import IdentityApi

from connectors.simulator.http import Server
from connectors.simulator.xero import XeroCompany


@pytest.fixture
def server(company: XeroCompany) -> Iterator[Server]:
    with Server(company.application) as running:
        yield running


@pytest.fixture
def client(company: XeroCompany) -> Iterator[ApiClient]:
    configuration = Configuration()
    configuration.oauth2_token = OAuth2Token("demo-client", "demo-secret")
    token: dict[str, Any] = dict(company.issue_tokens())
    token["scope"] = str(token["scope"]).split()
    del token["tenant_id"]
    api_client = ApiClient(configuration)
    api_client.oauth2_token_getter(lambda: token)
    api_client.oauth2_token_saver(lambda _: None)
    pool = api_client.rest_client.pool_manager
    pool.connection_pool_kw["retries"] = False
    yield api_client
    pool.clear()


@pytest.fixture
def api(client: ApiClient, server: Server) -> AccountingApi:
    return AccountingApi(client, base_url=f"{server.url}/api.xro/2.0")


def test_it_reads_connections_and_the_organisation(client, api, server, company) -> None:
    connections = IdentityApi(client, base_url=server.url).get_connections()
    company.lock_period(date(2025, 3, 31))

    organisation = api.get_organisations(company.account).organisations[0]

    assert connections[0].tenant_id == company.account
    assert organisation.base_currency.value == "NZD"
    assert organisation.period_lock_date == date(2025, 3, 31)


def test_it_reads_invoices_with_everything_on_them(api, company, oak, invoice) -> None:
    company.pay(invoice, 10_00, date(2026, 2, 1))
    company.credit(oak, 5_00, date(2026, 2, 2), invoice=invoice)
    company.allocate(company.pay_on_account(oak, 3_00, date(2026, 2, 3)), invoice, 3_00)

    listed = api.get_invoices(company.account, page=1, page_size=1000, where='Type=="ACCREC"', order="InvoiceID")
    alone = api.get_invoice(company.account, invoice).invoices[0]

    assert listed.pagination.item_count == 1
    assert (alone.amount_due, alone.amount_paid, alone.amount_credited) == (Decimal(82), Decimal(10), Decimal(8))
    assert alone.date == date(2026, 1, 10)
    assert alone.updated_date_utc == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert alone.payments[0].amount == 10


def test_it_asks_what_changed_since_in_its_own_way_of_writing_moments(api, company, invoice) -> None:
    since = datetime(2026, 3, 2, 9, 0, 0, 678901, tzinfo=UTC)

    assert len(api.get_invoices(company.account, if_modified_since=since).invoices) == 1
    assert api.get_invoices(company.account, if_modified_since=since.replace(hour=10)).invoices == []


def test_it_reads_contacts_groups_credits_and_payments(api, company, oak, invoice) -> None:
    company.set_stop_sell(oak, "Stop sell", member=True)
    company.pay(invoice, 10_00, date(2026, 2, 1))
    company.credit(oak, 5_00, date(2026, 2, 2), invoice=invoice)
    company.pay_on_account(oak, 3_00, date(2026, 2, 3))
    company.prepay(oak, 2_00, date(2026, 2, 3))
    tenant = company.account

    contact = api.get_contacts(tenant, page=1, include_archived=True).contacts[0]
    group = api.get_contact_groups(tenant).contact_groups[0]

    assert contact.balances.accounts_receivable.outstanding == Decimal(85)
    assert contact.contact_groups[0].name == "Stop sell"
    assert api.get_contact_group(tenant, group.contact_group_id).contact_groups[0].contacts[0].contact_id == oak
    assert api.get_credit_notes(tenant, page=1).credit_notes[0].remaining_credit == 0
    assert api.get_overpayments(tenant, page=1).overpayments[0].remaining_credit == 3
    assert api.get_prepayments(tenant, page=1).prepayments[0].remaining_credit == 2
    assert api.get_payments(tenant, page=1).payments[0].amount == 10
    assert len(api.get_accounts(tenant).accounts) == len(company.organisation.accounts)
    assert api.get_branding_themes(tenant).branding_themes[0].name == "Standard"
    assert api.get_organisation_actions(tenant).actions
    assert api.get_invoice_reminders(tenant).invoice_reminders[0].enabled is False


def test_it_reads_the_aged_report(api, company, oak, invoice) -> None:
    report = api.get_report_aged_receivables_by_contact(company.account, oak, date=date(2026, 3, 1)).reports[0]

    assert report.rows[1].rows[0].cells[7].value == "100.00"


def test_it_writes_and_is_refused(api, company, oak, invoice) -> None:
    tenant = company.account
    line = {"Description": "Interest", "Quantity": 1, "UnitAmount": 7.99, "AccountCode": "260", "TaxType": "NONE"}
    charge = {"Type": "ACCREC", "InvoiceNumber": "FC-1", "Contact": {"ContactID": oak}, "LineItems": [line]}

    made = api.create_invoices(tenant, {"Invoices": [charge]}, summarize_errors=False).invoices[0]
    with pytest.raises(AccountingBadRequestException) as refused:
        api.create_invoices(tenant, {"Invoices": [charge]})
    api.create_invoice_history(tenant, invoice, {"HistoryRecords": [{"Details": "called"}]})
    api.email_invoice(tenant, invoice, {})

    assert made.total == Decimal("7.99")
    assert made.status_attribute_string == "OK"
    assert refused.value.error_data["Elements"][0]["ValidationErrors"] == [{"Message": "Invoice # must be unique."}]
    assert [effect.kind for effect in company.effects()] == ["finance_charge", "memo", "provider_email"]


def test_it_puts_a_contact_on_stop_and_takes_it_off(api, company, oak) -> None:
    tenant = company.account

    group = api.create_contact_group(tenant, {"ContactGroups": [{"Name": "Stop sell"}]}).contact_groups[0]
    api.create_contact_group_contacts(tenant, group.contact_group_id, {"Contacts": [{"ContactID": oak}]})
    api.delete_contact_group_contact(tenant, group.contact_group_id, oak)

    assert [effect.kind for effect in company.effects()] == ["stop_sell_on", "stop_sell_off"]


def test_it_meets_an_unknown_id(api, company) -> None:
    with pytest.raises(NotFoundException):
        api.get_invoice(company.account, "00000000-0000-0000-0000-000000000001")
