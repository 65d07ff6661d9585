"""What properties QuickBooks knows for each entity, and of what kind. Data only; `validate` holds requests to it.

A kind is ``text:<longest>``, ``id``, ``number``, ``positive``, ``flag``, ``day``, ``email``, ``any``, ``group`` (any
object) or ``one of:A|B``; a mapping is an object, a list of one kind a list of such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Kind = str | Mapping[str, Any] | list[Any]
Properties = Mapping[str, Kind]

REF: Properties = {"value": "id", "name": "text:500", "type": "text:50"}
LINK: Properties = {"TxnId": "id", "TxnType": "text:50", "TxnLineId": "id"}
EMAIL: Properties = {"Id": "id", "Address": "email", "Default": "flag", "Tag": "text:50"}
PHONE: Properties = {"Id": "id", "FreeFormNumber": "text:30", "Default": "flag", "Tag": "text:50"}
ADDRESS: Properties = {
    **dict.fromkeys(("Line1", "Line2", "Line3", "Line4", "Line5"), "text:500"),
    **dict.fromkeys(("City", "Country", "CountryCode", "CountrySubDivisionCode", "County"), "text:255"),
    **dict.fromkeys(("PostalCode", "PostalCodeSuffix", "Lat", "Long", "Tag", "Note"), "text:255"),
    "Id": "id",
}
COMMON: Properties = {
    "Id": "id",
    "SyncToken": "id",
    "MetaData": "any",
    "sparse": "flag",
    "domain": "text:50",
    "status": "text:50",
    "CustomField": [{"DefinitionId": "id", "Name": "text:100", "Type": "text:50", "StringValue": "text:1000"}],
    "AttachableRef": "any",
    "NameAndId": "any",
    "Overview": "any",
}
MEMO: Properties = {"value": "text:1000", "id": "id"}

_SALES_DETAIL: Properties = {
    "ItemRef": REF,
    "ClassRef": REF,
    "UnitPrice": "number",
    "RatePercent": "number",
    "PriceLevelRef": REF,
    "MarkupInfo": "any",
    "Qty": "number",
    "UOMSetRef": REF,
    "ItemAccountRef": REF,
    "InventorySiteRef": REF,
    "TaxCodeRef": REF,
    "ServiceDate": "day",
    "DiscountRate": "number",
    "DiscountAmt": "number",
    "TaxInclusiveAmt": "number",
    "TaxClassificationRef": REF,
    "DeferredRevenue": "flag",
}
_LINE_HEAD: Properties = {
    "Id": "id",
    "LineNum": "number",
    "Description": "text:4000",
    "Amount": "number",
    "DetailType": "text:50",
    "LinkedTxn": [LINK],
    "CustomField": "any",
    "LineEx": "any",
    "Tag": "any",
}
SALES_LINE: Properties = {
    **_LINE_HEAD,
    "SalesItemLineDetail": _SALES_DETAIL,
    "SubTotalLineDetail": "any",
    "DiscountLineDetail": {
        "PercentBased": "flag",
        "DiscountPercent": "number",
        "DiscountAccountRef": REF,
        "DiscountRef": REF,
        "ClassRef": REF,
        "TaxCodeRef": REF,
    },
    "DescriptionLineDetail": {"ServiceDate": "day", "TaxCodeRef": REF},
    "GroupLineDetail": "any",
}
_TXN: Properties = {
    **COMMON,
    "DocNumber": "text:4000",  # longer than 21 is a matter of the books, not of the parser
    "TxnDate": "day",
    "DepartmentRef": REF,
    "CurrencyRef": REF,
    "ExchangeRate": "number",
    "PrivateNote": "text:4000",
    "TxnStatus": "text:50",
    "LinkedTxn": [LINK],
    "TxnTaxDetail": {"DefaultTaxCodeRef": REF, "TxnTaxCodeRef": REF, "TotalTax": "number", "TaxLine": "any"},
    "TxnSource": "text:50",
    "TransactionLocationType": "text:50",
    "GlobalTaxCalculation": "text:50",
    "RecurDataRef": REF,
    "RecurringInfo": "any",
    "Tag": "any",
    "TaxFormType": "text:50",
    "TaxFormNum": "text:50",
    "TxnApprovalInfo": "any",
}
_SALES: Properties = {
    **_TXN,
    "Line": [SALES_LINE],
    "CustomerRef": REF,
    "CustomerMemo": MEMO,
    "BillAddr": ADDRESS,
    "ShipAddr": ADDRESS,
    "ShipFromAddr": ADDRESS,
    "FreeFormAddress": "flag",
    "SalesTermRef": REF,
    "ClassRef": REF,
    "SalesRepRef": REF,
    "ProjectRef": REF,
    "ShipMethodRef": REF,
    "ShipDate": "day",
    "TrackingNum": "text:255",
    "FOB": "text:255",
    "PONumber": "text:255",
    "TotalAmt": "number",
    "HomeTotalAmt": "number",
    "Balance": "number",
    "HomeBalance": "number",
    "ApplyTaxAfterDiscount": "flag",
    "DiscountRate": "number",
    "DiscountAmt": "number",
    "PrintStatus": "one of:NotSet|NeedToPrint|PrintComplete",
    "EmailStatus": "one of:NotSet|NeedToSend|EmailSent",
    "BillEmail": EMAIL,
    "BillEmailCc": EMAIL,
    "BillEmailBcc": EMAIL,
    "DeliveryInfo": "any",
    "PaymentMethodRef": REF,
    "PaymentRefNum": "text:21",
    "PaymentType": "text:50",
    "DepositToAccountRef": REF,
    "RemitToRef": REF,
    "CreditCardPayment": "any",
}
INVOICE: Properties = {
    **_SALES,
    "DueDate": "day",
    "Deposit": "number",
    "AutoDocNumber": "flag",
    "AllowIPNPayment": "flag",
    "AllowOnlinePayment": "flag",
    "AllowOnlineCreditCardPayment": "flag",
    "AllowOnlineACHPayment": "flag",
    "InvoiceLink": "any",
    "invoiceStatusLog": "any",
    "InvoiceEx": "any",
    "EInvoiceStatus": "any",
    "ECloudStatusTimeStamp": "any",
    "callToAction": "any",
    "LessCIS": "number",
    "ConvenienceFeeDetail": "any",
    "PaymentDetailsMessage": "any",
}
CREDIT_MEMO: Properties = {**_SALES, "RemainingCredit": "number", "InvoiceRef": REF, "CreditCardPayment": "any"}
PAYMENT: Properties = {
    **_TXN,
    "CustomerRef": REF,
    "TotalAmt": "positive",
    "HomeTotalAmt": "number",
    "UnappliedAmt": "number",
    "ProcessPayment": "flag",
    "PaymentRefNum": "text:21",
    "PaymentMethodRef": REF,
    "DepositToAccountRef": REF,
    "ARAccountRef": REF,
    "CreditCardPayment": "any",
    "Line": [{**_LINE_HEAD, "Amount": "positive"}],
}
JOURNAL_ENTRY: Properties = {
    **_TXN,
    "Adjustment": "flag",
    "TotalAmt": "number",
    "HomeTotalAmt": "number",
    "Line": [
        {
            **_LINE_HEAD,
            "Amount": "positive",
            "JournalEntryLineDetail": {
                "PostingType": "one of:Debit|Credit",
                "AccountRef": REF,
                "Entity": {"Type": "text:50", "EntityRef": REF},
                **dict.fromkeys(("ClassRef", "DepartmentRef", "TaxCodeRef"), REF),
                **dict.fromkeys(("BillableStatus", "TaxApplicableOn"), "text:50"),
                "TaxAmount": "number",
            },
        }
    ],
}
CUSTOMER: Properties = {
    **COMMON,
    **dict.fromkeys(("GivenName", "MiddleName", "FamilyName"), "text:100"),
    **dict.fromkeys(("Title", "Suffix"), "text:16"),
    **dict.fromkeys(("PrimaryPhone", "AlternatePhone", "Mobile", "Fax"), PHONE),
    **dict.fromkeys(("BillAddr", "ShipAddr", "OtherAddr"), ADDRESS),
    **dict.fromkeys(("SalesTermRef", "PaymentMethodRef", "CustomerTypeRef", "ParentRef", "ARAccountRef"), REF),
    **dict.fromkeys(("DefaultTaxCodeRef", "CurrencyRef", "PriceLevelRef", "TaxExemptionReasonRef"), REF),
    **dict.fromkeys(("Balance", "BalanceWithJobs", "Level", "OpenBalanceDate", "OverDueBalance"), "any"),
    "DisplayName": "text:500",
    "FullyQualifiedName": "text:1000",
    "CompanyName": "text:100",
    "PrintOnCheckName": "text:110",
    "UserId": "text:50",
    "Active": "flag",
    "Taxable": "flag",
    "Job": "flag",
    "JobInfo": "any",
    "IsProject": "flag",
    "BillWithParent": "flag",
    "PrimaryEmailAddr": EMAIL,
    "WebAddr": "any",
    "Notes": "text:2000",
    "PreferredDeliveryMethod": "one of:Print|Email|None",
    "ResaleNum": "text:16",
    "TaxExemptionReasonId": "any",
    "PrimaryTaxIdentifier": "text:50",
    "SecondaryTaxIdentifier": "text:50",
    "GSTIN": "text:15",
    "GSTRegistrationType": "text:15",
    "AcctNum": "text:100",
    "Source": "text:50",
    "ClientEntityId": "text:50",
    "Organization": "flag",
}
VENDOR: Properties = {**CUSTOMER, "Vendor1099": "flag", "TermRef": REF, "APAccountRef": REF, "TaxIdentifier": "text:50"}
ITEM: Properties = {
    **COMMON,
    "Name": "text:100",
    "FullyQualifiedName": "text:1000",
    "Sku": "text:100",
    "Description": "text:4000",
    "PurchaseDesc": "text:1000",
    "Active": "flag",
    "SubItem": "flag",
    "Level": "any",
    "Taxable": "flag",
    "SalesTaxIncluded": "flag",
    "UnitPrice": "number",
    "PurchaseCost": "number",
    "Type": "one of:Service|NonInventory|Inventory|Group|Category",
    "TrackQtyOnHand": "flag",
    "QtyOnHand": "number",
    "InvStartDate": "day",
    **dict.fromkeys(("ParentRef", "IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef"), REF),
    **dict.fromkeys(("SalesTaxCodeRef", "PurchaseTaxCodeRef", "ClassRef", "PrefVendorRef"), REF),
    "Source": "text:50",
    "DeferredRevenue": "flag",
    "TaxClassificationRef": REF,
}
ACCOUNT: Properties = {
    **COMMON,
    "Name": "text:100",
    "FullyQualifiedName": "text:1000",
    "SubAccount": "flag",
    "ParentRef": REF,
    "Description": "text:100",
    "Active": "flag",
    "Classification": "text:50",
    "AccountType": "text:100",
    "AccountSubType": "text:100",
    "AcctNum": "text:20",
    "CurrencyRef": REF,
    "TaxCodeRef": REF,
    **dict.fromkeys(("CurrentBalance", "CurrentBalanceWithSubAccounts", "OpeningBalance"), "any"),
}
TERM: Properties = {
    **COMMON,
    "Name": "text:31",
    "Active": "flag",
    "Type": "text:50",
    **dict.fromkeys(("DueDays", "DiscountDays", "DiscountPercent"), "number"),
    **dict.fromkeys(("DayOfMonthDue", "DueNextMonthDays", "DiscountDayOfMonth"), "number"),
}
PREFERENCES: Properties = {
    **COMMON,
    **dict.fromkeys(
        ("AccountingInfoPrefs", "ProductAndServicesPrefs", "SalesFormsPrefs", "EmailMessagesPrefs"), "group"
    ),
    **dict.fromkeys(("VendorAndPurchasesPrefs", "TimeTrackingPrefs", "TaxPrefs", "CurrencyPrefs"), "group"),
    **dict.fromkeys(("ReportPrefs", "OtherPrefs"), "group"),
}

ENTITIES: Mapping[str, Properties] = {
    "Customer": CUSTOMER,
    "Vendor": VENDOR,
    "Item": ITEM,
    "Account": ACCOUNT,
    "Term": TERM,
    "Invoice": INVOICE,
    "CreditMemo": CREDIT_MEMO,
    "SalesReceipt": _SALES,
    "RefundReceipt": _SALES,
    "Estimate": {**_SALES, "ExpirationDate": "day", "AcceptedBy": "text:100", "AcceptedDate": "day"},
    "Payment": PAYMENT,
    "JournalEntry": JOURNAL_ENTRY,
    "Deposit": {**_TXN, "DepositToAccountRef": REF, "TotalAmt": "number", "Line": "any", "CashBack": "any"},
    "Preferences": PREFERENCES,
    "CustomerType": {**COMMON, "Name": "text:100", "Active": "flag"},
    "PaymentMethod": {**COMMON, "Name": "text:31", "Active": "flag", "Type": "text:50"},
    "Class": {**COMMON, "Name": "text:100", "FullyQualifiedName": "text:1000", "Active": "flag", "ParentRef": REF},
    "Department": {**COMMON, "Name": "text:100", "FullyQualifiedName": "text:1000", "Active": "flag", "ParentRef": REF},
    "Employee": {**COMMON, "DisplayName": "text:500", "GivenName": "text:100", "FamilyName": "text:100"},
    "TaxCode": {**COMMON, "Name": "text:100", "Active": "flag"},
    "CompanyInfo": {**COMMON, "CompanyName": "text:1024"},
}

LISTS = frozenset(
    (
        "Customer",
        "Vendor",
        "Item",
        "Account",
        "Term",
        "CustomerType",
        "PaymentMethod",
        "Class",
        "Department",
        "Employee",
    )
)
SALES_FORMS = frozenset(("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate"))
TRANSACTIONS = frozenset((*SALES_FORMS, "Payment", "JournalEntry", "Deposit"))

# What the books compute or keep themselves; sent, it is taken without complaint and forgotten.
KEPT_BY_THE_BOOKS = frozenset(
    (
        *("Id", "SyncToken", "MetaData", "sparse", "domain", "status", "Balance", "HomeBalance", "HomeTotalAmt"),
        *("LinkedTxn", "DeliveryInfo", "InvoiceLink", "RemainingCredit", "UnappliedAmt", "BalanceWithJobs", "Level"),
        *("FullyQualifiedName", "CurrentBalance", "CurrentBalanceWithSubAccounts", "OverDueBalance"),
        "invoiceStatusLog",
    )
)

_BY_LOWER_CASE = {name.lower(): name for name in ENTITIES}


def entity_named(word: str) -> str | None:
    """The entity's own spelling for a name in any case, None where QuickBooks has no such entity here."""
    return _BY_LOWER_CASE.get(word.lower())
