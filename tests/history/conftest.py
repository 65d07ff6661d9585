"""A company with years of books behind a provider's HTTP, and an office that is connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Request, Response, Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from syncd.backfill.load import Ask, Backfilled, opened_load
from syncd.backfill.progress import Progress
from syncd.config import load_config
from syncd.ledger import Ledger
from syncd.office import open_office
from syncd.store.past import Past
from tests.databases import new_store

RULES = '[select]\ndefault = "standard"\n[policies.standard]\nextends = "standard"\n'
START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)

CONFIG = """
state_dir = "state"
[connections.acme]
kind = "{kind}"
{id_name} = "{account}"
client_id = "demo-client"
client_secret_file = "secret"
timezone = "UTC"
api_url = "{url}"
auth_url = "{url}"
"""


@dataclass
class Years:
    """The company, the server before it and the ledger over it."""

    kind: str
    company: Any
    server: Server
    clock: SimulatedClock
    folder: Path
    reopen: Callable[[], Ledger]
    ledger: Ledger
    spoils: list[Callable[[Request, Response], Response]]  # what each answer goes through on its way
    told: list[Progress] = field(default_factory=list)

    def backfill(self, ask: Ask | None = None, calls: int | None = None, stop_after: int | None = None) -> Backfilled:
        """One run; `stop_after` that many stored pages it is interrupted."""
        stored = 0

        def show(progress: Progress) -> None:
            nonlocal stored
            self.told.append(progress)
            stored += not progress.is_counting
            if stop_after is not None and stored >= stop_after:
                raise KeyboardInterrupt

        with opened_load(self.ledger, ask or self.ask(), calls) as load:
            load.show = show
            return load.run()

    def ask(self, since: date | None = None, until: date | None = None, **more: bool) -> Ask:
        return Ask(since, until, self.ledger.today(), **more)

    @property
    def past(self) -> Past:
        return Past(self.ledger.store, "acme")

    def pages_asked_for(self) -> list[str]:
        """Each page that was asked for, as the request said it; counts and settings left out."""
        asked = [request.query for request in self.server.seen if request.method == "GET"]
        statements = [query["query"] for query in asked if query.get("query", "").startswith("select *")]
        quickbooks = [text for text in statements if "STARTPOSITION" in text and "IN ('" not in text]
        xero = [str(sorted(query.items())) for query in asked if query.get("pageSize") == "1000"]
        return quickbooks or xero

    def facts(self) -> dict[str, int]:
        """How many facts of each kind are held."""
        counts = {}
        for kind in ("customer", "invoice", "payment", "credit_note"):
            counts[kind] = sum(1 for _ in self.past.held(kind))
        return counts


@pytest.fixture
def years_of(tmp_path: Path) -> Iterator[Callable[..., Years]]:
    """Opens a company of a kind."""
    with ExitStack() as stack:

        def opener(kind: str, clock: Any = None) -> Years:
            clock = clock or SimulatedClock(START)
            company: Any = {"quickbooks": QuickBooksCompany, "xero": XeroCompany}[kind](clock)
            spoils: list[Callable[[Request, Response], Response]] = []

            def application(request: Request) -> Response:
                answer: Response = company.application(request)
                return reduce(lambda so_far, spoil: spoil(request, so_far), spoils, answer)

            server = stack.enter_context(Server(application))
            id_name = {"quickbooks": "realm_id", "xero": "tenant_id"}[kind]
            (tmp_path / "secret").write_text("demo-secret")
            (tmp_path / "secret").chmod(0o600)
            (tmp_path / "rules.d").mkdir(exist_ok=True)
            (tmp_path / "rules.d" / "10.toml").write_text(RULES)
            text = CONFIG.format(kind=kind, id_name=id_name, account=company.account, url=server.url)
            (tmp_path / "config.toml").write_text(text)

            new_store(tmp_path / "state")

            def reopen() -> Ledger:
                office = stack.enter_context(open_office(load_config(tmp_path / "config.toml"), clock, exclusive=False))
                return office.ledger("acme")

            ledger = reopen()
            settings = ledger.config.settings()
            auth = import_module(f"connectors.{kind}.auth")
            ledger.vault.store(auth.adopt(settings, company.issue_tokens(), clock.now()))
            return Years(kind, company, server, clock, tmp_path, reopen, ledger, spoils)

        yield opener


@pytest.fixture(params=["quickbooks", "xero"])
def years(request: pytest.FixtureRequest, years_of: Callable[..., Years]) -> Years:
    """Two years of a small company: two invoices a month, most of them paid, a credit, money on account, a void."""
    found = years_of(request.param)
    fill(found.company, months=24, a_month=2)
    return found


def fill(company: Any, months: int, a_month: int, before: date = date(2026, 6, 1)) -> None:
    """Books of `months` months before a first of a month, by default up to May 2026."""
    customers = [company.add_customer(f"Customer {n}", f"c{n}@example.test") for n in range(5)]
    number = 0
    for back in range(months, 0, -1):
        first = _months_before(before, back)
        for place in range(a_month):
            number += 1
            day = first + timedelta(days=place % 28)
            customer = customers[number % len(customers)]
            bill = company.add_invoice(customer, f"N{number}", day, day + timedelta(30), 10_000 + number)
            if back > 2 and number % 4:
                company.pay(bill, 10_000 + number, day + timedelta(days=40))
            elif back > 2 and number % 8 == 0:
                company.void(bill)
    company.credit(customers[0], 500, before - timedelta(days=20))
    company.pay_on_account(customers[1], 700, before - timedelta(days=19))


def _months_before(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)
