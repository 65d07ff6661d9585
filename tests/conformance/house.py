"""What the conformance suite needs of a company, whoever keeps its books: a door, a connection, and what can go wrong.

A HOUSE is one company behind one kind of connector. To add a kind: a house here and its name in `HOUSES`.
"""

from __future__ import annotations

import json
import socket
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from connectors import ConnectionSettings, Connector, Page, Record, Ref, open_connector
from connectors.errors import OutcomeUnknown
from connectors.markers import keys_in
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Fault, Response, Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from connectors.tokens import Tokens
from connectors.transport import Timing
from rules.domain.actions import Operation
from rules.domain.facts import Fact

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)


class Vault:
    """Keeps tokens as the real vault does: refreshes when they run out or are refused."""

    def __init__(self, auth: ModuleType, settings: ConnectionSettings, tokens: Tokens, clock: SimulatedClock) -> None:
        self.auth, self.settings, self.tokens, self.clock = auth, settings, tokens, clock
        self.replaced = 0

    def access_token(self) -> str:
        if self.tokens.expires_at - self.clock.now() < timedelta(minutes=1):
            self.replace(self.tokens.access_token)
        return self.tokens.access_token

    def replace(self, refused: str) -> str:
        assert refused == self.tokens.access_token
        self.tokens = self.auth.refresh(self.settings, self.tokens, self.clock.now())
        self.replaced += 1
        return self.tokens.access_token


class NoTokens:
    """For a source that needs none; asking for one is a failure of the test."""

    replaced = 0

    def access_token(self) -> str:
        raise AssertionError("this source needs no token")

    replace = access_token


class House(ABC):
    """One company and a connection to it. `extra` are the settings of its kind."""

    kind: str
    currency: str
    idle_requests = 1

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock
        self.cursor: str | None = None
        self.connector: Connector

    @property
    def timing(self) -> Timing:
        return Timing(self.clock.now, self.clock.monotonic, self.clock.sleep)

    def pull(self) -> list[Page]:
        """Everything since the last pull."""
        pages = list(self.connector.changes(self.cursor))
        self.cursor = pages[-1].cursor
        return pages

    def mirror(self) -> dict[Ref, Fact]:
        """What the books say, read from the beginning."""
        return facts_of(list(self.connector.changes(None)))

    def fact(self, kind: Any, ref: str) -> Any:
        found = self.connector.fetch(Ref(kind, ref))
        return found.fact if found else None

    @abstractmethod
    def open(self) -> Connector:
        """Another connection to the same books."""

    @abstractmethod
    def unreachable(self) -> Connector:
        """A connection to where nobody is."""

    @abstractmethod
    def add_customer(self, name: str, email: str) -> str: ...

    @abstractmethod
    def add_invoice(self, customer: str, number: str, cents: int) -> str: ...

    @abstractmethod
    def pay(self, invoice: str, cents: int) -> str: ...

    @abstractmethod
    def pay_on_account(self, customer: str, cents: int) -> str: ...

    @abstractmethod
    def credit(self, customer: str, cents: int, invoice: str | None = None) -> str: ...

    @abstractmethod
    def void(self, invoice: str) -> None: ...

    @abstractmethod
    def unpay(self, payment: str) -> None: ...

    @abstractmethod
    def open_cents(self) -> dict[str, int]:
        """Open invoices and how much of each is open."""

    @abstractmethod
    def effects(self) -> Counter[str]:
        """How often each thing was done to the books by us, as the books show it."""

    @abstractmethod
    def requests(self) -> int:
        """How much the source was asked so far."""

    @abstractmethod
    def expire_tokens(self) -> None: ...

    @abstractmethod
    def lose_answer(self, operation: Operation, key: str) -> None:
        """Write, and never learn what came of it."""

    @abstractmethod
    def lose_request(self, operation: Operation, key: str) -> None:
        """Write, and the request gets lost on its way; nobody knows."""


class RemoteHouse(House):
    """A simulated company behind a provider's HTTP."""

    company: Any
    extra: dict[str, str]

    def __init__(self, server: Server, clock: SimulatedClock) -> None:
        super().__init__(clock)
        self.server = server
        self.settings = ConnectionSettings(
            name="acme",
            kind=self.kind,
            timezone=self.company.timezone,
            account=self.company.account,
            client_id="demo-client",
            client_secret="demo-secret",
            api_url=server.url,
            auth_url=server.url,
            extra=self.extra,
        )
        auth = import_module(f"connectors.{self.kind}.auth")
        self.vault = Vault(auth, self.settings, self._tokens(auth), self.clock)
        self.connector = self.open()

    def _tokens(self, auth: ModuleType) -> Tokens:
        tokens: Tokens = auth.adopt(self.settings, self.company.issue_tokens(), self.clock.now())
        return tokens

    def open(self) -> Connector:
        return open_connector(self.settings, self.vault, self.timing)

    def unreachable(self) -> Connector:
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        return open_connector(replace(self.settings, api_url=nobody), self.vault, self.timing)

    def add_customer(self, name: str, email: str) -> str:
        return str(self.company.add_customer(name, email))

    def add_invoice(self, customer: str, number: str, cents: int) -> str:
        return str(self.company.add_invoice(customer, number, date(2026, 9, 1), date(2026, 10, 1), cents))

    def pay(self, invoice: str, cents: int) -> str:
        return str(self.company.pay(invoice, cents, TODAY))

    def pay_on_account(self, customer: str, cents: int) -> str:
        return str(self.company.pay_on_account(customer, cents, TODAY))

    def credit(self, customer: str, cents: int, invoice: str | None = None) -> str:
        return str(self.company.credit(customer, cents, TODAY, invoice=invoice))

    def void(self, invoice: str) -> None:
        self.company.void(invoice)

    def unpay(self, payment: str) -> None:
        self.company.unpay(payment)

    def open_cents(self) -> dict[str, int]:
        return {item.invoice: item.balance_cents for item in self.company.open_items()}

    def effects(self) -> Counter[str]:
        return Counter(effect.kind for effect in self.company.effects())

    def requests(self) -> int:
        return len(self.server.seen)

    def refuse_next(self, response: Response, method: str | None = None) -> None:
        """The next request is answered so, and not done."""
        self.server.faults.append(Fault("refuse", method, response=response))

    def lose_reads(self) -> None:
        """The next two reads get no answer."""
        self.server.faults += [Fault("reset_before", "GET"), Fault("reset_after", "GET")]

    def lose_answer(self, operation: Operation, key: str) -> None:
        self._fail("reset_after", operation, key)

    def lose_request(self, operation: Operation, key: str) -> None:
        self._fail("reset_before", operation, key)

    def _fail(self, kind: Any, operation: Operation, key: str) -> None:
        for method in self.write_methods:
            self.server.faults.append(Fault(kind, method))
        try:
            self.connector.write(operation, key)
        except OutcomeUnknown:
            return
        finally:
            self.server.faults.clear()
        raise AssertionError("a write whose answer was lost must not look done")

    write_methods: tuple[str, ...] = ("POST",)


class QuickBooksHouse(RemoteHouse):
    kind = "quickbooks"
    currency = "USD"

    def __init__(self, server: Server, clock: SimulatedClock, company: QuickBooksCompany) -> None:
        self.company = company
        self.extra = {"finance_charge_item": "Finance charge"}
        super().__init__(server, clock)

    def expire_tokens(self) -> None:
        self.company.expire_access_tokens()


class XeroHouse(RemoteHouse):
    kind = "xero"
    currency = "NZD"
    write_methods = ("POST", "PUT", "DELETE")

    def __init__(self, server: Server, clock: SimulatedClock, company: XeroCompany) -> None:
        self.company = company
        self.extra = {
            "finance_charge_account": "260",
            "finance_charge_status": "AUTHORISED",
            "stop_sell_group": "Stop sell",
        }
        super().__init__(server, clock)

    def expire_tokens(self) -> None:
        self.company.expire_tokens()


class FileHouse(House):
    """A folder of book files, kept by a program that reads our outbox."""

    kind = "file"
    currency = "USD"
    idle_requests = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(SimulatedClock(START))
        self.folder = folder
        self.lists: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("customers", "invoices", "payments", "credit_notes")
        }
        self._save()
        self.connector = self.open()

    def open(self) -> Connector:
        return self._at(self.folder)

    def unreachable(self) -> Connector:
        return self._at(self.folder / "nowhere")

    def _at(self, path: Path) -> Connector:
        settings = ConnectionSettings("books", "file", "America/New_York", extra={"path": str(path)})
        return open_connector(settings, NoTokens(), self.timing)

    def add_customer(self, name: str, email: str) -> str:
        return self._add("customers", "C", name=name, email=email)

    def add_invoice(self, customer: str, number: str, cents: int) -> str:
        amount = self._money(cents)
        days = {"issued_on": "2026-09-01", "due_on": "2026-10-01"}
        return self._add("invoices", "I", number=number, customer=customer, total=amount, balance=amount, **days)

    def pay(self, invoice: str, cents: int) -> str:
        bill = self._reduce(invoice, cents)
        applied = [{"invoice": invoice, "amount": self._money(cents)}]
        return self._payment(bill["customer"], cents, applied)

    def pay_on_account(self, customer: str, cents: int) -> str:
        return self._payment(customer, cents, [])

    def credit(self, customer: str, cents: int, invoice: str | None = None) -> str:
        applied = []
        if invoice is not None:
            self._reduce(invoice, cents)
            applied = [{"invoice": invoice, "amount": self._money(cents), "on": TODAY.isoformat()}]
        amount = self._money(cents)
        return self._add(
            "credit_notes", "N", customer=customer, issued_on=TODAY.isoformat(), amount=amount, applied=applied
        )

    def void(self, invoice: str) -> None:
        self._find("invoices", invoice).update(status="voided", balance=self._money(0))
        self._save()

    def unpay(self, payment: str) -> None:
        gone = self._find("payments", payment)
        self.lists["payments"].remove(gone)
        for part in gone["applied"]:
            self._reduce(part["invoice"], -self._cents(part["amount"]))
        self._save()

    def open_cents(self) -> dict[str, int]:
        amounts = {bill["ref"]: self._cents(bill["balance"]) for bill in self.lists["invoices"]}
        return {ref: cents for ref, cents in amounts.items() if cents}

    def effects(self) -> Counter[str]:
        outbox = self.folder / "outbox.jsonl"
        lines = [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []
        assert all(keys_in(line["marker"]) == (line["key"],) for line in lines)
        return Counter(_EFFECT_OF[line["verb"]] for line in lines)

    def requests(self) -> int:
        return 0

    def expire_tokens(self) -> None:
        """There are none."""

    def lose_answer(self, operation: Operation, key: str) -> None:
        self.connector.write(operation, key)

    def lose_request(self, operation: Operation, key: str) -> None:
        """A process killed before its line was on disk leaves none."""

    def _payment(self, customer: str, cents: int, applied: list[dict[str, str]]) -> str:
        day = TODAY.isoformat()
        return self._add(
            "payments", "P", customer=customer, received_on=day, amount=self._money(cents), applied=applied
        )

    def _add(self, listing: str, letter: str, **row: Any) -> str:
        ref = f"{letter}-{len(self.lists[listing]) + 1}"
        self.lists[listing].append({"ref": ref, **row})
        self._save()
        return ref

    def _find(self, name: str, ref: str) -> dict[str, Any]:
        return next(row for row in self.lists[name] if row["ref"] == ref)

    def _reduce(self, invoice: str, cents: int) -> dict[str, Any]:
        bill = self._find("invoices", invoice)
        left = self._cents(bill["balance"]) - cents
        bill.update(balance=self._money(left), status="open" if left else "paid")
        return bill

    def _save(self) -> None:
        company = {"name": "Acme", "currency": "USD", "timezone": "America/New_York"}
        document = {"as_of": TODAY.isoformat(), "company": company, **self.lists}
        (self.folder / "book.json").write_text(json.dumps(document))

    @staticmethod
    def _money(cents: int) -> str:
        return f"{Decimal(cents) / 100:.2f} USD"

    @staticmethod
    def _cents(text: str) -> int:
        return int(Decimal(text.split(maxsplit=1)[0]) * 100)


_EFFECT_OF = {
    "create_invoice": "finance_charge",
    "create_credit_note": "charge_reversal",
    "add_note": "memo",
    "set_promise_date": "promise_date",
    "set_stop_sell": "stop_sell_on",
}


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[House]:
    """A house of that kind, closed afterwards."""
    if kind == "file":
        house: House = FileHouse(folder)
        yield house
        house.connector.close()
        return
    clock = SimulatedClock(START)
    company: Any = QuickBooksCompany(clock) if kind == "quickbooks" else XeroCompany(clock)
    kinds: dict[str, Any] = {"quickbooks": QuickBooksHouse, "xero": XeroHouse}
    with Server(company.application) as server:
        house = kinds[kind](server, clock, company)
        yield house
        house.connector.close()


def facts_of(pages: list[Page]) -> dict[Ref, Fact]:
    """The facts of pages, later ones over earlier ones."""
    return {each.ref: each.fact for page in pages for each in page.records if isinstance(each, Record)}
