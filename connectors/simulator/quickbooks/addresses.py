"""Addresses are objects with an id of their own and a place on the map, which Intuit looks up and often misses."""

from __future__ import annotations

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.wire import Body

_NAMES = ("BillAddr", "ShipAddr")


def placed(books: Books, body: Body) -> Body:
    """`body` with its new addresses given an id."""
    return {**body, **{name: _placed(books, body[name]) for name in _NAMES if body.get(name)}}


def _placed(books: Books, address: Body) -> Body:
    if address.get("Id"):
        return address
    return {"Id": books.next_id("Address"), **address, "Lat": "INVALID", "Long": "INVALID"}
