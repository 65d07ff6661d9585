"""Consent, tokens, connections, and who may come in at all."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from connectors.simulator.http import Request, Response
from connectors.simulator.xero import XeroCompany

REDIRECT = "https://app.example/callback"
SCOPE = "offline_access accounting.invoices accounting.contacts accounting.settings.read"


def authorize(company: XeroCompany, **changes: str) -> Response:
    query = {
        "response_type": "code",
        "client_id": "demo-client",
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
        "state": "s-1",
        **changes,
    }
    return company.application(Request("GET", "/identity/connect/authorize", query, {}, b""))


def came_back_with(response: Response) -> dict[str, str]:
    assert response.status == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def token(company: XeroCompany, *, basic: bool = True, secret: str = "demo-secret", **form: str) -> tuple[int, Any]:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if basic:
        headers["authorization"] = "Basic " + base64.b64encode(f"demo-client:{secret}".encode()).decode()
    else:
        form = {**form, "client_id": "demo-client", "client_secret": secret}
    response = company.application(Request("POST", "/connect/token", {}, headers, urlencode(form).encode()))
    return response.status, json.loads(response.body)


def consented(company: XeroCompany) -> dict[str, Any]:
    code = came_back_with(authorize(company))["code"]
    status, tokens = token(company, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert status == 200
    return dict(tokens)


def connections(company: XeroCompany, access: str, method: str = "GET", path: str = "/connections") -> Response:
    return company.application(Request(method, path, {}, {"authorization": f"Bearer {access}"}, b""))


def read(company: XeroCompany, access: str, tenant: str | None = "") -> Response:
    headers = {"authorization": f"Bearer {access}", "accept": "application/json"}
    if tenant is not None:
        headers["Xero-Tenant-Id".lower()] = tenant or company.account
    return company.application(Request("GET", "/api.xro/2.0/Organisation", {}, headers, b""))


def test_consent_comes_back_with_a_code_and_the_state(company) -> None:
    back = came_back_with(authorize(company))

    assert back["state"] == "s-1"
    assert back["code"]


def test_a_code_buys_a_token_for_half_an_hour_once(company) -> None:
    code = came_back_with(authorize(company))["code"]

    first = token(company, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    second = token(company, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)

    assert first[0] == 200
    assert set(first[1]) == {"access_token", "refresh_token", "expires_in", "token_type", "scope"}
    assert (first[1]["expires_in"], first[1]["token_type"], first[1]["scope"]) == (1800, "Bearer", SCOPE)
    assert second == (400, {"error": "invalid_grant"})


def test_a_code_is_bound_to_its_redirect_uri(company) -> None:
    code = came_back_with(authorize(company))["code"]

    answer = token(company, grant_type="authorization_code", code=code, redirect_uri="https://elsewhere.example/")

    assert answer == (400, {"error": "invalid_grant"})


def test_a_code_is_stale_after_five_minutes(company, clock) -> None:
    code = came_back_with(authorize(company))["code"]
    clock.advance(timedelta(minutes=5))

    answer = token(company, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)

    assert answer == (400, {"error": "invalid_grant"})


def test_one_unknown_scope_spoils_the_whole_consent(company) -> None:
    assert came_back_with(authorize(company, scope="offline_access accounting.everything"))["error"] == "invalid_scope"


def test_a_person_may_say_no(company) -> None:
    company.switches.consent_denied = True

    assert came_back_with(authorize(company)) == {"error": "access_denied", "state": "s-1"}


def test_a_stranger_app_gets_no_redirect(company) -> None:
    assert authorize(company, client_id="other").status == 400


@pytest.mark.parametrize("basic", [True, False])
def test_the_client_may_show_itself_in_the_header_or_the_body(company, basic) -> None:
    refresh = consented(company)["refresh_token"]

    assert token(company, basic=basic, grant_type="refresh_token", refresh_token=refresh)[0] == 200


@pytest.mark.parametrize("basic", [True, False])
def test_a_wrong_secret_is_an_invalid_client(company, basic) -> None:
    refresh = consented(company)["refresh_token"]

    answer = token(company, basic=basic, secret="guess", grant_type="refresh_token", refresh_token=refresh)

    assert answer == (400, {"error": "invalid_client"})


def test_an_unknown_grant_is_named(company) -> None:
    assert token(company, grant_type="password") == (400, {"error": "unsupported_grant_type"})


def test_a_refresh_token_rotates_and_the_old_one_works_for_half_an_hour(company, clock) -> None:
    first = consented(company)["refresh_token"]
    second = token(company, grant_type="refresh_token", refresh_token=first)[1]["refresh_token"]
    clock.advance(timedelta(minutes=29))
    in_grace = token(company, grant_type="refresh_token", refresh_token=first)
    clock.advance(timedelta(minutes=1))
    too_late = token(company, grant_type="refresh_token", refresh_token=first)

    assert second != first
    assert in_grace[0] == 200
    assert too_late == (400, {"error": "invalid_grant"})
    assert token(company, grant_type="refresh_token", refresh_token=second)[0] == 200


def test_a_refresh_token_not_used_for_sixty_days_is_dead(company, clock) -> None:
    refresh = consented(company)["refresh_token"]
    clock.advance(timedelta(days=60))

    assert token(company, grant_type="refresh_token", refresh_token=refresh) == (400, {"error": "invalid_grant"})


def test_an_access_token_runs_out_after_half_an_hour_and_says_so(company, clock) -> None:
    access = consented(company)["access_token"]
    clock.advance(timedelta(minutes=30))

    response = read(company, access)

    document = json.loads(response.body)
    assert response.status == 401
    assert (document["Title"], document["Status"], document["Type"]) == ("Unauthorized", 401, None)
    assert document["Detail"].startswith("TokenExpired: ")


def test_an_unknown_token_is_unsuccessful(company) -> None:
    assert json.loads(read(company, "made-up").body)["Detail"] == "AuthenticationUnsuccessful"


def test_another_tenant_is_forbidden_not_empty(company) -> None:
    access = consented(company)["access_token"]

    response = read(company, access, "11111111-1111-1111-1111-111111111111")

    assert response.status == 403
    assert json.loads(response.body)["Title"] == "Forbidden"


def test_a_missing_tenant_is_forbidden_but_for_a_custom_connection(company) -> None:
    access = consented(company)["access_token"]
    machine = token(company, grant_type="client_credentials", scope="accounting.settings.read")[1]

    assert read(company, access, None).status == 403
    assert read(company, machine["access_token"], None).status == 200
    assert "refresh_token" not in machine


def test_a_scope_that_was_not_given_is_refused_by_name(company) -> None:
    access = str(company.issue_tokens("accounting.settings.read")["access_token"])
    headers = {"authorization": f"Bearer {access}", "xero-tenant-id": company.account}

    response = company.application(Request("GET", "/api.xro/2.0/Invoices", {}, headers, b""))

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "insufficient_scope"


def test_a_scope_for_reading_does_not_write(company) -> None:
    access = str(company.issue_tokens("accounting.contacts.read")["access_token"])
    headers = {"authorization": f"Bearer {access}", "xero-tenant-id": company.account, "accept": "application/json"}

    read_ = company.application(Request("GET", "/api.xro/2.0/Contacts", {}, headers, b""))
    write = company.application(Request("PUT", "/api.xro/2.0/Contacts", {}, headers, b'{"Name": "Elm"}'))

    assert (read_.status, write.status) == (200, 401)


@pytest.mark.parametrize("path", ["/connections", "/Connections"])
def test_connections_name_the_tenant(company, path) -> None:
    access = consented(company)["access_token"]
    company.identity.other_tenants.append(("22222222-2222-2222-2222-222222222222", "Another Ltd"))

    rows = json.loads(connections(company, access, path=path).body)

    assert set(rows[0]) == {
        *("id", "authEventId", "tenantId", "tenantType", "tenantName", "createdDateUtc", "updatedDateUtc")
    }
    assert [row["tenantId"] for row in rows] == [company.account, "22222222-2222-2222-2222-222222222222"]


def test_a_connection_is_deleted_by_its_own_id_and_then_the_door_is_shut(company) -> None:
    access = consented(company)["access_token"]
    row = json.loads(connections(company, access).body)[0]

    by_tenant = connections(company, access, "DELETE", f"/connections/{row['tenantId']}")
    by_id = connections(company, access, "DELETE", f"/connections/{row['id']}")

    assert (by_tenant.status, by_id.status) == (404, 204)
    assert json.loads(connections(company, access).body) == []
    assert read(company, access).status == 403


def test_revocation_ends_refreshing_and_the_connection(company) -> None:
    tokens = consented(company)
    basic = "Basic " + base64.b64encode(b"demo-client:demo-secret").decode()
    body = urlencode({"token": tokens["refresh_token"]}).encode()

    response = company.application(Request("POST", "/connect/revocation", {}, {"authorization": basic}, body))

    assert response.status == 200
    assert token(company, grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0] == 400
    assert read(company, tokens["access_token"]).status == 403


def test_consent_given_again_opens_the_door_again(company) -> None:
    company.revoke_consent()

    assert read(company, consented(company)["access_token"]).status == 200


def test_handed_out_tokens_look_like_the_token_endpoints_and_name_the_tenant(company) -> None:
    tokens = company.issue_tokens()

    assert tokens["tenant_id"] == company.account
    assert token(company, grant_type="refresh_token", refresh_token=str(tokens["refresh_token"]))[0] == 200


def test_expired_tokens_can_still_be_refreshed(company) -> None:
    tokens = consented(company)
    company.expire_tokens()

    assert read(company, tokens["access_token"]).status == 401
    assert token(company, grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0] == 200
    assert company.identity.refreshes == 1


def test_access_tokens_can_be_refused_mid_run_while_refreshing_still_works(company) -> None:
    tokens = consented(company)
    company.identity.refuse_access_tokens()

    assert read(company, tokens["access_token"]).status == 401
    fresh = token(company, grant_type="refresh_token", refresh_token=tokens["refresh_token"])[1]
    assert read(company, fresh["access_token"]).status == 200


def test_a_native_app_proves_itself_by_its_verifier(company) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "client_id": "demo-client"}

    def trade(proof: str) -> int:
        code = came_back_with(authorize(company, code_challenge=challenge))["code"]
        body = urlencode({**form, "code": code, "code_verifier": proof}).encode()
        return company.application(Request("POST", "/connect/token", {}, {}, body)).status

    assert (trade(verifier), trade("w" * 43)) == (200, 400)


@pytest.mark.parametrize("header", ["Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Bearer x"])
def test_a_header_that_cannot_be_read_is_an_invalid_client(company, header) -> None:
    response = company.application(Request("POST", "/connect/token", {}, {"authorization": header}, b"grant_type=x"))

    assert (response.status, json.loads(response.body)) == (400, {"error": "invalid_client"})


def test_nothing_else_is_at_home_at_the_identity_server(company) -> None:
    assert company.application(Request("GET", "/connect/token", {}, {}, b"")).status == 404
