"""Keeps OAuth tokens sealed in the store and hands out access tokens, refreshing one at a time.

A refreshed token is stored before it is used. Two processes never refresh at once: whoever comes second takes the lock,
reads again, and finds the new one. That a refresh is under way is stored before it is asked for, and the token before
the present one is kept: where an answer got lost, the present one is tried again, then the one before it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import TypeAdapter

from connectors.errors import ConsentNeeded
from connectors.tokens import Tokens
from syncd.clock import Clock
from syncd.errors import ConfigError
from syncd.lock import held
from syncd.secrets.credentials import UnreadableSecretError, read_secret
from syncd.store.tokens import TokenRows

_MARGIN = timedelta(seconds=60)
_IDLE = timedelta(hours=12)
_TOKENS: TypeAdapter[Tokens] = TypeAdapter(Tokens)

Refresh = Callable[[Tokens, datetime], Tokens]


def open_key(path: Path, *, may_create: bool) -> MultiFernet:
    """The key that seals tokens: one Fernet key a line, the first seals, all of them open.

    Raises:
        ConfigError: absent while tokens sealed with it exist, readable by others, or not a key.
    """
    if may_create and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
    try:
        return MultiFernet([Fernet(line) for line in read_secret(path).split()])
    except UnreadableSecretError as error:
        raise ConfigError([f"secrets key: {error}"]) from None
    except ValueError:
        raise ConfigError([f"secrets key: {path} is not a key made by `syncd init`"]) from None


@dataclass(slots=True)
class Vault:
    """The tokens of one connection. `access_token` and `replace` are what a connector sees of it."""

    name: str
    rows: TokenRows
    key: Callable[[], MultiFernet]
    refresh: Refresh
    clock: Clock
    lock_file: Path
    _thread_lock: threading.Lock = field(default_factory=threading.Lock)

    def tokens(self) -> Tokens | None:
        """What is stored, or None before the first consent.

        Raises:
            ConfigError: it was sealed with another key.
        """
        row = self.rows.read()
        return None if row is None else self._unsealed(row.sealed)

    def _unsealed(self, sealed: str) -> Tokens:
        try:
            return _TOKENS.validate_json(self.key().decrypt(sealed))
        except InvalidToken:
            raise ConfigError(
                [f"secrets key: the tokens of {self.name} were sealed with another key; run: syncd connect {self.name}"]
            ) from None

    def store(self, tokens: Tokens) -> None:
        """Seal and keep `tokens`; from now on they are the ones."""
        self.rows.put(self.key().encrypt(_TOKENS.dump_json(tokens)).decode())

    def forget(self) -> None:
        """Remove the tokens."""
        self.rows.forget()

    def access_token(self) -> str:
        """A token good for at least a minute; refreshed first where it is not.

        Raises:
            ConsentNeeded: never connected, or the consent is gone.
            Unavailable: the provider's token endpoint does not answer.
        """
        tokens = self._present()
        if tokens.expires_at - self.clock.now() > _MARGIN:
            return tokens.access_token
        return self._refreshed(tokens.access_token)

    def replace(self, refused: str) -> str:
        """Another token after the provider refused `refused`."""
        return self._refreshed(refused)

    def keep_alive(self) -> None:
        """Refresh where nobody has for half a day: a consent that is never used ends (Xero: 60 days, QuickBooks: 100).

        Raises:
            ConsentNeeded, Unavailable: as for `access_token`.
        """
        tokens = self.tokens()
        if tokens is not None and self.clock.now() - tokens.expires_at > _IDLE:
            self._refreshed(tokens.access_token)

    def _refreshed(self, unwanted: str) -> str:
        with self._thread_lock, held(self.lock_file, wait=True):
            tokens = self._present()
            if tokens.access_token != unwanted:
                return tokens.access_token  # somebody refreshed while we waited for the lock
            lost_at = self._lost_at()
            self.rows.refreshing(self.clock.now())
            try:
                fresh = self._asked(tokens, lost_at)
            except ConsentNeeded:
                self.rows.refreshing(lost_at)  # this answer was not lost: it was no
                raise
            self.store(fresh)
            return fresh.access_token

    def _asked(self, tokens: Tokens, lost_at: datetime | None) -> Tokens:
        """New tokens for these; where they are dead, for those before them, which a provider may still honour."""
        try:
            return self.refresh(tokens, self.clock.now())
        except ConsentNeeded as dead:
            earlier = self._previous()
            if earlier is not None and earlier.refresh_token not in ("", tokens.refresh_token):
                with suppress(ConsentNeeded):
                    return self.refresh(earlier, self.clock.now())
            if lost_at is None:
                raise
            raise ConsentNeeded(
                f"{dead} (the answer to a refresh on {lost_at:%Y-%m-%d at %H:%M} UTC was lost, and with it the token)"
            ) from dead

    def _lost_at(self) -> datetime | None:
        row = self.rows.read()
        return row.refreshing_since if row else None

    def _previous(self) -> Tokens | None:
        row = self.rows.read()
        return self._unsealed(row.previous) if row is not None and row.previous else None

    def _present(self) -> Tokens:
        tokens = self.tokens()
        if tokens is None:
            raise ConsentNeeded(f"{self.name} is not connected; run: syncd connect {self.name}")
        return tokens
