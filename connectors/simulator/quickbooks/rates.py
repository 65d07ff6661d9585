"""Exchange rates the books use: home units for one foreign unit, by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.wire import Body


def rate_on(books: Books, currency: str, day: date) -> Decimal:
    """The latest rate on or before `day`; one where none is known, and for the home currency."""
    known = books.rates.get(currency, {})
    past = [each for each in known if each <= day]
    return known[max(past)] if past else Decimal(1)


def rate_of(books: Books, row: Row) -> Decimal:
    """The rate a transaction was entered at."""
    said = row.body.get("ExchangeRate")
    if said is not None:
        return Decimal(said)
    currency = row.body.get("CurrencyRef", {}).get("value", books.currency)
    return (
        Decimal(1) if currency == books.currency else rate_on(books, currency, date.fromisoformat(row.body["TxnDate"]))
    )


def exchange_rate(books: Books, params: Mapping[str, str]) -> Body:
    """The ExchangeRate record of `sourcecurrencycode` on `asofdate` (default: today)."""
    try:
        day = date.fromisoformat(params["asofdate"]) if params.get("asofdate") else books.today()
    except ValueError:
        raise Refused("2060", f"Invalid Date : {params['asofdate']}", element="asofdate") from None
    currency = params["sourcecurrencycode"]
    return {
        "SourceCurrencyCode": currency,
        "TargetCurrencyCode": books.currency,
        "Rate": rate_on(books, currency, day),
        "AsOfDate": day.isoformat(),
        "domain": "QBO",
        "sparse": False,
    }
