"""What a new company starts with: chart of accounts, items, terms, preferences. Modelled on Intuit's sample company."""

from __future__ import annotations

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.wire import Body

RECEIVABLE_ACCOUNT = "84"
UNDEPOSITED_FUNDS = "4"
BANK_ACCOUNT = "35"
_INCOME_ACCOUNT = "1"

_ACCOUNTS = (
    (_INCOME_ACCOUNT, "Services", "Income", "ServiceFeeIncome", "Revenue"),
    ("2", "Discounts given", "Income", "DiscountsRefundsGiven", "Revenue"),
    ("3", "Other Income", "Other Income", "OtherMiscellaneousIncome", "Revenue"),
    (UNDEPOSITED_FUNDS, "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "Asset"),
    (BANK_ACCOUNT, "Checking", "Bank", "Checking", "Asset"),
    (RECEIVABLE_ACCOUNT, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset"),
)
_TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60), ("Net 10", 10))
DEFAULT_TERM = "3"


def open_books(books: Books, name: str, country: str) -> None:
    """Fill new books."""
    for account_id, label, kind, subtype, group in _ACCOUNTS:
        books.skip_to("Account", int(account_id))
        body: Body = {"Name": label, "SubAccount": False, "Active": True, "Classification": group}
        body |= {"AccountType": kind, "AccountSubType": subtype, "CurrencyRef": {"value": books.currency}}
        books.rename(books.add("Account", body))
    for label in ("Services", "Hours"):
        item = {"Name": label, "Active": True, "Taxable": False, "UnitPrice": 0, "Type": "Service"}
        books.rename(books.add("Item", {**item, "IncomeAccountRef": {"value": _INCOME_ACCOUNT}}))
    for label, days in _TERMS:
        books.rename(books.add("Term", {"Name": label, "Active": True, "Type": "STANDARD", "DueDays": days}))
    for label in ("Cash", "Check", "Visa"):
        books.rename(books.add("PaymentMethod", {"Name": label, "Active": True}))
    for label in ("TAX", "NON"):
        books.rename(books.add("TaxCode", {"Name": label, "Active": True}))
    books.add("CompanyInfo", _company(name, country))
    books.add("Preferences", _preferences(books))


def _company(name: str, country: str) -> Body:
    return {
        "CompanyName": name,
        "LegalName": name,
        "CompanyAddr": {"Id": "1", "Line1": "123 Sierra Way", "City": "San Pablo", "CountrySubDivisionCode": "CA"},
        "CompanyStartDate": "2012-01-01",
        "FiscalYearStartMonth": "January",
        "Country": country,
        "Email": {"Address": "office@books.example"},
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }


def _preferences(books: Books) -> Body:
    return {
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": "January",
            "UseAccountNumbers": False,
            "TrackDepartments": False,
            "ClassTrackingPerTxn": False,
        },
        "SalesFormsPrefs": {
            "CustomTxnNumbers": False,
            "DefaultTerms": {"value": DEFAULT_TERM},
            "AllowDeposit": False,
            "AutoApplyCredit": False,
            "AutoApplyPayments": False,
            "ETransactionEnabledStatus": "NotApplicable",
        },
        "EmailMessagesPrefs": {
            "InvoiceMessage": {
                "Subject": "Invoice from us",
                "Message": "Your invoice is attached. Please remit payment.",
            }
        },
        "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": False},
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": books.multi_currency,
            "HomeCurrency": {"value": books.currency},
        },
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
    }
