"""Records as QuickBooks shows them: computed properties beside the stored ones, absent rather than null.

The text of a record is kept until it, or what it shows of others, changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.simulator.quickbooks import names
from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.lines import SALES_TAX_PCT, subtotal
from connectors.simulator.quickbooks.money import Cents, converted
from connectors.simulator.quickbooks.rates import rate_of
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.schema import SALES_FORMS
from connectors.simulator.quickbooks.seed import UNDEPOSITED_FUNDS
from connectors.simulator.quickbooks.wire import Body, Raw, json_text, pacific

_CURRENCIES = {
    "USD": "United States Dollar",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "CAD": "Canadian Dollar",
    "AUD": "Australian Dollar",
    "NZD": "New Zealand Dollar",
}
_PAY_PAGE = "https://connect.intuit.com/portal/app/CommerceNetwork/view/scs-v1-"


def text_of(books: Books, row: Row, *, link: bool = False) -> Raw:
    """The record as JSON text; `link` adds the page where the customer can pay an invoice."""
    if link and row.entity == "Invoice":
        return Raw(json_text({**document(books, row), "InvoiceLink": f"{_PAY_PAGE}{row.id:0>32}"}))
    if row.text is None:
        row.text = json_text(document(books, row))
    return Raw(row.text)


def document(books: Books, row: Row) -> Body:
    """The record as QuickBooks shows it."""
    shape = _SHAPES.get(row.entity, _sales if row.entity in SALES_FORMS else _plain)
    shown = shape(books, row)
    if row.oddity:
        shown = {**shown, **row.oddity}
    return {name: value for name, value in shown.items() if value is not None}


def tombstone(row: Row) -> Body:
    """A deleted record in change data capture: nothing but its id and when."""
    return {
        "domain": "QBO",
        "status": "Deleted",
        "Id": row.id,
        "MetaData": {"LastUpdatedTime": pacific(row.changed_at)},
    }


def _head(row: Row) -> Body:
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": row.id,
        "SyncToken": str(row.sync),
        "MetaData": {"CreateTime": pacific(row.made_at), "LastUpdatedTime": pacific(row.changed_at)},
    }


def _ref(books: Books, entity: str, reference: Body | None) -> Body | None:
    if not reference:
        return None
    row = books.get(entity, reference.get("value", ""))
    return {"value": row.id, "name": row.name} if row else {"value": reference.get("value", "")}


def _currency(code: str) -> Body:
    return {"value": code, "name": _CURRENCIES.get(code, code)}


def _customer(books: Books, row: Row) -> Body:
    body = dict(row.body)
    parent = body.pop("ParentRef", None)
    first = {name: body.pop(name, None) for name in ("Taxable", "BillAddr", "ShipAddr", "Notes")}
    return {
        **first,
        "Job": parent is not None,
        "BillWithParent": body.pop("BillWithParent"),
        "ParentRef": parent and {"value": parent["value"]},
        "Level": len(books.chain(row.id)) - 1 if parent else None,
        "Balance": Cents(row.balance),
        "BalanceWithJobs": Cents(row.balance_with_jobs),
        "CurrencyRef": _currency(body.pop("CurrencyRef")["value"]),
        "PreferredDeliveryMethod": body.pop("PreferredDeliveryMethod"),
        "CustomerTypeRef": body.pop("CustomerTypeRef", None),
        **_head(row),
        "FullyQualifiedName": names.full_name(books, row),
        **{name: value for name, value in body.items() if name not in ("Job", "IsProject")},
        "IsProject": False if parent else None,
        "DefaultTaxCodeRef": body.get("DefaultTaxCodeRef") or ({"value": "2"} if first["Taxable"] else None),
    }


def _sales(books: Books, row: Row) -> Body:
    body = dict(row.body)
    invoice = row.entity == "Invoice"
    online = ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
    body.pop("CustomField", None)
    body.pop("TotalAmt", None)
    return {
        **{name: body.pop(name, False) for name in online if invoice},
        **_head(row),
        "CustomField": _custom_fields(books, row),
        **_opening(body),
        "LinkedTxn": _links(row) if row.entity in ("Invoice", "CreditMemo") else None,
        "Line": _lines(books, body.pop("Line")),
        "TxnTaxDetail": _tax(row, body.pop("TxnTaxDetail", {})),
        "CustomerRef": _ref(books, "Customer", body.pop("CustomerRef", None)),
        "SalesTermRef": body.pop("SalesTermRef", None),
        "Deposit": Cents(row.deposit) if row.deposit else None,
        "TotalAmt": Cents(row.total),
        **_abroad(books, row, "HomeTotalAmt", row.total),
        "ApplyTaxAfterDiscount": body.pop("ApplyTaxAfterDiscount", False),
        "PrintStatus": body.pop("PrintStatus", "NeedToPrint"),
        "EmailStatus": body.pop("EmailStatus", "NotSet"),
        "Balance": None if row.entity == "Estimate" else Cents(row.open if row.sign else 0),
        "RemainingCredit": Cents(row.open) if row.entity == "CreditMemo" else None,
        **_abroad(books, row, "HomeBalance", row.open),
        "DeliveryInfo": row.mailed_at and {"DeliveryType": "Email", "DeliveryTime": pacific(row.mailed_at)},
        "DepositToAccountRef": _ref(books, "Account", body.pop("DepositToAccountRef", None)),
        "PaymentMethodRef": _ref(books, "PaymentMethod", body.pop("PaymentMethodRef", None)),
        **{name: value for name, value in body.items() if name not in ("Deposit", "ExchangeRate")},
    }


def _opening(body: Body) -> Body:
    """What stands first on every transaction."""
    return {
        "DocNumber": body.pop("DocNumber", None),
        "TxnDate": body.pop("TxnDate"),
        "CurrencyRef": _currency(body.pop("CurrencyRef")["value"]) if "CurrencyRef" in body else None,
        "PrivateNote": body.pop("PrivateNote", None),
    }


def _custom_fields(books: Books, row: Row) -> list[Body] | None:
    said = {each.get("DefinitionId"): each.get("StringValue") for each in row.body.get("CustomField", [])}
    fields = [
        {"DefinitionId": str(position), "Name": name, "Type": "StringType"}
        | ({"StringValue": said[str(position)]} if said.get(str(position)) else {})
        for position, name in enumerate(books.custom_fields, start=1)
    ]
    return fields or None


def _links(row: Row) -> list[Body]:
    return [{"TxnId": payment, "TxnType": "Payment"} for payment in row.linked]


def _lines(books: Books, kept: list[Body]) -> list[Body]:
    shown = [_line(books, line) for line in kept]
    return [
        *shown,
        {"Amount": Cents(subtotal(kept)), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]


def _line(books: Books, line: Body) -> Body:
    first: Body = {
        name: line[name] for name in ("Id", "LineNum", "Description", "Amount", "DetailType") if name in line
    }
    rest = {name: value for name, value in line.items() if name not in first}
    detail = rest.get("SalesItemLineDetail")
    if detail:
        rest["SalesItemLineDetail"] = {**detail, "ItemRef": _ref(books, "Item", detail["ItemRef"])}
    return {**first, **rest}


def _tax(row: Row, detail: Body) -> Body:
    shown: Body = {}
    if detail.get("TxnTaxCodeRef"):
        shown["TxnTaxCodeRef"] = detail["TxnTaxCodeRef"]
    shown["TotalTax"] = Cents(row.tax)
    if row.tax and "TxnTaxCodeRef" in detail:
        rate = {"TaxRateRef": {"value": "3"}, "PercentBased": True, "TaxPercent": SALES_TAX_PCT}
        net = Cents(row.total - row.tax)
        line: Body = {"Amount": Cents(row.tax), "DetailType": "TaxLineDetail"}
        shown["TaxLine"] = [{**line, "TaxLineDetail": {**rate, "NetAmountTaxable": net}}]
    return shown


def _abroad(books: Books, row: Row, name: str, cents: int) -> Body:
    """What an amount is in the home currency; only where there are several currencies."""
    if not books.multi_currency:
        return {}
    rate = rate_of(books, row)
    return {"ExchangeRate": rate, name: converted(cents, rate)}


def _payment(books: Books, row: Row) -> Body:
    body = dict(row.body)
    lines = body.pop("Line", [])
    return {
        "CustomerRef": _ref(books, "Customer", body.pop("CustomerRef")),
        "DepositToAccountRef": body.pop("DepositToAccountRef", None) or {"value": UNDEPOSITED_FUNDS},
        "TotalAmt": Cents(row.total),
        "UnappliedAmt": Cents(row.open),
        "ProcessPayment": body.pop("ProcessPayment", False),
        **_head(row),
        **_opening(body),
        **_abroad(books, row, "HomeTotalAmt", row.total),
        "LinkedTxn": [],
        "Line": [_payment_line(books, line) for line in lines],
        **{name: value for name, value in body.items() if name not in ("TotalAmt", "ExchangeRate")},
    }


def _payment_line(books: Books, line: Body) -> Body:
    link = line["LinkedTxn"][0]
    target = books.get(link["TxnType"], link["TxnId"])
    pairs = {"txnId": link["TxnId"], "txnOpenBalance": json_text(Cents(target.open if target else 0))}
    if target is not None and "DocNumber" in target.body:
        pairs["txnReferenceNumber"] = target.body["DocNumber"]
    values = ",".join([_name_value(name, value) for name, value in pairs.items()])
    return {"Amount": line["Amount"], "LinkedTxn": line["LinkedTxn"], "LineEx": Raw(f'{{"any":[{values}]}}')}


def _name_value(name: str, value: str) -> str:
    return f'{_NAME_VALUE_HEAD},"value":{{"Name":"{name}","Value":{json_text(value)}}},{_NAME_VALUE_TAIL}'


# Java's own way of writing an element that may be anything, kept as the text it always is.
_NAME_VALUE_HEAD = (
    '{"name":"{http://schema.intuit.com/finance/v3}NameValue",'
    '"declaredType":"com.intuit.schema.finance.v3.NameValue","scope":"javax.xml.bind.JAXBElement$GlobalScope"'
)
_NAME_VALUE_TAIL = '"nil":false,"globalScope":true,"typeSubstituted":false}'


def _plain(books: Books, row: Row) -> Body:
    """Everything stored, then the head every record has."""
    body = {name: value for name, value in row.body.items() if name != "CurrencyRef"}
    currency = row.body.get("CurrencyRef")
    if currency:
        body["CurrencyRef"] = _currency(currency["value"])
    if row.entity in ("Item", "Account", "Class", "Department"):
        body["FullyQualifiedName"] = row.name
    elif row.entity == "Vendor":
        body["Balance"] = Cents(row.balance)
    elif row.entity in ("JournalEntry", "Deposit"):
        body |= {"CurrencyRef": _currency(books.currency), "TotalAmt": Cents(row.total)}
    return {**body, **_head(row)}


_Shape = Callable[[Books, Row], dict[str, Any]]
_SHAPES: dict[str, _Shape] = {"Customer": _customer, "Payment": _payment}
