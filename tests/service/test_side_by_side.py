"""Several companies: one slow, dead or misled provider is its own trouble."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from connectors.errors import Unavailable
from connectors.simulator.http import Fault
from syncd.atomic import replace_file
from syncd.daemon import Daemon
from syncd.pass_report import PassReport
from syncd.progress import PATIENCE_S, Progress
from tests.service.conftest import trade


def test_a_hanging_and_a_dead_provider_delay_nobody(live):
    live.head = 'state_dir = "state"\nmode = "auto"\npoll_interval = "1s"\n[limits]\nfirst_plan = "go"\n'
    names = ["slow", "dead", "one", "two", "three"]
    for name in names:
        trade(live, live.add(name, "quickbooks" if name in ("slow", "one", "three") else "xero"))
    live.servers["slow"].faults.append(Fault("hang_after", times=100, delay_s=30.0))
    live.servers["dead"].faults.append(Fault("reset_before", times=1000))
    passes: Counter[str] = Counter()
    enough = threading.Event()

    def after(reports: list[PassReport]) -> None:
        passes.update(report.connection for report in reports if not report.failure)
        if min(passes[name] for name in ("one", "two", "three")) >= 3:
            enough.set()

    with live.opened() as office:
        daemon = Daemon(office, after)
        loop = threading.Thread(target=daemon.loop)
        loop.start()
        assert enough.wait(25), passes
        troubled = (passes["slow"], passes["dead"])
        live.servers["slow"].faults.clear()
        daemon.stop()
        loop.join(60)
    assert troubled == (0, 0), "they were still at their first pass"


def test_files_replaced_by_many_threads_at_once_are_always_whole(tmp_path):
    path = tmp_path / "feed.json"
    threads = [
        threading.Thread(target=lambda text=str(number) * 1000: [replace_file(path, text) for _ in range(20)])
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(path.read_text())) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["feed.json"]


def test_many_threads_write_to_the_store_without_finding_it_locked(live):
    live.add("acme", "quickbooks")
    with live.opened() as office:
        ledger = office.ledger("acme")
        failures: list[BaseException] = []

        def work() -> None:
            try:
                for _ in range(15):
                    ledger.connections.next_plan()
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test must see it
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert ledger.connections.standing().plans == 600


def test_a_pass_that_sends_requests_gets_on_and_one_that_is_silent_too_long_does_not():
    progress = Progress()
    assert progress.gets_on("acme", 1, 0.0)
    assert progress.gets_on("acme", 1, PATIENCE_S - 1)
    assert not progress.gets_on("acme", 1, PATIENCE_S)
    assert progress.gets_on("acme", 2, PATIENCE_S)
    progress.ended("acme")
    assert progress.gets_on("acme", 2, 5 * PATIENCE_S)


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_a_parked_connection_keeps_its_consent_alive(site, kind):
    company = site.add("acme", kind)
    with site.opened() as office:
        ledger, daemon = office.ledger("acme"), Daemon(office)
        site.clock.sleep(20 * 3600)
        before = ledger.vault.tokens()
        ledger.connections.park("the daily calls are used up", site.clock.now().replace(year=2027))
        job = daemon._job(ledger)
        assert job == daemon._tend
        job(ledger)
        assert ledger.vault.tokens().access_token != before.access_token
        assert daemon._job(ledger) is None, "twice a day is enough"
    assert company.calls_by_day()


def test_a_failing_keep_alive_is_a_line_in_the_log_and_no_more(site):
    site.add("acme", "quickbooks")
    with site.opened() as office:
        ledger, daemon = office.ledger("acme"), Daemon(office)
        site.clock.sleep(20 * 3600)
        site.servers["acme"].faults.append(Fault("reset_before", times=10))
        with pytest.raises(Unavailable):
            ledger.vault.keep_alive()
        daemon._tend(ledger)
