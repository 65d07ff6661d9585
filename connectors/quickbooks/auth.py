"""Consent and tokens at Intuit, through AuthClient without its hazards. Stateless: the vault keeps what comes back.

AuthClient by itself asks for the discovery document in its constructor, without a time-out, and dies with Intuit's
developer site; has no time-outs at all; and forgets the hard expiry. Here only an `auth_url` of one's own is asked
for its discovery document; Intuit's endpoints are known.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes

from connectors import ConnectionSettings
from connectors.errors import ConnectorError, ConsentNeeded, Throttled, Unavailable, WrongCompany
from connectors.quickbooks.faults import THROTTLE_WAIT_S
from connectors.quickbooks.wire import is_loopback, network_errors, refuse_plain_http
from connectors.tokens import Tokens
from connectors.transport import CONNECT_TIMEOUT_S, READ_TIMEOUT_S

_KNOWN_ENDPOINTS = {
    "authorization_endpoint": "https://appcenter.intuit.com/connect/oauth2",
    "token_endpoint": "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
    "revocation_endpoint": "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
}
_HARD_EXPIRY_HEADER = "x-include-refresh-token-hard-expires-in"


def authorization_url(settings: ConnectionSettings, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Where a person's browser must go to give consent. Intuit knows no PKCE: `verifier` is not used."""
    del verifier
    with _Client(settings, redirect_uri) as client:
        url: str = client.get_authorization_url([Scopes.ACCOUNTING], state_token=state)
    return url


def exchange(
    settings: ConnectionSettings, *, redirected: str, redirect_uri: str, state: str, verifier: str, now: datetime
) -> Tokens:
    """Tokens for the URL the browser came back to.

    Raises:
        ConsentNeeded: refused, incomplete, or not the answer to our question (`state`).
        WrongCompany: consent was given for another company than the configured one.
        Unavailable: Intuit cannot be reached.
    """
    del verifier
    answer = {name: values[0] for name, values in parse_qs(urlsplit(redirected).query).items()}
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise ConsentNeeded("this address does not answer the consent we asked for; start `syncd connect` again")
    if "error" in answer or not answer.get("code") or not answer.get("realmId"):
        raise ConsentNeeded(f"no consent was given ({answer.get('error', 'the address names no code and realmId')})")
    _same_company(settings, answer["realmId"])
    with _Client(settings, redirect_uri) as client:
        client.get_bearer_token(answer["code"], answer["realmId"])
        found: Tokens = client.tokens(now, account=answer["realmId"])
    return found


def refresh(settings: ConnectionSettings, tokens: Tokens, now: datetime) -> Tokens:
    """New tokens for old; the refresh token may have changed, and whatever comes back must be stored.

    Raises:
        ConsentNeeded: the refresh token is dead, or Intuit does not know our client.
        Unavailable: Intuit cannot be reached or is out of order.
    """
    with _Client(settings, "") as client:
        client.refresh_token = tokens.refresh_token
        client.refresh(refresh_token=tokens.refresh_token)
        found: Tokens = client.tokens(now, account=tokens.account)
    return found


def revoke(settings: ConnectionSettings, tokens: Tokens) -> None:
    """Tell Intuit to forget the consent; a token that is dead already is fine.

    Raises:
        Unavailable: Intuit cannot be reached.
    """
    with _Client(settings, "") as client:
        try:
            client.revoke(token=tokens.refresh_token)
        except ConsentNeeded:
            return


def adopt(settings: ConnectionSettings, document: Mapping[str, object], now: datetime) -> Tokens:
    """Tokens obtained elsewhere: JSON as the token endpoint answers, plus `realm_id`.

    Raises:
        ValueError: a key is missing or not what it must be; the text names it.
        WrongCompany: `realm_id` is not the configured one.
    """
    realm = str(document.get("realm_id") or document.get("realmId") or "")
    for name in ("access_token", "refresh_token"):
        if not isinstance(document.get(name), str) or not document[name]:
            raise ValueError(f'the tokens file has no "{name}"')
    if not realm:
        raise ValueError('the tokens file has no "realm_id"')
    if not isinstance(document.get("expires_in"), int):
        raise ValueError('the tokens file needs "expires_in" as a whole number of seconds')
    _same_company(settings, realm)
    return _tokens(document, now, realm)


def _same_company(settings: ConnectionSettings, realm: str) -> None:
    if settings.account and settings.account != realm:
        raise WrongCompany(
            f"consent is for company {realm}, but realm_id of [connections.{settings.name}] is {settings.account}"
        )


def _tokens(answer: Mapping[str, Any], now: datetime, account: str) -> Tokens:
    ends = [answer.get("x_refresh_token_expires_in"), answer.get("x_refresh_token_hard_expires_in")]
    seconds = [int(end) for end in ends if isinstance(end, int)]
    return Tokens(
        access_token=str(answer["access_token"]),
        refresh_token=str(answer["refresh_token"]),
        expires_at=now + timedelta(seconds=int(answer["expires_in"])),
        refresh_expires_at=now + timedelta(seconds=min(seconds)) if seconds else None,
        account=account,
        scope=Scopes.ACCOUNTING.value,
    )


class _Client(AuthClient):  # type: ignore[misc]  # the library ships no types
    """AuthClient that never hangs, follows no redirect with a credential, asks for no discovery it does not need."""

    def __init__(self, settings: ConnectionSettings, redirect_uri: str) -> None:
        requests.Session.__init__(self)  # not AuthClient's own, which goes to the network
        self.trust_env = not is_loopback(settings.auth_url or "")
        self.auth = lambda request: request  # else a ~/.netrc entry would take our header's place
        self.headers[_HARD_EXPIRY_HEADER] = "true"
        self.client_id, self.client_secret = settings.client_id, settings.client_secret
        self.redirect_uri, self.state_token = redirect_uri, None
        self.realm_id = self.access_token = self.refresh_token = self.expires_in = self.id_token = None
        self.x_refresh_token_expires_in = self.x_refresh_token_hard_expires_in = None
        self.issuer_uri = self.jwks_uri = self.user_info_url = ""
        endpoints = self._discovered(settings.auth_url) if settings.auth_url else _KNOWN_ENDPOINTS
        self.auth_endpoint = endpoints["authorization_endpoint"]
        self.token_endpoint = endpoints["token_endpoint"]
        self.revoke_endpoint = endpoints["revocation_endpoint"]

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """One bounded exchange; raises what a failure means, so that AuthClient never sees one."""
        refuse_plain_http(url)
        options |= {"allow_redirects": False, "timeout": (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)}
        with network_errors(writing=False):
            answer: requests.Response = super().request(method, url, **options)
        error = _refusal(answer, asking_for_endpoints=method == "GET")
        if error is not None:
            raise error
        if answer.content and not isinstance(_said(answer), dict):
            raise Unavailable("Intuit's token endpoint sent no JSON")
        return answer

    def tokens(self, now: datetime, account: str) -> Tokens:
        """What the last answer gave."""
        answer = vars(self)
        whole = answer["access_token"] and answer["refresh_token"] and isinstance(answer["expires_in"], int)
        if not whole:
            raise Unavailable("Intuit's token answer is not complete")
        return _tokens(answer, now, account)

    def _discovered(self, auth_url: str) -> Mapping[str, str]:
        """Where auth_url says each endpoint is; what it does not say is taken to stand under Intuit's own path."""
        home = auth_url.rstrip("/")
        found = _said(self.request("GET", f"{home}/.well-known/openid_configuration")) or {}
        usual = {name: f"{home}{urlsplit(known).path}" for name, known in _KNOWN_ENDPOINTS.items()}
        return usual | {name: found[name] for name in usual if isinstance(found.get(name), str)}


def _refusal(answer: requests.Response, *, asking_for_endpoints: bool) -> ConnectorError | None:
    status = answer.status_code
    if status == HTTPStatus.OK or (status == HTTPStatus.NOT_FOUND and asking_for_endpoints):
        return None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled("Intuit's token endpoint asks for a pause", THROTTLE_WAIT_S, "minute")
    definite = (
        HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT
    )
    if definite and not asking_for_endpoints:
        reason = _reason(answer)
        if reason == "invalid_client":
            app = "Intuit does not know this app (invalid_client): check client_id and client_secret"
            return ConsentNeeded(f"{app}, then run `syncd connect`")
        return ConsentNeeded(f"Intuit refuses the consent ({reason}); run `syncd connect`")
    return Unavailable(
        f"Intuit's {'discovery document' if asking_for_endpoints else 'token endpoint'} answered {status}"
    )


def _reason(answer: requests.Response) -> str:
    """The OAuth error word alone: the rest of the body may quote a token."""
    word = (_said(answer) or {}).get("error")
    return word if isinstance(word, str) and word.replace("_", "").isalpha() else f"HTTP {answer.status_code}"


def _said(answer: requests.Response) -> dict[str, Any] | None:
    """The JSON object an answer holds; None where it holds none."""
    try:
        said = answer.json()
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
