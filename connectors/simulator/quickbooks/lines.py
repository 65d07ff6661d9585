"""The lines of a sales form: ids, amounts, discount, tax, total. Reads items, changes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, business, missing
from connectors.simulator.quickbooks.money import Cents, cents_of, share
from connectors.simulator.quickbooks.references import existing
from connectors.simulator.quickbooks.wire import Body

_COUNTED = ("SalesItemLineDetail", "GroupLineDetail")
_KINDS = frozenset((*_COUNTED, "DiscountLineDetail", "DescriptionOnly", "SubTotalLineDetail"))
_TAX_CODES = frozenset(("TAX", "NON"))
SALES_TAX_PCT = Decimal(8)


def ids(body: Body) -> frozenset[str]:
    """The line ids a form has."""
    return frozenset(line["Id"] for line in body.get("Line", []))


def totalled(books: Books, entity: str, body: Body, *, known_ids: frozenset[str]) -> tuple[Body, Cents, Cents]:
    """The body with its lines as QuickBooks keeps them, the total, and the tax in it. Raises Refused."""
    kept = _numbered([_line(books, line) for line in _written(body)], known_ids)
    if entity != "Estimate" and not any(line["DetailType"] in _COUNTED for line in kept):
        raise missing("Line")
    sales = subtotal(kept)
    discount = sum(_discount(line, sales) for line in kept if line["DetailType"] == "DiscountLineDetail")
    tax = _tax(body, kept)
    total = Cents(sales - discount + tax)
    if total < 0:
        raise business("Transaction amount must be 0 or greater.")
    return {**body, "Line": kept}, total, tax


def subtotal(lines: list[Body]) -> int:
    """What the sales lines come to, in cents."""
    return sum(line["Amount"] for line in lines if line["DetailType"] in _COUNTED)


def zeroed(body: Body) -> list[Body]:
    """The lines of a voided form."""
    return [_zeroed(line) for line in body.get("Line", [])]


def _zeroed(line: Body) -> Body:
    empty = {**line, "Amount": Cents(0)} if "Amount" in line else dict(line)
    detail = line.get("SalesItemLineDetail")
    if detail and "Qty" in detail:
        empty["SalesItemLineDetail"] = {**detail, "Qty": 0}
    return empty


def _written(body: Body) -> list[Body]:
    return [line for line in body.get("Line", []) if line.get("DetailType") != "SubTotalLineDetail"]


def _line(books: Books, line: Body) -> Body:
    kind = line.get("DetailType")
    if kind is None:
        raise missing("DetailType")
    if kind not in _KINDS:
        raise Refused("2170", f"Invalid Enumeration : {kind}", element="DetailType")
    if kind == "SalesItemLineDetail":
        return _sales_line(books, line)
    return {**line, "Amount": cents_of(line["Amount"])} if "Amount" in line else line


def _sales_line(books: Books, line: Body) -> Body:
    if "Amount" not in line:
        raise missing("Amount")
    amount = cents_of(line["Amount"])
    detail: dict[str, Any] = dict(line.get("SalesItemLineDetail", {}))
    item = existing(books, "Item", detail.get("ItemRef")) or books.need("Item", "1")
    price, quantity = detail.get("UnitPrice"), detail.get("Qty")
    if price is not None and quantity is not None and cents_of(Decimal(price) * Decimal(quantity)) != amount:
        raise Refused("6070", f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']}")
    detail["ItemRef"] = {"value": item.id}
    detail["TaxCodeRef"] = {"value": _tax_code((detail.get("TaxCodeRef") or {}).get("value", "NON"))}
    return {**line, "Amount": amount, "SalesItemLineDetail": detail}


def _tax_code(value: str) -> str:
    """In the United States a line is taxed or not; the rate stands on the document. Raises Refused 2500."""
    if value not in _TAX_CODES:
        raise Refused("2500", f"Invalid Reference Id : TaxCode element id {value} not found", element="TaxCodeRef")
    return value


def _numbered(lines: list[Body], known_ids: frozenset[str]) -> list[Body]:
    """Lines without an id of this form get new ones, counting on from the last."""
    last = max((int(each) for each in known_ids), default=0)
    numbered: list[Body] = []
    for position, line in enumerate(lines, start=1):
        line_id = line.get("Id")
        if line_id not in known_ids:
            last += 1
            line_id = str(last)
        numbered.append({**line, "Id": line_id, "LineNum": position})
    return numbered


def _discount(line: Body, sales: int) -> int:
    detail = line.get("DiscountLineDetail", {})
    if detail.get("PercentBased"):
        return share(sales, Decimal(detail.get("DiscountPercent", 0)))
    return int(line.get("Amount", 0))


def _tax(body: Body, lines: list[Body]) -> Cents:
    detail = body.get("TxnTaxDetail", {})
    if "TotalTax" in detail:
        return cents_of(detail["TotalTax"])
    if not detail.get("TxnTaxCodeRef"):
        return Cents(0)
    return share(sum(line["Amount"] for line in lines if _is_taxed(line)), SALES_TAX_PCT)


def _is_taxed(line: Body) -> bool:
    return bool(line.get("SalesItemLineDetail", {}).get("TaxCodeRef", {}).get("value") == "TAX")
