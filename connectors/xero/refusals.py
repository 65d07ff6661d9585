"""What Xero's answers other than 2xx mean for the daemon. Pure: status, headers and body in, an error value out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import (
    ConnectorError,
    ConsentNeeded,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from connectors.transport import WEB_PAGE, is_web_page, redacted

UNAUTHORISED = 401
_FORBIDDEN = 403
_TOO_MANY = 429
_REFUSED = range(400, 500)
_NEVER_ANSWERED = 408
# Xero names no time for its concurrency limit, and may leave it out elsewhere.
_WAIT_S = {"concurrent": 1.0, "minute": 60.0, "appminute": 60.0, "day": 3600.0}
_LIMITS = {"appminute": "minute"}


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, writing: bool) -> ConnectorError:
    """The error for an answer of `status`. A write met with anything unclear may have been done."""
    if status == _TOO_MANY:
        return _throttled(headers)
    if status in (UNAUTHORISED, _FORBIDDEN):
        return ConsentNeeded(_consent_problem(status, headers, body))
    if status in _REFUSED and status != _NEVER_ANSWERED:
        return _rejected(status, body)
    said = f" {WEB_PAGE}" if is_web_page(body) else f": {redacted(_readable(body))}"
    problem = f"Xero answered {status}{said}"
    return OutcomeUnknown(problem) if writing and status >= _NEVER_ANSWERED else Unavailable(problem)


def lacks_scope(headers: Mapping[str, str]) -> bool:
    """Whether a 401 says that the consent does not cover the call, so that a new token would not help."""
    said = headers.get("WWW-Authenticate", "")
    return "insufficient_scope" in said or "insufficent_scope" in said  # Xero has sent both spellings


def validation_messages(document: Any) -> tuple[str, ...]:
    """Every ValidationErrors message anywhere in `document`, in order, each once."""
    return tuple(dict.fromkeys(_messages(document)))


def _messages(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _messages(child)
    elif isinstance(node, Mapping):
        for name, child in node.items():
            if name == "ValidationErrors" and isinstance(child, list):
                yield from (str(error.get("Message", error)) for error in child if isinstance(error, Mapping))
            else:
                yield from _messages(child)


def _throttled(headers: Mapping[str, str]) -> Throttled:
    problem = headers.get("X-Rate-Limit-Problem", "").strip().lower()
    asked = headers.get("Retry-After", "").strip()
    wait_s = int(asked) if asked.isdecimal() else _WAIT_S.get(problem, 60.0)
    limit = _LIMITS.get(problem, problem) or "unknown"
    return Throttled(f"Xero's {limit} limit is reached", retry_after_s=wait_s, limit=limit)


def _consent_problem(status: int, headers: Mapping[str, str], body: bytes) -> str:
    if lacks_scope(headers):
        return "the consent does not cover this call: run `syncd connect` and tick every permission"
    document = _document(body)
    detail = str(document.get("Detail") or document.get("Title") or "no reason given")
    what = "refuses the access token" if status == UNAUTHORISED else "refuses access to this organisation"
    return f"Xero {what} ({redacted(detail)}): run `syncd connect`"


def _rejected(status: int, body: bytes) -> Rejected:
    document = _document(body)
    messages = validation_messages(document.get("Elements"))
    if messages:
        return Rejected(str(document.get("Type") or "ValidationException"), redacted("; ".join(messages), 2000))
    code = str(document.get("Type") or document.get("ErrorNumber") or status)
    detail = document.get("Message") or document.get("Detail") or _readable(body) or _UNSAID.get(status, "no reason")
    return Rejected(code, redacted(str(detail)))


_UNSAID = {404: "not found in this organisation"}


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, Mapping) else {}


def _readable(body: bytes) -> str:
    return " ".join(body.decode("utf-8", "replace").split())
