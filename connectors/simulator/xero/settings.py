"""What an organisation says about itself: /Organisation, its actions, /Accounts, /BrandingThemes, reminders."""

from __future__ import annotations

from connectors.simulator.http import Response
from connectors.simulator.xero import fields, replies, wire
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call
from connectors.simulator.xero.organisation import ACTIONS, guid
from connectors.simulator.xero.records import Account
from connectors.simulator.xero.where import compile_where
from connectors.simulator.xero.wire import Json

_FOUNDED_MS = 1_577_836_800_000


def organisation(books: Books, call: Call) -> Response:
    """GET /Organisation."""
    return replies.envelope(books, call.app.name, "Organisations", [_organisation(books)])


def actions(books: Books, call: Call) -> Response:
    """GET /Organisation/Actions: what this subscription may do."""
    refused = books.organisation.refused_actions
    rows = [{"Name": name, "Status": "NOT-ALLOWED" if name in refused else "ALLOWED"} for name in ACTIONS]
    return replies.envelope(books, call.app.name, "Actions", rows)


def accounts(books: Books, call: Call) -> Response:
    """GET /Accounts."""
    rows = list(books.organisation.accounts)
    if text := call.text("where"):
        rows = [account for account in rows if compile_where(text, fields.ACCOUNT).test(account)]
    return replies.envelope(books, call.app.name, "Accounts", [_account(account) for account in rows])


def account(books: Books, call: Call, account_id: str) -> Response:
    """GET /Accounts/{id}."""
    found = next((a for a in books.organisation.accounts if a.id == account_id.lower()), None)
    if found is None:
        raise replies.Refused(replies.NOT_FOUND)
    return replies.envelope(books, call.app.name, "Accounts", [_account(found)])


def branding_themes(books: Books, call: Call) -> Response:
    """GET /BrandingThemes."""
    theme = {
        "BrandingThemeID": books.organisation.branding,
        "Name": "Standard",
        "LogoUrl": "",
        "Type": "INVOICE",
        "SortOrder": 1,
        "CreatedDateUTC": wire.instant(_FOUNDED_MS),
    }
    return replies.envelope(books, call.app.name, "BrandingThemes", [theme])


def reminders(books: Books, call: Call) -> Response:
    """GET /InvoiceReminders/Settings: whether Xero itself reminds customers."""
    rows = [{"Enabled": books.organisation.reminders_enabled}]
    return replies.envelope(books, call.app.name, "InvoiceReminders", rows)


def _organisation(books: Books) -> Json:
    own = books.organisation
    document: Json = {
        "Name": own.name,
        "LegalName": own.name,
        "PaysTax": True,
        "Version": own.version,
        "OrganisationType": "COMPANY",
        "BaseCurrency": own.currency,
        "CountryCode": own.country,
        "IsDemoCompany": own.class_ == "DEMO",
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 3,
        "SalesTaxBasis": "PAYMENTS",
        "SalesTaxPeriod": "TWOMONTHS",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        "CreatedDateUTC": wire.server_time(_FOUNDED_MS),
        "OrganisationEntityType": "COMPANY",
        "Timezone": own.windows_timezone,
        "ShortCode": "!" + guid(own.tenant, "short")[:5],
        "OrganisationID": guid(own.tenant, "organisation"),
        "Edition": own.edition,
        "Class": own.class_,
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    for name, lock in (("PeriodLockDate", own.period_lock_on), ("EndOfYearLockDate", own.year_end_lock_on)):
        if lock is not None:
            local = books.switches.local_dates
            document[name] = wire.local_day(lock, own.zone) if local else wire.day(lock)
    return document


def _account(found: Account) -> Json:
    document: Json = {
        "AccountID": found.id,
        "Code": found.code,
        "Name": found.name,
        "Status": found.status,
        "Type": found.type,
        "TaxType": found.tax_type,
        "Class": found.class_,
        "EnablePaymentsToAccount": found.takes_payments,
        "ShowInExpenseClaims": False,
        "BankAccountType": "BANK" if found.type == "BANK" else "",
        "ReportingCode": found.class_[:3],
        "ReportingCodeName": found.class_.capitalize(),
        "HasAttachments": False,
        "UpdatedDateUTC": wire.instant(_FOUNDED_MS),
        "AddToWatchlist": False,
    }
    if found.code == "610":
        document["SystemAccount"] = "DEBTORS"
    return document
