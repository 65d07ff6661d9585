"""Intuit's sign-in: discovery, consent, tokens, refresh with daily rotation and a day of grace, revocation.

Access tokens live an hour, a refresh token's value 101 days; the value changes once a day when used, and the one before
it works for another day. A consent ends for good after five years.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from connectors.simulator.http import Request, Response

ACCESS_S = 3600
REFRESH_S = 8_726_400
SCOPE = "com.intuit.quickbooks.accounting"
_ROTATES_AFTER = timedelta(hours=24)
_GRACE = timedelta(hours=24)
_HARD_END = timedelta(days=5 * 365)
_CODE_LIFE = timedelta(minutes=10)
_HARD_HEADER = "x-include-refresh-token-hard-expires-in"


@dataclass(slots=True)
class Consent:
    """One person's consent and the refresh token that stands for it."""

    given_at: datetime
    value: str
    valued_at: datetime
    former: str = ""
    former_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    made_at: datetime


class SignIn:
    """The authorization server for one company and one client application."""

    def __init__(self, account: str, client_id: str, client_secret: str) -> None:
        self.refuses_consent = False
        self.rotates_always = False
        self._account = account
        self._client_id = client_id
        self._secret = client_secret
        self._codes: dict[str, _Code] = {}
        self._consents: list[Consent] = []
        self._access: dict[str, tuple[Consent, datetime]] = {}
        self._made = 0

    # -- what the books ask

    def problem_with(self, bearer: str, now: datetime) -> str | None:
        """Why an access token is no good, None where it is."""
        if not bearer:
            return "Missing authorization header"
        found = self._access.get(bearer)
        if found is None:
            return f"Token invalid: {bearer}"
        consent, until = found
        return None if now < until and consent in self._consents else f"Token expired: {bearer}"

    # -- what tests and people do

    def consent(self, now: datetime) -> dict[str, Any]:
        """A new consent and its tokens, as the token endpoint answers."""
        given = Consent(now, self._secretly("RT1"), now)
        self._consents.append(given)
        return self._granted(given, now)

    def expire_access(self) -> None:
        """Every access token is an old one now."""
        self._access.clear()

    def revoke_all(self) -> None:
        """The company's administrator disconnects the application."""
        self._consents.clear()

    # -- endpoints

    def discovery(self, request: Request) -> Response:
        """Where the endpoints are, under whatever host the client used."""
        base = f"http://{request.headers.get('host', '127.0.0.1')}"
        return _json(
            200,
            {
                "issuer": f"{base}/op/v1",
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
                "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{base}/op/v1/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "scopes_supported": ["openid", SCOPE],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            },
        )

    def authorize(self, request: Request, now: datetime) -> Response:
        """A person says yes at once (or no, if told to): back to the application with a code."""
        asked = request.query
        problem = self._consent_problem(asked)
        if problem:
            return _json(400, {"error": "invalid_request", "error_description": problem})
        if self.refuses_consent:
            answer = {"error": "access_denied", "state": asked["state"]}
        else:
            code = self._secretly("AB1")
            self._codes[code] = _Code(asked["redirect_uri"], now)
            answer = {"code": code, "state": asked["state"], "realmId": self._account}
        join = "&" if "?" in asked["redirect_uri"] else "?"
        return Response(302, b"", {"Location": f"{asked['redirect_uri']}{join}{urlencode(answer)}"})

    def token(self, request: Request, now: datetime) -> Response:
        """Exchange a code, or refresh."""
        if not self._is_client(request):
            return _json(401, {"error": "invalid_client"})
        form = _form(request)
        if form.get("grant_type") == "authorization_code":
            given = self._redeemed(form, now)
        elif form.get("grant_type") == "refresh_token":
            given = self._refreshed(form.get("refresh_token", ""), now)
        else:
            return _json(400, {"error": "unsupported_grant_type"})
        if isinstance(given, Response):
            return given
        answer = self._granted(given, now)
        if request.headers.get(_HARD_HEADER, "").lower() == "true":
            answer["x_refresh_token_hard_expires_in"] = _seconds(given.given_at + _HARD_END - now)
        return _json(200, answer)

    def revoke(self, request: Request) -> Response:
        """Either token ends the whole consent."""
        if not self._is_client(request):
            return _json(401, {"error": "invalid_client"})
        token = _form(request).get("token", "")
        known = self._access.get(token)
        found = known[0] if known else self._by_refresh(token)
        if found is None or found not in self._consents:
            return _json(
                400, {"error": "invalid_request", "error_description": "Token is incorrect or already revoked"}
            )
        self._consents.remove(found)
        return Response(200)

    # -- inside

    def _consent_problem(self, asked: Mapping[str, str]) -> str:
        if asked.get("client_id") != self._client_id:
            return "The client_id query parameter value is invalid."
        if asked.get("response_type") != "code":
            return "The response_type query parameter value is invalid."
        if SCOPE not in asked.get("scope", "").split():
            return "The scope query parameter value is invalid."
        missing = [name for name in ("redirect_uri", "state") if not asked.get(name)]
        return f"The {missing[0]} query parameter is missing." if missing else ""

    def _is_client(self, request: Request) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        expected = base64.b64encode(f"{self._client_id}:{self._secret}".encode()).decode()
        return scheme.lower() == "basic" and hmac.compare_digest(encoded.strip(), expected)

    def _redeemed(self, form: Mapping[str, str], now: datetime) -> Consent | Response:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or now - code.made_at > _CODE_LIFE:
            return _invalid_grant("Invalid authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            return _invalid_grant("Invalid redirect URI")
        given = Consent(now, self._secretly("RT1"), now)
        self._consents.append(given)
        return given

    def _refreshed(self, token: str, now: datetime) -> Consent | Response:
        given = self._by_refresh(token)
        if given is None or not self._is_live(given, token, now):
            return _invalid_grant("Incorrect or invalid refresh token")
        if token == given.value and (self.rotates_always or now - given.valued_at >= _ROTATES_AFTER):
            given.former, given.former_until = given.value, now + _GRACE
            given.value, given.valued_at = self._secretly("RT1"), now
        return given

    def _by_refresh(self, token: str) -> Consent | None:
        return next((each for each in self._consents if token and token in (each.value, each.former)), None)

    def _is_live(self, given: Consent, token: str, now: datetime) -> bool:
        if now >= given.given_at + _HARD_END:
            return False
        if token == given.value:
            return now < given.valued_at + timedelta(seconds=REFRESH_S)
        return given.former_until is not None and now < given.former_until

    def _granted(self, given: Consent, now: datetime) -> dict[str, Any]:
        access = self._secretly("eyJ")
        self._access[access] = (given, now + timedelta(seconds=ACCESS_S))
        return {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": ACCESS_S,
            "refresh_token": given.value,
            "x_refresh_token_expires_in": _seconds(given.valued_at + timedelta(seconds=REFRESH_S) - now),
        }

    def _secretly(self, prefix: str) -> str:
        """A token nobody else has; the same run gives the same ones."""
        self._made += 1
        made = hashlib.sha256(f"{self._account}/{self._secret}/{self._made}".encode()).hexdigest()
        return f"{prefix}-{self._made}-H0-{made[:40]}"


def _seconds(span: timedelta) -> int:
    return max(0, int(span.total_seconds()))


def _form(request: Request) -> dict[str, str]:
    text = request.body.decode("utf-8", "replace")
    if "json" in request.headers.get("content-type", ""):
        try:
            said = json.loads(text)
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in said.items()} if isinstance(said, dict) else {}
    return dict(parse_qsl(text))


def _invalid_grant(description: str) -> Response:
    return _json(400, {"error": "invalid_grant", "error_description": description})


def _json(status: int, document: Mapping[str, Any]) -> Response:
    headers = {"Content-Type": "application/json;charset=utf-8", "Cache-Control": "no-cache, no-store"}
    return Response(status, json.dumps(document).encode(), headers)
