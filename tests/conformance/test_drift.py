"""Whatever people do to their books, in any order, our copy of what is open stays what the books say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import Ref
from rules.domain.facts import CreditNote, Invoice, Payment
from syncd.store.engine import Store, open_store
from syncd.store.mirror import Mirror
from syncd.store.schema import connection
from tests.conformance.house import TODAY, RemoteHouse

_DEEDS = ("customer", "invoice", "pay", "unpay", "on_account", "credit", "credit_used", "void", "rest")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Any]:
    opened: list[Store] = []

    def opener() -> Mirror:
        store = open_store(f"sqlite:///{tmp_path}/{len(opened)}.db")
        opened.append(store)
        with store.writing() as tx:
            tx.execute(connection.insert(), {"name": "acme", "account": "1", "plans": 0})
        return Mirror(store, "acme")

    yield opener
    for store in opened:
        store.close()


@pytest.mark.parametrize("seed", range(4))
def test_after_any_sequence_of_deeds_the_mirror_shows_what_the_books_have_open(remote: RemoteHouse, stores, seed):
    dice, town = random.Random(seed), Town(remote)  # noqa: S311 - a seed that repeats
    mirror = stores()
    for turn in range(60):
        for _ in range(dice.randrange(4)):
            town.do(dice.choice(_DEEDS), dice)
        remote.clock.advance(timedelta(seconds=dice.choice((0, 1, 30, 400, 4000))))
        take(mirror, remote)
        assert open_in(mirror) == sorted((item.invoice, item.customer, item.balance_cents) for item in books(remote)), (
            f"turn {turn}: {town.done[-8:]}"
        )
    remote.clock.advance(timedelta(hours=26))
    take(mirror, remote)
    fresh, remote.cursor = stores(), None
    take(fresh, remote)
    assert facts(mirror) == facts(fresh)


class Town:
    """What people do, at random; what the books refuse is not done."""

    def __init__(self, house: RemoteHouse) -> None:
        self.house = house
        self.company: Any = house.company
        self.customers = [house.add_customer(f"Customer {number}", "a@example.test") for number in range(3)]
        self.payments: list[str] = []
        self.done: list[str] = []
        self.count = 0

    def do(self, deed: str, dice: random.Random) -> None:
        self.count += 1
        self.done.append(deed)
        open_items = books(self.house)
        item = dice.choice(open_items) if open_items else None
        customer, cents = dice.choice(self.customers), dice.randrange(1, 30000)
        day = TODAY - timedelta(days=dice.randrange(40))
        match deed:
            case "customer":
                self.customers.append(self.house.add_customer(f"More {self.count}", "b@example.test"))
            case "invoice":
                self.company.add_invoice(customer, f"N{self.count}", date(2026, 9, 1), date(2026, 10, 1), cents)
            case "pay" if item:
                self.payments.append(self.company.pay(item.invoice, dice.randrange(1, item.balance_cents + 1), day))
            case "unpay" if self.payments:
                self.company.unpay(self.payments.pop(dice.randrange(len(self.payments))))
            case "on_account":
                self.company.pay_on_account(customer, cents, day)
            case "credit":
                self.company.credit(customer, cents, day)
            case "credit_used" if item:
                self.company.credit(item.customer, dice.randrange(1, item.balance_cents + 1), day, invoice=item.invoice)
            case "void" if item and item.balance_cents == item.total_cents:
                self.company.void(item.invoice)


def books(house: RemoteHouse) -> list[Any]:
    return list(house.company.open_items())


def take(mirror: Mirror, house: RemoteHouse) -> None:
    for page in house.connector.changes(house.cursor):
        mirror.apply(page, house.clock.now())
        house.cursor = page.cursor


def open_in(mirror: Mirror) -> list[tuple[str, str, int]]:
    found = [fact for fact in mirror.facts_of(mirror.all_heads()) if isinstance(fact, Invoice) and fact.balance]
    return sorted((fact.ref, fact.customer, int(fact.balance.amount * 100)) for fact in found if fact.status == "open")


def facts(mirror: Mirror) -> dict[Ref, Any]:
    kinds = {Invoice: "invoice", Payment: "payment", CreditNote: "credit_note"}
    return {
        Ref(kinds[type(fact)], fact.ref): fact  # type: ignore[arg-type]
        for fact in mirror.facts_of(mirror.all_heads())
        if type(fact) in kinds
    }
