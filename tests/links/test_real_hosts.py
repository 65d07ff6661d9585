"""Without `api_url` and `auth_url` a connection speaks to its provider's own hosts, and to nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import responses

from connectors import ConnectionSettings, Ref
from connectors.errors import ConsentNeeded
from connectors.quickbooks import auth as quickbooks_auth
from connectors.quickbooks.client import connect
from connectors.simulator.clock import SimulatedClock
from connectors.tokens import Tokens
from connectors.transport import Timing
from connectors.xero import auth as xero_auth

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
OLD = Tokens("old", "refresh-me", NOW, account="123")
INTUIT = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
XERO = "https://identity.xero.com/connect/token"


class Purse:
    """A token that is always good."""

    def access_token(self) -> str:
        return "good"

    def replace(self, refused: str) -> str:
        raise ConsentNeeded(refused)


def settings(kind: str, environment: str = "production") -> ConnectionSettings:
    return ConnectionSettings("acme", kind, "UTC", "123", "id", "secret", environment)


@pytest.mark.parametrize(
    ("environment", "host"),
    [("production", "quickbooks.api.intuit.com"), ("sandbox", "sandbox-quickbooks.api.intuit.com")],
)
@responses.activate
def test_a_quickbooks_read_goes_to_the_world_it_is_configured_for(environment, host):
    responses.get(f"https://{host}/v3/company/123/customer/7", json={"Customer": {"Id": "7", "DisplayName": "Oak"}})
    responses.get(f"https://{host}/v3/company/123/query", json={"QueryResponse": {}})
    responses.get(f"https://{host}/v3/company/123/preferences", json={"Preferences": {}})
    responses.get(f"https://{host}/v3/company/123/companyinfo/123", json={"CompanyInfo": {"CompanyName": "Acme"}})
    clock = SimulatedClock(NOW)
    books = connect(settings("quickbooks", environment), Purse(), Timing(clock.now, clock.monotonic, clock.sleep))
    assert books.fetch(Ref("customer", "7")).fact.name == "Oak"
    assert all(call.request.headers["Authorization"] == "Bearer good" for call in responses.calls)
    assert all("minorversion=75" in call.request.url for call in responses.calls)


@responses.activate
def test_a_quickbooks_token_is_refreshed_at_intuit_without_asking_where_that_is():
    answer = {"access_token": "new", "refresh_token": "next", "expires_in": 3600, "x_refresh_token_expires_in": 8726400}
    responses.post(INTUIT, json=answer, match=[responses.matchers.urlencoded_params_matcher(
        {"grant_type": "refresh_token", "refresh_token": "refresh-me"}
    )])  # fmt: skip
    tokens = quickbooks_auth.refresh(settings("quickbooks"), OLD, NOW)
    assert (tokens.access_token, tokens.refresh_token, tokens.account) == ("new", "next", "123")
    assert tokens.expires_at == NOW + timedelta(hours=1)
    assert [call.request.url for call in responses.calls] == [INTUIT]


@responses.activate
def test_a_xero_token_is_refreshed_at_xero():
    responses.post(XERO, json={"access_token": "new", "refresh_token": "next", "expires_in": 1800, "scope": "x"})
    tokens = xero_auth.refresh(settings("xero"), OLD, NOW)
    assert (tokens.access_token, tokens.refresh_token, tokens.account) == ("new", "next", "123")
    assert [call.request.url for call in responses.calls] == [XERO]


@pytest.mark.parametrize(("auth", "kind", "url"), [(quickbooks_auth, "quickbooks", INTUIT), (xero_auth, "xero", XERO)])
@responses.activate
def test_a_dead_refresh_token_is_asked_about_once(auth, kind, url):
    responses.post(url, json={"error": "invalid_grant"}, status=400)
    with pytest.raises(ConsentNeeded):
        auth.refresh(settings(kind), OLD, NOW)
    assert len(responses.calls) == 1


@responses.activate
def test_an_auth_url_that_has_no_discovery_document_is_taken_to_keep_intuits_paths():
    home = "https://proxy.example"
    responses.get(f"{home}/.well-known/openid_configuration", status=404)
    responses.post(
        f"{home}/oauth2/v1/tokens/bearer", json={"access_token": "new", "refresh_token": "next", "expires_in": 3600}
    )
    behind = ConnectionSettings("acme", "quickbooks", "UTC", "123", "id", "secret", auth_url=home)
    assert quickbooks_auth.refresh(behind, OLD, NOW).access_token == "new"
