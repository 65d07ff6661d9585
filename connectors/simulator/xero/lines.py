"""Line items: read, checked, multiplied and taxed, in cents. The sums of a document come from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import cents_of, decimal_of, text_of, to_cents
from connectors.simulator.xero.organisation import TAX_PERCENT
from connectors.simulator.xero.records import Document, Line
from connectors.simulator.xero.replies import Invalid
from connectors.simulator.xero.wire import Json

LONGEST_DESCRIPTION = 4000
_WHOLE = 100
_NOT_FOR_SALES = frozenset({"BANK", "CURRENT"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a line needs to know of its document. `places` are the decimals a price keeps (`unitdp`)."""

    line_amount_types: str
    approved: bool
    places: int = 2


def read_lines(books: Books, items: Sequence[Json], terms: Terms, kept: Sequence[Line] = ()) -> list[Line]:
    """The lines as sent. Lines with a LineItemID of `kept` stay those lines, others are new."""
    if terms.approved and not items:
        raise Invalid("One or more line items must be specified")
    known = {line.id: line for line in kept}
    return [_read(books, item, terms, known) for item in items]


def set_sums(document: Document) -> None:
    """SubTotal, TotalTax and Total from the lines."""
    amounts = sum(line.cents for line in document.lines)
    document.tax_cents = sum(line.tax_cents for line in document.lines)
    inclusive = document.line_amount_types == "Inclusive"
    document.net_cents = amounts - document.tax_cents if inclusive else amounts
    document.total_cents = document.net_cents + document.tax_cents


def _read(books: Books, item: Json, terms: Terms, known: dict[str, Line]) -> Line:
    sent_id = text_of(item.get("LineItemID"), "LineItemID").lower()
    description = text_of(item.get("Description"), "Description")
    if len(description) > LONGEST_DESCRIPTION:
        raise Invalid("The description of a line item must not be longer than 4000 characters.")
    line = Line(sent_id if sent_id in known else books.new_id("line"), description)
    if item.get("UnitAmount") is None and item.get("LineAmount") is None:
        return _remark(line, terms)
    if terms.approved and not description:
        raise Invalid("Description must be specified.")
    _price(line, item, terms)
    _post(books, line, item, terms)
    _tax(books, line, item, terms)
    return line


def _remark(line: Line, terms: Terms) -> Line:
    if terms.approved and not line.description:
        raise Invalid("Description must be specified.")
    return line


def _price(line: Line, item: Json, terms: Terms) -> None:
    quantity = item.get("Quantity")
    line.quantity = Decimal(1) if quantity is None else decimal_of(quantity, "Quantity")
    if item.get("DiscountRate") is not None:
        line.discount_rate = decimal_of(item["DiscountRate"], "DiscountRate")
        if not 0 <= line.discount_rate <= _WHOLE:
            raise Invalid("The discount rate must be between 0 and 100.")
    rest_percent = 100 - (line.discount_rate or Decimal(0))
    if item.get("UnitAmount") is None:
        line.cents = cents_of(item["LineAmount"], "LineAmount")
        line.unit = _rounded(Decimal(line.cents) / (line.quantity or 1) / 100, 4)
        return
    line.unit = _rounded(decimal_of(item["UnitAmount"], "UnitAmount"), terms.places)
    line.cents = to_cents(line.quantity * line.unit * rest_percent / 100)
    said = item.get("LineAmount")
    if said is not None and cents_of(said, "LineAmount") != line.cents:
        expected = f"{line.cents // 100}.{line.cents % 100:02d}"
        raise Invalid(f"The line total {said} does not match the expected line total {expected}")


def _post(books: Books, line: Line, item: Json, terms: Terms) -> None:
    code = text_of(item.get("AccountCode") or item.get("AccountID"), "AccountCode")
    if not code:
        if terms.approved:
            raise Invalid("Account code must be specified.")
        return
    account = books.organisation.account(code)
    if account is None or account.type in _NOT_FOR_SALES:
        raise Invalid(f"Account code '{code}' is not a valid code for this document.")
    line.account_code = account.code


def _tax(books: Books, line: Line, item: Json, terms: Terms) -> None:
    account = books.organisation.account(line.account_code) if line.account_code else None
    line.item_code = text_of(item.get("ItemCode"), "ItemCode")
    line.tax_type = text_of(item.get("TaxType"), "TaxType") or (account.tax_type if account else "NONE")
    if terms.line_amount_types == "NoTax":
        line.tax_type = "NONE"
    if item.get("TaxType") and line.tax_type not in TAX_PERCENT:
        raise Invalid(
            f"The TaxType code '{line.tax_type}' does not exist or cannot be used for this type of transaction."
        )
    percent = TAX_PERCENT.get(line.tax_type, Decimal(0))
    basis = 100 + percent if terms.line_amount_types == "Inclusive" else Decimal(100)
    line.tax_cents = int((line.cents * percent / basis).quantize(Decimal(1), ROUND_HALF_UP))
    if item.get("TaxAmount") is not None and percent:
        line.tax_cents = cents_of(item["TaxAmount"], "TaxAmount")


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
