"""The fields that `where` and `order` may name, resource by resource, and which of them Xero has optimised."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.simulator.xero.credit_view import ID_NAMES
from connectors.simulator.xero.records import CreditKind
from connectors.simulator.xero.where import Field

_OF_CONTACT: Mapping[str, Field] = {
    "Contact.ContactID": Field("guid", lambda row: row.contact.id, optimised=True),
    "Contact.Name": Field("text", lambda row: row.contact.name, optimised=True),
    "Contact.ContactNumber": Field("text", lambda row: row.contact.number, optimised=True),
}

INVOICE: Mapping[str, Field] = {
    "InvoiceID": Field("guid", lambda row: row.id, optimised=True),
    "InvoiceNumber": Field("text", lambda row: row.number, optimised=True),
    "Type": Field("text", lambda row: row.type, optimised=True),
    "Status": Field("text", lambda row: row.status, optimised=True),
    "Reference": Field("text", lambda row: row.reference, optimised=True),
    "Date": Field("date", lambda row: row.on, optimised=True),
    "DueDate": Field("date", lambda row: row.due_on, optimised=True),
    "AmountDue": Field("money", lambda row: row.due_cents, optimised=True),
    "AmountPaid": Field("money", lambda row: row.paid_cents, optimised=True),
    "AmountCredited": Field("money", lambda row: row.credited_cents),
    "Total": Field("money", lambda row: row.total_cents),
    "CurrencyCode": Field("text", lambda row: row.currency),
    "SentToContact": Field("bool", lambda row: row.sent),
    "ExpectedPaymentDate": Field("date", lambda row: row.expected_on),
    "FullyPaidOnDate": Field("date", lambda row: row.paid_in_full_on),
    "UpdatedDateUTC": Field("stamp", lambda row: row.updated),
    **_OF_CONTACT,
}

CONTACT: Mapping[str, Field] = {
    "ContactID": Field("guid", lambda row: row.id, optimised=True),
    "Name": Field("text", lambda row: row.name, optimised=True),
    "EmailAddress": Field("text", lambda row: row.email, optimised=True),
    "AccountNumber": Field("text", lambda row: row.account_number, optimised=True),
    "ContactNumber": Field("text", lambda row: row.number),
    "ContactStatus": Field("text", lambda row: row.status),
    "UpdatedDateUTC": Field("stamp", lambda row: row.updated),
}

PAYMENT: Mapping[str, Field] = {
    "PaymentID": Field("guid", lambda row: row.id, optimised=True),
    "Status": Field("text", lambda row: row.status, optimised=True),
    "PaymentType": Field("text", lambda row: row.type, optimised=True),
    "Date": Field("date", lambda row: row.on, optimised=True),
    "Reference": Field("text", lambda row: row.reference, optimised=True),
    "Invoice.InvoiceID": Field("guid", lambda row: row.document.id, optimised=True),
    "Invoice.InvoiceNumber": Field("text", lambda row: row.document.number),
    "Amount": Field("money", lambda row: row.cents),
    "IsReconciled": Field("bool", lambda row: row.reconciled),
    "UpdatedDateUTC": Field("stamp", lambda row: row.updated),
}

GROUP: Mapping[str, Field] = {
    "ContactGroupID": Field("guid", lambda row: row.id),
    "Name": Field("text", lambda row: row.name),
    "Status": Field("text", lambda row: row.status),
}

ACCOUNT: Mapping[str, Field] = {
    "AccountID": Field("guid", lambda row: row.id),
    "Code": Field("text", lambda row: row.code),
    "Name": Field("text", lambda row: row.name),
    "Type": Field("text", lambda row: row.type),
    "Class": Field("text", lambda row: row.class_),
    "Status": Field("text", lambda row: row.status),
    "TaxType": Field("text", lambda row: row.tax_type),
    "EnablePaymentsToAccount": Field("bool", lambda row: row.takes_payments),
}


def of_credit(kind: CreditKind) -> Mapping[str, Field]:
    """The fields of credit notes, overpayments or prepayments."""
    number: Mapping[str, Field] = {"CreditNoteNumber": Field("text", lambda row: row.number)}
    return {
        ID_NAMES[kind]: Field("guid", lambda row: row.id, optimised=True),
        "Type": Field("text", lambda row: row.type_name, optimised=True),
        "Status": Field("text", lambda row: row.status, optimised=True),
        "Date": Field("date", lambda row: row.on, optimised=True),
        "Reference": Field("text", lambda row: row.reference, optimised=True),
        "Total": Field("money", lambda row: row.total_cents),
        "RemainingCredit": Field("money", lambda row: row.remaining_cents),
        "CurrencyCode": Field("text", lambda row: row.currency),
        "UpdatedDateUTC": Field("stamp", lambda row: row.updated),
        **(number if kind == "credit_note" else {}),
        **_OF_CONTACT,
    }
