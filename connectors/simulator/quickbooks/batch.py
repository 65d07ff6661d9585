"""Up to thirty requests in one: they run one after another, each by itself, and none can refer to another."""

from __future__ import annotations

from typing import Any

from connectors.simulator.quickbooks import select
from connectors.simulator.quickbooks.books import Books
from connectors.simulator.quickbooks.faults import Refused, missing
from connectors.simulator.quickbooks.limits import Limits
from connectors.simulator.quickbooks.query import parse
from connectors.simulator.quickbooks.schema import ENTITIES
from connectors.simulator.quickbooks.wire import Body
from connectors.simulator.quickbooks.writes import post

_LONGEST_BID_WITH_REQUESTID = 10


def answer(books: Books, sent: Any, limits: Limits, *, has_requestid: bool) -> list[Body]:
    """The value of `BatchItemResponse`; a refused item is a Fault. Raises Refused for a bad batch."""
    items = sent.get("BatchItemRequest") if isinstance(sent, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise missing("BatchItemRequest")
    if len(items) > limits.batch_items:
        raise Refused("1040", f"The maximum number of items in a batch is {limits.batch_items}, sent: {len(items)}")
    named = [str(item.get("bId", "")) for item in items]
    if not all(named) or len(set(named)) < len(named):
        raise Refused("2020", "Each batch item needs its own bId", element="bId")
    if has_requestid and any(len(each) > _LONGEST_BID_WITH_REQUESTID for each in named):
        raise Refused(
            "2130", f"With requestid a bId has at most {_LONGEST_BID_WITH_REQUESTID} characters", element="bId"
        )
    return [{**_item(books, item), "bId": item["bId"]} for item in items]


def writes(sent: Any) -> bool:
    """Whether a batch holds anything but queries."""
    items = sent.get("BatchItemRequest") if isinstance(sent, dict) else None
    return isinstance(items, list) and any(isinstance(item, dict) and "Query" not in item for item in items)


def _item(books: Books, item: Body) -> Body:
    try:
        if "Query" in item:
            return {"QueryResponse": select.answer(books, parse(str(item["Query"])))}
        entity = next((name for name in item if name in ENTITIES), None)
        if entity is None:
            raise missing("operation")
        return post(books, entity, item[entity], _params(item))
    except Refused as refused:
        fault = refused.fault()
        fault["Error"] = [{"element": "", **error} for error in fault["Error"]]
        return {"Fault": fault}


def _params(item: Body) -> dict[str, str]:
    params = {"operation": str(item.get("operation", ""))}
    option = item.get("optionsData")
    if option == "void":
        params["operation"] = "void"
    elif option:
        params["include"] = str(option)
    return params
