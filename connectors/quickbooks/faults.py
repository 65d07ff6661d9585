"""What a QuickBooks answer means: a status and a body in, a typed error of `connectors.errors` out. No I/O.

The real status decides first, the fault code second; three body shapes are read (the API's, the gateway's, XML), and
a fault inside a 200 counts like any other. What a person is called never gets into an error's text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from connectors.errors import (
    Conflict,
    ConnectorError,
    ConsentNeeded,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    WrongCompany,
)
from connectors.transport import redacted

THROTTLE_WAIT_S = 60.0  # no Retry-After is documented; the documentation says one minute
NOT_FOUND = "610"
STALE = "5010"
DUPLICATE_NUMBER = "6140"
DUPLICATE_NAME = "6240"
_DUPLICATE_REQUEST = "600"
_THROTTLED = "3001"
_ELSEWHERE = "3100"
_NO_CONSENT = frozenset({"100", "110", "120", "3200", "3201", "3202", "6190"})
_NOT_IN_THIS_PLAN = frozenset({"5020", "5030"})  # about one feature, not about the connection
_PAUSED = frozenset({"130", "140", "150"})  # company locked or under maintenance; nothing was done
_SYSTEM = frozenset({"10000", "10100", "10200"})
_BROKEN_ANSWER = frozenset({"10000", "10100", "4002"})
_XML_CODE = re.compile(r'(?:errorCode=0*|\bcode=")(\d+)')
_MAY_BE_SAVED = re.compile(r"(?i)wait a few minutes|try again")


class BrokenAnswer(Unavailable):
    """QuickBooks cannot render what was asked for: one bad record spoils a whole page, so ask for less."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first error a body names; empty texts where it names none."""

    code: str = ""
    message: str = ""
    detail: str = ""


def fault_in(body: str) -> Fault | None:
    """The fault a body carries, whatever its shape; None where it carries none."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        found = _XML_CODE.search(body)
        return Fault(code=found[1]) if found else None
    if not isinstance(parsed, dict):
        return None
    fault = parsed.get("Fault") or parsed.get("fault")
    return _first_error(fault) if isinstance(fault, dict) else None


def _first_error(fault: Mapping[str, Any]) -> Fault:
    errors = fault.get("Error") or fault.get("error")
    named = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    first = {str(name).lower(): value for name, value in named[0].items()} if named else {}
    code = str(first.get("code") or "").lstrip("0")
    return Fault(code, str(first.get("message") or ""), str(first.get("detail") or ""))


def error_of(status: int, body: str, trace: str, *, writing: bool) -> ConnectorError | None:
    """The error an answer stands for; None where it is a plain success.

    A write that met 5xx, 408 or a system fault may have been done: OutcomeUnknown. A 4xx is a definite no.
    """
    looks_well = status < HTTPStatus.MULTIPLE_CHOICES
    names_fault = '"Fault"' in body or '"fault"' in body
    fault = fault_in(body) if not looks_well or names_fault else None
    if looks_well and fault is None:
        return None
    return _meaning(status, fault or Fault(), f" (intuit_tid {trace})" if trace else "", writing=writing)


def _meaning(status: int, fault: Fault, trace: str, *, writing: bool) -> ConnectorError:
    if status == HTTPStatus.TOO_MANY_REQUESTS or fault.code == _THROTTLED:
        return Throttled(f"QuickBooks asks for a pause{trace}", THROTTLE_WAIT_S, "minute")
    if not writing and fault.code in _BROKEN_ANSWER:
        return BrokenAnswer(f"QuickBooks fails to put this answer together ({status} {fault.code}){trace}")
    out_of_order = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT
    if out_of_order or fault.code in _SYSTEM:
        return _unclear(f"QuickBooks answered {status} {fault.code}{trace}", writing=writing)
    if fault.code == STALE:
        return Conflict(f"the record changed before our write reached it{trace}")
    return _not_let_in(status, fault.code, trace) or _refusal(status, fault, trace, writing=writing)


def _not_let_in(status: int, code: str, trace: str) -> ConnectorError | None:
    """What concerns the whole connection; None where it is about this request only."""
    if code == _ELSEWHERE:
        return WrongCompany(f"this consent is not for the configured realm_id or environment{trace}")
    if code in _PAUSED:
        return Unavailable(f"the company is locked or under maintenance ({code}){trace}")
    kept_out = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and code not in _NOT_IN_THIS_PLAN
    if kept_out or code in _NO_CONSENT:
        return ConsentNeeded(f"QuickBooks refuses the consent ({status} {code}){trace}")
    return None


def _refusal(status: int, fault: Fault, trace: str, *, writing: bool) -> ConnectorError:
    """What is left: a definite no, save for the few that Intuit itself says may have been saved anyway."""
    if writing and fault.code == _DUPLICATE_REQUEST:
        return OutcomeUnknown(f"QuickBooks has seen this request id before{trace}")
    if writing and fault.code == "6000" and _MAY_BE_SAVED.search(fault.detail):
        return OutcomeUnknown(f"QuickBooks says to try again later, but may have saved it{trace}")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:  # never followed: a request carries a credential
        return Unavailable(f"QuickBooks redirects ({status}); not followed{trace}")
    if not fault.code and status < HTTPStatus.MULTIPLE_CHOICES:
        return _unclear(f"QuickBooks sent a fault without a reason{trace}", writing=writing)
    detail = redacted(fault.detail or fault.message or f"HTTP {status}")
    code = fault.code or (NOT_FOUND if status == HTTPStatus.NOT_FOUND else str(status))
    return Rejected(code, f"{detail}{trace}")


def _unclear(message: str, *, writing: bool) -> ConnectorError:
    return OutcomeUnknown(message) if writing else Unavailable(message)
