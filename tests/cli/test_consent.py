"""Consent with the simulated providers: by tokens, by a pasted address, by the browser coming back to loopback."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.simulator.http import Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.xero import XeroCompany
from syncd.clock import SystemClock
from syncd.consent import listen
from syncd.errors import TryAgain, Usage
from tests.clocks import SetClock

Syncd = Callable[..., Any]

CONFIG = """
state_dir = "state"
[connections.acme]
kind = "quickbooks"
client_id = "demo-client"
client_secret_file = "secret"
timezone = "America/New_York"
api_url = "{quickbooks}"
auth_url = "{quickbooks}"
[connections.kiwi]
kind = "xero"
client_id = "demo-client"
client_secret_file = "secret"
timezone = "Pacific/Auckland"
finance_charge_account = "260"
api_url = "{xero}"
auth_url = "{xero}"
"""


@pytest.fixture
def companies(clock: SetClock) -> dict[str, Any]:
    return {"acme": QuickBooksCompany(clock, rate_limited=False), "kiwi": XeroCompany(clock)}


@pytest.fixture
def office(tmp_path: Path, companies: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with Server(companies["acme"].application) as quickbooks, Server(companies["kiwi"].application) as xero:
        (tmp_path / "config.toml").write_text(CONFIG.format(quickbooks=quickbooks.url, xero=xero.url))
        (tmp_path / "secret").write_text("demo-secret")
        (tmp_path / "rules.d").mkdir()
        (tmp_path / "rules.d" / "10.toml").write_text("[policies.p.overdue]\n")
        monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
        yield tmp_path


@pytest.mark.parametrize("name", ["acme", "kiwi"])
def test_tokens_obtained_elsewhere_are_taken_over_and_work(
    syncd: Syncd, office: Path, companies: dict[str, Any], name: str
) -> None:
    assert syncd("check", "--connection", name).code == 77
    (office / "tokens.json").write_text(json.dumps(companies[name].issue_tokens()))
    ran = syncd("connect", name, "--tokens", office / "tokens.json")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith(f"{name} is connected to company {companies[name].account}")
    assert syncd("check", "--connection", name).code == 0
    assert syncd("pull", "--connection", name).code == 0


@pytest.mark.parametrize("name", ["acme", "kiwi"])
def test_tokens_never_stand_readable_in_the_store(
    syncd: Syncd, office: Path, companies: dict[str, Any], name: str
) -> None:
    tokens = companies[name].issue_tokens()
    (office / "tokens.json").write_text(json.dumps(tokens))
    syncd("connect", name, "--tokens", office / "tokens.json")
    for file in (office / "state").iterdir():
        assert tokens["access_token"].encode() not in file.read_bytes()
        assert tokens["refresh_token"].encode() not in file.read_bytes()


def test_two_ways_to_one_consent_are_refused_before_anything_is_asked(syncd: Syncd, office: Path) -> None:
    ran = syncd("connect", "kiwi", "--paste", "--from-laptop")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "--paste and --from-laptop are two ways to one consent: take one of them\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "tokens.json: line 1, column 2: this is not whole JSON: Expecting property name"),
        ('{"access_token": "a",\n "refresh_token" "b"}', "tokens.json: line 2, column 18: this is not whole JSON"),
        ("{", '"expires_in": 1800, "tenant_id": "…"}'),
        ("[]", "tokens.json: it must be one JSON object, as the provider's token endpoint answers: {"),
        ('{"access_token": "a"}', "refresh_token"),
    ],
)
def test_a_tokens_file_that_is_none_is_refused(syncd: Syncd, office: Path, text: str, problem: str) -> None:
    (office / "tokens.json").write_text(text)
    ran = syncd("connect", "kiwi", "--tokens", office / "tokens.json")
    assert ran.code == 65
    assert problem in ran.err


@pytest.mark.parametrize("name", ["acme", "kiwi"])
def test_consent_by_a_pasted_address(
    syncd: Syncd, office: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Browser(io.StringIO):
        """Opens the address that was printed and pastes where it ended."""

        def readline(self, *_: Any) -> str:
            address = re.search(r"^  (http\S+)$", capsys.readouterr().err, re.MULTILINE)
            assert address is not None
            return str(requests.get(address[1], allow_redirects=False, timeout=10).headers["Location"]) + "\n"

    monkeypatch.setattr("sys.stdin", Browser())
    ran = syncd("connect", name, "--paste", "--redirect-uri", "https://office.example/callback")
    assert (ran.code, ran.err[: len(name) + 13]) == (0, f"{name} is connected")


def test_an_address_of_another_attempt_is_refused(syncd: Syncd, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("https://office.example/callback?code=c&state=other&realmId=1\n"))
    ran = syncd("connect", "acme", "--paste", "--redirect-uri", "https://office.example/callback")
    assert ran.code == 77


@pytest.mark.parametrize("rubbish", ["rubbish", "", "https://office.example/callback"])
def test_what_is_pasted_and_is_no_address_of_a_consent_is_told_so(
    syncd: Syncd, office: Path, monkeypatch: pytest.MonkeyPatch, rubbish: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{rubbish}\n"))
    ran = syncd("connect", "acme", "--paste", "--redirect-uri", "https://office.example/callback")
    assert (ran.code, "this is no address that a consent ends on" in ran.err) == (2, True)


def test_another_company_than_the_configured_one_is_refused(
    syncd: Syncd, office: Path, companies: dict[str, Any]
) -> None:
    config = office / "config.toml"
    config.write_text(config.read_text().replace('kind = "quickbooks"', 'kind = "quickbooks"\nrealm_id = "7"'))
    (office / "tokens.json").write_text(json.dumps(companies["acme"].issue_tokens()))
    ran = syncd("connect", "acme", "--tokens", office / "tokens.json")
    assert ran.code == 77
    assert companies["acme"].account in ran.err


def test_disconnect_revokes_and_forgets(syncd: Syncd, office: Path, companies: dict[str, Any]) -> None:
    (office / "tokens.json").write_text(json.dumps(companies["acme"].issue_tokens()))
    syncd("connect", "acme", "--tokens", office / "tokens.json")
    assert syncd("disconnect", "acme").code == 0
    again = syncd("disconnect", "acme")
    assert (again.code, again.err) == (77, "acme is not connected\n")
    assert syncd("pull", "--connection", "acme").code == 77


def test_an_unknown_connection_is_a_usage_error_that_names_the_right_one(syncd: Syncd, office: Path) -> None:
    ran = syncd("connect", "acne")
    assert ran.code == 2
    assert 'no connection "acne"; did you mean "acme"?' in ran.err


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_the_browser_comes_back_to_loopback_and_other_pages_do_not_count() -> None:
    uri = f"http://localhost:{free_port()}/callback"
    pages = []

    def visit() -> None:
        assert requests.get(uri.replace("callback", "favicon.ico"), timeout=5).status_code == 404
        pages.append(requests.get(f"{uri}?code=c&state=s", timeout=5).text)

    browser = threading.Thread(target=visit)
    came_back = listen(uri, SystemClock(), browser.start)
    browser.join()
    assert came_back == f"{uri}?code=c&state=s"
    assert "Consent received" in pages[0]


def test_nobody_coming_back_is_said_and_may_be_tried_again() -> None:
    with pytest.raises(TryAgain, match="nobody came back"):
        listen(f"http://127.0.0.1:{free_port()}/callback", SystemClock(), lambda: None, wait_s=-1)


@pytest.mark.parametrize("uri", ["https://office.example/callback", "http://localhost/callback"])
def test_an_address_that_is_not_ours_cannot_be_listened_on(uri: str) -> None:
    with pytest.raises(Usage, match="use --paste"):
        listen(uri, SystemClock(), lambda: None)
