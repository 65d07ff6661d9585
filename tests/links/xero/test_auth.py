"""Consent, tokens and which organisation they are for."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from connectors.errors import ConsentNeeded, Throttled, Unavailable, WrongCompany
from connectors.simulator.http import Fault, Response
from connectors.tokens import Tokens
from connectors.xero import auth
from tests.links.xero.tiny import START, TENANT, guid, json_response

CALLBACK = "https://ledger.example/callback"
ANSWER = {
    "access_token": "A2",
    "refresh_token": "R2",
    "expires_in": 1800,
    "token_type": "Bearer",
    "scope": "offline_access accounting.contacts",
    "id_token": "whatever",
    "surprise": True,
}
OLD = Tokens("A1", "R1", START, account=TENANT)


@pytest.fixture
def identity(xero):
    """Answers with tokens, and with one organisation."""
    xero.replies["POST", "/connect/token"] = json_response(ANSWER)
    connections = [
        {"id": guid(1), "tenantId": TENANT, "tenantType": "ORGANISATION", "tenantName": "Kiwi"},
        {"id": guid(2), "tenantId": guid(8), "tenantType": "PRACTICEMANAGER", "tenantName": "Practice"},
    ]
    xero.replies["GET", "/connections"] = json_response(connections)
    return xero


def exchange(settings, **answer):
    redirected = f"{CALLBACK}?{urlencode(answer)}"
    return auth.exchange(settings, redirected=redirected, redirect_uri=CALLBACK, state="s", verifier="v", now=START)


def form(request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def test_the_consent_page_is_asked_for_the_granular_permissions_and_offline_access(settings):
    url = auth.authorization_url(replace(settings, auth_url=None), redirect_uri=CALLBACK, state="s", verifier="v")
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://login.xero.com/identity/connect/authorize"
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query["response_type"] == "code"
    assert (query["state"], query["redirect_uri"], query["client_id"]) == ("s", CALLBACK, "client")
    assert "offline_access" in query["scope"].split()
    assert "accounting.transactions" not in query["scope"].split()


def test_a_code_becomes_tokens_for_the_organisation_the_consent_covers(settings, identity):
    tokens = exchange(replace(settings, account=""), code="C", state="s")
    assert (tokens.access_token, tokens.refresh_token, tokens.account) == ("A2", "R2", TENANT)
    assert tokens.expires_at == START + timedelta(minutes=30)
    assert tokens.refresh_expires_at == START + timedelta(days=60)
    token_call, connections = identity.asked()
    asked = {"grant_type": "authorization_code", "code": "C", "redirect_uri": CALLBACK, "code_verifier": "v"}
    assert form(token_call) == asked
    assert token_call.headers["authorization"] == f"Basic {base64.b64encode(b'client:secret').decode()}"
    assert connections.headers["authorization"] == "Bearer A2"


def test_an_address_of_another_request_is_refused(settings, identity):
    with pytest.raises(ConsentNeeded, match="state"):
        exchange(settings, code="C", state="other")
    with pytest.raises(ConsentNeeded, match="state"):
        exchange(settings, code="C")
    assert identity.asked() == []


def test_a_refused_consent_is_told_in_xeros_words(settings, identity):
    with pytest.raises(ConsentNeeded, match="User said no"):
        exchange(settings, state="s", error="access_denied", error_description="User said no")


def test_an_address_without_a_code_says_what_to_paste(settings, identity):
    with pytest.raises(ConsentNeeded, match="whole address"):
        exchange(settings, state="s")


def test_a_consent_for_another_organisation_is_the_wrong_company(settings, identity):
    with pytest.raises(WrongCompany, match="Kiwi"):
        exchange(replace(settings, account=guid(99)), code="C", state="s")


def test_a_consent_for_several_organisations_asks_which(settings, identity):
    both = [
        {"tenantId": TENANT, "tenantType": "ORGANISATION", "tenantName": "Kiwi"},
        {"tenantId": guid(8), "tenantType": "ORGANISATION", "tenantName": "Moa"},
    ]
    identity.replies["GET", "/connections"] = json_response(both)
    with pytest.raises(WrongCompany, match="name the one that is meant"):
        exchange(replace(settings, account=""), code="C", state="s")
    assert exchange(settings, code="C", state="s").account == TENANT


def test_refreshing_rotates_and_keeps_the_organisation(settings, identity):
    tokens = auth.refresh(settings, OLD, START)
    assert (tokens.access_token, tokens.refresh_token, tokens.account) == ("A2", "R2", TENANT)
    (request,) = identity.asked()
    assert form(request) == {"grant_type": "refresh_token", "refresh_token": "R1"}


def test_a_custom_connection_asks_for_a_new_token_with_its_secret(settings, identity):
    identity.replies["POST", "/connect/token"] = json_response({"access_token": "A3", "expires_in": 1800})
    first = auth.grant(settings, START)
    assert (first.refresh_token, first.account, first.refresh_expires_at) == ("", TENANT, None)
    assert auth.refresh(settings, first, START).access_token == "A3"
    assert form(identity.asked()[-1]) == {"grant_type": "client_credentials"}


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "unsupported_grant_type"])
def test_a_refusal_of_the_token_endpoint_needs_consent_and_is_not_repeated(settings, identity, error):
    identity.replies["POST", "/connect/token"] = json_response({"error": error}, 400)
    with pytest.raises(ConsentNeeded, match=error):
        auth.refresh(settings, OLD, START)
    assert len(identity.asked()) == 1


@pytest.mark.parametrize("reply", [Response(500), Response(200, b"<html>"), json_response({"token_type": "Bearer"})])
def test_an_unclear_answer_of_the_token_endpoint_is_no_lost_consent(settings, identity, reply):
    identity.replies["POST", "/connect/token"] = reply
    with pytest.raises(Unavailable):
        auth.refresh(settings, OLD, START)


def test_a_dead_line_to_the_token_endpoint_is_no_lost_consent(settings, identity):
    identity.server.faults.append(Fault("reset_after"))
    with pytest.raises(Unavailable):
        auth.refresh(settings, OLD, START)
    assert len(identity.asked()) == 1


def test_a_busy_token_endpoint_says_how_long(settings, identity):
    identity.replies["POST", "/connect/token"] = Response(429, headers={"Retry-After": "7"})
    with pytest.raises(Throttled) as caught:
        auth.refresh(settings, OLD, START)
    assert caught.value.retry_after_s == 7


def test_revoking_hands_back_the_refresh_token_where_no_other_organisation_hangs_on_it(settings, identity):
    only = [{"id": guid(1), "tenantId": TENANT, "tenantType": "ORGANISATION", "tenantName": "Kiwi"}]
    identity.replies["GET", "/connections"] = json_response(only)
    identity.replies["POST", "/connect/revocation"] = Response(200)
    auth.revoke(settings, OLD)
    assert form(identity.asked()[-1]) == {"token": "R1"}


def test_tokens_obtained_elsewhere_are_taken_over(settings):
    tokens = auth.adopt(settings, {**ANSWER, "tenant_id": TENANT}, START)
    assert (tokens.access_token, tokens.account) == ("A2", TENANT)


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "expires_in", "tenant_id"])
def test_tokens_that_lack_a_key_are_refused_by_its_name(settings, name):
    document = {key: value for key, value in {**ANSWER, "tenant_id": TENANT}.items() if key != name}
    with pytest.raises(ValueError, match=name):
        auth.adopt(settings, document, START)


def test_a_custom_connections_tokens_need_no_refresh_token(settings):
    document = {"access_token": "A3", "expires_in": 1800, "tenant_id": TENANT}
    custom = replace(settings, extra={"app": "custom"})
    assert auth.adopt(custom, document, START).refresh_token == ""


def test_tokens_of_another_organisation_are_the_wrong_company(settings):
    with pytest.raises(WrongCompany):
        auth.adopt(settings, {**ANSWER, "tenant_id": guid(8)}, START)


def test_a_nonsense_lifetime_is_named(settings):
    with pytest.raises(ValueError, match="expires_in"):
        auth.adopt(settings, {**ANSWER, "tenant_id": TENANT, "expires_in": "soon"}, START)


def test_no_token_shows_when_tokens_are_printed():
    assert "A1" not in repr(OLD)
    assert "R1" not in repr(OLD)
