"""Answers kept for six minutes under an Idempotency-Key, for the whole app and not per tenant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from connectors.simulator.http import Request, Response
from connectors.simulator.xero import replies

KEPT_MS = 6 * 60 * 1000
LONGEST_KEY = 128
_METHODS = ("POST", "PUT", "PATCH")


class IdempotencyCache:
    """First answers by app and key. `replayed` counts the answers given a second time."""

    def __init__(self) -> None:
        self.replayed = 0
        self._kept: dict[tuple[str, str], tuple[int, str, Response]] = {}

    def answer(self, request: Request, client_id: str, now_ms: int, act: Callable[[], Response]) -> Response:
        """The kept answer of this key, or what `act` gives. The same key with another request is refused."""
        key = request.headers.get("idempotency-key")
        if key is None or request.method not in _METHODS:
            return act()
        if len(key) > LONGEST_KEY:
            raise replies.exception(
                10, "ValidationException", "Idempotency-Key must not be longer than 128 characters."
            )
        kept = self._kept.get((client_id, key))
        if kept is None or now_ms - kept[0] >= KEPT_MS:
            response = act()
            self._kept[client_id, key] = (now_ms, _fingerprint(request), response)
            return response
        if kept[1] != _fingerprint(request):
            raise replies.exception(
                10, "ValidationException", "The Idempotency-Key has already been used with a different request."
            )
        self.replayed += 1
        return kept[2]


def _fingerprint(request: Request) -> str:
    parts = (request.method, request.path, repr(sorted(request.query.items())), request.body.hex())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
