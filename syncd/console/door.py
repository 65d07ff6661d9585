"""Who may come in: programs with the token, people who logged in with it. Also proves that a form is our own.

The token lies in a file closed to others, or comes as a systemd credential. A login is a cookie signed with a key made
of the token: nothing is stored, and a new token ends every login.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from syncd.console.http import Request
from syncd.errors import ConfigError
from syncd.secrets.credentials import UnreadableSecretError, credential_path, read_secret

CREDENTIAL = "console.token"
COOKIE = "syncd_login"
LASTS = timedelta(hours=12)
_SHORTEST = 20
_LONGEST_NAME = 60


def open_door(state_dir: Path, token_file: Path | None) -> Door:
    """The door with its token; one of our own is made in the state directory where none is named.

    Raises:
        ConfigError: the token cannot be read, is open to others, or is short enough to be guessed.
    """
    path = credential_path(CREDENTIAL) or token_file or _own(state_dir / CREDENTIAL)
    try:
        token = read_secret(path).strip()
    except UnreadableSecretError as error:
        raise ConfigError([f"[serve] token: {error}"]) from None
    if len(token) < _SHORTEST:
        raise ConfigError([f"[serve] token: {path} holds fewer than {_SHORTEST} characters, which can be guessed"])
    return Door(token)


def _own(path: Path) -> Path:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    return path


@dataclass(frozen=True, slots=True)
class Login:
    """A person who logged in: the name they gave for the journal, and what their forms must carry."""

    name: str
    form_token: str


@dataclass(frozen=True, slots=True)
class Door:
    """Checks tokens, logins and forms. Every comparison takes the same time however much is right."""

    token: str

    def is_token(self, offered: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(offered.encode(), self.token.encode())

    def lets_in(self, request: Request, now: datetime) -> bool:
        """Whether a request carries the token (bearer, or password of basic) or a login."""
        return self.is_token(_offered(request)) or self.login(request, now) is not None

    def cookie(self, name: str, now: datetime) -> str:
        """The Set-Cookie value of a new login."""
        shown = " ".join(name.split())[:_LONGEST_NAME] or "console"
        ends = int((now + LASTS).timestamp())
        said = base64.urlsafe_b64encode(f"{ends}:{secrets.token_hex(8)}:{shown}".encode()).decode()
        value = f"{said}.{self._signature('login', said)}"
        return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={int(LASTS.total_seconds())}"

    def login(self, request: Request, now: datetime) -> Login | None:
        """Who logged in, as the cookie says; None where there is none that is ours and in time."""
        said, _, signature = request.cookie(COOKIE).partition(".")
        if not said or not hmac.compare_digest(signature.encode(), self._signature("login", said).encode()):
            return None
        ends, _, name = base64.urlsafe_b64decode(said).decode().split(":", 2)
        if int(ends) < now.timestamp():
            return None
        return Login(name, self._signature("form", said))

    def is_own_form(self, request: Request, login: Login) -> bool:
        """Whether a submitted form was made by us for this login, and not by another site."""
        return hmac.compare_digest(request.form.get("form_token", "").encode(), login.form_token.encode())

    def _signature(self, purpose: str, said: str) -> str:
        return hmac.new(self.token.encode(), f"syncd {purpose}\0{said}".encode(), hashlib.sha256).hexdigest()


def _offered(request: Request) -> str:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[2]
        except binascii.Error:
            return ""
    return ""
