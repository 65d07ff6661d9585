"""How invoice lists of QuickBooks and Xero are laid out, told by their headings; others by a small map of the user's.

Knows headings and what a report that is no list of invoices should be replaced by; reads no invoice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.errors import BookRefused
from connectors.file.written import ORDERS

FIELDS = (
    "customer",
    "number",
    "issued_on",
    "total",
    "due_on",
    "balance",
    "status",
    "kind",
    "currency",
    "email",
    "paid_on",
)
_NEEDED = ("customer", "number", "issued_on", "total")
_SETTLING = ("balance", "status", "paid_on")
_NEAR = 2  # needed headings a row may lack, and still be told as one of a layout
_TITLE_ROWS = 12  # a report's own title, period and blank lines before its headings
# Reports with a row for each line of an invoice: their amounts leave out tax and their balance adds up row by row.
_LINES = frozenset(
    ("qty", "quantity", "sales price", "item", "product/service", "product/service full name", "product/service name")
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which heading holds which field (headings compare without case). `order` None: the file's days decide.

    `telling` are fields without which it is not this layout, `instead` what to export where a report is another one.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    order: str | None = None
    currency: str = ""
    decimals: str = "."
    telling: tuple[str, ...] = ()
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A layout in a file: the place of each field, the number of the row with the headings.

    `labels`: where the customer stands in no column but alone in a row above the invoices, how many columns at the left
    have no heading, one of which has the name; else none.
    """

    layout: Layout
    columns: Mapping[str, int]
    header: int
    labels: int = 0

    @property
    def held(self) -> set[str]:
        """The fields it tells."""
        return {*self.columns, "customer"} if self.labels else set(self.columns)

    def missing(self) -> list[str]:
        """The headings it lacks: of a map all must be there, of a known layout those that are needed."""
        needed = (*_NEEDED, *self.layout.telling) if self.layout.telling else tuple(self.layout.columns)
        return [" or ".join(self.layout.columns[name]) for name in dict.fromkeys(needed) if name not in self.held]


LAYOUTS = (
    Layout(
        "a sheet of invoices as syncd writes it",
        {
            "customer": ("name", "customer"), "number": ("number",), "issued_on": ("issued_on",), "due_on": ("due_on",),
            "total": ("total",), "balance": ("balance",), "status": ("status",), "currency": ("currency",),
            "email": ("email",),
        },
        telling=("number", "issued_on"),
        instead="add the column balance: what is still open of each invoice",
    ),
    Layout(
        "Xero's list of sales invoices",
        {
            "customer": ("ContactName",), "number": ("InvoiceNumber",), "issued_on": ("InvoiceDate",),
            "due_on": ("DueDate",), "total": ("Total",), "balance": ("InvoiceAmountDue",), "status": ("Status",),
            "kind": ("Type",), "currency": ("Currency",), "email": ("EmailAddress",),
        },
        telling=("customer", "number"),
        instead="take the list of invoices with Export, not the template that invoices are imported by",
    ),
    Layout(
        "a QuickBooks Online report of transactions",
        {
            "customer": ("Name", "Customer", "Customer full name", "Customer name", "Client", "Client full name"),
            "number": ("Num", "No.", "Number", "Transaction number"),
            "issued_on": ("Date", "Transaction date"), "due_on": ("Due date",), "total": ("Amount", "Total", "Debit"),
            "balance": ("Open balance",), "status": ("A/R paid",), "kind": ("Transaction type",),
            "currency": ("Currency",),
        },
        telling=("kind", "number", "issued_on"),
        instead="export the report Invoice List by Date, which has the column Open balance",
    ),
    Layout(
        "a QuickBooks Desktop report of transactions",
        {
            "customer": ("Name", "Source name"), "number": ("Num",), "issued_on": ("Date",), "due_on": ("Due date",),
            "total": ("Amount", "Debit"), "balance": ("Open balance",), "status": ("Paid",), "kind": ("Type",),
        },
        telling=("kind", "number", "issued_on"),
        instead="export Transaction List by Customer with its columns Amount and Open Balance (Customize, Display)",
    ),
)  # fmt: skip


def recognised(table: Sequence[Sequence[str]], place: str, own: Layout | None) -> Found:
    """The layout of a file called `place`; `own` is the user's, or adds to a known one how things are written.

    Raises:
        BookRefused: none that is known, or a report that is no list of invoices; with what to export instead.
    """
    layouts = (own,) if own and own.columns else tuple(_written_as(layout, own) for layout in LAYOUTS)
    nearest, lacking = "", [*FIELDS]
    for number, row in enumerate(table[:_TITLE_ROWS], start=1):
        headings = [" ".join(cell.split()).casefold().lstrip("*") for cell in row]
        for layout in layouts:
            found = Found(layout, _columns(layout, headings), number, _labels(layout, headings))
            _refuse_no_list(found, headings, place)
            missing = found.missing()
            if not missing:
                return found
            if len(missing) < len(lacking):
                nearest, lacking = f"row {number} has the headings of {layout.name}, but not", missing
    raise BookRefused((f"{place}: {_unknown(nearest, lacking, is_own=not layouts[0].telling)}",))


def _unknown(nearest: str, lacking: Sequence[str], *, is_own: bool) -> str:
    """Why no row is the one with the headings: what is missing in the one that comes nearest, where one does."""
    if nearest and (is_own or len(lacking) <= _NEAR):
        way = "" if is_own else "; add what is missing, or describe it with --map FILE"
        return f"{nearest} {', '.join(lacking)}{way}"
    known = "; ".join(layout.name for layout in LAYOUTS)
    return f"its headings are none that are known ({known}); describe them with --map FILE"


def _labels(layout: Layout, headings: Sequence[str]) -> int:
    """How many columns at the left have no heading, where customers stand in rows of their own."""
    if not layout.telling or "customer" in _columns(layout, headings):
        return 0
    return next((at for at, heading in enumerate(headings) if heading), 0)


def _written_as(layout: Layout, own: Layout | None) -> Layout:
    if own is None:
        return layout
    return replace(layout, order=own.order, currency=own.currency, decimals=own.decimals)


def _columns(layout: Layout, headings: Sequence[str]) -> dict[str, int]:
    found = {}
    for name, spellings in layout.columns.items():
        at = next((headings.index(one.casefold()) for one in spellings if one.casefold() in headings), None)
        if at is not None:
            found[name] = at
    return found


def _refuse_no_list(found: Found, headings: Sequence[str], place: str) -> None:
    """Reports of the same programs from which nothing can be taken: said once, not for every row."""
    layout, held = found.layout, found.held
    if not layout.telling or not held.issuperset((*layout.telling, "customer")):
        return
    if "kind" in layout.telling and not _LINES.isdisjoint(headings):
        why = "this report has a row for each line of an invoice, without tax"
    elif "total" not in held and "balance" in held:
        why = "this report tells only what is open, and that must stand in the provider's books"
    elif "total" in held and held.isdisjoint(_SETTLING):
        why = "nothing here says what is paid"
    else:
        return
    raise BookRefused((f"{place}: {why}; {layout.instead}",))


def layout_of(document: Mapping[str, object], place: str) -> Layout:
    """The user's own layout: ``[columns]`` from our names to headings, ``dates``, ``currency``, ``decimals``.

    Without ``[columns]`` the others say how things are written in a file whose headings are known.

    Raises:
        BookRefused: with every problem of the map.
    """
    problems = list(_map_problems(document))
    if problems:
        raise BookRefused(tuple(f"{place}: {problem}" for problem in problems))
    columns = document.get("columns", {})
    assert isinstance(columns, Mapping)  # noqa: S101 - checked above; tells the type checker
    dates = document.get("dates")
    return Layout(
        f"the layout of {place}",
        {str(name): (str(heading),) for name, heading in columns.items()},
        str(dates) if dates is not None else None,
        str(document.get("currency") or ""),
        str(document.get("decimals") or "."),
    )


def _map_problems(document: Mapping[str, object]) -> Iterator[str]:
    for key in document.keys() - {"columns", "dates", "currency", "decimals"}:
        yield f"{key}: there is no such key; a map has [columns], dates, currency and decimals"
    columns = document.get("columns")
    if not isinstance(columns, Mapping):
        if columns is not None or not document:
            yield 'columns: this is missing; write [columns] with lines such as number = "Invoice no."'
        columns = None
    yield from _column_problems(columns or {}, is_there=columns is not None)
    if document.get("dates") is not None and document["dates"] not in tuple(ORDERS):
        yield f"dates: this is one of {', '.join(ORDERS)}"
    if document.get("decimals") not in (None, ".", ","):
        yield 'decimals: this is "." or ","'


def _column_problems(columns: Mapping[str, object], *, is_there: bool) -> Iterator[str]:
    yield from (
        f"columns.{name}: there is no such field; fields are {', '.join(FIELDS)}"
        for name in columns
        if name not in FIELDS
    )
    if is_there:
        yield from (f"columns.{name}: this is missing" for name in _NEEDED if name not in columns)
