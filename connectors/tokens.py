"""OAuth tokens as a value, and who keeps them. The vault keeps; a connector only asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint answered, with absolute times in UTC. `account` is the realm or tenant it is good for."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    refresh_expires_at: datetime | None = None
    account: str = ""
    scope: str = ""


class TokenSource(Protocol):
    """Gives access tokens, refreshing under a lock when needed."""

    def access_token(self) -> str:
        """A token good for at least a minute. Raises ConsentNeeded."""
        ...

    def replace(self, refused: str) -> str:
        """Another token after the provider refused `refused` with 401. Raises ConsentNeeded."""
        ...
