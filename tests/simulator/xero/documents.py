"""Invoices as a client sends them, and the words Xero refuses them with."""

from __future__ import annotations

from typing import Any

PART_PAID = "This document cannot be edited as it has a payment or credit note allocated to it."
NOT_VALID = "Invoice not of valid status for modification"
ARCHIVED = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)


def interest(contact: str, number: str | None = "FC-1", **changes: Any) -> dict[str, Any]:
    line = {"Description": "Interest", "Quantity": 1, "UnitAmount": 7.99, "AccountCode": "260", "TaxType": "NONE"}
    document = {
        "Type": "ACCREC",
        "Contact": {"ContactID": contact},
        "Status": "AUTHORISED",
        "Date": "2026-03-02",
        "DueDate": "2026-04-01",
        "LineAmountTypes": "NoTax",
        "LineItems": [line],
        "Reference": "[syncd:finance_charges/I-1/2026-03-01]",
    }
    return {**document, **({"InvoiceNumber": number} if number else {}), **changes}


def line(**changes: Any) -> dict[str, Any]:
    return {
        "Description": "Goods",
        "Quantity": 1,
        "UnitAmount": 100,
        "AccountCode": "200",
        "TaxType": "NONE",
        **changes,
    }
