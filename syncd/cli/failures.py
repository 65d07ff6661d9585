"""Which errors a user may meet, and the exit code of each (contract, section 2). Imported parts load when one comes."""

from __future__ import annotations

from syncd.errors import SyncdError

NEEDS_PERSON = 1


def expected_errors() -> tuple[type[Exception], ...]:
    """The errors that are told to the user in their own words; every other is a bug."""
    from connectors.errors import ConnectorError
    from rules.policy import PolicyRefused

    return SyncdError, ConnectorError, PolicyRefused


def exit_code_of(error: Exception) -> int:
    """The contract's exit code of an expected error."""
    if isinstance(error, SyncdError):
        return error.exit_code
    return next((code for kind, code in _codes() if isinstance(error, kind)), NEEDS_PERSON)


def _codes() -> tuple[tuple[type[Exception], int], ...]:
    from connectors import errors
    from rules.policy import PolicyRefused

    return (
        (errors.BookRefused, 65),
        (errors.MalformedRecordError, 65),
        (errors.Unavailable, 69),
        (errors.Throttled, 75),
        (errors.Conflict, 75),
        (errors.ConsentNeeded, 77),
        (errors.WrongCompany, 77),
        (PolicyRefused, 78),
    )
