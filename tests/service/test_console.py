"""The one HTTP port: who may ask what, what it answers, and what it looks like in a real browser."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import Ref
from syncd import hints
from syncd.attempt import attempt_pass
from syncd.cli.root import run
from syncd.console.app import App, serving
from syncd.console.door import open_door
from syncd.console.http import LONGEST_BODY, Request, Server
from syncd.errors import ConfigError, TryAgain
from syncd.office import Office
from syncd.pass_report import Ground
from tests.service.conftest import Site, trade

REPOSITORY = Path(__file__).resolve().parents[2]
HEAD = 'state_dir = "state"\nmode = "review"\n[serve]\nlisten = "127.0.0.1:0"\n'


@dataclass
class Port:
    """A served office and how to ask it."""

    office: Office
    url: str
    token: str

    def get(self, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(self.url + path, headers=headers, timeout=10, allow_redirects=False, **more)

    def person(self, name: str = "Dana") -> requests.Session:
        session = requests.Session()
        session.post(f"{self.url}/login", data={"name": name, "token": self.token}, timeout=10)
        return session


@pytest.fixture
def port(site: Site) -> Iterator[Port]:
    site.head = HEAD
    trade(site, site.add("acme", "quickbooks"))
    with site.opened() as office, serving(office) as server:
        attempt_pass(office.ledger("acme"), Ground(office.policies, office.config.limits, "review"))
        token = (office.config.state_dir / "console.token").read_text().strip()
        yield Port(office, f"http://127.0.0.1:{server.port}", token)


def test_only_healthz_and_the_login_are_open(port):
    assert requests.get(f"{port.url}/healthz", timeout=10).text == "ok\n"
    assert requests.get(f"{port.url}/login", timeout=10).status_code == 200
    for path in ("/", "/readyz", "/metrics", "/stop-sell", "/stop-sell/acme/1", "/audit", "/aging/acme", "/nothing"):
        refused = requests.get(port.url + path, timeout=10)
        assert (refused.status_code, "Bearer" in refused.headers["WWW-Authenticate"]) == (401, True)
        assert port.get(path).status_code in (200, 404)
    wrong = requests.get(f"{port.url}/metrics", headers={"Authorization": "Bearer wrong"}, timeout=10)
    assert wrong.status_code == 401


def test_the_token_also_opens_as_a_password_and_a_browser_is_led_to_the_login(port):
    assert requests.get(f"{port.url}/metrics", auth=("any", port.token), timeout=10).status_code == 200
    led = requests.get(port.url, headers={"Accept": "text/html"}, timeout=10, allow_redirects=False)
    assert (led.status_code, led.headers["Location"]) == (303, "/login")


def test_the_token_is_made_for_its_owner_alone_and_a_short_or_open_one_is_refused(tmp_path):
    door = open_door(tmp_path / "state", None)
    made = tmp_path / "state" / "console.token"
    assert made.stat().st_mode & 0o777 == 0o600
    assert open_door(tmp_path / "state", None) == door
    short = tmp_path / "short"
    short.write_text("secret\n")
    short.chmod(0o600)
    with pytest.raises(ConfigError, match="can be guessed"):
        open_door(tmp_path, short)
    with pytest.raises(ConfigError, match="does not exist"):
        open_door(tmp_path, tmp_path / "absent")


def test_readiness_is_told_for_each_connection_with_the_reason(port, site):
    assert port.get("/readyz").json() == {"ready": True, "connections": {"acme": {"ready": True, "why": None}}}
    assert port.get("/readyz/nobody").status_code == 404
    site.clock.advance(timedelta(hours=3))
    late = port.get("/readyz/acme")
    assert late.status_code == 503
    assert "180 minutes ago" in late.json()["connections"]["acme"]["why"]
    port.office.ledger("acme").connections.park("the consent is gone; mend it with: syncd connect acme", None)
    assert "syncd connect acme" in port.get("/readyz").json()["connections"]["acme"]["why"]


def test_the_metrics_are_numbers_in_prometheus_text_and_name_no_customer(port, site):
    port.office.ledger("acme").connections.brake("look", site.clock.now())
    site.clock.advance(timedelta(seconds=90))
    text = port.get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert figures['syncd_pull_age_seconds{connection="acme"}'] == "90.0"
    assert figures['syncd_brake{connection="acme"}'] == "1.0"
    assert int(float(figures['syncd_actions{connection="acme",state="held"}'])) > 0
    assert float(figures['syncd_consent_expiry_timestamp_seconds{connection="acme"}']) > 0
    assert figures['syncd_clock_ahead_seconds{connection="acme"}'] == "0.0"
    assert figures["syncd_rules_last_reload_successful"] == "1.0"
    assert "Oak" not in text


def test_order_entry_asks_for_all_stopped_customers_or_for_one(port):
    ledger = port.office.ledger("acme")
    oak = ledger.mirror.find("Oak")[0].id
    assert port.get(f"/stop-sell/acme/{oak}").json()["stop_sell"] is False
    for intent in ledger.intents.actions(("held",)):
        if intent.decision.kind == "credit_state" and intent.customer == oak:
            ledger.intents.approve(intent, "dana", port.office.clock.now())
    attempt_pass(ledger, Ground(port.office.policies, port.office.config.limits, "review"))
    one = port.get(f"/stop-sell/acme/{oak}").json()
    assert (one["stop_sell"], one["state"]) == (True, "hold")
    assert [row["customer"] for row in port.get("/stop-sell").json()["customers"]] == [oak]
    assert port.get("/stop-sell/acme/nobody").status_code == 404
    assert port.get("/stop-sell/nowhere/1").status_code == 404


def test_a_person_approves_and_refuses_with_a_form_of_ours_and_the_journal_has_their_name(port):
    dana = port.person("Dana  Diaz")
    page = dana.get(port.url, timeout=10).text
    form_token = re.search(r'name="form_token" value="(\w+)"', page)[1]
    first, second = sorted(set(re.findall(r'name="action" value="(\d+)"', page)), key=int)[:2]
    say = {"form_token": form_token, "connection": "acme"}
    done = dana.post(f"{port.url}/answer", data={**say, "action": first, "say": "approve"}, timeout=10)
    assert "goes out with the next pass" in done.text
    dana.post(f"{port.url}/answer", data={**say, "action": second, "say": "refuse", "why": "spoke"}, timeout=10)
    states = {str(intent.id): intent for intent in port.office.ledger("acme").intents.actions()}
    assert (states[first].state, states[first].approved_by) == ("planned", "Dana Diaz")
    assert (states[second].state, states[second].why) == ("refused", "spoke")
    again = dana.post(f"{port.url}/answer", data={**say, "action": first, "say": "approve"}, timeout=10)
    assert "does not wait any more" in again.text
    journal = dana.get(f"{port.url}/audit", timeout=10).text
    assert "Dana Diaz" in journal


def test_a_form_from_elsewhere_a_bare_token_and_a_forged_login_change_nothing(port):
    dana = port.person()
    say = {"connection": "acme", "action": "1", "say": "approve"}
    assert dana.post(f"{port.url}/answer", data={**say, "form_token": "x"}, timeout=10).status_code == 403
    bearer = {"Authorization": f"Bearer {port.token}"}
    assert requests.post(f"{port.url}/answer", data=say, headers=bearer, timeout=10).status_code == 403
    value = dana.cookies["syncd_login"]
    forged = {"syncd_login": value[:-2] + ("00" if value[-2:] != "00" else "11")}
    led = requests.get(port.url, cookies=forged, timeout=10, allow_redirects=False)
    assert led.status_code == 401
    assert {intent.state for intent in port.office.ledger("acme").intents.actions()} == {"held"}


def test_a_customer_is_called_by_its_name_where_an_invoice_has_the_same_id(port: Port, site: Site) -> None:
    mirror = port.office.ledger("acme").mirror
    oak = mirror.find("Oak")[0].id
    assert mirror.fact(Ref("invoice", oak)) is not None, "QuickBooks counts customers and invoices from 1 each"
    page = port.get(f"/account/acme/{oak}").text
    assert '<th scope="row">Oak' in page


def test_a_login_ends_after_its_time_or_at_the_persons_word(port, site):
    dana = port.person()
    assert dana.get(f"{port.url}/audit", timeout=10).status_code == 200
    site.clock.advance(timedelta(hours=13))
    assert dana.get(f"{port.url}/audit", timeout=10).status_code == 401
    wrong = requests.post(f"{port.url}/login", data={"name": "x", "token": "wrong"}, timeout=10)
    assert (wrong.status_code, "not the token" in wrong.text) == (403, True)


def test_every_page_shows_what_it_says_and_escapes_what_customers_are_called(port, site):
    company = site.companies["acme"]
    odd = company.add_customer("<script>alert(1)</script> & Sons", "odd@example.test")
    today = site.clock.now().date()
    company.add_invoice(odd, "1<4", today - timedelta(days=40), today - timedelta(days=10), 1_000)
    attempt_pass(port.office.ledger("acme"), Ground(port.office.policies, port.office.config.limits, "review"))
    for path in ("/", "/aging/acme", "/audit", f"/account/acme/{odd}"):
        page = port.get(path)
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "&lt;script&gt;" in port.get("/aging/acme").text
    assert "What comes next" in port.get(f"/account/acme/{odd}").text


def test_strangers_cannot_send_much_nor_anything_odd(port):
    host, number = port.url.removeprefix("http://").split(":")
    for head in (f"Content-Length: {LONGEST_BODY + 1}", "Transfer-Encoding: chunked", "Content-Length: -5"):
        with socket.create_connection((host, int(number)), timeout=10) as line:
            line.sendall(f"POST /login HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
            assert line.recv(100).startswith(b"HTTP/1.0 413")
    assert requests.put(f"{port.url}/answer", timeout=10).status_code == 501
    assert requests.get(f"{port.url}/healthz", timeout=10).headers["X-Frame-Options"] == "DENY"


def test_a_port_that_is_taken_is_named_with_what_to_do(port, site, capsys):
    taken = port.url.rpartition(":")[2]
    with pytest.raises(TryAgain, match=r"end the program that has it, or change \[serve\] listen"):
        Server("127.0.0.1", int(taken), lambda _request: None)
    site.head = HEAD.replace(":0", f":{taken}")
    site.write()
    assert run(["serve", "--config", str(site.config_file)]) == 75
    assert f"127.0.0.1:{taken} cannot be listened on" in capsys.readouterr().err


def test_a_hint_is_taken_once(tmp_path):
    hints.give(tmp_path, "acme")
    hints.give(tmp_path, "acme")
    assert hints.take(tmp_path, ["acme", "kiwi"]) == ["acme"]
    assert hints.take(tmp_path, ["acme", "kiwi"]) == []


@contextmanager
def let_in(port: Port) -> Iterator[str]:
    """The same pages with the token already in every request, since a browser on the command line cannot log in."""
    app = App(port.office, open_door(port.office.config.state_dir, None))
    cookie = app.door.cookie("Dana", port.office.clock.now()).partition(";")[0]

    def opened(request: Request) -> Any:
        return app(replace(request, headers={**request.headers, "cookie": cookie}))

    with Server("127.0.0.1", 0, opened) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.mark.browser
def test_a_real_browser_shows_the_pages_and_finds_nothing_against_their_policy(port, tmp_path: Path):
    oak = port.office.ledger("acme").mirror.find("Oak")[0].id
    with let_in(port) as url:
        for path in ("/", "/aging/acme", f"/account/acme/{oak}", "/login"):
            shown = _browsed(f"{url}{path}", tmp_path)
            assert "<main" in shown.stdout
            assert not re.search(r"Refused to|Content Security Policy|Uncaught", shown.stderr), shown.stderr


def _browsed(url: str, profile: Path) -> subprocess.CompletedProcess[str]:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={profile}"]
    command = [shutil.which("chromium") or "", *flags, "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - a fixed tool


def test_the_daemon_serves_the_same_port_where_it_is_enabled(live: Site):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        number = reserved.getsockname()[1]
    live.head = HEAD.replace("[serve]\n", "[serve]\nenabled = true\n").replace(":0", f":{number}")
    live.add("acme", "quickbooks")
    command = [sys.executable, "-m", "syncd.cli", "run", "--config", str(live.config_file)]
    with (live.folder / "err").open("w") as err:
        daemon = subprocess.Popen(command, cwd=REPOSITORY, stderr=err)  # noqa: S603 - our own program
        try:
            _wait_for(lambda: _ready(live, number))
        finally:
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(60) == 0
    assert "pass.finished" in (live.folder / "err").read_text()


def _ready(live: Site, number: int) -> bool:
    token = live.folder / "state" / "console.token"
    if not token.exists():
        return False
    headers = {"Authorization": f"Bearer {token.read_text().strip()}"}
    try:
        return requests.get(f"http://127.0.0.1:{number}/readyz", headers=headers, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def _wait_for(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not what():
        assert time.monotonic() < ends, "this never came"
        time.sleep(0.1)
