"""Consent and tokens: authorise, token, revocation, connections. Knows who may call, nothing of the books."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

from connectors.simulator.http import Request, Response
from connectors.simulator.xero import replies, wire
from connectors.simulator.xero.organisation import guid
from connectors.simulator.xero.switches import Switches
from connectors.simulator.xero.wire import Json

ACCESS_S = 30 * 60
GRACE_MS = 30 * 60 * 1000
REFRESH_MS = 60 * 86_400 * 1000
CODE_MS = 5 * 60 * 1000
_GRANULAR = (
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.manualjournals",
    "accounting.contacts",
    "accounting.settings",
    "accounting.attachments",
    "accounting.transactions",
)
KNOWN_SCOPES = frozenset(
    {"openid", "profile", "email", "offline_access", "accounting.reports.read", "accounting.reports.aged.read"}
    | {scope + end for scope in _GRANULAR for end in ("", ".read")}
)
USUAL_SCOPES = (
    "offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings "
    "accounting.attachments accounting.reports.aged.read"
)


@dataclass(slots=True)
class Grant:
    """One token: what it is good for and until when, in milliseconds."""

    scope: str
    until: int
    machine: bool = False  # a custom connection: no tenant header needed
    used_at: int | None = None  # when a refresh token was first traded in
    redirect_uri: str = ""
    challenge: str = ""
    revoked: bool = False


class Identity:
    """The identity server and the list of connections of one app with one organisation."""

    def __init__(self, tenant: str, name: str, now: Callable[[], int], switches: Switches) -> None:
        self.client_id = ""
        self.client_secret = ""
        self.other_tenants: list[tuple[str, str]] = []
        self.connected = True
        self.refreshes = 0
        self._tenant, self._name, self._now, self._switches = tenant, name, now, switches
        self._connected_at = 0
        self._codes: dict[str, Grant] = {}
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._made = 0

    # -- endpoints

    def authorize(self, request: Request) -> Response:
        """GET /identity/connect/authorize: the person says yes at once; 302 back with code and state."""
        query = request.query
        redirect, state = query.get("redirect_uri", ""), query.get("state", "")
        if query.get("client_id") != self.client_id or not redirect or query.get("response_type") != "code":
            return Response(400, b"<html>unauthorized_client</html>", {"Content-Type": "text/html"})
        asked = query.get("scope", "").split()
        if not asked or set(asked) - KNOWN_SCOPES:
            return _redirect(redirect, {"error": "invalid_scope", "state": state})
        if self._switches.consent_denied:
            return _redirect(redirect, {"error": "access_denied", "state": state})
        code = self._token("code")
        until = self._now() + CODE_MS
        challenge = query.get("code_challenge", "")
        self._codes[code] = Grant(" ".join(asked), until, redirect_uri=redirect, challenge=challenge)
        self._connect()
        return _redirect(redirect, {"code": code, "scope": " ".join(asked), "state": state})

    def token(self, request: Request) -> Response:
        """POST /connect/token: authorization_code, refresh_token or client_credentials."""
        form = _form(request)
        client_id, secret = _client(request, form)
        if client_id != self.client_id or (secret != self.client_secret and "code_verifier" not in form):
            return _oauth_error("invalid_client")
        grants = {
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh,
            "client_credentials": self._by_machine,
        }
        by = grants.get(form.get("grant_type", ""))
        return by(form) if by else _oauth_error("unsupported_grant_type")

    def revocation(self, request: Request) -> Response:
        """POST /connect/revocation: the refresh token and every connection of the person with this app are gone."""
        form = _form(request)
        if _client(request, form) != (self.client_id, self.client_secret):
            return _oauth_error("invalid_client")
        if form.get("token") in self._refresh:
            self.revoke_everything()
        return Response(200)

    def connections(self, request: Request) -> Response:
        """GET /connections."""
        self.caller(request)
        rows = [self._connection(self._tenant, self._name)] if self.connected else []
        rows += [self._connection(tenant, name) for tenant, name in self.other_tenants]
        return Response(200, wire.encode(rows), {"Content-Type": replies.JSON_TYPE})

    def disconnect(self, request: Request, connection_id: str) -> Response:
        """DELETE /connections/{id}: by the connection's own id, not the tenant's."""
        self.caller(request)
        if not self.connected or connection_id != self._connection(self._tenant, self._name)["id"]:
            return replies.NOT_FOUND
        self.connected = False
        return replies.NO_CONTENT

    # -- for the gate

    def caller(self, request: Request) -> Grant:
        """The grant behind the bearer token, else 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._access.get(token)
        if scheme.lower() != "bearer" or grant is None or grant.revoked:
            raise replies.problem(401, "AuthenticationUnsuccessful")
        if grant.until <= self._now():
            raise replies.problem(401, "TokenExpired: token expired at " + wire.naive_string(grant.until))
        return grant

    # -- for the company's own door

    def issue(self, scope: str = USUAL_SCOPES, *, machine: bool = False) -> Json:
        """A new set of tokens, as the token endpoint answers."""
        now = self._now()
        access = self._token("access")
        self._access[access] = Grant(scope, now + ACCESS_S * 1000, machine)
        document: Json = {"access_token": access, "expires_in": ACCESS_S, "token_type": "Bearer", "scope": scope}
        if "offline_access" in scope.split() and not machine:
            document["refresh_token"] = self._token("refresh")
            self._refresh[document["refresh_token"]] = Grant(scope, now + REFRESH_MS)
        return document

    def expire_access_tokens(self) -> None:
        """Half an hour has passed for every access token."""
        for grant in self._access.values():
            grant.until = min(grant.until, self._now())

    def revoke_everything(self) -> None:
        """The person took back the consent: refresh tokens are dead, the organisation is disconnected."""
        self._refresh.clear()
        self.connected = False

    def refuse_access_tokens(self) -> None:
        """Access tokens stop working at once; refreshing still works."""
        for grant in self._access.values():
            grant.revoked = True

    # -- inside

    def _by_code(self, form: dict[str, str]) -> Response:
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.until <= self._now() or grant.redirect_uri != form.get("redirect_uri"):
            return _oauth_error("invalid_grant")
        if grant.challenge and grant.challenge != _challenge(form.get("code_verifier", "")):
            return _oauth_error("invalid_grant")
        return _tokens(self.issue(grant.scope))

    def _by_refresh(self, form: dict[str, str]) -> Response:
        self.refreshes += 1
        grant, now = self._refresh.get(form.get("refresh_token", "")), self._now()
        if grant is None or grant.until <= now:
            return _oauth_error("invalid_grant")
        if grant.used_at is not None and now - grant.used_at >= GRACE_MS:
            return _oauth_error("invalid_grant")
        grant.used_at = now if grant.used_at is None else grant.used_at
        return _tokens(self.issue(grant.scope))

    def _by_machine(self, form: dict[str, str]) -> Response:
        asked = form.get("scope", "").split() or [name for name in USUAL_SCOPES.split() if name != "offline_access"]
        if set(asked) - KNOWN_SCOPES:
            return _oauth_error("invalid_scope")
        self._connect()
        return _tokens(self.issue(" ".join(asked), machine=True))

    def _connect(self) -> None:
        self.connected = True
        self._connected_at = self._connected_at or self._now()

    def _connection(self, tenant: str, name: str) -> Json:
        made = wire.naive_string(self._connected_at or self._now()) + ".0000000"
        return {
            "id": guid(tenant, "connection"),
            "authEventId": guid(tenant, "event"),
            "tenantId": tenant,
            "tenantType": "ORGANISATION",
            "tenantName": name,
            "createdDateUtc": made,
            "updatedDateUtc": made,
        }

    def _token(self, kind: str) -> str:
        self._made += 1
        seed = hashlib.sha256(f"{self._tenant}/{kind}/{self._made}".encode()).digest()
        if kind != "access":
            return _url64(seed)
        header = {"alg": "RS256", "typ": "JWT"}
        claims = {"client_id": self.client_id, "jti": seed.hex()[:32], "exp": self._now() // 1000 + ACCESS_S}
        return ".".join((*(_url64(json.dumps(part).encode()) for part in (header, claims)), _url64(seed)))


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _challenge(verifier: str) -> str:
    return _url64(hashlib.sha256(verifier.encode()).digest())


def _redirect(uri: str, query: dict[str, str]) -> Response:
    joiner = "&" if "?" in uri else "?"
    return Response(302, b"", {"Location": f"{uri}{joiner}{urlencode(query)}"})


def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client_id), unquote(secret)


def _tokens(document: dict[str, Any]) -> Response:
    return Response(200, wire.encode(document), {"Content-Type": replies.JSON_TYPE, "Cache-Control": "no-store"})


def _oauth_error(error: str) -> Response:
    return Response(400, wire.encode({"error": error}), {"Content-Type": replies.JSON_TYPE})
