"""Errors named by what the daemon does next. Only a connector's client.py turns an SDK's exceptions into these."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.tokens import Tokens


class ConnectorError(Exception):
    """Something between us and a provider. Text holds ids and provider messages, never tokens or personal data."""


class ConsentNeeded(ConnectorError):
    """The consent is gone or was never given: park this connection until a person runs `syncd connect`."""


class Throttled(ConnectorError):
    """The provider asks us to wait; nothing was done. `limit` is "minute", "day", "concurrent" or "unknown"."""

    def __init__(self, message: str, retry_after_s: float, limit: str = "unknown") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.limit = limit


class Unavailable(ConnectorError):
    """Refused or failed before the request was accepted, or a read that failed: nothing was written."""


class OutcomeUnknown(ConnectorError):
    """A write was sent and no clear answer came: it may or may not have been done."""


class Conflict(ConnectorError):
    """The record changed under us; read it again and decide again."""


class Rejected(ConnectorError):
    """The provider said no for good. `code` is its own code, `detail` its own words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}" if code else detail)
        self.code = code
        self.detail = detail


class Unprovable(ConnectorError):
    """Nothing the provider shows can prove or disprove that a write was done: a person decides."""


class WrongCompany(ConnectorError):
    """The answer comes from another company than the configured one."""


class SeveralCompanies(WrongCompany):
    """A consent covers several companies and none is named. `tokens` are good for each; `companies` are names by id."""

    def __init__(self, message: str, tokens: Tokens, companies: Mapping[str, str]) -> None:
        super().__init__(message)
        self.tokens = tokens
        self.companies = companies


class MalformedRecordError(ConnectorError):
    """One record cannot be read. The page is kept, the record quarantined."""


class BookRefused(ConnectorError):
    """A book file or CSV does not hold together; nothing of it was taken. `problems` has all, each with its place."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
