"""The same reply in XML: what Xero sends to a caller who does not ask for JSON."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from connectors.simulator.http import Response
from connectors.simulator.xero import replies

_SINGULAR = {"Addresses": "Address", "History": "HistoryRecord", "Taxes": "Tax", "Statuses": "Status"}


def asked_for_json(accept: str) -> bool:
    """Whether an Accept header names JSON."""
    return "json" in accept.lower()


def in_xml(response: Response) -> Response:
    """The reply with its JSON body turned into XML; any other reply as it is."""
    if response.headers.get("Content-Type") != replies.JSON_TYPE:
        return response
    document = json.loads(response.body, parse_float=str)
    body = f"<Response>{_element_body(document)}</Response>".encode()
    return Response(response.status, body, {**response.headers, "Content-Type": "text/xml; charset=utf-8"})


def _element_body(value: object, name: str = "") -> str:
    if isinstance(value, dict):
        return "".join(f"<{key}>{_element_body(inner, key)}</{key}>" for key, inner in value.items())
    if isinstance(value, list):
        singular = _SINGULAR.get(name, name.removesuffix("s"))
        return "".join(f"<{singular}>{_element_body(inner, singular)}</{singular}>" for inner in value)
    if value is None:
        return ""
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
