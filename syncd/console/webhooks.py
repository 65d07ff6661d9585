"""Webhooks of both providers: the signature over the raw bytes, then a hint to poll sooner. Never a source of facts.

An invalid signature is answered 401 at once, a valid one 200 at once, whatever the body says: Xero's intent to receive
and both of QuickBooks' formats included. What was seen before is no second hint.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from syncd.console.http import Request, Response, text
from syncd.logs import log
from syncd.office import Office

Kind = Literal["quickbooks", "xero"]
SIGNATURE: Mapping[str, str] = {"quickbooks": "intuit-signature", "xero": "x-xero-signature"}
_REMEMBERED = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """That something changed in a company's books. `mark` is the same for the same event told twice."""

    account: str
    mark: str


@dataclass(frozen=True, slots=True)
class Listener:
    """A connection that wants to hear, and the key its app signs with."""

    name: str
    account: str
    key: str = field(repr=False)

    def signed(self, body: bytes, signature: str) -> bool:
        """Whether its app signed these bytes."""
        made = base64.b64encode(hmac.new(self.key.encode(), body, hashlib.sha256).digest())
        return hmac.compare_digest(made, signature.encode())


@dataclass(slots=True)
class Seen:
    """The events of late. A repetition is told apart by its mark."""

    _marks: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_new(self, event: Event) -> bool:
        """Whether the event was not seen before; it is from now on."""
        with self._lock:
            if event.mark in self._marks:
                return False
            self._marks[event.mark] = None
            if len(self._marks) > _REMEMBERED:
                self._marks.popitem(last=False)
            return True


def listeners(office: Office, kind: Kind) -> list[Listener]:
    """Every connection of a kind that has a webhook key.

    Raises:
        ConfigError: a key is named and cannot be read.
    """
    found = []
    for ledger in office.ledgers:
        key = ledger.config.webhook_key() if ledger.config.kind == kind else None
        if key is not None:
            account = ledger.config.account or ledger.connections.standing().account
            found.append(Listener(ledger.name, account, key.strip()))
    return found


def received(request: Request, kind: Kind, hearing: Sequence[Listener], seen: Seen) -> tuple[Response, list[str]]:
    """The answer, and the connections to look at sooner."""
    if not hearing:
        return text("no webhooks are wanted here", 404), []
    signature = request.headers.get(SIGNATURE[kind], "")
    signed_for = [each for each in hearing if each.signed(request.body, signature)]
    if not signed_for:
        log.warning("webhook.refused", kind=kind)
        return Response(401), []
    accounts = {event.account for event in _events(kind, request.body) if seen.is_new(event)}
    return Response(200), [each.name for each in signed_for if each.account in accounts]


def _events(kind: Kind, body: bytes) -> list[Event]:
    """What the body tells of; nothing where it is no such document, which a valid signature makes unlikely."""
    try:
        document = json.loads(body)
        return list(_xero(document) if kind == "xero" else _quickbooks(document))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        log.warning("webhook.not_understood", kind=kind)
        return []


def _xero(document: Mapping[str, Any]) -> Iterator[Event]:
    for event in document.get("events") or ():
        parts = (event.get(name) for name in ("tenantId", "resourceId", "eventDateUtc", "eventType"))
        yield Event(str(event["tenantId"]), _mark(*parts))


def _quickbooks(document: Any) -> Iterator[Event]:
    if isinstance(document, list):  # CloudEvents
        for event in document:
            yield Event(str(event["intuitaccountid"]), _mark(event.get("source"), event.get("id")))
        return
    for notice in document.get("eventNotifications") or ():
        realm = str(notice["realmId"])
        for entity in notice.get("dataChangeEvent", {}).get("entities") or ():
            parts = (entity.get(name) for name in ("name", "id", "operation", "lastUpdated"))
            yield Event(realm, _mark(realm, *parts))


def _mark(*parts: object) -> str:
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()
