"""Consent and tokens: the code flow, custom connections, refresh and revocation, with requests and our own time-outs.

Stores nothing and locks nothing: the vault calls `refresh` under its lock. A custom connection has no refresh token;
it asks for a new access token with its client id and secret. Never repeats a token call by itself.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from connectors import ConnectionSettings
from connectors.errors import ConsentNeeded, SeveralCompanies, Throttled, Unavailable, WrongCompany
from connectors.tokens import Tokens
from connectors.transport import CONNECT_TIMEOUT_S, network_cause, redacted
from connectors.xero.values import text

SCOPES = "offline_access accounting.invoices accounting.payments.read accounting.contacts accounting.settings.read"
_LOGIN_URL = "https://login.xero.com"
_IDENTITY_URL = "https://identity.xero.com"
_API_URL = "https://api.xero.com"
_TIMEOUT = (CONNECT_TIMEOUT_S, 30.0)
_REFRESH_LIFE = timedelta(days=60)
_OK, _NO_CONTENT = 200, 204
_TOO_MANY = 429
_SERVER_ERRORS = 500


def authorization_url(settings: ConnectionSettings, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Where a person gives consent. Only who knows `verifier` can make tokens of the code it leads to."""
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": state,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"{settings.auth_url or _LOGIN_URL}/identity/connect/authorize?{urlencode(query)}"


def exchange(
    settings: ConnectionSettings, *, redirected: str, redirect_uri: str, state: str, verifier: str, now: datetime
) -> Tokens:
    """The tokens for the consent that sent the browser to `redirected`, and the organisation they are good for.

    Raises:
        ConsentNeeded: consent was refused, or the address does not belong to this request.
        WrongCompany: the consent does not cover the configured organisation, or covers several and none is named.
    """
    answer = {name: values[0] for name, values in parse_qs(urlsplit(redirected).query).items()}
    if answer.get("state") != state:
        raise ConsentNeeded("the address does not belong to this request (its state differs): start again")
    if "error" in answer:
        why = answer.get("error_description") or answer["error"]
        raise ConsentNeeded(f"Xero gave no consent: {redacted(why)}")
    if "code" not in answer:
        raise ConsentNeeded("the address carries no code: paste the whole address the browser ended on")
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": redirect_uri}
    form["code_verifier"] = verifier
    return _for_tenant(settings, _tokens(_token_call(settings, form), now))


def grant(settings: ConnectionSettings, now: datetime) -> Tokens:
    """The first tokens of a custom connection, which has no consent page."""
    return _for_tenant(settings, _tokens(_token_call(settings, {"grant_type": "client_credentials"}), now))


def refresh(settings: ConnectionSettings, tokens: Tokens, now: datetime) -> Tokens:
    """New tokens for old. The old refresh token works for half an hour more, should the answer be lost.

    Raises:
        ConsentNeeded: the refresh token is dead.
        Unavailable: no clear answer.
    """
    if tokens.refresh_token:
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    else:
        form = {"grant_type": "client_credentials"}
    return replace(_tokens(_token_call(settings, form), now), account=tokens.account)


def revoke(settings: ConnectionSettings, tokens: Tokens) -> None:
    """End the consent for this organisation at Xero; a custom connection has none.

    Revoking ends all organisations of that user for this app, so it is done only where no other one is left.

    Raises:
        ConsentNeeded: Xero had ended it already.
        Unavailable: Xero cannot be reached.
    """
    if not tokens.refresh_token:
        return
    held = _held(settings, tokens)
    if set(held) - {tokens.account}:
        if tokens.account in held:
            url = f"{settings.api_url or _API_URL}/connections/{held[tokens.account]}"
            _call("DELETE", url, settings, bearer=tokens.access_token)
        return
    _call("POST", f"{_identity(settings)}/connect/revocation", settings, {"token": tokens.refresh_token})


def _held(settings: ConnectionSettings, tokens: Tokens) -> Mapping[str, str]:
    """The app's organisations of that user, with the id of each connection; none where they cannot be listed."""
    try:
        listed = _call("GET", f"{settings.api_url or _API_URL}/connections", settings, bearer=tokens.access_token)
    except ConsentNeeded:
        return {}
    return {text(row, "tenantId"): text(row, "id") for row in (listed if isinstance(listed, list) else [])}


def adopt(settings: ConnectionSettings, document: Mapping[str, object], now: datetime) -> Tokens:
    """Tokens obtained elsewhere: the token endpoint's answer with `tenant_id` added.

    Raises:
        ValueError: a key is missing.
        WrongCompany: they are for another organisation than the configured one.
    """
    needed = ["access_token", "expires_in", "tenant_id"]
    if settings.extra.get("app") != "custom":
        needed.insert(1, "refresh_token")
    missing = [f'"{name}"' for name in needed if not document.get(name)]
    if missing:
        raise ValueError(f"the tokens file has no {', '.join(missing)}")
    tenant = str(document["tenant_id"])
    if settings.account and tenant != settings.account:
        raise WrongCompany(f"the tokens are for organisation {tenant}, the configuration names {settings.account}")
    return replace(_tokens(document, now), account=tenant)


def _tokens(document: Mapping[str, Any], now: datetime) -> Tokens:
    try:
        life = timedelta(seconds=int(document["expires_in"]))
    except (TypeError, ValueError) as error:
        raise ValueError(f'expires_in "{document["expires_in"]}" is not a number of seconds') from error
    refresh_token = text(document, "refresh_token")
    scope = document.get("scope") or ""
    return Tokens(
        access_token=str(document["access_token"]),
        refresh_token=refresh_token,
        expires_at=now + life,
        refresh_expires_at=now + _REFRESH_LIFE if refresh_token else None,
        scope=scope if isinstance(scope, str) else " ".join(map(str, scope)) if isinstance(scope, list) else "",
    )


def _for_tenant(settings: ConnectionSettings, tokens: Tokens) -> Tokens:
    """The tokens with the organisation they may be used for, as GET /connections tells it."""
    url = f"{settings.api_url or _API_URL}/connections"
    connections = _call("GET", url, settings, bearer=tokens.access_token)
    names = {
        text(row, "tenantId"): text(row, "tenantName")
        for row in (connections if isinstance(connections, list) else [])
        if text(row, "tenantType") in ("", "ORGANISATION")
    }
    if settings.account:
        if settings.account not in names:
            raise WrongCompany(f"the consent covers {_listed(names)}, not the configured {settings.account}")
        return replace(tokens, account=settings.account)
    if len(names) > 1:
        raise SeveralCompanies(f"the consent covers {_listed(names)}: name the one that is meant", tokens, names)
    if not names:
        raise WrongCompany("the consent covers no organisation: give it again and tick one")
    return replace(tokens, account=next(iter(names)))


def _listed(names: Mapping[str, str]) -> str:
    return ", ".join(f"{tenant} ({name})" for tenant, name in sorted(names.items())) or "no organisation"


def _identity(settings: ConnectionSettings) -> str:
    return settings.auth_url or _IDENTITY_URL


def _token_call(settings: ConnectionSettings, form: Mapping[str, str]) -> Mapping[str, Any]:
    document = _call("POST", f"{_identity(settings)}/connect/token", settings, form)
    if not isinstance(document, Mapping) or not document.get("access_token") or not document.get("expires_in"):
        raise Unavailable("Xero's token endpoint answered without a token")
    return document


def _call(
    method: str, url: str, settings: ConnectionSettings, form: Mapping[str, str] | None = None, *, bearer: str = ""
) -> Any:
    """One request to where tokens live; the JSON it answers, None for an empty answer."""
    auth = _Bearer(bearer) if bearer else (settings.client_id, settings.client_secret)
    headers = {"Accept": "application/json"}
    try:
        response = requests.request(
            method, url, data=form, auth=auth, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        )
        body = response.json() if response.content else None
    except requests.JSONDecodeError:
        body = None
    except requests.RequestException as error:
        raise Unavailable(f"no answer from Xero's identity service: {network_cause(error)}") from error
    if response.status_code not in (_OK, _NO_CONTENT):
        _refused(response, body)
    return body


def _refused(response: requests.Response, body: object) -> None:
    document = body if isinstance(body, Mapping) else {}
    reason = redacted(str(document.get("error") or document.get("Detail") or f"HTTP {response.status_code}"))
    if response.status_code == _TOO_MANY:
        asked = response.headers.get("Retry-After", "")
        raise Throttled("Xero's identity service asks to wait", int(asked) if asked.isdecimal() else 60.0)
    if response.status_code >= _SERVER_ERRORS or response.is_redirect:
        raise Unavailable(f"Xero's identity service failed ({reason})")
    if reason == "invalid_grant":
        raise ConsentNeeded("Xero no longer honours this consent (invalid_grant): run `syncd connect`")
    raise ConsentNeeded(f"Xero refuses this app ({reason}): check client_id and client_secret, then `syncd connect`")


class _Bearer(requests.auth.AuthBase):
    """A bearer token that no .netrc entry can replace."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
