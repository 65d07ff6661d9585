"""Xero's own description of its API as judge of requests. Reusable: give it requests as they came over the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from connectors.simulator.http import Request

HOST = "https://api.xero.com"


class _PlainDates(yaml.CSafeLoader):
    """Keeps dates as the text they are: examples without quotes would become datetimes."""


_PlainDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@lru_cache(maxsize=1)
def description(data: Path) -> OpenAPI:
    """The API's description, with the two things put right that the validator refuses."""
    document = yaml.load((data / "xero_accounting.yaml").read_text(), Loader=_PlainDates)  # noqa: S506 - a safe loader
    _repair(document)
    return OpenAPI.from_dict(document)


def _repair(node: Any) -> None:
    """Booleans whose default is a word; the OAuth scheme, since no token of ours is Xero's."""
    if isinstance(node, dict):
        node.pop("security", None)
        if node.get("type") == "boolean" and isinstance(node.get("default"), str):
            node["default"] = node["default"] == "true"
        for child in node.values():
            _repair(child)
    elif isinstance(node, list):
        for child in node:
            _repair(child)


def problems(data: Path, requests: Iterable[Request]) -> Iterator[str]:
    """What Xero's description has against these requests, one line each."""
    for request in requests:
        if request.path.startswith("/api.xro/"):
            yield from _problems(description(data), request)


def _problems(api: OpenAPI, request: Request) -> Iterator[str]:
    where = f"{request.method} {request.path}?{urlencode(request.query)}"
    try:
        api.validate_request(_as_mock(request))
    except OpenAPIError as error:
        cause = error.__cause__ or error
        details = [getattr(part, "message", str(part)) for part in getattr(cause, "schema_errors", ())]
        yield f"{where}: {'; '.join(details) or cause}"
        return
    document = api.spec.read_value()
    operation = _operation(document, request)
    unknown = set(request.query) - set(_parameters(document, operation))
    yield from (f"{where}: no such parameter: {name}" for name in sorted(unknown))
    if request.body:
        schema = _resolved(document, operation["requestBody"])["content"]["application/json"]["schema"]
        yield from (f"{where}: no such property: {name}" for name in _unnamed(document, schema, request.json()))


def _as_mock(request: Request) -> MockRequest:
    return MockRequest(
        HOST,
        request.method.lower(),
        request.path,
        args=dict(request.query),
        headers={name.title(): value for name, value in request.headers.items()},
        data=request.body or None,
        content_type=request.headers.get("content-type", ""),
    )


def _operation(document: Any, request: Request) -> Any:
    inside = request.path.removeprefix("/api.xro/2.0")
    for template, operations in document["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), inside):
            return operations[request.method.lower()]
    raise LookupError(request.path)


def _parameters(document: Any, operation: Any) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        yield _resolved(document, parameter)["name"]


def _resolved(document: Any, node: Any) -> Any:
    while "$ref" in node:
        where = node["$ref"].removeprefix("#/").split("/")
        node = document
        for step in where:
            node = node[step]
    return node


def _unnamed(document: Any, schema: Any, value: Any, path: str = "") -> Iterator[str]:
    """Properties the description does not name: it forbids none, so a typing error would pass."""
    schema = _resolved(document, schema)
    if isinstance(value, list):
        for element in value:
            yield from _unnamed(document, schema.get("items", {}), element, path)
    elif isinstance(value, dict):
        named = schema.get("properties", {})
        for name, child in value.items():
            if name in named:
                yield from _unnamed(document, named[name], child, f"{path}.{name}")
            else:
                yield f"{path}.{name}"
