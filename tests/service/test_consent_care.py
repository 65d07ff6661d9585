"""Consents: lost answers, hand-over from a laptop, several organisations, and what ends where."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from connectors.errors import ConsentNeeded, Unavailable
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Request, Response, Server
from connectors.simulator.xero import XeroCompany
from connectors.tokens import Tokens
from syncd.cli.root import run
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.consent import begin
from syncd.errors import DataRefused
from syncd.handover import Handover, Ticket, sealed
from syncd.secrets.vault import Vault, open_key
from syncd.store.engine import open_store
from syncd.store.tokens import TokenRows

NOW = datetime(2025, 3, 3, 12, 0, tzinfo=UTC)


class Provider:
    """A token endpoint that honours what it gave out last, and for a while what it gave out before."""

    def __init__(self) -> None:
        self.honours = {"R1"}
        self.asked: list[str] = []
        self.lose = False

    def refresh(self, tokens: Tokens, now: datetime) -> Tokens:
        self.asked.append(tokens.refresh_token)
        if tokens.refresh_token not in self.honours:
            raise ConsentNeeded("invalid_grant")
        number = int(tokens.refresh_token[1:]) + 1
        if self.lose:
            raise Unavailable("the line went dead")
        return Tokens(f"A{number}", f"R{number}", now + timedelta(minutes=30), now + timedelta(days=60), "t")


@pytest.fixture
def kept(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/syncd.db")
    key = open_key(tmp_path / "syncd.key", may_create=True)
    provider = Provider()
    vault = Vault(
        "acme", TokenRows(store, "acme"), lambda: key, provider.refresh, SimulatedClock(NOW), tmp_path / "lock"
    )
    vault.store(Tokens("A1", "R1", NOW, NOW + timedelta(days=60), "t"))
    yield vault, provider
    store.close()


def test_a_refresh_whose_answer_was_lost_is_asked_for_again_with_the_same_token(kept):
    vault, provider = kept
    provider.lose = True
    with pytest.raises(Unavailable):
        vault.access_token()
    assert vault.rows.read().refreshing_since == NOW
    provider.lose = False
    assert vault.access_token() == "A2"
    assert provider.asked == ["R1", "R1"]
    assert vault.rows.read().refreshing_since is None


def test_where_the_present_token_is_dead_the_one_before_it_is_tried_once(kept):
    vault, provider = kept
    assert vault.access_token() == "A2"
    provider.honours = {"R1"}  # the provider never learned that we have the new one
    assert vault.replace("A2") == "A2"
    assert provider.asked == ["R1", "R2", "R1"]


def test_a_consent_that_is_dead_says_when_an_answer_was_lost(kept):
    vault, provider = kept
    provider.lose = True
    with pytest.raises(Unavailable):
        vault.access_token()
    provider.honours = set()
    with pytest.raises(ConsentNeeded, match="2025-03-03 at 12:00 UTC was lost"):
        vault.access_token()
    assert provider.asked == ["R1", "R1"]


def test_a_blob_opens_only_for_the_ticket_it_was_sealed_for():
    handover = Handover()
    ticket = Ticket("acme", "https://login.example/authorize?x=1", "https://your.example/cb", handover.key)
    read = Ticket.parse(ticket.to_text())
    assert read == ticket
    blob = sealed(read, "https://your.example/cb?code=canary&state=s")
    assert "canary" not in blob
    assert handover.unseal(f"  {blob[:40]}\n {blob[40:]} ") == "https://your.example/cb?code=canary&state=s"
    with pytest.raises(DataRefused, match="another ticket"):
        Handover().unseal(blob)
    for odd in ("", "syncd-blob-1.", blob[:50], "https://your.example/cb?code=x", ticket.to_text()):
        with pytest.raises(DataRefused):
            handover.unseal(odd)
    for odd in ("", blob, ticket.to_text()[:60], "syncd-ticket-1.e30="):
        with pytest.raises(DataRefused, match="one line that begins with syncd-ticket"):
            Ticket.parse(odd)
    with pytest.raises(DataRefused, match="no address that consent may be given at"):
        Ticket.parse(Ticket("acme", "javascript:alert(1)", "x", handover.key).to_text())


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_a_consent_is_handed_over_from_a_laptop(live, capsys, monkeypatch, kind):
    """The server's command and the laptop's meet as two people do: one reads a line to the other."""
    live.add("acme", kind, connected=False)
    to_server, ticket_shown, ended = _Line(), threading.Event(), {}

    def laptop(ticket: str) -> None:
        address = Ticket.parse(ticket).address
        landed = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
        to_server.put(sealed(Ticket.parse(ticket), landed))

    def server() -> None:
        ended["code"] = run(["connect", "acme", "--from-laptop", "--config", str(live.config_file)])

    shown: list[str] = []
    monkeypatch.setattr("click.echo", lambda text="", **_: _note(str(text), shown, ticket_shown))
    monkeypatch.setattr("sys.stdin", to_server)
    thread = threading.Thread(target=server)
    thread.start()
    assert ticket_shown.wait(30)
    laptop(next(text for text in shown if text.startswith("syncd-ticket")))
    thread.join(30)
    assert ended["code"] == 0, shown
    assert f"connected to company {live.companies['acme'].account}" in shown[-1]


def _note(text: str, shown: list[str], seen: threading.Event) -> None:
    shown.append(text)
    if text.startswith("syncd-ticket"):
        seen.set()


class _Line(io.StringIO):
    """Standard input that waits for somebody to type."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = threading.Event()
        self._text = ""

    def put(self, text: str) -> None:
        self._text = text
        self._typed.set()

    def readline(self, *_: int) -> str:
        assert self._typed.wait(30)
        return f"{self._text}\n"


def test_the_laptops_side_needs_no_configuration_and_refuses_another_connections_ticket(monkeypatch, capsys, tmp_path):
    handover = Handover()
    ticket = Ticket("acme", "https://login.example/authorize", "https://your.example/cb", handover.key).to_text()
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "absent.toml"))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{ticket}\nhttps://your.example/cb?code=1&state=2\n"))
    assert run(["connect", "acme", "--on-laptop"]) == 0
    assert handover.unseal(capsys.readouterr().out) == "https://your.example/cb?code=1&state=2"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{ticket}\n"))
    assert run(["connect", "kiwi", "--on-laptop"]) == 2
    assert "for the connection acme, not for kiwi" in capsys.readouterr().err


OTHER = "00000000-1111-4222-8333-444444444444"


@pytest.fixture
def two_organisations(live):
    """One consent that covers two organisations; what became of the other's connection."""
    company = XeroCompany(SystemClock())
    ended: list[str] = []

    def application(request: Request) -> Response:
        answer = company.application(request)
        if request.method == "GET" and request.path == "/connections" and answer.status == 200:
            rows = [*json.loads(answer.body), {"id": "c-2", "tenantId": OTHER, "tenantName": "Totara Ltd"}]
            return Response(200, json.dumps(rows).encode(), answer.headers)
        if request.method == "DELETE" or request.path.endswith("/revocation"):
            ended.append(f"{request.method} {request.path}")
        return answer

    server = live.doors.enter_context(Server(application))
    live.tables.append(
        f'[connections.kauri]\nkind = "xero"\nclient_id = "demo-client"\nclient_secret_file = "secret"\n'
        f'timezone = "Pacific/Auckland"\napi_url = "{server.url}"\nauth_url = "{server.url}"\n'
    )
    live.write()
    return live, company, ended


def consent(live, monkeypatch, answer: str, *more: str) -> int:
    """`syncd connect --paste` with a person who follows the address, pastes what comes back, then answers."""
    lines: list[str] = []

    class Person(io.StringIO):
        def readline(self, *_: int) -> str:
            address = next((word for text in lines for word in text.split() if word.startswith("http")), "")
            lines.clear()
            if address:
                landed = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
                return f"{landed}\n"
            return f"{answer}\n"

    monkeypatch.setattr("click.echo", lambda text="", **_: lines.append(str(text)))
    monkeypatch.setattr("sys.stdin", Person())
    return run(["connect", "kauri", "--paste", *more, "--config", str(live.config_file)])


def test_a_person_chooses_among_several_organisations_and_nothing_is_stored_without_a_choice(
    two_organisations, monkeypatch
):
    live, company, ended = two_organisations
    assert consent(live, monkeypatch, "7") == 77
    with live.opened() as office:
        assert office.ledger("kauri").vault.tokens() is None
    assert consent(live, monkeypatch, "1") == 0  # by name: Kauri before Totara
    with live.opened() as office:
        assert office.ledger("kauri").vault.tokens().account == company.account
    monkeypatch.undo()
    assert run(["disconnect", "kauri", "--config", str(live.config_file)]) == 0
    assert [act.split()[0] for act in ended] == ["DELETE"], "the other organisation's consent is left alone"


def test_the_company_may_be_named_beforehand_and_another_is_refused(two_organisations, monkeypatch):
    live, company, _ = two_organisations
    assert consent(live, monkeypatch, "", "--company", "no-such-company") == 77
    assert consent(live, monkeypatch, "", "--company", company.account) == 0


def test_a_company_named_against_the_configuration_is_refused_and_nothing_is_stored(live, capsys):
    company = live.add("acme", "quickbooks", connected=False)
    tokens = live.folder / "tokens.json"
    tokens.write_text(json.dumps(company.issue_tokens()))
    config = ["--config", str(live.config_file)]
    assert run(["connect", "acme", "--tokens", str(tokens), "--company", "999", *config]) == 77
    assert f"is for company {company.account}, not for 999; nothing was changed" in capsys.readouterr().err
    assert run(["pull", *config]) == 77


def test_disconnect_revokes_the_whole_consent_where_it_covers_one_company(live, capsys):
    for name, kind in (("acme", "quickbooks"), ("kauri", "xero")):
        live.add(name, kind)
        assert run(["disconnect", name, "--config", str(live.config_file)]) == 0
        assert any("revo" in request.path for request in live.servers[name].seen)
        assert run(["pull", "--connection", name, "--config", str(live.config_file)]) == 77


def test_a_code_somebody_else_got_hold_of_makes_no_tokens_without_the_attempts_verifier(live):
    """PKCE, where the provider has it: Xero. The verifier stays here; the address shows its digest alone."""
    live.add("kauri", "xero", connected=False)
    settings = load_config(live.config_file).connections["kauri"].settings()
    ours, theirs = begin(settings, "https://a.example/cb"), begin(settings, "https://a.example/cb")
    assert ours.verifier not in ours.address + repr(ours)
    stolen = requests.get(ours.address, allow_redirects=False, timeout=10).headers["Location"]
    with pytest.raises(ConsentNeeded):
        replace(ours, verifier=theirs.verifier).exchanged(stolen, live.clock)
    own = requests.get(ours.address, allow_redirects=False, timeout=10).headers["Location"]
    assert ours.exchanged(own, live.clock).account == live.companies["kauri"].account
