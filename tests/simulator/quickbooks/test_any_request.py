"""No request, however strange, breaks the simulator: it answers or refuses, and refused it has changed nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.simulator.quickbooks.schema import ENTITIES

WRITTEN = ("Invoice", "CreditMemo", "SalesReceipt", "Payment", "JournalEntry", "Customer", "Item", "Account", "Term")
PARTS = ("Line", "SalesItemLineDetail", "DiscountLineDetail", "GroupLineDetail", "JournalEntryLineDetail", "LinkedTxn")
NAMES = sorted({name for entity in WRITTEN for name in ENTITIES[entity]} | set(PARTS))
INNER = ("value", "name", "Address", "TxnId", "TxnType", "Amount", "DetailType", "ItemRef", "Qty", "UnitPrice", "Id")

words = st.sampled_from(["1", "2", "99", "", "x", "Invoice", "SalesItemLineDetail", "2025-03-03", "NotSet", "-1", "²"])
scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 200), st.floats(-9, 9), words)
inner = st.recursive(
    scalars,
    lambda deeper: st.one_of(
        st.lists(deeper, max_size=2), st.dictionaries(st.sampled_from(INNER + PARTS), deeper, max_size=3)
    ),
)
bodies = st.one_of(inner, st.dictionaries(st.sampled_from(NAMES), inner, max_size=4))
calm = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _state(company) -> tuple:
    return [(item.invoice, item.balance_cents) for item in company.open_items()], len(company.audit_log())


@given(entity=st.sampled_from(WRITTEN), body=bodies, operation=st.sampled_from(["", "delete", "void", "update"]))
@calm
def test_any_body_is_taken_or_refused(client, company, oak, invoice, entity, body, operation):
    if isinstance(body, dict) and entity in ("Invoice", "Payment"):
        body = {"CustomerRef": {"value": oak}} | body
    before = _state(company)
    reply = client.post(entity.lower(), body, **({"operation": operation} if operation else {}))
    assert entity in reply or "Fault" in reply
    if "Fault" in reply:
        assert _state(company) == before
    assert json.loads(client.send("GET", f"invoice/{invoice}").body)


@given(
    items=st.one_of(inner, st.lists(st.dictionaries(st.sampled_from(["bId", "Query", "Invoice", "operation"]), inner)))
)
@calm
def test_any_batch_is_taken_or_refused(client, items):
    reply = client.post("batch", {"BatchItemRequest": items})
    assert "BatchItemResponse" in reply or "Fault" in reply


WORDS = """
select * count(*) from Invoice Customer where Balance Id DocNumber and or in like ( ) , = < >= '1' 'a%' 0 1 -1
true orderby order by desc startposition maxresults MetaData.LastUpdatedTime '2025-01-01' \\ ' " ²"""
tokens = st.sampled_from(WORDS.split())


@given(statement=st.lists(tokens, max_size=12).map(" ".join), tail=st.lists(tokens, max_size=6).map(" ".join))
@calm
@pytest.mark.usefixtures("invoice")
def test_any_statement_is_answered_or_refused(client, statement, tail):
    for each in (statement, f"select * from Invoice {tail}"):  # noqa: S608 - not SQL
        reply = client.query(each)
        assert "QueryResponse" in reply or "Fault" in reply


@given(
    path=st.sampled_from(
        ["cdc", "query", "exchangerate", "reports/AgedReceivables", "reports/CustomerBalance", "invoice/²"]
    ),
    query=st.dictionaries(
        st.sampled_from(
            ["entities", "changedSince", "asofdate", "sourcecurrencycode", "report_date", "num_periods", "query"]
        ),
        words,
    ),
)
@calm
@pytest.mark.usefixtures("invoice")
def test_any_parameters_are_answered_or_refused(client, path, query):
    assert client.get(path, **query)
    assert client.status in (200, 400)
