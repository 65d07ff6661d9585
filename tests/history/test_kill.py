"""A load killed at any moment goes on where it stopped: nothing is lost, nothing that was stored is fetched again."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from connectors.simulator.http import Server
from syncd.clock import SystemClock
from tests.history.conftest import fill

ROOT = Path(__file__).resolve().parents[2]
KILLS, MONTHS, A_MONTH = 3, 25, 90
PROVIDERS_SECOND_S = 1.1  # a run started in the second in which another was killed would be throttled for a minute
ENTITIES = {"Customer": "customer", "Invoice": "invoice", "Payment": "payment", "CreditMemo": "credit_note"}


class Killer:
    """An application that ends its client by SIGKILL at the request it was told, before or after its answer is made."""

    def __init__(self, application):
        self.application = application
        self.client = None
        self.left, self.answers_first = 0, False

    def __call__(self, request):
        is_last = self._is_last(request)
        if is_last and not self.answers_first:
            os.kill(self.client, signal.SIGKILL)
        answer = self.application(request)
        if is_last and self.answers_first:
            os.kill(self.client, signal.SIGKILL)
        return answer

    def _is_last(self, request):
        self.left -= request.method == "GET"
        return self.left == 0 and request.method == "GET"


@pytest.mark.parametrize("seed", [0])
@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_a_load_killed_again_and_again_ends_as_one_that_ran_through(years_of, kind, seed):
    clock = SystemClock()
    years = years_of(kind, clock)
    fill(years.company, months=MONTHS, a_month=A_MONTH, before=clock.now().date().replace(day=1))
    dice = random.Random(seed)  # noqa: S311 - the moments of a failure can be had again
    killer = Killer(years.company.application)
    asked, stored, ends = Counter(), set(), []
    with Server(killer) as server:
        config = years.folder / "config.toml"
        config.write_text(config.read_text().replace(years.server.url, server.url))
        for run in range(KILLS + 1):
            killer.left, killer.answers_first = dice.randrange(4, 7) if run < KILLS else -1, dice.random() < 0.5
            server.seen.clear()
            time.sleep(PROVIDERS_SECOND_S)
            ends.append(backfill(config, killer))
            pages = [page for page in map(page_of, server.seen) if page is not None]
            assert stored.isdisjoint(pages)
            asked.update(pages)
            stored = pages_stored(years)
    assert ends.count(-signal.SIGKILL) >= KILLS - 1  # a short way may end before its last kill
    assert ends[-1] == 0
    assert stored == set(asked)
    assert max(asked.values()) <= 1 + KILLS  # only what was on the wire when it was killed
    assert years.facts()["invoice"] == MONTHS * A_MONTH


def backfill(config, killer):
    """One run as its own process, until it ends or is ended."""
    command = [sys.executable, "-m", "syncd.cli", "backfill", "--connection", "acme", "--config", str(config)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    killer.client = process.pid
    return process.wait(timeout=60)


def page_of(request):
    """The page a request asks for: its list, its first and last day, and its number. None where it asks for no page."""
    if request.query.get("query", "").startswith("select *"):
        statement = request.query["query"]
        days = re.findall(r"TxnDate [<>]= '([\d-]+)'", statement)
        start = re.search(r"STARTPOSITION (\d+)", statement)
        entity = ENTITIES.get(statement.split(" from ")[1].split()[0])
        return (entity, *days, int(start[1]) // 1000 + 1) if start and entity else None
    if request.query.get("pageSize") == "1000":
        days = re.findall(r"Date[<>]=DateTime\((\d+),(\d+),(\d+)\)", request.query.get("where", ""))
        return (request.path.rpartition("/")[2].lower(), *("-".join(day) for day in days), int(request.query["page"]))
    return None


def pages_stored(years):
    """Every page that the store says it holds."""
    found = set()
    for cut in years.past.cuts():
        window = cut.window
        days = (str(window.first), str(window.last)) if window.first else ()
        found |= {
            (window.name.replace("_", "") if years.kind == "xero" else window.name, *days, number + 1)
            for number in range(cut.pages_done)
        }
    return found
