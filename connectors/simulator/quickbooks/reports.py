"""The reports AgedReceivables and CustomerBalance, from `receivable` alone. All values are strings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused
from connectors.simulator.quickbooks.money import printed
from connectors.simulator.quickbooks.receivable import OpenDocument, open_documents
from connectors.simulator.quickbooks.rows import Row
from connectors.simulator.quickbooks.wire import Body, pacific

Params = Mapping[str, str]
Amounts = list[int]


@dataclass(frozen=True, slots=True)
class _Ageing:
    """How a report ages: to which day, in how many buckets of how many days, from which date."""

    as_of: date
    buckets: int
    days: int
    from_issue: bool

    def bucket(self, document: OpenDocument) -> int:
        """0 for what is not due, then 1 for the first bucket past due."""
        start = document.dated_on if self.from_issue else document.due_on
        late = (self.as_of - start).days
        return 0 if late <= 0 else min((late - 1) // self.days + 1, self.buckets)

    @property
    def titles(self) -> list[str]:
        """Column titles of the buckets."""
        ends = [(n * self.days + 1, (n + 1) * self.days) for n in range(self.buckets - 1)]
        return ["Current", *(f"{low} - {high}" for low, high in ends), f"{(self.buckets - 1) * self.days + 1} and over"]


def aged_receivables(books: Books, params: Params) -> Body:
    """What each customer owes, by age."""
    ageing = _ageing(books, params)
    by_customer: defaultdict[str, Amounts] = defaultdict(lambda: [0] * (ageing.buckets + 2))
    horizon = date.max if params.get("aging_method") == "Current" else ageing.as_of
    for document in open_documents(books, horizon):
        amounts = by_customer[document.customer]
        amounts[ageing.bucket(document)] += document.cents
        amounts[-1] += document.cents
    titles = [*ageing.titles, "Total"]
    return _report(books, _header(books, "AgedReceivables", ageing.as_of), params, titles, by_customer)


def customer_balance(books: Books, params: Params) -> Body:
    """What each customer owes, in one figure."""
    as_of = _day(params, "report_date", books.today())
    by_customer: defaultdict[str, Amounts] = defaultdict(lambda: [0])
    for document in open_documents(books, as_of):
        by_customer[document.customer][0] += document.cents
    return _report(books, _header(books, "CustomerBalance", as_of), params, ["Total"], by_customer)


def named(word: str) -> Callable[[Books, Params], Body] | None:
    """The report of that name, None where there is none here."""
    return {"agedreceivables": aged_receivables, "customerbalance": customer_balance}.get(word.lower())


def _ageing(books: Books, params: Params) -> _Ageing:
    preferences = books.need_one("Preferences").body["ReportPrefs"]
    return _Ageing(
        _day(params, "report_date", books.today()),
        _count(params, "num_periods", 4),
        _count(params, "aging_period", 30),
        bool(preferences.get("CalcAgingReportFromTxnDate")),
    )


def _count(params: Params, name: str, default: int) -> int:
    said = params.get(name, str(default))
    if not said.isdecimal() or int(said) < 1:
        raise Refused("2090", f"Invalid Number : {said}", element=name)
    return int(said)


def _day(params: Params, name: str, default: date) -> date:
    try:
        return date.fromisoformat(params[name]) if params.get(name) else default
    except ValueError:
        raise Refused("2060", f"Invalid Date : {params[name]}", element=name) from None


def _report(books: Books, header: Body, params: Params, titles: list[str], amounts: Mapping[str, Amounts]) -> Body:
    wanted = {each.strip() for each in params.get("customer", "").split(",") if each.strip()}
    kept = {each: values for each, values in amounts.items() if any(values) and (not wanted or each in wanted)}
    rows = _Tree(books, kept).rows(len(titles))
    return {
        "Header": {
            **header,
            "Option": [*header["Option"], {"Name": "NoReportData", "Value": "false" if kept else "true"}],
        },
        "Columns": {
            "Column": [_column("", "Customer", "cust_name"), *(_column(each, "Money", each) for each in titles)]
        },
        "Rows": {"Row": rows} if rows else {},
    }


def _header(books: Books, name: str, as_of: date) -> Body:
    return {
        "Time": pacific(books.now()),
        "ReportName": name,
        "DateMacro": "today",
        "StartPeriod": as_of.isoformat(),
        "EndPeriod": as_of.isoformat(),
        "SummarizeColumnsBy": "Total",
        "Currency": books.currency,
        "Option": [{"Name": "report_date", "Value": as_of.isoformat()}],
    }


def _column(title: str, kind: str, key: str) -> Body:
    return {"ColTitle": title, "ColType": kind, "MetaData": [{"Name": "ColKey", "Value": key.lower().replace(" ", "")}]}


def _cells(label: str, row_id: str, values: Amounts | None, width: int) -> Body:
    first = {"value": label, "id": row_id} if row_id else {"value": label}
    shown = [{"value": _figure(each)} for each in values] if values else [{"value": ""}] * width
    return {"ColData": [first, *shown]}


def _figure(cents: int) -> str:
    """Two decimals, and nothing for nothing."""
    return printed(cents) if cents else ""


class _Tree:
    """Customers with their jobs below them; only branches that owe anything are shown."""

    def __init__(self, books: Books, amounts: Mapping[str, Amounts]) -> None:
        self._amounts = amounts
        self._children: defaultdict[str, list[Row]] = defaultdict(list)
        shown = {row.id: row for customer in amounts for row in books.chain(customer)}
        for row in sorted(shown.values(), key=lambda row: (row.name.casefold(), row.number)):
            self._children[row.body.get("ParentRef", {}).get("value", "")].append(row)

    def rows(self, width: int) -> list[Body]:
        """The report's rows, the grand total last."""
        if not self._amounts:
            return []
        total = [sum(column) for column in zip(*self._amounts.values(), strict=True)]
        summary = _cells("TOTAL", "", total, width)
        return [
            *(self._row(row, width) for row in self._children[""]),
            {"Summary": summary, "type": "Section", "group": "GrandTotal"},
        ]

    def _row(self, row: Row, width: int) -> Body:
        own = _cells(row.name, row.id, self._amounts.get(row.id), width)
        below = self._children.get(row.id)
        if not below:
            return {**own, "type": "Data"}
        summary = _cells(f"Total {row.name}", "", self._family(row, width), width)
        return {
            "Header": own,
            "Rows": {"Row": [self._row(each, width) for each in below]},
            "Summary": summary,
            "type": "Section",
        }

    def _family(self, row: Row, width: int) -> Amounts:
        parts = [self._family(each, width) for each in self._children.get(row.id, [])]
        own = self._amounts.get(row.id, [0] * width)
        return [sum(column) for column in zip(own, *parts, strict=True)]
