"""Lists of any resource: filter, since, order, pages. How a resource is called and shown comes in as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connectors.simulator.http import Response
from connectors.simulator.xero import replies
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import Call
from connectors.simulator.xero.tables import Row, Table
from connectors.simulator.xero.where import Field, Test, compile_where
from connectors.simulator.xero.wire import Json

R = TypeVar("R", bound=Row)
View = Callable[[Books, Any], Json]

LARGEST_PAGE = 1000
_NOT_IN_KEY = ("page", "pagesize", "summaryonly", "unitdp")


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """How a resource is listed. `id_name` is its id's field; `ordered_by` what may be ordered without a full read."""

    plural: str
    id_name: str
    fields: Mapping[str, Field]
    paged: View
    unpaged: View
    summary: View | None = None
    ordered_by: tuple[str, ...] = ("UpdatedDateUTC", "Date")


@dataclass(frozen=True, slots=True)
class Wanted(Generic[R]):
    """A resource's own filters: rows `named` one by one, further `tests`, and whether they force pages."""

    named: Sequence[R] | None = None
    tests: Sequence[Test] = ()
    paging: bool = False


def serve(books: Books, call: Call, listing: Listing[R], table: Table[R], wanted: Wanted[R] | None = None) -> Response:
    """The rows of `table` that the query asks for."""
    wanted = wanted or Wanted()
    rows = _rows(books, call, listing, table, wanted)
    summary = listing.summary if call.flag("summaryOnly") else None
    if call.text("page") is None and not wanted.paging and summary is None:
        if len(rows) > books.switches.high_volume_rows:
            raise replies.exception(17, "HighVolumeException", "The response would hold more than 100,000 records.")
        return replies.envelope(books, call.app.name, listing.plural, [listing.unpaged(books, row) for row in rows])
    pagination, start = _pagination(call, len(rows))
    view = summary or listing.paged
    shown = [view(books, row) for row in rows[start : start + pagination["pageSize"]]]
    return replies.envelope(books, call.app.name, listing.plural, shown, pagination)


def _pagination(call: Call, count: int) -> tuple[Json, int]:
    page = max(1, call.whole("page") or 1)
    asked = call.whole("pageSize")
    size = min(LARGEST_PAGE, max(1, 100 if asked is None else asked))
    document = {"page": page, "pageSize": size, "pageCount": -(-count // size), "itemCount": count}
    return document, (page - 1) * size


def _rows(books: Books, call: Call, listing: Listing[R], table: Table[R], wanted: Wanted[R]) -> list[R]:
    since = call.modified_since()
    asked = sorted((name.lower(), text) for name, text in call.request.query.items() if name.lower() not in _NOT_IN_KEY)
    switches = books.switches
    ways = (switches.since_is_inclusive, switches.high_volume_rows)
    key = (listing.plural, since, call.app.client_id, *asked, table.version, books.contacts.version, *ways)
    if table.memo is not None and table.memo[0] == key:
        return table.memo[1]
    tests = [*wanted.tests, *_where(books, call, listing, table)]
    order = _order(call.text("order"), listing)
    _refuse_high_volume(books, listing, [name for name, _ in order], len(table))
    rows = _since(books, table, since, wanted.named)
    if rows is None:
        rows, order = _all(listing, table, order)
    for test in tests:
        rows = [row for row in rows if test(row)]
    rows = _ordered(rows, listing, order)
    table.memo = None if switches.read_lag_s else (key, rows)
    return rows


def _since(books: Books, table: Table[R], since: int | None, named: Sequence[R] | None) -> list[R] | None:
    """The rows to look at where they need not be all of them, in the default order."""
    first = None if since is None else since if books.switches.since_is_inclusive else since + 1000
    if named is not None:
        rows = [row for row in named if first is None or row.updated >= first]
        return sorted(rows, key=lambda row: (row.updated, row.id))
    return None if first is None else table.since(first)


def _all(listing: Listing[R], table: Table[R], order: list[tuple[str, bool]]) -> tuple[list[R], list[tuple[str, bool]]]:
    """All rows, and what is left to order."""
    if order == [(listing.id_name.lower(), False)]:
        return table.by_id(), []
    return table.by_stamp(), order


def _ordered(rows: list[R], listing: Listing[R], order: list[tuple[str, bool]]) -> list[R]:
    known = {name.lower(): found.get for name, found in listing.fields.items()}
    for name, descending in reversed(order):
        get = known[name]
        rows = sorted(rows, key=lambda row: (get(row) is not None, get(row) or 0), reverse=descending)
    return rows


def _where(books: Books, call: Call, listing: Listing[R], table: Table[R]) -> list[Test]:
    text = call.text("where")
    if not text:
        return []
    where = compile_where(text, listing.fields)
    if where.unoptimised and len(table) > books.switches.high_volume_rows:
        raise _high_volume(where.unoptimised)
    return [where.test]


def _order(text: str | None, listing: Listing[R]) -> list[tuple[str, bool]]:
    known = {name.lower() for name in listing.fields}
    found = []
    for part in (text or "").split(","):
        words = part.split()
        if not words:
            continue
        name, direction = words[0].lower(), "".join(words[1:]).lower()
        if name not in known or direction not in ("", "asc", "desc", "ascending", "descending"):
            raise replies.bad_query(f"No property or field '{part.strip()}' to order by exists.")
        found.append((name, direction.startswith("desc")))
    return found


def _refuse_high_volume(books: Books, listing: Listing[R], names: list[str], count: int) -> None:
    cheap = {name.lower() for name in (*listing.ordered_by, listing.id_name)}
    if count > books.switches.high_volume_rows and set(names) - cheap:
        raise _high_volume(names)


def _high_volume(names: Sequence[str]) -> replies.Refused:
    return replies.exception(
        17, "HighVolumeException", f"More than 100,000 records would be read for {', '.join(names)}."
    )
