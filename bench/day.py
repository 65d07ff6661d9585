"""A day of one company under the real daemon, its port and its passes, on a simulated clock.

Counts what the provider is asked and how often tokens are refreshed; and takes, for every payment a person enters in
the simulated books, the time until the customer's stop-sell flag is gone from them. Webhooks are delivered, signed, at
the moment of the change: what a provider adds to that is its own. Passes themselves take no time on this clock.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import requests

from bench.companies import connect, table_of, write
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from syncd.config import load_config
from syncd.console.app import serving
from syncd.daemon import Daemon
from syncd.logs import configure
from syncd.office import open_office
from syncd.pass_report import PassReport

START = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)
HOURS = 24
KEY = "bench-key"
RULES = """
[select]
default = "standard"
[policies.standard.credit_hold]
hold = { any = { days_past_due = 10 } }
"""
P = ParamSpec("P")
T = TypeVar("T")


class Inline(Executor):
    """Does at once what it is given: on a clock that stands still nothing can overlap."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it now."""
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass
class Watch:
    """When each payment was entered, and how long it took until the flag was gone."""

    clock: SimulatedClock
    paid_at: list[datetime] = field(default_factory=list)
    released_after_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def after(self, reports: list[PassReport]) -> None:
        """What a pass did."""
        self.failures += [report.failure for report in reports if report.failure]
        for _ in range(sum(report.drained.confirmed.get("set_stop_sell", 0) for report in reports)):
            if self.paid_at:
                self.released_after_s.append((self.clock.now() - self.paid_at.pop(0)).total_seconds())


def day_of(kind: str, interval: str, *, webhooks: bool, folder: Path, hours: int = HOURS) -> dict[str, Any]:
    """A whole day or some hours of it, with a payment in each at an odd moment between two polls."""
    folder.mkdir(parents=True)
    clock = SimulatedClock(START)
    company: Any = QuickBooksCompany(clock) if kind == "quickbooks" else XeroCompany(clock)
    bills = list(_overdue(company, clock, hours))
    watch = Watch(clock)
    with ExitStack() as doors:
        server = doors.enter_context(Server(company.application))
        own = f'poll_interval = "{interval}"\n' + ('webhook_key_file = "secret.webhook"\n' if webhooks else "")
        config = 'state_dir = "state"\nmode = "auto"\n[limits]\nfirst_plan = "go"\n[serve]\nlisten = "127.0.0.1:0"\n'
        write(folder, config + table_of("acme", company, server.url) + own, RULES)
        (folder / "secret.webhook").write_text(KEY)
        (folder / "secret.webhook").chmod(0o600)
        (folder / "acme.tokens.json").write_text(json.dumps(company.issue_tokens()))
        office = doors.enter_context(open_office(load_config(folder / "config.toml"), clock, exclusive=True))
        connect(office, folder)
        daemon = Daemon(office, watch.after)
        port = doors.enter_context(serving(office)).port if webhooks else None
        _run(daemon, clock, timedelta(hours=1))  # the first load, and the holds it leads to
        before = len(server.seen)
        _live(daemon, watch, company, bills, port)
        seen = server.seen[before:]
    if watch.failures or watch.paid_at:
        raise RuntimeError(f"not a day like any other: {watch.failures[:3]}, {len(watch.paid_at)} never released")
    return {
        "requests": sum(one.path.startswith(("/v3/", "/api.xro/")) for one in seen),
        "refreshes": sum(one.method == "POST" and "token" in one.path for one in seen),
        "released after_s": round(sum(watch.released_after_s) / len(watch.released_after_s)),
        "at most_s": round(max(watch.released_after_s)),
    }


def _overdue(company: Any, clock: SimulatedClock, count: int) -> Iterator[str]:
    """A bill of each of some customers, late enough for a hold."""
    today = clock.now().date()
    for number in range(count):
        customer = company.add_customer(f"Customer {number}", f"c{number}@example.test")
        yield company.add_invoice(
            customer, f"N{number}", today - timedelta(days=60), today - timedelta(days=30), 10_000
        )
        clock.sleep(1.0)


def _live(daemon: Daemon, watch: Watch, company: Any, bills: list[str], port: int | None) -> None:
    """The day: each hour somebody pays."""
    for number, bill in enumerate(bills):
        _run(daemon, watch.clock, timedelta(seconds=(number * 97) % 1800))
        company.pay(bill, 10_000, watch.clock.now().date())
        watch.paid_at.append(watch.clock.now())
        if port is not None:
            _tell(company, bill, number, port)
        _run(daemon, watch.clock, timedelta(seconds=3600 - (number * 97) % 1800))


def _run(daemon: Daemon, clock: SimulatedClock, for_: timedelta) -> None:
    """Rounds of the daemon until that much time is over, each when something is due."""
    ends, pool = clock.now() + for_, Inline()
    while clock.now() < ends:
        daemon._round(pool)  # noqa: SLF001 - its loop waits for this machine's clock
        due = min(daemon._next_at.values(), default=0.0) - clock.monotonic()  # noqa: SLF001
        clock.sleep(min(max(due, 0.2), (ends - clock.now()).total_seconds()))


def _tell(company: Any, bill: str, number: int, port: int) -> None:
    """The provider's webhook about a paid bill."""
    mark = f"event-{number}"
    if company.kind == "quickbooks":
        header, body = "intuit-signature", json.dumps([
            {"specversion": "1.0", "id": mark, "source": "intuit.bench", "type": "qbo.payment.created.v1",
             "intuitentityid": bill, "intuitaccountid": company.account, "data": {}},
        ])  # fmt: skip
    else:
        header, body = "x-xero-signature", json.dumps({"events": [
            {"resourceId": bill, "eventDateUtc": mark, "eventType": "UPDATE", "eventCategory": "INVOICE",
             "tenantId": company.account, "tenantType": "ORGANISATION"},
        ]})  # fmt: skip
    signature = base64.b64encode(hmac.new(KEY.encode(), body.encode(), hashlib.sha256).digest()).decode()
    url = f"http://127.0.0.1:{port}/webhooks/{company.kind}"
    answer = requests.post(url, data=body, headers={header: signature}, timeout=10)
    answer.raise_for_status()


def main() -> None:
    """Measure, and print one JSON object."""
    configure("text", level=logging.ERROR)
    folder, kind, interval, told = sys.argv[1:]
    print(json.dumps(day_of(kind, interval, webhooks=told == "webhooks", folder=Path(folder))))


if __name__ == "__main__":
    main()
