"""OAuth as Intuit does it: discovery, consent, tokens, rotation with grace, revocation; the gate of the data API."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from connectors.simulator.http import Request

HOME = "http://127.0.0.1:9999/callback"


def _ask(company, method: str, path: str, *, form=None, query=None, secret="demo-secret", **headers: str):
    basic = base64.b64encode(f"demo-client:{secret}".encode()).decode()
    sent = {"authorization": f"Basic {basic}", "host": "auth.test:81"} | headers
    return company.application(Request(method, path, query or {}, sent, urlencode(form or {}).encode()))


def _token(company, **form: str):
    response = _ask(company, "POST", "/oauth2/v1/tokens/bearer", form=form)
    return response.status, json.loads(response.body)


def _refresh(company, token: str):
    return _token(company, grant_type="refresh_token", refresh_token=token)


def _consent(company, **changes: str):
    asked = {"client_id": "demo-client", "response_type": "code", "scope": "com.intuit.quickbooks.accounting"}
    asked |= {"redirect_uri": HOME, "state": "s1"} | changes
    return _ask(company, "GET", "/connect/oauth2", query=asked)


@pytest.mark.parametrize("path", ["openid_configuration", "openid_configuration/", "openid_sandbox_configuration/"])
def test_discovery_names_every_endpoint_under_the_host_that_was_asked(company, path):
    found = json.loads(_ask(company, "GET", f"/.well-known/{path}").body)
    assert found["authorization_endpoint"] == "http://auth.test:81/connect/oauth2"
    assert found["token_endpoint"] == "http://auth.test:81/oauth2/v1/tokens/bearer"
    assert {"issuer", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"} <= set(found)


def test_consent_leads_back_with_code_state_and_realm(company):
    response = _consent(company)
    assert response.status == 302
    back = urlsplit(response.headers["Location"])
    answer = parse_qs(back.query)
    assert f"{back.scheme}://{back.netloc}{back.path}" == HOME
    assert answer["state"] == ["s1"]
    assert answer["realmId"] == [company.account]
    status, tokens = _token(company, grant_type="authorization_code", code=answer["code"][0], redirect_uri=HOME)
    assert status == 200
    assert (tokens["token_type"], tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == (
        "bearer",
        3600,
        8726400,
    )


def test_a_refused_consent_says_access_denied(company):
    company.sign_in.refuses_consent = True
    assert "error=access_denied" in _consent(company).headers["Location"]


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "x"}, {"response_type": "token"}, {"scope": "openid"}, {"state": ""}, {"redirect_uri": ""}],
)
def test_a_wrong_consent_request_is_refused_on_the_spot(company, changes):
    assert _consent(company, **changes).status == 400


def test_a_code_is_good_once_for_ten_minutes_and_one_address(company, clock):
    def code() -> str:
        return parse_qs(urlsplit(_consent(company).headers["Location"]).query)["code"][0]

    def redeem(value: str, home: str = HOME) -> tuple[int, dict]:
        return _token(company, grant_type="authorization_code", code=value, redirect_uri=home)

    first = code()
    assert redeem(first)[0] == 200
    assert redeem(first) == (400, {"error": "invalid_grant", "error_description": "Invalid authorization code"})
    assert redeem(code(), "http://elsewhere.test/")[0] == 400
    late = code()
    clock.advance(timedelta(minutes=11))
    assert redeem(late)[0] == 400


def test_an_access_token_lives_an_hour(client, clock, invoice):
    clock.advance(timedelta(minutes=59))
    client.get(f"invoice/{invoice}")
    assert client.status == 200
    clock.advance(timedelta(minutes=1))
    body = client.get(f"invoice/{invoice}")
    assert client.status == 401
    assert client.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert body["fault"]["error"][0]["code"] == "3200"
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert isinstance(body["time"], int)


def test_no_token_and_a_made_up_token_are_refused_alike(client, invoice):
    for token in ("", "made-up"):
        client.token = token
        client.get(f"invoice/{invoice}")
        assert client.status == 401


def test_another_realm_is_not_ours_to_see(client):
    body = client.get("/v3/company/999/invoice/1")
    assert client.status == 403
    assert body["fault"]["error"][0]["code"] == "3100"


def test_a_refresh_token_keeps_its_value_for_a_day_then_changes(company, clock):
    first = company.issue_tokens()["refresh_token"]
    clock.advance(timedelta(hours=23))
    assert _refresh(company, first)[1]["refresh_token"] == first
    clock.advance(timedelta(hours=2))
    second = _refresh(company, first)[1]["refresh_token"]
    assert second != first


def test_the_former_refresh_token_works_for_another_day(company, clock):
    first = company.issue_tokens()["refresh_token"]
    clock.advance(timedelta(hours=25))
    second = _refresh(company, first)[1]["refresh_token"]
    clock.advance(timedelta(hours=23))
    assert _refresh(company, first)[1]["refresh_token"] == second
    clock.advance(timedelta(hours=2))
    refused = (400, {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"})
    assert _refresh(company, first) == refused
    assert _refresh(company, second)[0] == 200


def test_a_refresh_token_nobody_uses_dies_after_its_days(company, clock):
    token = company.issue_tokens()["refresh_token"]
    clock.advance(timedelta(seconds=8726400))
    assert _refresh(company, token)[0] == 400


def test_a_consent_ends_for_good_after_five_years(company, clock):
    token = company.issue_tokens()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    header = {"x-include-refresh-token-hard-expires-in": "true"}
    answer = json.loads(_ask(company, "POST", "/oauth2/v1/tokens/bearer", form=form, **header).body)
    assert answer["x_refresh_token_hard_expires_in"] == 5 * 365 * 86400
    for _ in range(37):
        clock.advance(timedelta(days=50))
        status, answer = _refresh(company, token)
        token = answer.get("refresh_token", token)
    assert status == 400


def test_the_hard_end_is_told_only_to_those_who_ask(company):
    assert "x_refresh_token_hard_expires_in" not in _refresh(company, company.issue_tokens()["refresh_token"])[1]


def test_a_wrong_secret_is_an_invalid_client(company):
    form = {"grant_type": "refresh_token", "refresh_token": company.issue_tokens()["refresh_token"]}
    response = _ask(company, "POST", "/oauth2/v1/tokens/bearer", form=form, secret="wrong")
    assert (response.status, json.loads(response.body)) == (401, {"error": "invalid_client"})


def test_other_grants_are_not_supported(company):
    assert _token(company, grant_type="password")[1]["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_consent(company, client, which):
    tokens = company.issue_tokens()
    client.token = tokens["access_token"]
    assert _ask(company, "POST", "/v2/oauth2/tokens/revoke", form={"token": tokens[which]}).status == 200
    client.get("preferences")
    assert client.status == 401
    assert _refresh(company, tokens["refresh_token"])[0] == 400
    assert _ask(company, "POST", "/v2/oauth2/tokens/revoke", form={"token": tokens[which]}).status == 400


def test_revoking_takes_json_too(company):
    tokens = company.issue_tokens()
    basic = base64.b64encode(b"demo-client:demo-secret").decode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/json"}
    body = json.dumps({"token": tokens["refresh_token"]}).encode()
    assert company.application(Request("POST", "/v2/oauth2/tokens/revoke", {}, headers, body)).status == 200


def test_a_consent_the_administrator_took_back_is_gone(company, client):
    tokens = company.issue_tokens()
    company.revoke_consent()
    assert _refresh(company, tokens["refresh_token"])[0] == 400
    client.get("preferences")
    assert client.status == 401


def test_expired_access_tokens_can_be_refreshed(company, client):
    tokens = company.issue_tokens()
    company.expire_access_tokens()
    client.token = tokens["access_token"]
    client.get("preferences")
    assert client.status == 401
    client.token = _refresh(company, tokens["refresh_token"])[1]["access_token"]
    client.get("preferences")
    assert client.status == 200


def test_unknown_paths_are_not_found(company):
    assert _ask(company, "GET", "/nonsense").status == 404
