"""Ready-made replies for `Server.faults`: what Xero, or something in front of it, says when things go wrong."""

from __future__ import annotations

import json

from connectors.simulator.http import Response
from connectors.simulator.xero import wire
from connectors.simulator.xero.replies import JSON_TYPE


def throttled(problem: str, retry_after_s: int | None) -> Response:
    """429 without a body: "minute", "day", "appminute" with a time to come back, "concurrent" without."""
    headers = {"X-Rate-Limit-Problem": problem, "X-DayLimit-Remaining": "344", "X-MinLimit-Remaining": "0"}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return Response(429, b"", headers)


def offline() -> Response:
    """503 in plain text."""
    return Response(503, b"The Organisation is offline", {"Content-Type": "text/plain; charset=utf-8"})


def internal_error() -> Response:
    """500, as the API words it."""
    document = {"ErrorNumber": 500, "Type": "InternalServerException", "Message": "An error occurred in Xero."}
    return Response(500, wire.encode(document), {"Content-Type": JSON_TYPE})


def not_implemented() -> Response:
    """501."""
    return Response(501)


def web_page(status: int = 200) -> Response:
    """A page for people where JSON was expected."""
    body = b"<!DOCTYPE html><html><body>Xero is being updated</body></html>"
    return Response(status, body, {"Content-Type": "text/html; charset=utf-8"})


def truncated(response: Response) -> Response:
    """Half of a reply, complete as far as HTTP can tell."""
    return Response(response.status, response.body[: len(response.body) // 2], response.headers)


def not_json(status: int = 400) -> Response:
    """A refusal whose body is not the JSON its type promises."""
    return Response(status, json.dumps("<Error/>").encode()[1:], {"Content-Type": JSON_TYPE})
