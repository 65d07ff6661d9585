"""OAuth at Intuit: consent, refresh, revocation, tokens from elsewhere."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.errors import ConsentNeeded, Throttled, Unavailable, WrongCompany
from connectors.quickbooks import auth
from connectors.simulator.http import Fault, Response, Server
from connectors.tokens import Tokens

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
REALM = "4620816365000000001"
HELD = Tokens("old-access", "old-refresh", NOW, account=REALM)
ANSWER = {
    "access_token": "a2",
    "refresh_token": "r2",
    "expires_in": 3600,
    "x_refresh_token_expires_in": 8726400,
    "x_refresh_token_hard_expires_in": 1000,
    "token_type": "bearer",
}


class Intuit:
    def __init__(self) -> None:
        self.answer: Response = Response(200, json.dumps(ANSWER).encode())

    def __call__(self, request):
        if request.path.startswith("/.well-known/"):
            host = f"http://{request.headers['host']}"
            names = {
                "authorization_endpoint": "/connect/oauth2",
                "token_endpoint": "/oauth2/v1/tokens/bearer",
                "revocation_endpoint": "/revoke",
                "issuer": "",
                "jwks_uri": "",
                "userinfo_endpoint": "",
            }
            return Response(200, json.dumps({name: host + path for name, path in names.items()}).encode())
        return self.answer


@pytest.fixture
def intuit():
    return Intuit()


@pytest.fixture
def server(intuit):
    with Server(intuit) as running:
        yield running


def test_the_consent_address_names_client_scope_state_and_way_back(settings, server):
    url = auth.authorization_url(settings, redirect_uri="http://127.0.0.1:1/back", state="s1", verifier="v")
    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{server.url}/connect/oauth2?")
    assert (query["scope"], query["state"], query["client_id"]) == (
        ["com.intuit.quickbooks.accounting"],
        ["s1"],
        ["id"],
    )


def test_intuits_own_endpoints_need_no_discovery(settings):
    url = auth.authorization_url(
        replace(settings, auth_url=None), redirect_uri="https://a.example/b", state="s", verifier="v"
    )
    assert url.startswith("https://appcenter.intuit.com/connect/oauth2?")


def test_a_code_becomes_tokens_of_its_company(settings, server):
    found = auth.exchange(
        settings,
        redirected=f"http://x/back?code=c1&state=s1&realmId={REALM}",
        redirect_uri="http://x/back",
        state="s1",
        verifier="v",
        now=NOW,
    )
    assert (found.access_token, found.refresh_token, found.account) == ("a2", "r2", REALM)
    assert found.expires_at == NOW + timedelta(hours=1)
    assert found.refresh_expires_at == NOW + timedelta(seconds=1000), "the hard expiry comes first"
    sent = server.seen[-1]
    assert sent.headers["authorization"] == "Basic " + base64.b64encode(b"id:secret").decode()
    assert sent.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert parse_qs(sent.body.decode())["code"] == ["c1"]


@pytest.mark.parametrize(
    "query", ["code=c&state=other&realmId=1", "error=access_denied&state=s1", "state=s1&code=c", ""]
)
def test_an_answer_that_is_not_ours_or_not_whole_is_no_consent(settings, server, query):
    with pytest.raises(ConsentNeeded):
        auth.exchange(
            settings, redirected=f"http://x/?{query}", redirect_uri="http://x/", state="s1", verifier="v", now=NOW
        )
    assert server.seen == []


def test_consent_for_another_company_is_refused_before_its_code_is_used(settings, server):
    with pytest.raises(WrongCompany):
        auth.exchange(
            settings,
            redirected="http://x/?code=c&state=s&realmId=9",
            redirect_uri="http://x/",
            state="s",
            verifier="v",
            now=NOW,
        )
    assert server.seen == []


def test_a_refresh_takes_whatever_comes_back_and_keeps_the_company(settings):
    found = auth.refresh(settings, HELD, NOW)
    assert (found.access_token, found.refresh_token, found.account) == ("a2", "r2", REALM)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Incorrect or invalid refresh token"}', ConsentNeeded),
        (401, b'{"error":"invalid_client"}', ConsentNeeded),
        (500, b"<html>", Unavailable),
        (503, b"", Unavailable),
        (429, b"", Throttled),
        (200, b"<html>", Unavailable),
        (200, b'{"access_token":"a"', Unavailable),
        (200, b'{"access_token":"a"}', Unavailable),
        (307, b"", Unavailable),
    ],
)
def test_a_refresh_that_fails_says_what_to_do(settings, intuit, status, body, kind):
    intuit.answer = Response(status, body, {"Location": "http://127.0.0.1:9/x"})
    with pytest.raises(kind) as caught:
        auth.refresh(settings, HELD, NOW)
    assert "old-refresh" not in str(caught.value)


def test_a_refresh_whose_answer_is_lost_is_unavailable_and_sent_once(settings, server):
    server.faults += [Fault("reset_after", method="POST", times=5)]
    with pytest.raises(Unavailable):
        auth.refresh(settings, HELD, NOW)
    assert len([request for request in server.seen if request.method == "POST"]) == 1


def test_a_discovery_document_that_does_not_come_is_unavailable(settings, server):
    server.faults += [Fault("refuse", method="GET", response=Response(503), times=5)]
    with pytest.raises(Unavailable):
        auth.refresh(settings, HELD, NOW)


def test_a_revocation_of_a_dead_token_is_fine(settings, intuit, server):
    intuit.answer = Response(200)
    auth.revoke(settings, HELD)
    assert server.seen[-1].json() == {"token": "old-refresh"}
    intuit.answer = Response(400, b'{"error":"invalid_request"}')
    auth.revoke(settings, HELD)


def test_tokens_from_elsewhere_are_taken_as_they_are(settings):
    found = auth.adopt(settings, {**ANSWER, "realm_id": REALM}, NOW)
    assert (found.access_token, found.account) == ("a2", REALM)


@pytest.mark.parametrize("missing", ["access_token", "refresh_token", "expires_in", "realm_id"])
def test_tokens_from_elsewhere_that_lack_a_part_name_it(settings, missing):
    document = {**ANSWER, "realm_id": REALM}
    del document[missing]
    with pytest.raises(ValueError, match=missing):
        auth.adopt(settings, document, NOW)


def test_tokens_from_elsewhere_for_another_company_are_refused(settings):
    with pytest.raises(WrongCompany):
        auth.adopt(settings, {**ANSWER, "realm_id": "9"}, NOW)
