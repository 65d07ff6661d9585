"""A book's document cut into documents that each hold together: families with every paper and note that names them.

For reading a large book in several processes. Judges nothing: no sound book, and it stays whole; reading it says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.file.shapes import LISTS

Document = Mapping[str, Any]
_WITH_REFS = ("customers", "invoices", "payments", "credit_notes", "promises", "disputes", "installment_plans")
_CUT = tuple(name for name in (*LISTS, "history") if name != "rates")


def parts_of(document: Document, count: int) -> list[Document]:
    """At most `count` documents of about the same size that together say what `document` says; none is empty."""
    if count < 2:  # noqa: PLR2004 - one part is the whole
        return [document]
    try:
        lists = {name: document.get(name) or () for name in _CUT}
        if any(len({item["ref"] for item in lists[name]}) < len(lists[name]) for name in _WITH_REFS):
            return [document]
        owner = {item["ref"]: item["customer"] for item in lists["invoices"]}
        part_of = _places(_heads(lists, owner), Counter(owner.values()), count)
        parts: list[dict[str, list[Any]]] = [{} for _ in range(1 + max(part_of.values(), default=0))]
        for name, items in lists.items():
            for item in items:
                customer = item.get("customer") or next(_named(name, item, owner))
                parts[part_of[customer]].setdefault(name, []).append(item)
    except (KeyError, ValueError, TypeError, AttributeError):  # a name nobody has, or no table where one belongs
        return [document]
    common = {name: part for name, part in document.items() if name not in _CUT}
    return [{**common, **part} for part in parts]


def _heads(lists: Mapping[str, Any], owner: Mapping[str, str]) -> dict[str, str]:
    """Each customer's head: one that stands for all whom a billing parent or a paper ties together."""
    up = {item["ref"]: item["ref"] for item in lists["customers"]}

    def head(customer: str) -> str:
        while (above := up[customer]) != customer:
            customer = above
        return customer

    for name, items in lists.items():
        if name != "invoices":  # an invoice names one customer
            for item in items:
                first, *others = map(head, _named(name, item, owner))
                up.update(dict.fromkeys(others, first))
    return {customer: head(customer) for customer in up}


def _named(name: str, item: Mapping[str, Any], owner: Mapping[str, str]) -> Iterator[str]:
    """Every customer the item of the list `name` is about, by itself or by an invoice of theirs."""
    yield from (item[key] for key in ("customer", "parent") if item.get(key) is not None)
    if name == "customers":
        yield item["ref"]
    if item.get("charge") in owner:
        yield owner[item["charge"]]
    papers = [item["invoice"]] if item.get("invoice") is not None else []
    papers += item.get("invoices") or ()
    papers += [part["invoice"] for part in item.get("applied") or ()]
    yield from (owner[ref] for ref in papers)


def _places(heads: Mapping[str, str], invoices: Mapping[str, int], count: int) -> dict[str, int]:
    """The part each customer goes to, whoever belongs together to the same, as many invoices in one as in another."""
    weight: Counter[str] = Counter()
    for customer, head in heads.items():
        weight[head] += 1 + invoices.get(customer, 0)
    whole, before, part_of = sum(weight.values()), 0, {}
    for head in sorted(weight):
        part_of[head] = before * count // whole
        before += weight[head]
    return {customer: part_of[head] for customer, head in heads.items()}
