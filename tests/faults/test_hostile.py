"""Answers nobody documented: whatever a provider sends, the process goes on, and nothing is done on rubbish."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from connectors import Ref
from connectors.simulator.http import Fault, Request, Response
from tests.faults.cases import CHARGES, HOLDS, MAIL_BY_PROVIDER, Case, overdue
from tests.faults.world import Builder

ALL = Case("everything", "", CHARGES + HOLDS + MAIL_BY_PROVIDER, overdue(40), lambda _world: 0)
JUNK: tuple[Any, ...] = (
    None, "", "x", "\u202e\x00", "-1", -1, 0, 10**30, "1e999", "NaN", True, [], {}, [[]], {"value": None}, "9999-99-99",
    "/Date(99999999999999999)/", "/Date(-1+9999)/", "0000-00-00", "A" * 10_000, "<b>&amp;",
    "[syncd:x/y] [syncd:", ["a", 1], "Oak \ud83d",
)  # fmt: skip


def places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(place for key, child in below for place in places(child, (*at, key)))]


def spoiled(document: Any, luck: random.Random) -> Any:
    """The document with a few of its places replaced, doubled or taken out."""
    for _ in range(luck.randrange(1, 4)):
        place = luck.choice(places(document)[1:] or [()])
        if not place:
            return luck.choice(JUNK)
        node = document
        for key in place[:-1]:
            node = node[key]
        if luck.random() < 0.2 and isinstance(node, dict):
            del node[place[-1]]
        elif luck.random() < 0.2 and isinstance(node, list):
            node.append(node[place[-1]])
        else:
            node[place[-1]] = luck.choice(JUNK)
    return document


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_no_answer_however_strange_ends_the_process_or_is_acted_on_in_review(build: Builder, provider: str) -> None:
    world = build(ALL, provider)
    with world.ledger() as (ledger, ground):
        review = replace(ground, mode="review")
        for seed in range(70):
            luck = random.Random(seed)  # noqa: S311 - the same seed, the same answer

            def garble(request: Request, response: Response, luck: random.Random = luck) -> Response:
                if "token" in request.path or luck.random() < 0.5:
                    return response
                try:
                    document = json.loads(response.body)
                except ValueError:
                    return response
                return replace(response, body=json.dumps(spoiled(document, luck)).encode())

            world.garble = garble
            ledger.connections.unpark()
            ledger.connections.forget_progress()
            report = world.attempt(ledger, review)
            assert report.exit_code in (0, 69, 75, 77), (seed, report.failure)
        world.garble = None
        assert world.writes == []
        ledger.connections.unpark()
        ledger.connections.forget_progress()
        assert world.attempt(ledger, review).failure is None


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"Invoices":' * 100_000, b"1" * 10_000], ids=["lists", "objects", "digits"]
)
def test_an_answer_without_end_in_depth_or_digits_is_no_answer(build: Builder, provider: str, body: bytes) -> None:
    world = build(ALL, provider)
    world.server.faults.append(
        Fault("reply", None, "/", Response(200, body, {"Content-Type": "application/json"}), times=40)
    )
    assert world.one_pass().exit_code == 69
    assert world.writes == []
    world.mend()
    with world.ledger() as (ledger, ground):
        ledger.connections.unpark()
        assert world.attempt(ledger, ground).failure is None


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_name_that_another_program_cut_in_half_is_taken_with_a_mark_in_its_place(
    build: Builder, provider: str
) -> None:
    world = build(ALL, provider)

    def cut(_request: Request, response: Response) -> Response:
        return replace(response, body=response.body.replace(b"Oak Furniture", b"Oak \\ud83d"))

    world.garble = cut
    assert world.one_pass().failure is None
    with world.ledger() as (ledger, _):
        (head,) = ledger.mirror.all_heads()
        assert ledger.mirror.fact(Ref("customer", head)).name == "Oak \ufffd"
